# SPDX-License-Identifier: MIT
# A denoising model from training to pictures: its noise is remembered, put on other rows
# where that is asked for, and the errors are those against the clean rows.
. "$(dirname "$0")/common.bash"
hourglass train $train --valid $test --preset keras-denoise --code 8 --epochs 2 -q --json >said
hourglass summary model.safetensors | grep '^corrupted '
hourglass summary model.safetensors --json | grep -o '"corrupt": "gaussian:0.5", "redraw": "once"'
value() { grep -o "\"$1\": [0-9.e-]*" "$2" | cut -d' ' -f2; }
# About equal: the noisy rows went through the units of the data and back.
near() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a > b * (1 - 1e-5) && a < b * (1 + 1e-5)) }'; }
hourglass evaluate model.safetensors $test --corrupt own --json >own
near "$(value loss own)" "$(value val_loss said)" || fail 'the validation loss is another'
# What comes out, held against the clean rows in a pair of files, is as far off.
hourglass reconstruct model.safetensors $test --corrupt own -o denoised.npy -q
hourglass train $test --code 2 --epochs 1 -q -o plain.safetensors
hourglass evaluate plain.safetensors $test --corrupt gaussian:0.2 >table
grep -c '^input_psnr  *1[5-9]\.' table
hourglass evaluate model.safetensors denoised.npy --target $test --json >pair
near "$(value input_mse pair)" "$(value mse own)" || fail 'the pair of files is another'
try hourglass evaluate model.safetensors $test --limit 5 -v | head -n 2
hourglass evaluate model.safetensors $test --limit 5 -q 2>&1 | grep -c note || true
try hourglass evaluate plain.safetensors $test --corrupt own
try hourglass evaluate plain.safetensors $test --corrupt gausian:0.5
try hourglass reconstruct model.safetensors $test --corrupt mask:2 -o x.npy
try hourglass evaluate model.safetensors $test --corrupt own --target $test
try hourglass evaluate model.safetensors $test --target $train
try hourglass train $test --code 2 --corrupt gaussian
try hourglass list corruptions
try hourglass train $test --code 2 --corrupt patch:40
try hourglass train $test --code 2 --corrupt blur:4
hourglass train $test --code 2 --epochs 1 -q --corrupt blur:5+patch:8 --keep-clean 0.25 -o holes.safetensors
hourglass summary holes.safetensors | grep '^corrupted '
hourglass summary holes.safetensors --json | grep -o '"keep_clean": 0.25'
hourglass train $test --code 2 --keep-clean 0.5 --dry-run 2>&1 | grep keep-clean
