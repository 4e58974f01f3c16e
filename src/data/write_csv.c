// SPDX-License-Identifier: MIT
/* CSV: commas, LF, a header when the columns have names; each number is the shortest text
 * that reads back as the same float.                                                   */
#include "data/formats.h"

#include <string.h>

/* A name in quotes where RFC 4180 wants them, or where a reader would take it for a number
 * or trim it.                                                                          */
static void write_name(hgi_text *f, const char *name)
{
    double number;
    size_t n = strlen(name);
    if (n > 0 && strpbrk(name, ",\"\r\n;\t ") == NULL &&
        !hgi_parse_double(name, n, '.', &number)) {
        hgi_text_add_bytes(f, name, n);
        return;
    }
    hgi_text_add_bytes(f, "\"", 1);
    for (const char *p = name; *p != '\0'; p++) {
        hgi_text_add_bytes(f, "\"\"", *p == '"');
        hgi_text_add_bytes(f, p, 1);
    }
    hgi_text_add_bytes(f, "\"", 1);
}

static hg_status head(hg_ctx *ctx, const hg_dataset *d, int64_t rows, hgi_text *out)
{
    (void)ctx;
    (void)rows;
    for (int64_t c = 0; c < d->features && d->columns != NULL; c++) {
        write_name(out, d->columns[c]);
        hgi_text_add_bytes(out, c == d->features - 1 ? "\n" : ",", 1);
    }
    return HG_OK;
}

static char *write_row(const hg_dataset *d, const float *row, char *out)
{
    int64_t n = d->features;
    for (int64_t c = 0; c < n; c++) {
        out += hgi_format_float(out, row[c]);
        *out++ = c == n - 1 ? '\n' : ',';
    }
    return out;
}

const hgi_writer hgi_writer_csv = {"csv", "text with commas", ".csv",   head,
                                   false, HGI_NUMBER_MAX,     write_row};
