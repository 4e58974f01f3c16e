# SPDX-License-Identifier: MIT
# Files of tables as they come: names with slips, decimal commas, texts that are no UTF-8,
# rows that cannot be read, identifiers; and what a model remembers of its file.
. "$(dirname "$0")/common.bash"
pay=data/payments.csv
try hourglass data info $pay --columns amuont
try hourglass data info $pay --drop AMOUNT
try hourglass data info $pay --categorical zzz

echo "-- decimal signs"
printf 'a;b\n1,5;2,5\n3,5;4\n' >comma.csv
try hourglass data info comma.csv
printf 'a;b\n1,234;2\n3,534;4\n' >either.csv
try hourglass data info either.csv
try hourglass data info either.csv --decimal . --json | grep -o '"max": [0-9.]*' | head -1
try hourglass data info either.csv --decimal , --json | grep -o '"max": [0-9.]*' | head -1
printf 'a;b\n1,234;2.5\n3,534;4\n' >point.csv
try hourglass data info point.csv --json | grep -o '"max": [0-9.]*' | head -1
printf 'a,b\n"0,123",2\n"0,534",4\n' >zero.csv
try hourglass data info zero.csv
printf 'x\n1,5\n2,25\n' >one.csv
try hourglass data info one.csv

echo "-- bytes"
printf 'a,b\n1,2\n3\0,4\n' >zeros.csv
try hourglass data info zeros.csv
printf 'a\0,\0b\0\n\0001\0,\0002\0\n\0' >utf16.csv
try hourglass data info utf16.csv
printf '\377\376a\0,\0b\0\n\0001\0,\0002\0\n\0' >mark.csv
try hourglass data info mark.csv
printf 'st\344dte,b\nK\366ln,2\nBonn,3\nK\366ln,2\nK\303\266ln,3\n' >latin.csv
try hourglass data info latin.csv

printf 'a,b\n1,2\001\n3,4\n' >sign.csv
try hourglass data info sign.csv --json | grep -o '"rows": 2'
try hourglass data info - <sign.csv
printf 'a,b\r1,2\r3,4\r' >mac.csv
try hourglass data info mac.csv
printf '\223NUMPY\001\000v\000' >object.npy
printf "{'descr': '|O', 'fortran_order': False, 'shape': (2, 2), }%60s\n" '' >>object.npy
try hourglass data info object.npy

echo "-- what a model remembers"
awk 'BEGIN { print "nr;wert;art;tag"; for (i = 0; i < 200; i++)
    printf "%05d;%d,%02d;%s;%02d.03.2024\n", i, 1000 + i * 73 % 500, i * 37 % 100,
        i % 3 ? "rot" : "gelb", 1 + i % 28 }' >de.csv
hourglass train de.csv --decimal , --rename wert=value,art=kind --drop nr --score residual \
    --code 2 --hidden 8 --epochs 1 -q
try hourglass score model.safetensors de.csv -q -o a.csv
sed 's/,/./' de.csv | tr ';' ',' | sed 's/wert/value/;s/art/kind/' >en.csv
try hourglass score model.safetensors en.csv -q -o b.csv
cmp a.csv b.csv
sed 's/;\([0-9]*\),/;\1./' de.csv >semi.csv
try hourglass score model.safetensors semi.csv -q -o b.csv
cmp a.csv b.csv
tail -n +1 de.csv | hourglass score model.safetensors - --follow -q >b.csv
cmp a.csv b.csv
sed 's/wert/Value/' de.csv >slip.csv
try hourglass score model.safetensors slip.csv
cut -d';' -f1,4 de.csv >less.csv
try hourglass score model.safetensors less.csv

echo "-- identifiers"
try hourglass score model.safetensors de.csv --id nr -q -o c.csv
head -2 c.csv | cut -c1-8
cut -d, -f2 c.csv | cmp - a.csv
try hourglass score model.safetensors de.csv --id nr -q -o c.npy
try hourglass score model.safetensors de.csv --id Nr -q
hourglass score model.safetensors - --id nr --follow -q <de.csv | cmp - c.csv
hourglass score model.safetensors - --id nr --follow -q --json <de.csv | head -1 | cut -c1-22
hourglass predict model.safetensors de.csv --id nr -q | head -1
try hourglass data convert de.csv -o conv.csv --drop tag --rename art=kind
head -2 conv.csv
try hourglass data convert de.csv -o - --decimal , --columns nr,wert --limit 2

echo "-- rows that cannot be read"
sed '5s/;[^;]*;/;inf;/;7s/.03.2024/foo/;9s/;/;;;/;201s/;[^;]*;/;inf;/;3s/[0-9]*,[0-9]*/off/' de.csv >bad.csv
try hourglass score model.safetensors bad.csv -o d.csv
try hourglass score model.safetensors bad.csv --skip-bad --id nr -q -o d.csv
awk -F, 'FNR > 1 && $2 == "" { print FNR, $0 }' d.csv
try hourglass score model.safetensors bad.csv --skip-bad --json -p --fdr 0.1 -o e.csv 2>/dev/null |
    grep -oE '"(rows|skipped)": [0-9]*'
cut -d, -f1 e.csv >e1.csv
cut -d, -f2 d.csv | cmp - e1.csv
hourglass score model.safetensors bad.csv --skip-bad -q -o - 2>/dev/null | grep -c '^""$'
hourglass score model.safetensors - --skip-bad --id nr -q <bad.csv 2>/dev/null | cmp - d.csv
try hourglass data info bad.csv --decimal , --date tag --skip-bad --json | grep -oE '"rows": [0-9]*'
printf 'nr;wert;art;tag\nx\n' >none.csv
try hourglass score model.safetensors none.csv --skip-bad -o f.csv
try hourglass score model.safetensors de.csv --skip-bad --explain 3

echo "-- small and empty tables"
awk 'BEGIN { print "a,b,c,d"; for (i = 0; i < 60; i++) printf "%d,%d,5,\n", i * 7 % 11, i % 3 }' >const.csv
try hourglass train const.csv --preset anomaly -q -o const.st
hourglass score const.st const.csv -q | grep -c '^[0-9]'
sed '3s/,5,/,6,/' const.csv | hourglass score const.st - -q | sed 1d | sort -n | tail -1 >worst
hourglass score const.st const.csv -q | sed 1d | sort -n | tail -1 >before
awk 'NR == FNR { b = $1; next } { print ($1 > b) ? "a value that differs stands out" : "not seen" }' before worst
printf 'a,b\n1,2\n' >row.csv
try hourglass train row.csv --preset anomaly -q
printf ',\n,\n,\n' >gaps.csv
try hourglass data info gaps.csv
try hourglass train gaps.csv --preset anomaly -q
printf 'a,b\n' >head.csv
try hourglass data info head.csv
try hourglass train const.csv --preset anomaly --group who -q

echo "-- day or month first"
awk 'BEGIN { print "d;x"; for (i = 0; i < 60; i++)
    printf "2024-%02d-%02d;%d.5\n", 1 + i / 28, 1 + i % 28, i * 7 % 20 }' >iso.csv
hourglass train iso.csv --preset anomaly --code 1 --hidden 4 --epochs 1 -q -o iso.safetensors
awk -F'[-;]' 'NR > 1 { $0 = $2 "/" $3 "/" $1 ";" $4 } 1' iso.csv >us.csv
try hourglass score iso.safetensors iso.csv -q -o a.csv
try hourglass score iso.safetensors us.csv -q -o b.csv
cmp a.csv b.csv
head -13 us.csv >open.csv
try hourglass score iso.safetensors open.csv -q -o b.csv
sed '20s/.*/20\/01\/2024;1.5/' us.csv >both.csv
try hourglass score iso.safetensors both.csv -q -o b.csv
