// SPDX-License-Identifier: MIT
/* Any bytes as a picture, from seeds that are JPEG. */
#include "fuzz_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hg_data_options o = {
        .size = sizeof o, .format = "images", .max_pixels = 1 << 18, .stream = -1};
    fuzz_read(data, size, &o);
    o.colour = "grey";
    o.resize = "7x5";
    fuzz_read(data, size, &o);
    o.colour = "colour";
    o.resize = NULL;
    o.tile = "8x8";
    o.stride = "5";
    o.limit = 20;
    fuzz_read(data, size, &o);
    return 0;
}
