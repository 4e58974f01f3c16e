#!/bin/sh
# SPDX-License-Identifier: MIT
# Limits that keep the house easy to read: files of 800 lines (the public header, which is
# one file by design, 1600), functions of 80, lines of 92
# columns, a licence line, no tabs, no trailing space, nothing left to do.
set -eu
cd "$(dirname "$0")/.."
here=tools/lint.sh

# Bytes that continue a UTF-8 character take no column.
tools/sources.sh | xargs -r awk '
function bad(line, why) { print FILENAME ":" line ": " why; broken++ }
function end_of_file(  most) {
    most = last == "include/hourglass.h" ? 1600 : 800
    if (lines > most) { FILENAME = last; bad(lines, lines " lines, at most " most) }
}
FNR == 1 {
    end_of_file()
    last = FILENAME
    opened = 0
    if ($0 !~ /^\/\/ SPDX-License-Identifier: MIT$/) bad(1, "no SPDX line")
}
{
    lines = FNR
    text = $0
    columns = length(text) - gsub(/[\200-\277]/, "", text)
    if (columns > 92) bad(FNR, columns " columns, at most 92")
}
/\t/ { bad(FNR, "tab") }
/[ \t]$/ { bad(FNR, "space at the end") }
/TO[D]O|FIX[M]E/ { bad(FNR, "left to do") }
/^\{$/ { opened = FNR }
/^\}/ {
    if (opened && FNR - opened - 1 > 80) bad(opened, "function of " FNR - opened - 1 " lines, at most 80")
    opened = 0
}
END { end_of_file(); exit broken > 0 }
'
for file in tools/*.sh tests/*.sh Makefile; do
    [ -e "$file" ] || continue
    sed -n 1,2p "$file" | grep -q 'SPDX-License-Identifier: MIT' || {
        echo "$here: $file: no SPDX line"
        exit 1
    }
done
