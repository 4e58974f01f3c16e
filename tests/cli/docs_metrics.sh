# SPDX-License-Identifier: MIT
# docs/metrics.md knows every number that the program prints: each metric of the list, each
# key of a line of --log, of train --json, evaluate --json and summary --json.  Its two
# floors of bce are what the program measures, where those test sets are.
page=$HG_SAMPLE/../docs/metrics.md
train=$HG_SAMPLE/fashion/train-images-idx3-ubyte.gz
test=$HG_SAMPLE/fashion/t10k-images-idx3-ubyte.gz
known() { grep -qE "^\| (.*, )?\`$1\`(, .*)? \|" "$page" || { echo "metrics.md: no row for $1 ($2)" >&2; bad=1; }; }
keys() { grep -oE '"[a-z_]+": ?' "$1" | tr -d '": ' | sort -u; }
bad=0

# A part of the rows and a penalty, so that no key is left out.
hourglass train "$train" --valid "$test" --preset keras-sparse --epochs 1 -q --json \
    --log log.jsonl >train.json
hourglass train "$train" --valid "$test" --code 4 --activation sigmoid --pretrain rbm \
    --pretrain-epochs 1 --epochs 0 -q --log levels.jsonl -o levels.safetensors
hourglass evaluate model.safetensors "$test" --against model.safetensors --json >evaluate.json
hourglass summary model.safetensors --json >summary.json
for name in $(hourglass list metrics | cut -d' ' -f1); do known "$name" list; done
for name in $(hourglass list detection | cut -d' ' -f1); do known "$name" detection; done
for name in $(hourglass list findings | cut -d' ' -f1); do known "$name" findings; done
for file in log.jsonl levels.jsonl train.json evaluate.json summary.json; do
    [ "$(keys $file | wc -l)" -gt 5 ]
    for key in $(keys $file); do known "$key" $file; done
done
[ $bad = 0 ]

# floor NAME FILE: the number behind "NAME test set" in the page, to its last digit.
floor() {
    [ -e "$2" ] || return 0
    local said got
    said=$(sed -n "s/^- $1 test set: bce_floor \([0-9.]*\).*/\1/p" "$page")
    got=$(hourglass evaluate model.safetensors "$2" --json | sed 's/.*"bce_floor": \([0-9.]*\).*/\1/')
    [ "$(printf '%.5f' "$got")" = "$said" ] || { echo "$1: bce_floor $got, the page says $said" >&2; return 1; }
}
floor Fashion-MNIST /usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz
floor MNIST "$HG_SHARED/mnist/t10k-images-idx3-ubyte.gz"
