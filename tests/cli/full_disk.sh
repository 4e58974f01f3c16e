# SPDX-License-Identifier: MIT
# Where there is no room, the old file stays and nothing is left beside it.
. "$(dirname "$0")/common.bash"
small_model
cp model.safetensors before.safetensors
mkdir out
cp model.safetensors out/model.safetensors
# limited BLOCKS COMMAND...: files of at most that many kilobytes.
limited() { (ulimit -f "$1" && shift && exec "$@"); }
check() {
    local status=0
    "$@" >said 2>&1 || status=$?
    echo "$2 $4: exit $status, $(grep -c 'File too large\|No space left' said) line"
}
check limited 1 hourglass train $test --preset keras-dense --code 4 --epochs 1 -q -o out/model.safetensors
check limited 1 hourglass encode model.safetensors $test -o out/codes.npy
check limited 1 hourglass reconstruct model.safetensors $test -o out/rows.csv
check limited 1 hourglass data convert $test -o out/rows.npy
cmp before.safetensors out/model.safetensors && echo kept
ls -A out
# Checkpoints that do not fit cost no weights that do.
status=0
limited 20 hourglass train $table --drop-non-numeric --hidden 30 --code 10 --epochs 2 -q \
    --checkpoint ck --checkpoint-seconds 0 -o small.safetensors 2>said || status=$?
echo "checkpoint: exit $status"
grep -c 'File too large' said
hourglass summary small.safetensors | grep -c 'dense 10 relu'
if [ -w /dev/full ]; then
    status=0
    hourglass encode model.safetensors $test --to npy -o /dev/full 2>said || status=$?
    [ "$status $(grep -c 'No space left' said)" = '1 1' ] || fail "/dev/full: $status"
    hourglass train $test --code 3 --epochs 1 -q -o /dev/full 2>said && fail '/dev/full took a model'
    grep -q 'No space left' said || fail '/dev/full: another reason'
fi
# Closed standard output and input.
status=0
hourglass list layers >&- 2>said || status=$?
echo "closed stdout: exit $status"
status=0
hourglass train - --code 3 -q <&- 2>said || status=$?
echo "closed stdin: exit $status, $(wc -l <said) line"
