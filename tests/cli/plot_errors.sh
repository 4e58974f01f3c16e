# SPDX-License-Identifier: MIT
# A picture that cannot be drawn is refused in one line.
. "$(dirname "$0")/common.bash"
need_cairo
small_model
try hourglass plot
try hourglass plot loss
try hourglass plot lss model.safetensors
try hourglass plot loss model.safetensors
try hourglass plot loss model.safetensors -o a.gif
try hourglass plot loss none -o a.png
try hourglass plot loss data -o a.png
printf '{"epoch":1,"loss":0.5}\n{"epoch":2,\n' >log.jsonl
try hourglass plot loss log.jsonl -o a.png
printf '{"loss":0.5}\n' >log.jsonl
try hourglass plot loss log.jsonl -o a.png
: >log.jsonl
try hourglass plot loss log.jsonl -o a.png
# Not a log, and not a model: what it is, by its first bytes.
printf '\211PNG\r\n\032\n' >picture.png
try hourglass plot loss picture.png -o a.png
try hourglass plot loss $test -o a.png
try hourglass plot loss $table -o a.png
head -c 40 /dev/zero >zeros
try hourglass plot loss zeros -o a.png
printf '\n {"epoch":1,"loss":0.5}\n[1]\n' >log.jsonl
try hourglass plot loss log.jsonl -o a.png
rm picture.png zeros
try hourglass plot filters model.safetensors -o a.png --part middle
try hourglass plot grid model.safetensors $test -o a.png --items none
try hourglass plot grid model.safetensors $test -o none/a.png
try hourglass train $test --code 3 --plot none/loss.png
ls
