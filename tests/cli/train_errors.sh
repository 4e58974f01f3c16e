# SPDX-License-Identifier: MIT
# What is wrong is said in one line, before any work.
. "$(dirname "$0")/common.bash"
try hourglass train
try hourglass train $test
try hourglass train none.gz --code 3
try hourglass train data --code 3
try hourglass train $test --code 3 -o data
try hourglass train $test --code 3 -o none/model.safetensors
try hourglass train $test --code 3 --log none/log.jsonl
try hourglass train $test --code 3 --plot loss.gif
try hourglass train $test --preset keras-dens
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
cp $test copy.gz
try hourglass train copy.gz --code 3 -o copy.gz
cmp $test copy.gz
ls
