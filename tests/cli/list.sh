# SPDX-License-Identifier: MIT
# Every table of the library has rows with a word and a line about it.
. "$(dirname "$0")/common.bash"
for table in $(hourglass list | cut -d ' ' -f 1); do
    test "$(hourglass list $table | wc -l)" -gt 0 || fail "$table is empty"
    ! hourglass list $table | grep -qv '^[^ ]\+  *[^ ]' || fail "$table has a row without words"
done
hourglass list | cut -d ' ' -f 1 | sort | grep -xc 'layers\|presets\|readers\|losses\|optimizers'
hourglass list presets --json | grep -o '"keras-dense": "'
try hourglass list presest
try hourglass list layers presets
