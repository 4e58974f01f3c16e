# SPDX-License-Identifier: MIT
# A conditional model from its training to samples of a class; what is missing is said.
. "$(dirname "$0")/common.bash"
pictures_leak
labels=data/fashion/t10k-labels-idx1-ubyte.gz
model() { hourglass train $test --preset vae --hidden 32 --epochs 1 -q -o "$@"; }
model c.safetensors --condition labels --labels $labels 2>/dev/null
hourglass summary c.safetensors | grep -E 'condition'
hourglass summary c.safetensors --json | tr -d ' \n' | grep -o '"classes":[^]]*]'
hourglass sample c.safetensors -n 3 --class 3 -o three.npy
hourglass sample c.safetensors -n 20 -o all.npy --codes codes.npy
hourglass decode c.safetensors codes.npy -o x.npy --labels $labels --limit 20 -q
hourglass encode c.safetensors $test --labels $labels -o z.csv -q
hourglass reconstruct c.safetensors $test --labels $labels -o y.npy -q
hourglass reconstruct c.safetensors - --labels $labels -o piped.npy -q --stream <$test
cmp y.npy piped.npy
hourglass evaluate c.safetensors $test --labels $labels --json -q | grep -c -E '"(neg_elbo|knn_code)"'
hourglass interpolate c.safetensors $test --labels $labels --from 1 --to 3 -o way.npy
try hourglass encode c.safetensors $test -o z.csv
try hourglass evaluate c.safetensors $test
try hourglass reconstruct c.safetensors $test --labels data/fashion/train-labels-idx1-ubyte.gz -o y.npy --limit 50
try hourglass sample c.safetensors -n 3 --class 12 -o x.npy
try hourglass sample c.safetensors -n 3 --class shoe -o x.npy
try model d.safetensors --condition labels
try model d.safetensors --condition label --labels $labels
model d.safetensors 2>/dev/null
try hourglass sample d.safetensors -n 3 --class 3 -o x.npy
# A conditional detector scores each row as one of its class.
awk -F, 'NR == 1 || NR % 2 { print }' data/breast-cancer.csv | cut -d, -f1-6 >rows.csv
awk 'NR == 1 { print "k"; next } { print NR % 3 }' rows.csv >k.csv
hourglass train rows.csv --labels k.csv --condition labels --score residual --hidden 8 --code 2 \
    --epochs 2 -q -o det.safetensors 2>/dev/null
hourglass score det.safetensors rows.csv --labels k.csv -q -o s.csv
sed -n 2p rows.csv | hourglass score det.safetensors - --follow --class 2 -q | tail -1 >one
sed -n 2p s.csv | cmp - one
hourglass predict det.safetensors rows.csv --labels k.csv -q | sort | uniq -c | wc -l
hourglass calibrate det.safetensors rows.csv --labels k.csv -q -o again.safetensors
hourglass evaluate det.safetensors rows.csv --labels k.csv --weights bf16 -q | grep -c 'bf16 weights'
head -50 k.csv >few.csv
try hourglass score det.safetensors rows.csv -o s.csv
try hourglass score det.safetensors rows.csv --labels few.csv -o s.csv
try hourglass score det.safetensors rows.csv --labels k.csv --explain 1
try hourglass score det.safetensors - --follow --labels k.csv </dev/null
try hourglass score det.safetensors - --follow </dev/null
try hourglass score det.safetensors rows.csv --class 1
try hourglass evaluate det.safetensors rows.csv --labels k.csv --normal-label 0
try hourglass plot roc det.safetensors rows.csv --labels k.csv -o roc.svg
need_cairo
hourglass sample c.safetensors -n 20 -o s.png
hourglass plot latent c.safetensors $test --labels $labels -o latent.png
hourglass plot manifold c.safetensors --class 4 -o plane.png
hourglass plot traversal c.safetensors $test --labels $labels --row 2 -o row.png
rm row.png
hourglass plot traversal c.safetensors $test --class 5 --row 2 -o row.png
hourglass plot grid c.safetensors $test --labels $labels --seed 3 -o grid.png
test -s s.png && test -s latent.png && test -s plane.png && test -s row.png && test -s grid.png
