# SPDX-License-Identifier: MIT
# What is wrong is said in one line, before any work.
. "$(dirname "$0")/common.bash"
try hourglass train
try hourglass train $test
try hourglass train none.gz --code 3
mkdir folder
: >folder/README.md
try hourglass train folder --code 3
try hourglass train $test --code 3 -o data
try hourglass train $test --code 3 -o none/model.safetensors
try hourglass train $test --code 3 --log none/log.jsonl
# Nothing of these ends in training first: that would print its epochs.
try hourglass train $test --code 3 -o ''
try hourglass train $test --code 3 -o $table/model.safetensors
try hourglass train $test --code 3 -o $table/deeper/model.safetensors
try hourglass train $test --code 3 -o same.png --plot same.png
[ -d /proc/self ] && {
    said=$(hourglass train $test --code 3 -o /proc/x 2>&1) && fail '/proc took a model'
    [[ $said == 'hourglass: /proc/x: cannot write: the folder '"'/proc'"' takes no new file ('*')' ]] ||
        fail "/proc: $said"
}
if [ -w /dev/full ]; then
    for option in -o --log; do
        said=$(hourglass train $test --code 3 $option /dev/full 2>&1) && fail '/dev/full'
        [ "$said" = 'hourglass: /dev/full: cannot write: No space left on device' ] ||
            fail "/dev/full: $said"
    done
fi
try hourglass train $test --code 3 --plot loss.gif
try hourglass train $test --preset keras-dens
try hourglass train $test --preset keras-dense --preset keras-conv
try hourglass train $test --encoder 'dens 3' --decoder 'dense input'
try hourglass train $test --encoder 'dense 3 rleu' --decoder 'dense input'
try hourglass train $test --epoch 3
try hourglass train $test --code three
try hourglass train $test --code 0
try hourglass train $test --lr -1
try hourglass train $test --optimizer adma
try hourglass train $test --code
try hourglass train $test -z
try hourglass train $test extra
try hourglass train $test --quiet=yes
try hourglass train $test --threads none
try hourglass train $test --cpu fast
try hourglass train $test --header --no-header
# Options of a code kind name the kinds that have them.
try hourglass train $test --code 3 --topk 2
try hourglass train $test --code 3 --beta 2
try hourglass train $test --code 3 --code-kind topk --topk 2 --unit-decoder --beta 2
# Only a model, or an empty file, is replaced unasked.
echo 'a,b' >other.csv
touch empty
try hourglass train $test --code 3 --epochs 1 -q -o other.csv
try hourglass pca $test --code 3 -q -o other.csv
try hourglass sweep $test code=2,3 --epochs 1 -q -o other.csv
grep -c 'a,b' other.csv
hourglass train $test --code 3 --epochs 1 -q -o empty
hourglass train $test --code 4 --epochs 1 -q -o empty
hourglass train $test --code 3 --epochs 1 -q -o other.csv --force
hourglass summary other.csv --json | grep -o '"code": [0-9]*'
rm other.csv empty
cp $test copy.gz
try hourglass train copy.gz --code 3 -o copy.gz
cmp $test copy.gz
ls
