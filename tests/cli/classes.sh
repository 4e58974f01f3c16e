# SPDX-License-Identifier: MIT
# Classes that are words, from a file or as folders; and a conditional model in every verb.
. "$(dirname "$0")/common.bash"
pictures_leak
# Lines of words have no header, and nothing in the first says so.
for i in $(seq 40); do for w in shirt boot bag; do echo $w; done; done | head -n 100 >words.csv
(echo kind,n && nl -s, -w1 words.csv | sed 's/\(.*\),\(.*\)/\2,\1/') >kinds.csv
some="$test --limit 100"
model() { hourglass train $some --condition labels --hidden 8 --epochs 1 -q "$@"; }
model --labels words.csv --code 2 --code-kind variational -o c.safetensors
model --labels kinds.csv --label-column kind --code 2 --score residual --calibrate 0.3 -o d.safetensors
hourglass summary c.safetensors | grep '^conditional'
hourglass summary d.safetensors --json | grep -o '"class_names": [^]]*]'
hourglass sample c.safetensors -n 4 -o - | cut -d, -f 785
hourglass sample c.safetensors -n 2 --class Boot -o - | cut -d, -f 785
hourglass sample c.safetensors -n 2 --class 0 -o - | cut -d, -f 785
hourglass sample c.safetensors -n 7 -o s.npy
try hourglass sample c.safetensors --class shoe -o s.npy
sed 's/bag/purse/' words.csv >other.csv
echo "== every verb"
(echo cow && echo hen && echo cow) >three.csv
with="--labels words.csv --limit 100"
for verb in "encode c.safetensors $test $with -o z.npy" \
    "decode c.safetensors z.npy --labels words.csv -o y.npy" \
    "reconstruct c.safetensors $test $with -o y.npy" \
    "interpolate c.safetensors $test $with --from 1 --to 3 -o y.npy" \
    "sample c.safetensors --fit $test $with -n 3 -o y.npy" \
    "evaluate c.safetensors $test $with --json" \
    "evaluate c.safetensors $test $with --iwae 2 --binarise once --json" \
    "evaluate c.safetensors $test $with --against d.safetensors --json" \
    "bench c.safetensors --json" \
    "summary c.safetensors" \
    "score d.safetensors $test $with -o s.csv" \
    "predict d.safetensors $test $with -o s.csv" \
    "score d.safetensors $test $with --explain 2 -o s.csv" \
    "predict d.safetensors $table --follow" \
    "calibrate d.safetensors $test $with -o e.safetensors" \
    "evaluate d.safetensors $test $with --json" \
    "evaluate c.safetensors $test $with --weights int8 --json" \
    "evaluate c.safetensors $test $with --corrupt mask:0.1 --json" \
    "evaluate c.safetensors $test $with --train $test --train-labels words.csv --json" \
    "encode c.safetensors $test --limit 100 -o z.npy" \
    "encode c.safetensors $test --labels other.csv --limit 100 -o z.npy" \
    "encode c.safetensors $test --labels three.csv --limit 3 -o z.npy" \
    "evaluate c.safetensors $test --limit 100" \
    "score d.safetensors $test --limit 100 -o s.csv" \
    "interpolate c.safetensors $test --limit 100 --from 1 --to 3 -o y.npy"; do
    echo "$verb"
    status=0
    hourglass $verb -q >out 2>err || status=$?
    [ $status = 0 ] || cat err
    echo "=> $status"
done
need_pictures
echo "== folders"
mkdir pics
for w in bag boot; do hourglass sample c.safetensors -n 6 --class $w -o pics/$w/ -q; done
hourglass train pics --condition labels --hidden 4 --code 2 --epochs 1 -q -o f.safetensors
hourglass summary f.safetensors | grep '^conditional'
hourglass encode f.safetensors pics -o z.csv && tail -n 1 z.csv | grep -c ,
hourglass evaluate f.safetensors pics -q --json | grep -c mse
try hourglass encode f.safetensors pics/bag -o z.csv
need_cairo
echo "== pictures"
for verb in "grid c.safetensors $test $with" "latent c.safetensors $test $with" \
    "manifold c.safetensors --class bag" "traversal c.safetensors $test $with" \
    "traversal c.safetensors $test --limit 100 --class bag" \
    "filters c.safetensors" "filters c.safetensors --part encoder" \
    "grid c.safetensors $test" "loss c.safetensors"; do
    echo "$verb"
    status=0
    hourglass plot $verb -o p.svg >out 2>err || status=$?
    [ $status = 0 ] || cat err
    echo "=> $status"
done
hourglass sample c.safetensors -n 4 -o p.svg && test -s p.svg
