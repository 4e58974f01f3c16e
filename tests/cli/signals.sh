# SPDX-License-Identifier: MIT
# One interrupt: saved model, checkpoint, exit 130.  Two: out at once.  SIGTERM: as SIGINT.
. "$(dirname "$0")/common.bash"

# start NAME: a run that does not end by itself; waits until two epochs have ended.
start() {
    hourglass train $train --hidden 64 --code 8 --epochs 1000000 --checkpoint "$1.ck" \
        --checkpoint-seconds 1000 --log "$1.jsonl" -q -o "$1.safetensors" 2>"$1.err" &
    job=$!
    until [ -s "$1.jsonl" ] && [ "$(wc -l <"$1.jsonl")" -ge 2 ]; do sleep 0.02; done
}

for signal in INT TERM; do
    start once
    kill -$signal $job
    status=0
    wait $job || status=$?
    echo "$signal: exit $status"
    hourglass summary once.safetensors | grep -c 'dense 64 relu'
    hourglass evaluate once.safetensors $test --json | grep -c '"rows": '
    ls once.ck
    grep -c 'the weights of epoch [0-9]*, the lowest loss so far, are in once.safetensors' once.err
    rm -r once.*
done

# Stopped, it cannot look between two steps, so both signals wait for it; they may be merged
# into one when they are the same, so they differ.
start twice
kill -STOP $job
kill -INT $job
kill -TERM $job
kill -CONT $job
status=0
wait $job || status=$?
case $status in 130 | 143) echo "twice: out" ;; *) fail "exit $status" ;; esac
[ ! -e twice.safetensors ] || fail 'two signals, and it still saved'
