# SPDX-License-Identifier: MIT
# A dry run checks and prints, and writes nothing.
. "$(dirname "$0")/common.bash"
try hourglass train $train --preset stacked --dry-run -o model.safetensors
try hourglass train $train --code 784 --dry-run --json
ls
