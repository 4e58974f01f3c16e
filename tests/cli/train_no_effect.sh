# SPDX-License-Identifier: MIT
# What has no effect is told by name; what is taken for something else, too.
. "$(dirname "$0")/common.bash"
need_yaml
try hourglass train $test --preset keras-dense --momentum 0.9 --valid $test --valid-split 0.1 \
    --epochs 1 -q --dry-run --json | grep -v '^{'
printf 'code: 4\nencoder:\n  - dense 9 relu\n  - dens 4\n' >a.yaml
try hourglass train $test --config a.yaml
printf 'code: plan\n' >b.yaml
try hourglass train $test --config b.yaml
hourglass train $test --code 2 --epochs 1 --checkpoint state -q
try hourglass evaluate state/checkpoint.safetensors $test
