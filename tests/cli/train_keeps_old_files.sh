# SPDX-License-Identifier: MIT
# A training that cannot start leaves the old model and log as they were.
. "$(dirname "$0")/common.bash"
echo old >model.safetensors
echo old >log.jsonl
printf 'a,b\n1,2\n3,x\n' >bad.csv
try hourglass train bad.csv --strict --code 1 --force --log log.jsonl
try hourglass train $test --code 3 --loss bce --scale standard --force --log log.jsonl
cat model.safetensors log.jsonl
rm model.safetensors
# A name mistyped by a word is often that of the data.
cp $table rows.csv
try hourglass train $test --limit 50 --code 3 --epochs 1 -q --log rows.csv
try hourglass train $test --limit 50 --code 3 --epochs 1 -q --log rows.csv --checkpoint c --resume
cmp $table rows.csv
hourglass train $test --limit 50 --code 3 --epochs 1 -q --log rows.csv --force
hourglass train $test --limit 50 --code 3 --epochs 2 -q --log rows.csv
grep -c epoch rows.csv
