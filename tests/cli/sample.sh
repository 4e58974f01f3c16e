# SPDX-License-Identifier: MIT
# New rows from the prior and from a mixture that the model's file keeps; rows on the way
# from one to another; what is wrong is said.
. "$(dirname "$0")/common.bash"
pictures_leak
small_model
try hourglass sample model.safetensors -n 3 -o - | cut -c1-120
hourglass sample model.safetensors --fit $test --components 2 --covariance full 2>&1 |
    sed 's/: -\?[0-9.]* nats a row, BIC .*/: ... nats a row, BIC .../'
cp model.safetensors before
hourglass sample model.safetensors -n 3 -o a.npy --codes codes.csv --seed 7
hourglass sample model.safetensors -n 3 -o b.npy --seed 7 -q --threads 1
cmp a.npy b.npy
cmp before model.safetensors
hourglass decode model.safetensors codes.csv -o c.npy -q
cmp a.npy c.npy
hourglass sample model.safetensors -n 2 -o cold.csv --temperature 0.1 -q
hourglass sample model.safetensors -n 2 -o drawn.csv --draw -q
tail -n 1 drawn.csv | tr ',' '\n' | sort -u | tr '\n' ' '
echo
hourglass train $test --preset vae --epochs 1 -q -o vae.safetensors 2>/dev/null
hourglass sample vae.safetensors -n 5 -o - -q | wc -l
hourglass interpolate vae.safetensors $test --from 1 --to 9 --steps 4 -o way.npy
hourglass interpolate vae.safetensors $test --from 1 --to 9 --steps 4 --path spherical \
    -o - -q | wc -l
hourglass reconstruct vae.safetensors $test -o all.csv -q
hourglass interpolate vae.safetensors $test --from 1 --to 9 --steps 4 -o way.csv -q
test "$(sed -n 1p way.csv)" = "$(sed -n 1p all.csv)"
test "$(sed -n 4p way.csv)" = "$(sed -n 9p all.csv)"
try hourglass sample vae.safetensors
try hourglass sample vae.safetensors -o x.npy --components 3
try hourglass sample vae.safetensors -o x.npy --from heaven
try hourglass sample vae.safetensors -o x.npy --temperature 0
try hourglass sample vae.safetensors -o vae.safetensors
try hourglass sample vae.safetensors -o x.dat
try hourglass interpolate vae.safetensors $test -o x.npy
try hourglass interpolate vae.safetensors $test --from 1 --to 9000 -o x.npy
try hourglass interpolate vae.safetensors $test --from 1 --to 2 --path round -o x.npy
try hourglass interpolate vae.safetensors $test --from 1 --to 2 --steps 1 -o x.npy
need_cairo
hourglass sample vae.safetensors -n 20 -o s.png
hourglass interpolate vae.safetensors $test --from 1 --to 9 -o w.svg
test -s s.png && test -s w.svg
