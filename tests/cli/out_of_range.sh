# SPDX-License-Identifier: MIT
# Rows outside the range that a bce model was trained on: clipped with one warning that counts
# them, or refused by name.
. "$(dirname "$0")/common.bash"
printf 'a,b,c\n0,10,5\n1,20,6\n0.5,15,7\n0.25,12,5\n' >rows.csv
printf 'a,b,c\n0,10,5\n2,20,6\n0.5,15,7\n0.25,99,-1\n' >outside.csv
train() { hourglass train rows.csv --code 2 --scale minmax --epochs 2 -q "$@"; }
train -o clips.safetensors
train --out-of-range refuse -o refuses.safetensors
try hourglass encode clips.safetensors rows.csv -o codes.npy
try hourglass encode clips.safetensors outside.csv -o codes.npy
hourglass evaluate clips.safetensors outside.csv --json 2>/dev/null | grep -o '"clipped_rows": [0-9]*'
rm codes.npy
try hourglass encode refuses.safetensors rows.csv -q -o codes.npy
rm codes.npy
try hourglass encode refuses.safetensors outside.csv -o codes.npy
try hourglass evaluate refuses.safetensors outside.csv
[ ! -e codes.npy ] || fail 'refused rows were written'
