# SPDX-License-Identifier: MIT
# Pictures by the ending of their name.
. "$(dirname "$0")/common.bash"
need_cairo
hourglass train $test --preset keras-dense --code 4 --epochs 2 -q --log log.jsonl --plot a.png
hourglass plot loss log.jsonl -o b.svg
# A model knows which loss it was, and the axis says it; a log does not.
hourglass train $test --preset keras-dense --code 4 --epochs 2 -q --plot named.svg
hourglass plot loss model.safetensors -o model.svg
cmp named.svg model.svg
cmp -s b.svg model.svg && fail 'the axis does not name the loss'
# The columns of a table are named: that needs room under the curves.
cut -d, -f1-4 $table >named.csv
tail -n +2 named.csv >bare.csv
for x in named bare; do
    hourglass train $x.csv --hidden 8 --code 2 --epochs 1 -q -o $x.safetensors
    hourglass plot grid $x.safetensors $x.csv -o $x-grid.svg --items 3 --across 3
    hourglass plot filters $x.safetensors -o $x-units.svg --items 3 --across 3
done
# Columns scaled by the model share an axis: one in another unit changes nothing.
seq 40 | awk '{ print $1 % 7 "," $1 % 11 }' >same.csv
awk -F, -v OFS=, '{ print $1, $2 * 1024 }' same.csv >unit.csv
for x in same unit; do
    hourglass train $x.csv --hidden 8 --code 1 --scale minmax --epochs 1 -q -o $x.safetensors
    hourglass plot grid $x.safetensors $x.csv -o $x.svg
done
cmp same.svg unit.svg
height() { grep -o ' height="[0-9]*' "$1" | head -n 1 | grep -o '[0-9]*$'; }
for plot in grid units; do
    [ "$(height named-$plot.svg)" -gt "$(height bare-$plot.svg)" ] || fail "$plot: no names"
done
hourglass plot loss model.safetensors -o c.pdf --dark
hourglass plot loss - -o d.png <log.jsonl
hourglass plot grid model.safetensors $test -o e.png --items 6 --across 3 --seed 2 --title ''
hourglass plot filters model.safetensors -o f.png
hourglass plot filters model.safetensors -o g.png --part encoder --width 300
for f in a d e f g; do head -c 4 $f.png | grep -aq PNG || fail "$f.png"; done
grep -q '<svg' b.svg
head -c 5 c.pdf | grep -aq '%PDF-'
# Convolutions: kernels of either end, and pictures of their own size.
hourglass train $test --preset keras-conv --epochs 1 -q -o conv.safetensors
hourglass plot filters conv.safetensors -o kernels.png --part encoder
hourglass plot filters conv.safetensors -o paints.png
hourglass plot grid conv.safetensors $test -o conv.png --items 3
for f in kernels paints conv; do head -c 4 $f.png | grep -aq PNG || fail "$f.png"; done
