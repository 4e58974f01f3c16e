# SPDX-License-Identifier: MIT
# A model of named columns finds them by name, refuses others and the lack of one, and
# outputs never replace inputs.
. "$(dirname "$0")/common.bash"
small="mean radius,mean texture,mean area"
hourglass train $table --columns "$small" --code 2 --epochs 1 -q -o m.safetensors
hourglass evaluate m.safetensors $table --columns "$small" >/dev/null
hourglass evaluate m.safetensors $table --columns "$small" >a
hourglass evaluate m.safetensors $table --columns "mean area,mean texture,mean radius" >b
hourglass evaluate m.safetensors $table --ignore-extra >c
cmp a b
cmp a c
rm a b c
try hourglass evaluate m.safetensors $table
try hourglass reconstruct m.safetensors $table --columns "mean radius,mean texture,mean symmetry" -o x.csv
hourglass encode m.safetensors $table --columns "$small" -q -o codes.csv
hourglass decode m.safetensors codes.csv -q -o rows.csv
head -n 1 codes.csv rows.csv
try hourglass train $table --columns "$small" --code 2 --valid codes.csv
cp m.safetensors keep.safetensors
try hourglass encode m.safetensors $table --columns "$small" -o m.safetensors --to npy
try hourglass data convert codes.csv -o codes.csv
try hourglass train $table --columns "$small" --code 2 -o same --log same
cmp m.safetensors keep.safetensors
ls
