# SPDX-License-Identifier: MIT
# A resumed run drops the log's lines of epochs it trains again, and ends as if never stopped.
. "$(dirname "$0")/common.bash"
options="--code 3 --epochs 12 --checkpoint-seconds 0 -q"
hourglass train $train $options --checkpoint full -o full.safetensors --log full.jsonl
hourglass train $train $options --checkpoint part -o part.safetensors --log part.jsonl &
job=$!
until [ -s part.jsonl ]; do sleep 0.01; done
kill -INT $job 2>/dev/null || true
wait $job || true
# As after a crash: a line too many and one that was cut short.
echo '{"epoch":12,"loss":9}' >>part.jsonl
printf '{"epoch":13,"lo' >>part.jsonl
hourglass train $train $options --checkpoint part --resume -o part.safetensors --log part.jsonl
loss() { grep -o '"epoch":[0-9]*,"loss":[0-9.e-]*' "$1"; }
diff <(loss full.jsonl) <(loss part.jsonl)
cmp full.safetensors part.safetensors && echo same
