# SPDX-License-Identifier: MIT
# An interrupt saves the best weights so far and exits with 130.
. "$(dirname "$0")/common.bash"
hourglass train $train --preset stacked --epochs 1000000 --log log.jsonl -q &
job=$!
# Epochs take milliseconds; wait for the second, however slow the machine is.
until [ -s log.jsonl ] && [ "$(wc -l <log.jsonl)" -ge 2 ]; do sleep 0.05; done
kill -INT $job
status=0
wait $job || status=$?
echo "exit $status"
hourglass summary model.safetensors | grep -c 'dense 32 relu'
tail -n 1 log.jsonl | grep -c '^{"epoch":.*}$'

# In the first epoch there is no best: what there is, is named as what it is.  Steps of one
# row are quick and many; the first checkpoint says that some were done.
hourglass train $train --preset stacked --batch-size 1 --checkpoint state \
    --checkpoint-seconds 0.05 -o first.safetensors -q 2>err &
job=$!
until [ -e state/checkpoint.safetensors ]; do sleep 0.02; done
kill -INT $job
status=0
wait $job || status=$?
echo "exit $status"
cat err
hourglass summary first.safetensors | grep 'trained on' |
    grep -c 'stopped in epoch 1 after [0-9,]* steps, seed 1'
