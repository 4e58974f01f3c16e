# SPDX-License-Identifier: MIT
# A sweep's table has a row a combination, its picture and its best model are written, and
# what is wrong is said before anything trains.
. "$(dirname "$0")/common.bash"
need_cairo
S="$HG_SAMPLE/breast-cancer.csv"
common="--drop-non-numeric --preset tabular --epochs 2 -q"
hourglass sweep "$S" code=2,4,8 $common --json -o best.safetensors --plot s.svg >out.json
grep -o '"settings": "[^"]*"' out.json
grep -c '"pca_mse": [0-9]' out.json
hourglass summary best.safetensors | grep -c '^code'
grep -c '<svg' s.svg
hourglass sweep "$S" 'hidden=16;16,8' code=2 $common | sed -n 's/  *[0-9,]* *[0-9].*//p'
hourglass sweep "$S" code=2,x $common 2>&1 || echo "exit $?"
hourglass sweep "$S" cod=2 $common 2>&1 || echo "exit $?"
hourglass sweep "$S" code $common 2>&1 || echo "exit $?"
hourglass sweep "$S" loss=mse,mae code=2 $common --plot s.gif 2>&1 || echo "exit $?"
hourglass sweep "$S" code=2 $common --checkpoint state 2>&1 || echo "exit $?"
# Options that take one value take several as axes, and no axis is an error in words.
hourglass sweep "$S" --code 2,4 --lr 1e-3,1e-2 $common --json | grep -o '"settings": "[^"]*"'
hourglass sweep "$S" $common 2>&1 || echo "exit $?"
hourglass sweep "$S" activation=relu,tanh $common --code 2 --plot t.svg 2>&1 || echo "exit $?"
# A stopped sweep goes on behind what its log has, and ends as if it had never stopped.
numbers() { sed 's/"seconds": [^,}]*//g'; }
hourglass sweep "$S" code=2,4,8 $common --json --log all.jsonl >all.json
head -n 2 all.jsonl >part.jsonl
printf '{"settings":"code=8","ke' >>part.jsonl
hourglass sweep "$S" code=2,4,8 $common --json --log part.jsonl --resume >part.json
diff <(numbers <all.json) <(numbers <part.json) && echo same
hourglass sweep "$S" code=2,4 ${common% -q} --log all.jsonl --resume 2>&1 | grep -c 'in the log'
hourglass sweep "$S" code=2,4 ${common% -q} --log all.jsonl --resume --lr 0.1 2>&1 | grep -c 'in the log' || true
hourglass sweep "$S" code=2,4 $common --resume 2>&1 || echo "exit $?"
cp "$S" rows.csv
hourglass sweep rows.csv code=2,4 $common --log rows.csv 2>&1 || echo "exit $?"
