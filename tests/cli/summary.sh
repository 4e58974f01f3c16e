# SPDX-License-Identifier: MIT
# The layers line up and the sizes add up.
. "$(dirname "$0")/common.bash"
small_model
try hourglass summary model.safetensors
try hourglass summary model.safetensors --json
try hourglass summary none.safetensors
try hourglass summary data
try hourglass summary $test
try hourglass summary
