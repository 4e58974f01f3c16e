# SPDX-License-Identifier: MIT
# Every command has help and an entry in the man page.
. "$(dirname "$0")/common.bash"
hourglass help | sed -n 's/^  \([a-z]*\( loss\| grid\| filters\| latent\| manifold\| traversal\| info\| convert\)\?\)  .*/\1/p' >verbs
test "$(wc -l <verbs)" -gt 10
hourglass help --man >man.1
while read -r verb; do
    hourglass $verb --help >a
    hourglass help $verb >b
    cmp a b
    head -n 1 a | grep -q "^Usage: hourglass $verb" || fail "usage of $verb"
    ! grep -q ' $' a || fail "$verb: space at the end of a line"
    test "$(wc -L <a)" -le 92 || fail "$verb: a line of $(wc -L <a) columns"
    grep -q "^.SS \"hourglass $verb" man.1 || fail "$verb is not in the man page"
done <verbs
# Each option of train's help stands in the man page, too.
for option in $(hourglass train --help | grep -o -- ' --[a-z0-9-]*' | sort -u); do
    sed 's/\\//g; s/fB\|fR//g' man.1 | grep -q -- "$option" || fail "$option is not in the man page"
done
if command -v groff >/dev/null; then groff -man -ww -Tutf8 man.1 2>&1 >/dev/null | head; fi
hourglass help trian 2>&1 || echo "exit $?"
