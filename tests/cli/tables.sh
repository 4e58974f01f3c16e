# SPDX-License-Identifier: MIT
# Tables: kinds and names from a configuration file, columns found by name, unseen words
# counted, a file that lacks a column refused, the schema in the model file.
. "$(dirname "$0")/common.bash"
pay=data/payments.csv
printf 'code: 3\nhidden: [8]\nepochs: 2\ndrop: id\nrename: kind=how\ncategorical: foreign\n' >c.yaml
if hourglass info | grep -qE "^yaml +not"; then
    hourglass train $pay --code 3 --hidden 8 --epochs 2 --drop id --rename kind=how --categorical foreign -q
else
    hourglass train $pay --config c.yaml -q
fi
hourglass summary model.safetensors | tail -n 8
cut -d, -f2- $pay | sed 's/kind/how/' >named.csv
awk -F, -v OFS=, '{print $6,$5,$4,$3,$2,$1}' named.csv >turned.csv
for f in named turned; do hourglass evaluate model.safetensors $f.csv | grep -v -e speed >$f.out; done
cmp named.out turned.out
sed '2s/\(NO\|DE\|US\|SE\|DK\|FI\|GB\)/Mars/' named.csv >mars.csv
hourglass evaluate model.safetensors mars.csv 2>&1 >/dev/null | grep -c "column 'country' is 'Mars', a word that training rows do not have"
cut -d, -f2- named.csv >less.csv
try hourglass evaluate model.safetensors less.csv
# A file with the old names is read as training read its file.
hourglass evaluate model.safetensors $pay | grep -v -e speed >old.out
cmp named.out old.out
try hourglass evaluate model.safetensors $pay --rename kind=how -q --json | grep -c '"rows": 400'
