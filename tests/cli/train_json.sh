# SPDX-License-Identifier: MIT
# One JSON object ends a training with --json, and -q keeps the rest silent.
. "$(dirname "$0")/common.bash"
hourglass train $test --code 3 --epochs 2 -q --json >result
wc -l <result
for key in model stopped rows epoch loss recon penalty val_loss seconds rows_per_second; do
    grep -q "\"$key\": " result || fail "no $key"
done
grep -o '"model": "[^"]*"\|"stopped": "[^"]*"\|"epoch": [0-9]*' result
test -s model.safetensors
hourglass train $test --code 3 --epochs 1 -q -o b.safetensors
