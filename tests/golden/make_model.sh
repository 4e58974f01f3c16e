#!/bin/bash
# SPDX-License-Identifier: MIT
# Makes the model file of this folder anew: tests/golden/make_model.sh path/to/hourglass OUT
#
# It is here to say what model-v1.safetensors is: a tied net with batchnorm, dropout, an l1
# penalty and a fitted scaler.  The file itself stays as the first release wrote it, because
# what it proves is that old files keep loading; a new format gets a file of its own.
set -eu
hourglass=$1 out=$2
rows=$(mktemp)
trap 'rm -f "$rows"' EXIT
for i in $(seq 1 24); do
    echo "$((i % 5)),$((i * i % 7)).5,$((i % 3 - 1)),$((i * 3 % 11)),0.$((i % 9))"
done | sed '1i one,two,three,four,five' >"$rows"
"$hourglass" train "$rows" --encoder 'dense 6 leaky alpha=0.2; batchnorm; dropout 0.1; dense 2' \
    --decoder 'dense 6 gelu tied; dense input tied' --l1 0.001 --scale standard --loss huber \
    --huber-delta 1.5 --valid-split 0.25 --epochs 3 --batch-size 4 --seed 7 --cpu ref \
    --threads 1 -q -o "$out"
