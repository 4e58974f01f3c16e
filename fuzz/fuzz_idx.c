// SPDX-License-Identifier: MIT
/* Any bytes, plain or gzipped, as an IDX file. */
#include "fuzz_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hg_data_options o = {.size = sizeof o, .format = "idx"};
    fuzz_read(data, size, &o);
    o.limit = 2;
    fuzz_read(data, size, &o);
    return 0;
}
