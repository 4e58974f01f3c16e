// SPDX-License-Identifier: MIT
/* What was found, as the file has it: a value of the net is a float of seven digits, a word
 * that training rows lack has no number at all, and a decimal comma is a point by then.
 * One more pass over the file reads the cells of all causes. */
#include "apply/explain.h"

#include "data/cells.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

hg_data_options hgi_explain_series_options(const hg_dataset *data)
{
    const hgi_windows *s = data->series;
    return (hg_data_options){.size = sizeof(hg_data_options),
                             .delimiter = s->delimiter,
                             .decimal = s->decimal,
                             .header = s->header,
                             .schema = s->names};
}

/* Is it a file of cells that can be read again, whose rows have their numbers? */
static bool has_cells(const hg_dataset *data, const hg_data_options *in)
{
    struct stat is;
    if (data->series != NULL ? data->series->name == NULL
                             : strcmp(data->format, "csv") != 0 || in == NULL)
        return false;
    if (in != NULL && in->skip_bad) return false;
    return stat(data->name, &is) == 0 && S_ISREG(is.st_mode);
}

/* The column of the file, or -1: columns without names are where they are if all are read.
 */
static int64_t column_of(const hgi_cells *c, const hg_dataset *data, int64_t column)
{
    const char *name = data->series != NULL ? data->series->name[column]
                                            : hg_dataset_column(data, column);
    if (name != NULL && name[0] != '\0') return hgi_csv_find_column(&c->r.t, name);
    return data->series == NULL && data->features == c->r.t.count ? column : -1;
}

static int in_order(const void *a, const void *b)
{
    const hgi_cell_at *x = a, *y = b;
    if (x->row != y->row) return x->row > y->row ? 1 : -1;
    return (x->column > y->column) - (x->column < y->column);
}

static int64_t list_cells(const hgi_cells *c, const hg_dataset *data,
                          const hg_explanation *e, hgi_cell_at *want)
{
    int64_t n = 0;
    for (int64_t i = 0; i < e->n; i++)
        for (int64_t k = 0; k < e->row[i].causes; k++) {
            const int64_t key = i * e->most + k;
            const hgi_cause *cause = &e->cause[key];
            const int64_t column = column_of(c, data, cause->column);
            if (column < 0) continue;
            want[n++] =
                (hgi_cell_at){e->series ? cause->peak : e->row[i].in_file, column, key};
        }
    qsort(want, (size_t)n, sizeof *want, in_order);
    return n;
}

/* A text that does not have this value is not the cell, and not told: rows may have been
 * left out where nobody said so. */
static void take(hgi_cause *c, char point, const char *text, int64_t number)
{
    const hgi_csv_field f = {text, text + strlen(text), false};
    if (!c->number) {
        c->text = 1 + number;
        return;
    }
    for (int k = 0; k < 2; k++) {
        double v;
        const char sign = k == 0 ? point : point == ',' ? '.' : ',';
        if (hgi_csv_classify(&f, sign, &v) != HGI_CSV_NUMBER &&
            !hgi_csv_dressed(&f, sign, true, &v))
            continue;
        if ((float)v < c->found || (float)v > c->found) continue;
        c->text = 1 + number;
        c->value = v;
        return;
    }
}

hg_status hgi_explain_found(hg_ctx *ctx, const hg_dataset *data,
                            const hg_data_options *in, hg_explanation *e)
{
    hg_status status;
    hgi_cells c = {.ctx = NULL};
    if (e->n == 0 || e->images || (e->steps > 0 && !e->series) || !has_cells(data, in))
        return HG_OK;
    const hg_data_options own =
        data->series != NULL ? hgi_explain_series_options(data) : *in;
    const size_t bytes = (size_t)(e->n * e->most) * sizeof(hgi_cell_at);
    hgi_cell_at *want = hgi_alloc(&ctx->mem, bytes);
    if (want == NULL) return hgi_fail_mem(ctx, bytes, "cells");
    HGI_GOTO(hgi_cells_open(ctx, data->name, &own, "found", NULL, &c));
    const int64_t n = list_cells(&c, data, e, want);
    HGI_GOTO(hgi_cells_at(&c, want, n, &e->cells));
    const char point = data->decimal != 0 ? data->decimal : c.r.c.decimal;
    for (int64_t i = 0; i < n; i++)
        take(&e->cause[want[i].key], point, hgi_texts_find(&e->cells, i), i);
done:
    hgi_cells_close(&c);
    hgi_free(&ctx->mem, want);
    return status;
}

const char *hgi_cause_text(const hgi_cause *c, const hgi_texts *cells)
{
    return c->text > 0 ? hgi_texts_find(cells, c->text - 1) : c->found_text;
}
