# SPDX-License-Identifier: MIT
# Pictures by the ending of their name.
. "$(dirname "$0")/common.bash"
need_cairo
# fontconfig keeps what it read of the fonts until the end, which is no leak of ours.
echo 'leak:libfontconfig' >lsan.supp
export LSAN_OPTIONS="suppressions=$PWD/lsan.supp:print_suppressions=0${LSAN_OPTIONS:+:$LSAN_OPTIONS}"
hourglass train $test --preset keras-dense --code 4 --epochs 2 -q --log log.jsonl --plot a.png
hourglass plot loss log.jsonl -o b.svg
hourglass plot loss model.safetensors -o c.pdf --dark
hourglass plot loss - -o d.png <log.jsonl
hourglass plot grid model.safetensors $test -o e.png --items 6 --across 3 --seed 2 --title ''
hourglass plot filters model.safetensors -o f.png
hourglass plot filters model.safetensors -o g.png --part encoder --width 300
for f in a d e f g; do head -c 4 $f.png | grep -aq PNG || fail "$f.png"; done
grep -q '<svg' b.svg
head -c 5 c.pdf | grep -aq '%PDF-'
