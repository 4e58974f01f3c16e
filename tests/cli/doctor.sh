# SPDX-License-Identifier: MIT
# What the doctor notes of models that are ill in a known way, and that it is silent on one
# that is well.
. "$(dirname "$0")/common.bash"
notes() { hourglass "$@" 2>&1 >/dev/null | sed -n 's/^hourglass: note: \([a-z-]*\):.*/\1/p' | tr '\n' ' '; echo; }
# A line in a plane: one number is enough for each row.
awk 'BEGIN { OFS = ","; print "a,b,c,d"; for (i = 0; i < 400; i++) { x = i / 200 - 1; print x, 2 * x, -x, x / 2 } }' >line.csv
echo "well:        $(notes train line.csv --code 1 --code-activation linear --epochs 100 --batch-size 16 --lr 0.01 --schedule cosine -o well.safetensors)"
echo "not trained: $(notes train line.csv --code 1 --lr 1e-9 --epochs 1 -o m.safetensors)"
echo "copy:        $(notes train line.csv --code 4 --code-activation linear --epochs 60 --batch-size 16 --lr 0.01 --schedule cosine -o m.safetensors)"
echo "output:      $(notes train line.csv --code 1 --code-activation linear --output-activation sigmoid --epochs 30 --batch-size 16 --lr 0.01 --schedule cosine -o m.safetensors)"
awk -F, 'NR > 1 { $2 += 100 } { print }' OFS=, line.csv >moved.csv
echo "moved:       $(notes evaluate well.safetensors moved.csv)"
echo "spread:      $(awk -F, 'NR > 1 { for (i = 1; i <= 4; i++) $i *= 50 } { print }' OFS=, line.csv >wide.csv; notes evaluate well.safetensors wide.csv)"
# Random rows, learnt by heart: more of them would be needed, not more epochs.
random() { awk -v seed=$1 'BEGIN { srand(seed); OFS = ","; print "a,b,c,d,e,f"; for (i = 0; i < 40; i++) print rand(), rand(), rand(), rand(), rand(), rand() }'; }
random 1 >few.csv && random 2 >other.csv
echo "by heart:    $(notes train few.csv --valid other.csv --scale standard --hidden 64 --code 5 --epochs 200 --lr 0.01 -o m.safetensors)"
echo "few units:   $(notes train $test --code 64 --code-kind topk --topk 4 --loss mse --epochs 30 -o m.safetensors)"
echo "collapsed:   $(notes train line.csv --code 3 --code-kind variational --beta 50 --epochs 60 --lr 0.01 -o m.safetensors)"
echo "dead:        $(notes train $train --valid $test --code 64 --lr 0.5 --optimizer sgd --epochs 2 -o m.safetensors)"
hourglass evaluate well.safetensors moved.csv --json | grep -o '"findings": \[{"name": "[a-z-]*"'
hourglass evaluate well.safetensors moved.csv -q 2>&1 | grep -c note || true
hourglass evaluate well.safetensors moved.csv --against well.safetensors 2>&1 | grep -c note || true
