# SPDX-License-Identifier: MIT
# --verbose names what was chosen, once, also where it was asked for.
. "$(dirname "$0")/common.bash"
said() { hourglass train "$@" --epochs 1 -v --cpu ref --threads 1 -o m.safetensors 2>&1 | grep '^hourglass' | grep -v ': note: '; }
said $test --code 3
said $test --preset keras-dense --optimizer sgd --schedule 'step every=2 factor=0.5'
said $table --drop-non-numeric --code 3 --scale minmax --batch-size 64
said $table --drop-non-numeric --code 3
hourglass train $test --code 3 --epochs 1 -o m.safetensors 2>&1 | grep '^hourglass' | grep -vc ': note: ' || true
