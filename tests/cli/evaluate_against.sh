# SPDX-License-Identifier: MIT
# Two models side by side: what a penalty does is told against the same net without it.
. "$(dirname "$0")/common.bash"
hourglass train $train --preset keras-dense --epochs 3 -q -o dense.safetensors
hourglass train $train --preset keras-sparse --l1 1e-3 --epochs 3 -q -o sparse.safetensors
hourglass evaluate sparse.safetensors $test --against dense.safetensors >table
grep -q '^ *model  *against  *ratio' table || fail "no head in the table"
for name in mean_activity zero_fraction decoder_norm bce; do
    grep -q "^$name  *[0-9.]*  *[0-9.]*  *[0-9.]" table || fail "no $name in the table"
done
hourglass evaluate sparse.safetensors $test --against dense.safetensors --json >both
# The doctor looks at a model alone.
hourglass evaluate dense.safetensors $test --json | sed 's/, "findings": \[.*\]//' >dense
grep -qF "\"against\": $(cat dense)" both || fail "the other model's numbers are not its own"
