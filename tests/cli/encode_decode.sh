# SPDX-License-Identifier: MIT
# decode(encode(x)) is reconstruct(x); shapes and files are checked.
. "$(dirname "$0")/common.bash"
small_model
hourglass encode model.safetensors $test -o codes.npy
hourglass decode model.safetensors codes.npy -o a.npy
hourglass reconstruct model.safetensors $test -o b.npy
# One keeps the image's shape, both hold the same numbers.
cmp <(tail -c 100000 a.npy) <(tail -c 100000 b.npy) && echo same
hourglass encode model.safetensors $test --limit 3 -o - | wc -l
hourglass encode model.safetensors $test --limit 3 -o - | head -n 1
hourglass encode model.safetensors $test -q --to idx -o codes.bin
hourglass data info codes.bin | grep -o '^row .*'
echo old >codes.csv
try hourglass decode model.safetensors $test -o codes.csv
try hourglass encode model.safetensors codes.npy -o codes.csv
try hourglass encode model.safetensors $test
try hourglass encode model.safetensors $test -o none/codes.npy
try hourglass encode model.safetensors $test -o data --to npy
try hourglass encode model.safetensors $test --to nyp -o codes.csv
try hourglass reconstruct model.safetensors
cat codes.csv
hourglass train $test --limit 200 --hidden 8 --code 6 --code-kind "vq 7 parts=3" --loss mse --epochs 1 -q -o vq.safetensors
hourglass encode vq.safetensors $test --limit 5 --indices -o index.csv
hourglass encode vq.safetensors $test --limit 5 -o z.npy -q
hourglass decode vq.safetensors index.csv -o a.npy
hourglass decode vq.safetensors index.csv --indices -o b.npy
hourglass decode vq.safetensors z.npy -o c.npy
cmp a.npy b.npy && cmp a.npy c.npy && echo same
sed '3s/^[0-9]*/7/' index.csv >bad.csv
try hourglass decode vq.safetensors bad.csv -o d.npy
try hourglass decode vq.safetensors z.npy --indices -o d.npy
try hourglass decode model.safetensors index.csv --indices -o d.npy
