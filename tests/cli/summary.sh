# SPDX-License-Identifier: MIT
# The layers line up and the sizes add up.
. "$(dirname "$0")/common.bash"
small_model
try hourglass summary model.safetensors
try hourglass summary model.safetensors --json
# A code that is no smaller than a row is warned of once, by training and by summary.
hourglass train $table --drop-non-numeric --code 30 --epochs 1 -q -o wide.safetensors 2>said
cat said
hourglass summary wide.safetensors 2>&1 | grep -e warning -e '^code  '
hourglass summary wide.safetensors --json 2>/dev/null | grep -c '"note": "the code has 30'
hourglass train $table --drop-non-numeric --code 31 --dry-run 2>&1 | grep -e warning -e '^code  '
try hourglass summary none.safetensors
try hourglass summary data
try hourglass summary $test
try hourglass summary
