# SPDX-License-Identifier: MIT
# Every measure as a table and as JSON; what does not fit is refused.
. "$(dirname "$0")/common.bash"
small_model
hourglass evaluate model.safetensors $test >table
hourglass evaluate model.safetensors $test --json >result
for key in rows loss mse bce sse_per_row; do
    grep -q "^$key  *[0-9]" table || fail "no $key in the table"
    grep -q "\"$key\": [0-9]" result || fail "no $key in the JSON"
done
wc -l <result
# PCA with as many numbers stands beside the model, and structural similarity for images.
sed -n '1p' table | grep -c ' model .* PCA'
grep -cE '^(mse|psnr|ssim|sse_per_row|explained_variance)  *[0-9.]+  *[0-9.]+' table
grep -o '"pca": {"rows": [0-9]*, "mse": 0' result
hourglass evaluate model.safetensors $test --no-pca | grep -c PCA || true
hourglass evaluate model.safetensors $test --train $train --json | grep -o '"pca": {"rows": [0-9]*, "mse": 0'
hourglass evaluate model.safetensors $test --corrupt gaussian:0.1 --json | grep -c pca || true
# What a session's narrow weights cost; how much depends on the machine.
hourglass evaluate model.safetensors $test --weights bf16 | tail -1 | sed 's/[-+]*[0-9][0-9.e-]*/N/g'
hourglass evaluate model.safetensors $test --weights int8 --json | grep -o '"session": {[^}]*}' |
    sed 's/: [-+]*[0-9][0-9.e-]*/: N/g'
try hourglass evaluate model.safetensors $test --weights int4
hourglass evaluate model.safetensors $test --limit 7 --json | grep -o '"rows": [0-9]*'
# Data outside [0,1] have no bce.
hourglass train $table --drop diagnosis --preset tabular --epochs 1 -q -o t.safetensors
hourglass evaluate t.safetensors $table --drop diagnosis --json | grep -o '"bce": null'
try hourglass evaluate model.safetensors $table --drop diagnosis
try hourglass evaluate model.safetensors $table
try hourglass evaluate model.safetensors none
try hourglass evaluate model.safetensors
