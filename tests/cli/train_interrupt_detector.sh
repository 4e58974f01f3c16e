# SPDX-License-Identifier: MIT
# A detector whose training is interrupted is still one: nothing replaces it by a bare model.
. "$(dirname "$0")/common.bash"
awk 'BEGIN { srand(3); print "a,b,c"; for (i = 0; i < 400; i++) {
    x = rand(); y = rand(); print x "," y "," x + y } }' >rows.csv
hourglass train rows.csv --preset anomaly --epochs 2 -o keep.st 2>&1 >/dev/null |
    grep -o 'note: .*'
hourglass train rows.csv --preset anomaly --epochs 1000000 --early-stop 1000000 --log log.jsonl \
    -o keep.st -q 2>err &
job=$!
until [ -s log.jsonl ] && [ "$(wc -l <log.jsonl)" -ge 2 ]; do sleep 0.05; done
kill -INT $job
status=0
wait $job || status=$?
echo "exit $status"
grep -o 'keep.st, with a detector fitted to them' err
hourglass score keep.st rows.csv 2>/dev/null | wc -l
# Nine rows promise 1/10; many rows 1/100 again.  A rule out of reach is said there and then.
head -n 10 rows.csv >few.csv
hourglass calibrate keep.st few.csv -o few.st
hourglass calibrate few.st rows.csv -o many.st 2>&1 | grep -o 'rule .*'
hourglass calibrate keep.st few.csv -o few.st --false-alarms 1/1000 2>&1 | grep warning
