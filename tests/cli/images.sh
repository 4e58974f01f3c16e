# SPDX-License-Identifier: MIT
# Pictures in, pictures out: folders, classes, tiles; the model remembers how.
. "$(dirname "$0")/common.bash"
need_pictures
ln -s "$HG_SAMPLE/../tests/images" pictures
hourglass data convert $test --limit 6 -q -o shoes/
ls shoes | head -n 2
mkdir -p set/good set/bad
cp shoes/00000[123].png set/good && cp shoes/00000[456].png set/bad
try hourglass data info set
try hourglass data info set --resize 14x14 --colour
hourglass data convert shoes -q -o a.npy && hourglass data convert $test --limit 6 -q -o b.npy
cmp a.npy b.npy && echo 'the same rows'
try hourglass data info pictures
try hourglass data info pictures/colour.jpg --tile 8x8 --stride 4 --grey
try hourglass data info pictures/colour.jpg --grey --colour
try hourglass data info pictures/colour.jpg --tile 80x80
try hourglass data info pictures/colour.jpg --max-pixels 100
try hourglass data info $table --resize 8x8
hourglass train pictures/colour.jpg --tile 8x8 --stride 4 --grey --hidden 8 --code 2 \
    --epochs 1 -q -o m.safetensors
try hourglass reconstruct m.safetensors pictures/turn6.jpg -q -o turned.png
try hourglass data info turned.png
hourglass train set --hidden 8 --code 2 --epochs 1 -q -o s.safetensors
try hourglass reconstruct s.safetensors set -q -o made/
find made -name '*.png' | sort
hourglass sample s.safetensors --fit set -n 2 -q -o drawn/
hourglass interpolate s.safetensors set --from 1 --to 2 --steps 3 -q -o way/
find drawn way -name '*.png' | sort
try hourglass sample s.safetensors -n 2 -q -o drawn/
try hourglass sample s.safetensors -n 2 -q -o drawn --force
try hourglass reconstruct s.safetensors set -q -o made.png
try hourglass reconstruct s.safetensors set -q -o set
cp set/good/000001.png set/good/zz.png && truncate -s 100 set/good/zz.png
try hourglass data info set
try hourglass data info set --skip-bad
hourglass train set --skip-bad --hidden 8 --code 2 --epochs 1 --score residual -q -o d.safetensors 2>/dev/null
hourglass score d.safetensors set --skip-bad --heatmap maps -o s.csv 2>&1 | grep -c 'left out'
# Names with spaces and line ends, and a folder that a link leads back to.
mkdir -p odd/a && cp set/good/000001.png 'odd/a/x y.png' && cp set/good/000001.png $'odd/a/new\nline.png'
ln -s .. odd/a/loop && ln -s nothing odd/a/gone.png
try hourglass data info odd
try hourglass score d.safetensors odd -q
try hourglass score d.safetensors odd --tiles
try hourglass score d.safetensors odd --plain
mkdir none && try hourglass data info none
# A few bytes that say they are gigapixels are not decoded.
printf '\211PNG\r\n\032\n\0\0\0\rIHDR\0\0\165\060\0\0\165\060\010\0\0\0\0' > huge.png
printf '%b' '\0\0\0\0\0\0\0\0IDAT' >> huge.png
try hourglass data info huge.png
try hourglass data info huge.png --resize 8
# Of tiles whole pictures are counted, and each is spoken for by its worst tile.
hourglass data convert $test --limit 12 -q -o twelve/
hourglass train twelve --tile 14x14 --stride 7 --hidden 8 --code 2 --epochs 1 --score image -q -o t.safetensors
hourglass score t.safetensors twelve --contamination 0.25 --explain 12 -o t.csv 2>&1 | grep -E -c '^[0-9]*\.png: score'
hourglass score t.safetensors twelve --contamination 0.25 --explain 12 -o t.csv 2>&1 | grep -o '^12 pictures, 3 anomalies'
# Why: the picture's name and regions of it, in each format; heat maps say where alarms begin.
hourglass score t.safetensors twelve -x 1 --explain-format json -q | python3 -c 'import json, sys
for r in json.load(sys.stdin)["rows"]:
    c = r["causes"][0]
    print(r["file"].endswith(".png"), sorted(c))
    print(0 <= c["x"] <= c["at"]["x"] < c["x"] + c["width"] <= 28,
          0 <= c["y"] <= c["at"]["y"] < c["y"] + c["height"] <= 28)'
hourglass score t.safetensors twelve -x 1 -q | sed -n 2p | tr -s ' '
hourglass score t.safetensors twelve -x 1 --explain-format html -q | grep -c 'class="frame" viewBox="0 0 28 28"'
hourglass score t.safetensors twelve --heatmap warm --threshold 2 -o t.csv 2>&1 | grep -o '^warm: heat maps; alarm above 2;'
