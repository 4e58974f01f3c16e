#!/bin/sh
# SPDX-License-Identifier: MIT
# The public header compiles alone, as C11 and C++17, with gcc and with clang; each inner
# one compiles alone as C11.  (src/kernels/simd/ has parts of tables, not headers.)
set -eu
cd "$(dirname "$0")/.."
warn='-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -fsyntax-only'
status=0 tried=0
try() {
    compiler=$1 language=$2 standard=$3 text=$4
    shift 4
    command -v "$compiler" >/dev/null 2>&1 || return 0
    tried=$((tried + 1))
    # shellcheck disable=SC2086
    echo "$text" | "$compiler" -x "$language" -std="$standard" $warn -Iinclude "$@" - || {
        echo "$compiler -std=$standard: $text"
        status=1
    }
}
public='#include <hourglass.h>'
for compiler in gcc clang; do try $compiler c c11 "$public"; done
for compiler in g++ clang++; do try $compiler c++ c++17 "$public"; done
for header in src/*/*.h src/kernels/ref/*.h; do
    [ -e "$header" ] || continue
    try cc c c11 "#include \"${header#src/}\"" -Isrc -D_DEFAULT_SOURCE \
        -D_POSIX_C_SOURCE=200809L -DHG_WITH_CAIRO=0 -DHG_WITH_YAML=0 -Wno-sign-conversion
done
[ $tried -ge 2 ] || { echo "no compiler"; exit 1; }
exit $status
