#!/bin/bash
# SPDX-License-Identifier: MIT
# Run what a document says, in the current folder: tests/docs_run.sh FILE.md
#
#   ```sh         runs under bash -eu and must succeed
#   ```console    "$ command" lines, each followed by what it prints (both streams); "..."
#                 stands for anything within a line, a line of it for any number of lines;
#                 runs of spaces count as one.  A command that prints "hourglass: " and no
#                 warning or note must fail, any other must succeed
#   ```c          all of them together are one program: compiled against the library that
#                 belongs to the hourglass on the PATH, run, and must succeed
# Blocks of other kinds are only read.  Prints each failure; the exit status counts.
set -u
document=$1
build=$(dirname "$(command -v hourglass)")
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# One file a command, N.cmd, with what it should print, N.want; N.line is where it stands.
awk -v out="$work/" '
function start(n) { name = sprintf("%s%04d", out, n); printf "%d", FNR > (name ".line") }
/^```/ && kind != "" { kind = ""; next }
/^```(sh|console|c)$/ { kind = substr($0, 4); more = 0; if (kind == "sh") start(++count); next }
/^```/ { kind = "other"; next }
kind == "sh" { print > (name ".cmd") }
kind == "c" { print > (out "all.c") }
kind == "console" && (more || /^\$ /) {
    if (!more) { start(++count); printf "" > (name ".want") }
    print more ? $0 : substr($0, 3) > (name ".cmd")
    more = /\\$/
    next
}
kind == "console" { print > (name ".want") }
' "$document"

# Does the text of file $1 look like the pattern in file $2?
looks_like() {
    awk '
    function pattern(s) {
        gsub(/[][\\.^$*+?(){}|\/]/, "\\\\&", s)
        gsub(/\\\.\\\.\\\./, ".*", s)
        return "^" s "$"
    }
    { gsub(/[ \t]+/, " "); sub(/ $/, "") }
    FILENAME == ARGV[1] { want[++wants] = $0; next }
    { got[++gots] = $0 }
    END {
        g = 1
        for (w = 1; w <= wants; w++) {
            if (want[w] == "...") { skip = 1; continue }
            while (skip && g <= gots && got[g] !~ pattern(want[w])) g++
            if (g > gots || got[g] !~ pattern(want[w])) {
                print "expected: " want[w]
                print "got:      " (g > gots ? "nothing more" : got[g])
                exit 1
            }
            skip = 0
            g++
        }
        if (!skip && g <= gots) { print "printed but not expected: " got[g]; exit 1 }
    }' "$2" "$1"
}

failed=0
complain() {
    echo "$(basename "$document"):$1: $2"
    failed=$((failed + 1))
}

for cmd in "$work"/*.cmd; do
    [ -e "$cmd" ] || break
    base=${cmd%.cmd} status=0
    line=$(cat "$base.line")
    bash -eu "$cmd" </dev/null >"$base.got" 2>&1 || status=$?
    notes='^hourglass: (warning|note|scale|loss|optimizer|kernels|resumed)'
    if [ -e "$base.want" ] && grep '^hourglass: ' "$base.want" | grep -Evq "$notes"; then
        [ $status != 0 ] || complain "$line" "succeeded, but should fail: $(head -n 1 "$cmd")"
    elif [ $status != 0 ]; then
        complain "$line" "exit status $status: $(head -n 1 "$cmd")"
        head -n 5 "$base.got" | sed 's/^/    /'
        continue
    fi
    [ -e "$base.want" ] || continue
    why=$(looks_like "$base.got" "$base.want") || complain "$line" "$(head -n 1 "$cmd")
$why"
done

if [ -e "$work/all.c" ]; then
    compile() {
        cc -std=c11 -Wall -Wextra -Wpedantic -Werror -I"$root/include" -o "$work/all" \
            "$work/all.c" -L"$build" -lhourglass -Wl,-rpath,"$build"
    }
    if ! { compile && "$work/all"; } >"$work/cc" 2>&1; then
        complain 1 "the C of this page does not compile and run:"
        head -n 20 "$work/cc"
    fi
fi
[ -e "$work/0001.cmd" ] || complain 1 "no commands found"
[ $failed = 0 ]
