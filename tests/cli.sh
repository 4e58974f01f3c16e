#!/bin/bash
# SPDX-License-Identifier: MIT
# Tests of the program: tests/cli.sh BUILD-FOLDER [part of a name]...
#
# Each tests/cli/X.sh runs under `bash -eu` in a scratch folder of its own, with hourglass
# first on the PATH, HG_SAMPLE the shipped sample and HG_SHARED the shared data, or empty.
# Expected beside it, each only if the file is there:
#   X.stdout.exact   all of standard output       X.exit   the exit status (default 0)
#   X.stderr.glob    a shell pattern for all of standard error
# Exit status 77 skips; the last line of standard output says why.
# HG_LEAVE_OUT="words" leaves out the tests whose names have one of them.
# HG_UPDATE=1 writes .stdout.exact and .exit files that exist, or are wrong, anew.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "$1" && pwd) || exit 1
shift
[ -x "$build/hourglass" ] || { echo "no program in $build"; exit 1; }
export PATH="$build:$PATH" HG_SAMPLE="$root/data" HG_SHARED=''
if [ -d "$root/../shared/data" ]; then HG_SHARED=$(cd "$root/../shared/data" && pwd); fi
export LC_ALL=C.UTF-8 NO_COLOR=1
limit=${HG_TEST_SECONDS:-120}
scratch=$(mktemp -d)
trap 'chmod -R u+rwx "$scratch"; rm -rf "$scratch"' EXIT

wanted() {
    local name=$1 part
    shift
    for part in ${HG_LEAVE_OUT-}; do [[ $name == *$part* ]] && return 1; done
    [ $# = 0 ] && return 0
    for part in "$@"; do [[ $name == *$part* ]] && return 0; done
    return 1
}

# Compare one run with what is expected; prints what differs.
judge() {
    local base=$1 status=$2 want=0 ok=0
    [ -e "$base.exit" ] && want=$(cat "$base.exit")
    if [ "$status" != "$want" ]; then
        echo "exit status $status, expected $want"
        ok=1
    fi
    if [ -e "$base.stdout.exact" ]; then
        diff -u --label expected --label got "$base.stdout.exact" "$scratch/stdout" || ok=1
    fi
    if [ -e "$base.stderr.glob" ]; then
        # shellcheck disable=SC2053
        if [[ $(cat "$scratch/stderr") != $(cat "$base.stderr.glob") ]]; then
            echo "standard error does not match $(basename "$base").stderr.glob:"
            cat "$base.stderr.glob"
            ok=1
        fi
    fi
    return $ok
}

update() {
    local base=$1 status=$2
    if [ "$status" != 0 ] || [ -e "$base.exit" ]; then
        if [ "$status" = 0 ]; then rm -f "$base.exit"; else echo "$status" >"$base.exit"; fi
    fi
    if [ -e "$base.stdout.exact" ]; then cp "$scratch/stdout" "$base.stdout.exact"; fi
}

passed=0 failed=0 skipped=0
for script in "$root"/tests/cli/*.sh; do
    [ -e "$script" ] || continue
    base=${script%.sh} name=$(basename "$script" .sh)
    wanted "$name" "$@" || continue
    mkdir -p "$scratch/work"
    (cd "$scratch/work" && exec timeout "$limit" bash -eu "$script") \
        </dev/null >"$scratch/stdout" 2>"$scratch/stderr"
    status=$?
    if [ $status = 77 ]; then
        skipped=$((skipped + 1))
        echo "    skipped: $(tail -n 1 "$scratch/stdout")"
        echo "SKIP $name"
    elif [ -n "${HG_UPDATE-}" ]; then
        update "$base" $status
        passed=$((passed + 1))
    elif judge "$base" $status >"$scratch/why"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $name"
        sed 's/^/    /' "$scratch/why"
        head -n 20 "$scratch/stderr" | sed 's/^/    stderr: /'
    fi
    chmod -R u+rwx "$scratch/work" && rm -rf "$scratch/work"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
