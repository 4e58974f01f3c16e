#!/bin/sh
# SPDX-License-Identifier: MIT
# The C sources of this tree, one a line: what git knows or would add, without build/.
cd "$(dirname "$0")/.." || exit 1
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    git ls-files --cached --others --exclude-standard -- '*.c' '*.h'
else
    find . -path ./build -prune -o -name '*.[ch]' -print | sed 's|^\./||'
fi | sort | while read -r file; do
    [ ! -e "$file" ] || echo "$file"
done
