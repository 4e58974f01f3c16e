// SPDX-License-Identifier: MIT
/* Which row of one CSV file belongs to which of another: by a column that both have, each
 * of whose texts names a row.
 *
 * Labels are often written by another program than the rows, in another order.  Taken in
 * the order in which they stand they would be wrong without a word. */
#include "data/cells.h"
#include "data/formats.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct named_row {
    const char *text;
    int64_t row;
} named_row;

/* A column's texts, sorted. */
typedef struct names {
    hgi_texts texts;
    named_row *of; /* [count] */
} row_names;

static int by_text(const void *a, const void *b)
{
    return strcmp(((const named_row *)a)->text, ((const named_row *)b)->text);
}

static hg_status is_csv(hg_ctx *ctx, const char *path, bool *yes)
{
    hgi_source *s = NULL;
    struct stat is;
    size_t n;
    *yes = false;
    /* A pipe has been read, and has no more. */
    if (strcmp(path, "-") == 0 || stat(path, &is) != 0 || !S_ISREG(is.st_mode))
        return HG_OK;
    HGI_TRY(hgi_source_open(ctx, path, &s));
    const unsigned char *head = hgi_source_peek(s, &n);
    *yes = hgi_reads_as_csv(head, n, path);
    hgi_source_close(&s);
    return HG_OK;
}

/* *usable: the column has `rows` cells, none empty, no two alike. */
static hg_status read_names(hg_ctx *ctx, const char *path, const hg_data_options *o,
                            const char *column, int64_t rows, row_names *out,
                            bool *usable)
{
    hg_status status;
    hgi_cells c;
    int64_t room = 0;
    size_t used = 0, n;
    const char *text;
    *usable = false;
    HGI_GOTO(hgi_cells_open(ctx, path, o, "labels", column, &c));
    HGI_GOTO(hgi_cells_next(&c, &text, &n));
    while (text != NULL && n > 0 && out->texts.count < rows) {
        HGI_GOTO(hgi_texts_add(ctx, &out->texts, &room, &used, c.rows - 1, text, n));
        HGI_GOTO(hgi_cells_next(&c, &text, &n));
    }
    if (text != NULL || out->texts.count != rows) goto done;
    out->of = hgi_alloc(&ctx->mem, (size_t)rows * sizeof *out->of);
    if (out->of == NULL)
        HGI_GOTO(hgi_fail_mem(ctx, (size_t)rows * sizeof *out->of, "names of rows"));
    for (int64_t i = 0; i < rows; i++)
        out->of[i] = (named_row){out->texts.text + out->texts.at[i], i};
    qsort(out->of, (size_t)rows, sizeof *out->of, by_text);
    *usable = true;
    for (int64_t i = 1; *usable && i < rows; i++)
        *usable = strcmp(out->of[i - 1].text, out->of[i].text) != 0;
done:
    hgi_cells_close(&c);
    return status;
}

static void free_names(hg_ctx *ctx, row_names *n)
{
    hgi_texts_free(&ctx->mem, &n->texts);
    hgi_free(&ctx->mem, n->of);
    *n = (row_names){0};
}

/* *order: 0 the column names no rows; 1 it does, as the rows stand; 2 in another order; 3
 * names of either file are not in the other. */
static hg_status try_column(hg_ctx *ctx, const char *path[2], const hg_data_options *o[2],
                            const char *column, int64_t rows, int64_t *place, int *order)
{
    hg_status status;
    row_names n[2] = {0};
    bool usable;
    *order = 0;
    for (int k = 0; k < 2; k++) {
        HGI_GOTO(read_names(ctx, path[k], o[k], column, rows, &n[k], &usable));
        if (!usable) goto done;
    }
    *order = 3;
    for (int64_t i = 0; i < rows; i++)
        if (strcmp(n[0].of[i].text, n[1].of[i].text) != 0) goto done;
    *order = 1;
    for (int64_t i = 0; i < rows; i++) {
        place[n[0].of[i].row] = n[1].of[i].row;
        if (n[0].of[i].row != n[1].of[i].row) *order = 2;
    }
done:
    for (int k = 0; k < 2; k++) free_names(ctx, &n[k]);
    return status;
}

/* A column that counts the rows of either file says less than one that shows another order,
 * so the first that does is taken. */
hg_status hg_rows_join(hg_ctx *ctx, const char *data, const hg_data_options *options,
                       const char *other, int64_t rows, int64_t *place, char *column,
                       size_t n)
{
    hg_status status = HG_OK;
    hgi_cells c[2] = {0};
    const char *path[2] = {data, other};
    const hg_data_options *o[2] = {options, NULL};
    bool csv[2];
    if (data == NULL || other == NULL || place == NULL || column == NULL || n == 0 ||
        rows < 1)
        return hgi_fail(ctx, HG_EINVAL, "two paths and room for rows are needed");
    column[0] = '\0';
    for (int64_t i = 0; i < rows; i++) place[i] = i;
    for (int k = 0; k < 2; k++) {
        HGI_GOTO(is_csv(ctx, path[k], &csv[k]));
        if (!csv[k]) goto done;
        HGI_GOTO(hgi_cells_open(ctx, path[k], o[k], "labels", NULL, &c[k]));
    }
    for (int64_t i = 0; i < c[1].r.t.count; i++) {
        const char *name = c[1].r.t.column[i].name;
        int order = 0;
        if (name == NULL || name[0] == '\0' || c[0].r.t.names == NULL ||
            hgi_csv_find_column(&c[0].r.t, name) < 0)
            continue;
        status = try_column(ctx, path, o, name, rows, place, &order);
        /* Rows that cannot be read were left out, as its options say, or will be told. */
        if (status == HG_EFORMAT) status = HG_OK;
        HGI_GOTO(status);
        if (order == 2) {
            snprintf(column, n, "%s", name);
            goto done;
        }
        if (order == 3)
            hgi_log(ctx, HG_LOG_WARNING,
                    "%s: column '%.200s' names other rows than that of %s: taken in the "
                    "order in which they stand",
                    other, name, data);
    }
done:
    for (int k = 0; k < 2; k++) hgi_cells_close(&c[k]);
    return status;
}
