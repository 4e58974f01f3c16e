# SPDX-License-Identifier: MIT
# Later options override earlier ones, whether flag, preset or file.
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
