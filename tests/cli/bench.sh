# SPDX-License-Identifier: MIT
# Each layer has a line, forward and with --train backward; numbers are not compared.
. "$(dirname "$0")/common.bash"
small_model
numbers() { sed -E 's/[0-9][0-9,]*(\.[0-9]+)?/N/g; s/(products|memory)$/LIMIT/; s/ +/ /g; s/-{9,}/---/; s/avx512|avx2|neon|ref/KERNELS/; s/threads?,/threads,/; s/avxN|KERNELSN/KERNELS/'; }
hourglass bench model.safetensors | numbers
hourglass bench model.safetensors --train --batch-size 8 --threads 1 | numbers
hourglass bench model.safetensors --json | grep -o '"[a-z_]*":' | sort -u | tr -d '\n'
echo
try hourglass bench model.safetensors --batch-size 0
try hourglass bench model.safetensors --precision f64
try hourglass bench none.safetensors
try hourglass bench
