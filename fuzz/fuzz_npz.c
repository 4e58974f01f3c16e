// SPDX-License-Identifier: MIT
/* Any bytes as an NPZ archive. */
#include "fuzz_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hg_data_options o = {.size = sizeof o, .format = "npz"};
    fuzz_read(data, size, &o);
    o.array = "y";
    o.limit = 2;
    fuzz_read(data, size, &o);
    return 0;
}
