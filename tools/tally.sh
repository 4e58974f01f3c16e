# SPDX-License-Identifier: MIT
# Sourced by scripts that run many checks: counts, and a closing line whatever happens.
#
#   check "a sentence" command...   one test: exit 0 passes, 77 skips, its last line says why
#   suite "a sentence" command...   many: its last line is "N passed, N failed, N skipped"

passed=0 failed=0 skipped=0
tally_log=$(mktemp)
tally_started=$SECONDS
tally_closed=0

# Run at exit, so that a script that dies half-way still counts as failed.
tally_end() {
    status=$?
    rm -f "$tally_log"
    if [ $tally_closed = 0 ]; then
        echo "FAIL the script ended early (status $status)"
        failed=$((failed + 1))
    fi
    echo "took $((SECONDS - tally_started)) seconds"
    echo "$passed passed, $failed failed, $skipped skipped"
    [ $failed = 0 ] || exit 1
    exit 0
}
trap tally_end EXIT
trap 'exit 130' INT TERM

# The last statement of a script that got to its end.
tally_close() { tally_closed=1; }

say_result() { printf '%-4s %s (%d s)%s\n' "$1" "$2" $((SECONDS - tally_step)) "${3:+: $3}"; }

check() {
    local name=$1 status=0
    shift
    tally_step=$SECONDS
    "$@" </dev/null >"$tally_log" 2>&1 || status=$?
    case $status in
    0)
        passed=$((passed + 1))
        say_result ok "$name"
        ;;
    77)
        skipped=$((skipped + 1))
        say_result SKIP "$name" "$(tail -n 1 "$tally_log")"
        ;;
    *)
        failed=$((failed + 1))
        say_result FAIL "$name" "status $status"
        tail -n 60 "$tally_log" | sed 's/^/    /'
        ;;
    esac
    return 0
}

suite() {
    local name=$1 status=0 line p f s
    shift
    tally_step=$SECONDS
    "$@" </dev/null >"$tally_log" 2>&1 || status=$?
    line=$(tail -n 1 "$tally_log")
    if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
        p=${BASH_REMATCH[1]} f=${BASH_REMATCH[2]} s=${BASH_REMATCH[3]}
    else
        p=0 f=1 s=0 line="no closing line, status $status"
    fi
    # A suite that fails without saying of what, or that tests nothing, is no success.
    if [ $status != 0 ] && [ "$f" = 0 ]; then f=1; fi
    if [ $((p + f + s)) = 0 ]; then f=1 line="no tests"; fi
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    if [ "$f" = 0 ]; then
        say_result ok "$name" "$line"
        grep -A 1 -E '^ +skipped: ' "$tally_log" | grep -v '^--' || true
    else
        say_result FAIL "$name" "$line"
        tail -n 100 "$tally_log" | sed 's/^/    /'
    fi
    return 0
}

skip() {
    skipped=$((skipped + 1))
    echo "SKIP $1: $2"
}
