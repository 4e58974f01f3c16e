# SPDX-License-Identifier: MIT
# Training writes a model, a log and a closing table.
. "$(dirname "$0")/common.bash"
hourglass train $train --valid $test --preset keras-dense --epochs 3 \
    --log log.jsonl -o model.safetensors >table
# The words of the table; its numbers are the machine's and the kernels'.
cut -c1-10 table | sed 's/ *$//' | tr '\n' '|'
echo
sed -n 's/^epochs *//p' table
# What to look at next are the rows that were not trained on.
sed -n '/^next/,$p' table
wc -l <log.jsonl
grep -c '^{"epoch":[123],"loss":0\.[0-9]*,"val_loss":0\.[0-9]*,"recon":' log.jsonl
head -c 300 model.safetensors | grep -aqo '__metadata__' && echo a safetensors file
