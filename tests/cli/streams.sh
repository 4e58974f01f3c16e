# SPDX-License-Identifier: MIT
# Results to a full disk are a failure; a closed pipe is silent.
. "$(dirname "$0")/common.bash"
if [ -w /dev/full ]; then
    status=0
    hourglass list layers >/dev/full 2>err || status=$?
    test "$status" = 1
    grep -q 'standard output: No space left' err
    small_model
    status=0
    hourglass encode model.safetensors $test -o - >/dev/full 2>err || status=$?
    test "$status" = 1
    test "$(wc -l <err)" = 1
fi
hourglass data convert $train -o - | head -n 1 | wc -l
# The model on standard output, and data from standard input.
hourglass train - --code 3 --epochs 1 -q -o - <$test >m.safetensors
hourglass summary m.safetensors | grep -c 'dense 3 relu'
