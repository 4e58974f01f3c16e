# SPDX-License-Identifier: MIT
# Numbers in other units are not divided by each other, and what is not rounded is not said
# to cost nothing.
. "$(dirname "$0")/common.bash"
common="--code 8 --epochs 1 -q"
hourglass train $test --preset keras-dense $common -o plain.safetensors
hourglass train $test --preset keras-dense $common --loss mse -o squared.safetensors
hourglass train $test --preset vae-20 $common -o drawn.safetensors
hourglass train $test --code 32 --code-kind topk --topk 4 --loss mse --epochs 1 -q -o topk.safetensors
for other in plain squared drawn; do
    echo "against $other:"
    hourglass evaluate plain.safetensors $test --against $other.safetensors |
        awk '$1 == "loss" || $1 == "mse" { print $1, ($4 == "-" ? "no ratio" : "a ratio") }'
done
hourglass evaluate topk.safetensors $test --weights int8 --no-pca | tail -n 1
hourglass evaluate topk.safetensors $test --weights int8 --no-pca --json | grep -o '"rounded": [0-9]*'
# A sweep that ended early is told from one that has learnt what there is.
for epochs in 2 200; do
    hourglass sweep $table code=2,4 --drop-non-numeric --preset tabular --lr 0.003 --schedule cosine --epochs $epochs 2>&1 >/dev/null |
        sed -n 's/^hourglass: \(note: [0-9] of [0-9] trainings were still improving\).*\(train longer.*\)/\1, \2/p'
done
