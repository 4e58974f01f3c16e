#!/bin/bash
# SPDX-License-Identifier: MIT
# tools/fuzz.sh replay BUILD           each fuzz target gets its corpus once
# tools/fuzz.sh run BUILD SECONDS      libFuzzer starts from the corpus; finds stay in BUILD
# The target fuzz/fuzz_X.c has its seeds in fuzz/corpus/X/.
set -u
cd "$(dirname "$0")/.." || exit 1
how=$1 build=$2 seconds=${3:-60}
export UBSAN_OPTIONS=print_stacktrace=1
passed=0 failed=0
for source in fuzz/fuzz_*.c; do
    [ -e "$source" ] || continue
    name=$(basename "$source" .c) name=${name#fuzz_}
    target=$build/fuzz/fuzz_$name seeds=fuzz/corpus/$name why=''
    if [ "$how" = run ]; then
        finds=$build/found/$name
        mkdir -p "$finds" "$build/crash"
        "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -verbosity=1 \
            -max_len=65536 -print_final_stats=1 -artifact_prefix="$build/crash/$name-" \
            "$finds" $([ -d "$seeds" ] && echo "$seeds") >"$build/found/$name.log" 2>&1 ||
            why="see $build/found/$name.log"
        echo "$name: $(grep -E 'number_of_executed_units' "$build/found/$name.log")"
    else
        mapfile -t inputs < <(find "$seeds" -type f 2>/dev/null | sort)
        [ ${#inputs[@]} -gt 0 ] || why="no inputs in $seeds"
        if [ -z "$why" ] && ! "$target" "${inputs[@]}" >"$build/replay.log" 2>&1; then
            for input in "${inputs[@]}"; do
                "$target" "$input" >"$build/replay.log" 2>&1 || { why="with $input"; break; }
            done
            tail -n 30 "$build/replay.log"
        fi
    fi
    if [ -z "$why" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL fuzz_$name: $why"
    fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
