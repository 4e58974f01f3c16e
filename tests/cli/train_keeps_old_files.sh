# SPDX-License-Identifier: MIT
# A training that cannot start leaves the old model and log as they were.
. "$(dirname "$0")/common.bash"
echo old >model.safetensors
echo old >log.jsonl
printf 'a,b\n1,2\n3,x\n' >bad.csv
try hourglass train bad.csv --strict --code 1 --force --log log.jsonl
try hourglass train $test --code 3 --loss bce --scale standard --force --log log.jsonl
cat model.safetensors log.jsonl
