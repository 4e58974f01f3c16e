# SPDX-License-Identifier: MIT
# The model's bytes do not depend on the number of threads or on the order of options.
. "$(dirname "$0")/common.bash"
options='--hidden 24 --code 6 --epochs 2 -q'
hourglass train $train $options --threads 1 -o one.safetensors
hourglass train $train $options -T 3 -o three.safetensors
hourglass train -q --epochs=2 --code=6 $train --hidden=24 -o other.safetensors
cmp one.safetensors three.safetensors
cmp one.safetensors other.safetensors
hourglass train $train $options --seed 2 -o two.safetensors
! cmp -s one.safetensors two.safetensors || fail 'another seed gave the same model'
