// SPDX-License-Identifier: MIT
/* CSV: commas, LF, a header when the columns have names; each number is the shortest text
 * that reads back as the same float.                                                   */
#include "data/formats.h"

#include <string.h>

/* A name in quotes where RFC 4180 wants them, or where a reader would take it for a number
 * or trim it.                                                                          */
static void write_name(hgi_outfile *f, const char *name)
{
    double number;
    size_t n = strlen(name);
    if (n > 0 && strpbrk(name, ",\"\r\n;\t ") == NULL &&
        !hgi_parse_double(name, n, '.', &number)) {
        hgi_outfile_write(f, name, n);
        return;
    }
    hgi_outfile_write(f, "\"", 1);
    for (const char *p = name; *p != '\0'; p++) {
        hgi_outfile_write(f, "\"\"", *p == '"');
        hgi_outfile_write(f, p, 1);
    }
    hgi_outfile_write(f, "\"", 1);
}

static hg_status write_csv(hg_ctx *ctx, const hg_dataset *d, hgi_outfile *f)
{
    size_t n = (size_t)d->features, room = n * HGI_NUMBER_MAX;
    float *row = hgi_alloc(&ctx->mem, n * sizeof *row);
    char *line = hgi_alloc(&ctx->mem, room);
    if (row == NULL || line == NULL) {
        hgi_free(&ctx->mem, row);
        hgi_free(&ctx->mem, line);
        return hgi_fail_mem(ctx, room, "a line of CSV");
    }
    for (int64_t c = 0; c < d->features && d->columns != NULL; c++) {
        write_name(f, d->columns[c]);
        hgi_outfile_write(f, c == d->features - 1 ? "\n" : ",", 1);
    }
    for (int64_t r = 0; r < d->rows; r++) {
        size_t len = 0;
        hgi_dataset_row(d, r, row);
        for (size_t c = 0; c < n; c++) {
            len += (size_t)hgi_format_float(line + len, row[c]);
            line[len++] = c == n - 1 ? '\n' : ',';
        }
        hgi_outfile_write(f, line, len);
    }
    hgi_free(&ctx->mem, row);
    hgi_free(&ctx->mem, line);
    return HG_OK;
}

const hgi_writer hgi_writer_csv = {"csv", "text with commas", ".csv", write_csv};
