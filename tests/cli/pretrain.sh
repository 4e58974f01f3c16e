# SPDX-License-Identifier: MIT
# Pretraining: layer by layer, told, logged, stopped and gone on with; the pretrained model's
# filters are drawn.
. "$(dirname "$0")/common.bash"
pictures_leak
deep="--hidden 20,10 --code 4 --activation sigmoid --code-activation linear"
options="$deep --pretrain rbm --pretrain-epochs 2 --limit 300 --batch-size 50"

hourglass train $train $options --epochs 1 --valid $test --log log.jsonl 2>err >/dev/null
sed -e '/: note: /d' -e 's/[0-9.]* rows/N rows/' -e 's/-*[0-9]*\.[0-9]*/F/g' err
# What a level logs, by name.
head -n 1 log.jsonl | grep -o '"[a-z_]*":' | tr -d '\n'
echo
tail -n 1 log.jsonl | grep -o '"[a-z_]*":' | tr -d '\n'
echo

# The pretrained model alone; a level at a time it is a stack of two halves.
hourglass train $train $options --epochs 0 -q -o alone.safetensors
hourglass summary alone.safetensors | grep -c 'dense 20 sigmoid'
if hourglass info | grep '^cairo' | grep -qv 'not built'; then
    hourglass plot filters alone.safetensors --part encoder -o filters.png
    [ -s filters.png ] || fail 'no picture of the filters'
fi

# Stopped by Ctrl-C and gone on with: the same model as without, and the same log.
long="$deep --pretrain stacked --pretrain-corrupt mask:0.2 --pretrain-epochs 100
    --epochs 2 --limit 300 --batch-size 2 -q"
hourglass train $train $long --checkpoint full -o full.safetensors --log full.jsonl
hourglass train $train $long --checkpoint part -o part.safetensors --log part.jsonl 2>err &
job=$!
until [ -s part.jsonl ] && [ "$(wc -l <part.jsonl)" -ge 105 ]; do sleep 0.01; done
kill -INT $job
status=0
wait $job || status=$?
echo "exit $status"
grep -c interrupted err
hourglass train $train $long --checkpoint part --resume -o part.safetensors \
    --log part.jsonl
cmp full.safetensors part.safetensors && echo same
losses() { grep -o '"epoch":[0-9]*,"loss":[0-9.e-]*' "$1"; }
diff <(losses full.jsonl) <(losses part.jsonl) && wc -l <part.jsonl

# Combinations that mean nothing.
try hourglass train $train $deep --activation tanh --pretrain rbm -q
try hourglass train $train --preset vae --pretrain rbm -q
try hourglass train $train $deep --pretrain rbm --cd 0 -q
try hourglass train $train $deep --epochs 0 -q
try hourglass train $train $deep --epochs 1 --limit 100 --cd 3 -q
