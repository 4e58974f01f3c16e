# SPDX-License-Identifier: MIT
# Training that diverges says where, exits with 1, and keeps the last good weights.
. "$(dirname "$0")/common.bash"
options="--hidden 16 --code 4 --activation linear --loss mse --optimizer sgd -q"
status=0
hourglass train $table $options --drop-non-numeric --lr 1000 -o a.safetensors 2>err || status=$?
echo "exit $status"
grep -c 'epoch 1, step [0-9]*: .* layer .*no good weights' err
[ ! -e a.safetensors ] || fail 'a model without a good epoch'
# The warm-up keeps the rate low at first, so that some epochs are good.
status=0
hourglass train $table $options --drop-non-numeric --lr 100 --warmup 3000 --epochs 1000 \
    --log log.jsonl -o b.safetensors 2>err || status=$?
echo "exit $status"
grep -c 'epoch [0-9]*, step [0-9]*: .* layer .*the last good weights are kept' err
grep -c 'the last good weights are in b.safetensors' err
hourglass evaluate b.safetensors $table --drop-non-numeric --json | grep -c '"loss": [0-9]'
# The log is whole: as many epochs as the model says it trained.
epochs=$(wc -l <log.jsonl)
hourglass summary b.safetensors | grep -c ", $epochs epochs"
