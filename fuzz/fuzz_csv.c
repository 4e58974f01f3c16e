// SPDX-License-Identifier: MIT
/* Any bytes, plain or gzipped, as a CSV file, read in several ways. */
#include "fuzz_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hg_data_options o = {.size = sizeof o, .format = "csv"};
    fuzz_read(data, size, &o);
    o.strict = 1;
    fuzz_read(data, size, &o);
    o.strict = 0;
    o.table = 1;
    o.categorical = "1";
    o.categories = 2;
    o.header = -1;
    fuzz_read(data, size, &o);
    o.categorical = NULL;
    o.boolean = "1";
    o.date = "2";
    o.stream = 1;
    fuzz_read(data, size, &o);
    o = (hg_data_options){.size = sizeof o, .format = "csv"};
    o.skip_bad = 1;
    o.id = "2";
    o.header = -1;
    fuzz_read(data, size, &o);
    o.date = "1";
    o.header = 0;
    o.rename = "a=b,b=a";
    fuzz_read(data, size, &o);
    o = (hg_data_options){.size = sizeof o, .format = "csv"};
    o.drop_non_numeric = 1;
    fuzz_read(data, size, &o);
    o.header = -1;
    o.drop = "2";
    o.decimal = ',';
    fuzz_read(data, size, &o);
    o.header = 1;
    o.drop = NULL;
    o.columns = "b,a";
    o.delimiter = ' ';
    o.limit = 2;
    fuzz_read(data, size, &o);
    return 0;
}
