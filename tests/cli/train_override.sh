# SPDX-License-Identifier: MIT
# An option wins over a file and both over a preset, wherever they stand; of two files the
# later; two presets are refused.
. "$(dirname "$0")/common.bash"
need_yaml
printf 'code: 5\ntrain:\n  epochs: 7\n' >five.yaml
code() {
    hourglass train $test "$@" --dry-run --json | grep -o '"code": [0-9]*'
}
code --preset keras-dense
code --preset keras-dense --code 16
code --code 16 --preset keras-dense
code --preset keras-dense --config five.yaml
code --config five.yaml --latent-dim 6
code --config five.yaml --code 6 --config five.yaml
code --preset stacked --encoder 'dense 9 relu' --decoder 'dense input sigmoid'
try hourglass train $test --preset stacked --preset keras-dense --dry-run
code --encoder 'dense 9 relu' --decoder 'dense input sigmoid' --preset stacked
