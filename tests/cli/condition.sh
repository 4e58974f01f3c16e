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
need_cairo
hourglass sample c.safetensors -n 20 -o s.png
hourglass plot latent c.safetensors $test --labels $labels -o latent.png
hourglass plot manifold c.safetensors --class 4 -o plane.png
hourglass plot traversal c.safetensors $test --labels $labels --row 2 -o row.png
rm row.png
hourglass plot traversal c.safetensors $test --class 5 --row 2 -o row.png
hourglass plot grid c.safetensors $test --labels $labels --seed 3 -o grid.png
test -s s.png && test -s latent.png && test -s plane.png && test -s row.png && test -s grid.png
