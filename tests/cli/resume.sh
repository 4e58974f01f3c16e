# SPDX-License-Identifier: MIT
# Killed or interrupted at any moment, again and again, a run that is resumed ends with the
# bytes of one that was left alone, and its log has each epoch once.
. "$(dirname "$0")/common.bash"
options="--hidden 32 --code 4 --dropout 0.1 --batchnorm --schedule cosine --epochs 12
    --valid-split 0.2 --early-stop 50 -q"
# As a job it is the program itself that signals go to: no shell stays around it.
run() { exec hourglass train $train $options --log "$1.jsonl" -o "$1.safetensors" "${@:2}" 2>"$1.err"; }
numbers() { grep -o '"epoch":[0-9]*,"loss":[^,]*,"val_loss":[^,]*' "$1"; }

began=$(date +%s%N)
(run whole)
took=$((($(date +%s%N) - began) / 1000000))

for signal in KILL INT; do
    rm -rf part.*
    status=1 tries=0
    # Each run gets a random share of the time that the whole one took, at least 30 ms.
    while [ $status != 0 ] && [ $tries -lt 60 ]; do
        run part --checkpoint part.ck --checkpoint-seconds 0 --resume --threads $((RANDOM % 3 + 1)) &
        job=$!
        wait_ms=$((30 + RANDOM % (took / 2 + 1) + tries * took / 20))
        sleep "$((wait_ms / 1000)).$(printf %03d $((wait_ms % 1000)))"
        kill -$signal $job 2>/dev/null || true
        status=0
        wait $job 2>/dev/null || status=$?
        case $signal$status in
        KILL0 | KILL137 | INT0 | INT130) ;;
        *) fail "$signal: exit $status: $(cat part.err)" ;;
        esac
        tries=$((tries + 1))
    done
    [ $status = 0 ] || fail "$signal: not done after $tries runs"
    echo "runs for $signal: $tries" >&2
    cmp whole.safetensors part.safetensors && echo "$signal: same bytes"
    diff <(numbers whole.jsonl) <(numbers part.jsonl) && echo "$signal: same log"
done
# A run that is done stays done.
cp part.safetensors before.safetensors
(run part --checkpoint part.ck --checkpoint-seconds 0 --resume)
cmp before.safetensors part.safetensors && echo again: same bytes
