#!/bin/bash
# SPDX-License-Identifier: MIT
# What `make check` runs: tools/check.sh [--all] [BUILD-FOLDER].  Ends with one line,
# "N passed, N failed, N skipped", over everything.
set -u
cd "$(dirname "$0")/.." || exit 1
all=0
if [ "${1-}" = --all ]; then
    all=1
    shift
fi
build=${1:-build/release}
export WERROR=1
. tools/tally.sh
make() { command make --no-print-directory "$@"; }

check "it builds without a warning" make BUILD="$build" build "$build/hg-test"
suite "unit tests" "$build/hg-test"
suite "gradients in double" make f64
suite "the program" tests/cli.sh "$build"
suite "examples" tools/check_examples.sh "$build"
check "headers compile alone" tools/check_headers.sh
check "exported symbols are those of the header" tools/check_symbols.sh "$build"
check "an installed tree works" tools/check_install.sh "$build"
check "rooms include only what they may" tools/layers.sh
check "sources are laid out by clang-format" tools/fmt.sh --check
check "no source breaks a limit" tools/lint.sh
if [ $all = 1 ]; then
    suite "unit tests with sanitizers" make san
    suite "unit tests with ThreadSanitizer" make tsan
    suite "fuzz corpus" make fuzz-replay
    check "static analysis finds nothing" tools/analyze.sh
    suite "fuzzing" make fuzz FUZZ_SECONDS="${FUZZ_SECONDS:-20}"
fi
tally_close
