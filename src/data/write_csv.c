// SPDX-License-Identifier: MIT
/* CSV: commas, LF, a header when the columns have names; each number is the shortest text
 * that reads back as the same float.                                                   */
#include "data/csv.h"
#include "data/formats.h"

#include <math.h>
#include <string.h>

/* A name in quotes where RFC 4180 wants them, or where a reader would take it for a number
 * or trim it.                                                                          */
void hgi_csv_write_name(hgi_text *f, const char *name)
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
        hgi_csv_write_name(out, d->columns[c]);
        hgi_text_add_bytes(out, c == d->features - 1 ? "\n" : ",", 1);
    }
    return HG_OK;
}

/* A word in quotes where RFC 4180 wants them; each sign may be two then. */
static char *write_word(const hgi_schema_column *c, float v, char *out)
{
    double k = fmin(fmax(floor((double)v + 0.5), 0), (double)c->words);
    const char *word = k < (double)c->words ? c->word[(int64_t)k] : "";
    size_t n = strlen(word);
    if (strpbrk(word, ",\"\r\n;\t ") == NULL) {
        memcpy(out, word, n);
        return out + n;
    }
    *out++ = '"';
    for (const char *p = word; *p != '\0'; p++) {
        if (*p == '"') *out++ = '"';
        *out++ = *p;
    }
    *out++ = '"';
    return out;
}

char *hgi_csv_write_cell(const hgi_schema_column *c, float v, char *out)
{
    if (isnan(v)) return out;
    if (c->kind == HGI_CATEGORY || c->kind == HGI_BOOLEAN) return write_word(c, v, out);
    if (c->kind == HGI_DATE)
        return out + hgi_date_print(out, hgi_schema_seconds(c, v), c->timed);
    return out + hgi_format_float(out, v);
}

static int64_t table_bytes(const hg_schema *s)
{
    int64_t bytes = 0;
    for (int64_t i = 0; i < s->columns; i++) {
        const hgi_schema_column *c = &s->column[i];
        size_t longest = 0;
        for (int64_t k = 0; k < c->words; k++) {
            size_t n = strlen(c->word[k]);
            longest = n > longest ? n : longest;
        }
        bytes += hgi_max((int64_t)(2 * longest + 3),
                         hgi_max(HGI_NUMBER_MAX, HGI_DATE_MAX) + 1);
    }
    return bytes;
}

static char *write_row(const hg_dataset *d, const float *row, char *out)
{
    int64_t n = d->features;
    if (d->schema != NULL) {
        for (int64_t c = 0; c < n; c++) {
            out = hgi_csv_write_cell(&d->schema->column[c], row[c], out);
            *out++ = c == n - 1 ? '\n' : ',';
        }
        return out;
    }
    for (int64_t c = 0; c < n; c++) {
        out += hgi_format_float(out, row[c]);
        *out++ = c == n - 1 ? '\n' : ',';
    }
    return out;
}

const hgi_writer hgi_writer_csv = {"csv", "text with commas", ".csv",    head,
                                   false, HGI_NUMBER_MAX,     write_row, table_bytes};
