# SPDX-License-Identifier: MIT
# Bytes and shares of the same pictures: a preset for bytes takes shares as they are, and
# every verb says when rows are on the other scale than those of training.
. "$(dirname "$0")/common.bash"
rows() { awk -v by=$1 'BEGIN { srand(3); for (i = 0; i < 60; i++) { s = ""; for (k = 0; k < 16; k++) s = s (k ? "," : "") int(256 * rand()) / by; print s } }'; }
rows 1 >bytes.csv && rows 255 >shares.csv
said() { "$@" 2>&1 >/dev/null | sed -n 's/^hourglass: \(warning\|note\): /\1: /p'; }
for of in bytes shares; do
    other=$([ $of = bytes ] && echo shares || echo bytes)
    echo "== a model of $of"
    said hourglass train $of.csv --preset keras-dense --shape 4x4 --code 4 --epochs 3 -o $of.safetensors | grep -v -e improving -e better || true
    said hourglass train $of.csv --valid $other.csv --preset keras-dense --code 4 --epochs 3 -o m.safetensors
    hourglass summary $of.safetensors | grep "^scale "
    for verb in encode reconstruct; do
        echo "$verb: $(said hourglass $verb $of.safetensors $other.csv -o o.npy)"
        echo "$verb, a pipe: $(cat $other.csv | said hourglass $verb $of.safetensors - -o o.npy)"
        echo "$verb, alike: $(said hourglass $verb $of.safetensors $of.csv -o o.npy)"
    done
    echo "evaluate:"
    said hourglass evaluate $of.safetensors $other.csv
done
echo "== of shares, without a range"
hourglass train shares.csv --preset k-sparse --code 8 --topk 2 --epochs 1 -q -o k.safetensors
said hourglass encode k.safetensors bytes.csv -o o.npy
said hourglass encode k.safetensors shares.csv -o o.npy
