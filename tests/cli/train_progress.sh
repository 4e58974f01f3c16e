# SPDX-License-Identifier: MIT
# A terminal gets one line that is redrawn, without colour under NO_COLOR.
. "$(dirname "$0")/common.bash"
command -v script >/dev/null || skip 'no script(1)'
run() { TERM=$1 script -qec "hourglass train $train --code 3 --epochs 20" /dev/null </dev/null; }
run xterm >out
grep -q $'\repoch [0-9]*/20 ' out || fail 'no line drawn'
! grep -q $'\033\\[3' out || fail 'colour in spite of NO_COLOR'
test "$(grep -c 'epoch [0-9]*/20' out)" = 1 || fail 'more than one line'
run dumb >out
test "$(grep -c '^epoch [0-9]*/20 - loss: ' out)" = 20 || fail 'a dumb terminal gets a line an epoch'
! grep -q $'\033' out || fail 'an escape on a dumb terminal'
