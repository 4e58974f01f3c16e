// SPDX-License-Identifier: MIT
/* One column of a CSV file as texts, a row at a time. */
#include "data/cells.h"

#include <string.h>
#include <sys/stat.h>

hg_status hgi_cells_open(hg_ctx *ctx, const char *path, const hg_data_options *o,
                         const char *what, const char *column, hgi_cells *c)
{
    hg_data_options options;
    memset(c, 0, sizeof *c);
    c->ctx = ctx;
    struct stat is;
    const bool pipe = strcmp(path, "-") == 0;
    if (pipe || (stat(path, &is) == 0 && !S_ISREG(is.st_mode)))
        return hgi_fail(ctx, HG_EINVAL,
                        "%s: a column of %s is read apart, which takes a file",
                        pipe ? "stdin" : path, what);
    HGI_TRY(hgi_data_options_read(ctx, o, &options));
    HGI_TRY(hgi_csv_check_signs(ctx, &options));
    HGI_TRY(hgi_source_open(ctx, path, &c->source));
    c->r.c = (hgi_csv){.ctx = ctx,
                       .s = c->source,
                       .path = hgi_source_path(c->source),
                       .want = 256 * 1024};
    HGI_TRY(hgi_csv_start(&c->r.c, &options));
    HGI_TRY(hgi_csv_read_names(&c->r, &options));
    HGI_TRY(hgi_csv_rename(&c->r.t, &options));
    c->column = column != NULL ? hgi_csv_find_column(&c->r.t, column) : -1;
    if (column == NULL) return HG_OK;
    return c->column >= 0 ? HG_OK : hgi_csv_unknown_column(&c->r.t, what, column);
}

hg_status hgi_cells_next(hgi_cells *c, const char **text, size_t *n)
{
    hgi_csv_record rec;
    *text = NULL;
    *n = 0;
    HGI_TRY(hgi_csv_filled(&c->r, &c->r.c, &rec));
    if (rec.from == NULL) return HG_OK;
    c->line = rec.line;
    const char *p = rec.from;
    for (int64_t i = 0; i <= c->column; i++) {
        const char *q =
            p != NULL ? hgi_csv_split(c->r.c.delimiter, p, rec.to, &c->f) : NULL;
        if (q == NULL || (q == rec.to && i < c->column))
            return hgi_fail(c->ctx, HG_EFORMAT, "%s:%lld: has no column %lld",
                            c->r.c.path, (long long)rec.line, (long long)c->column + 1);
        p = q + 1;
    }
    c->rows++;
    *text = c->f.from;
    *n = (size_t)(c->f.to - c->f.from);
    return HG_OK;
}

void hgi_cells_close(hgi_cells *c)
{
    if (c->ctx == NULL) return;
    hgi_csv_columns_free(&c->r.t);
    hgi_free(&c->ctx->mem, c->r.c.buf);
    hgi_source_close(&c->source);
    c->ctx = NULL;
}

hg_status hgi_cells_missing(hgi_cells *c, int64_t wanted)
{
    return hgi_fail(c->ctx, HG_ESHAPE, "%s: %lld rows, expected %lld", c->r.c.path,
                    (long long)c->rows, (long long)wanted);
}

/* ---- texts that are kept ------------------------------------------------------------- */

hg_status hgi_texts_add(hg_ctx *ctx, hgi_texts *t, int64_t *room, size_t *used,
                        int64_t row, const char *text, size_t n)
{
    const hgi_mem *mem = &ctx->mem;
    if (t->count == *room) {
        const size_t more = (size_t)(2 * *room + 16);
        int64_t *rows = hgi_realloc(mem, t->row, more * sizeof *rows);
        if (rows != NULL) t->row = rows;
        size_t *at = hgi_realloc(mem, t->at, more * sizeof *at);
        if (at != NULL) t->at = at;
        if (rows == NULL || at == NULL)
            return hgi_fail_mem(ctx, more * sizeof *rows, "texts of a column");
        *room = (int64_t)more;
    }
    /* Powers of two, so that a long file is not copied for each row. */
    size_t have = 64, want = 64;
    while (have < *used) have *= 2;
    while (want < *used + n + 1) want *= 2;
    if (t->text == NULL || want > have) {
        char *grown = hgi_realloc(mem, t->text, want);
        if (grown == NULL) return hgi_fail_mem(ctx, want, "texts of a column");
        t->text = grown;
    }
    if (n > 0) memcpy(t->text + *used, text, n);
    t->text[*used + n] = '\0';
    t->row[t->count] = row;
    t->at[t->count++] = *used;
    *used += n + 1;
    return HG_OK;
}

hg_status hgi_cells_pick(hg_ctx *ctx, const char *path, const hg_data_options *o,
                         const char *what, const char *column, const int64_t *row,
                         int64_t n, hgi_texts *out)
{
    hg_status status;
    hgi_cells c;
    int64_t room = 0;
    size_t used = 0;
    const char *text;
    size_t length;
    memset(out, 0, sizeof *out);
    HGI_GOTO(hgi_cells_open(ctx, path, o, what, column, &c));
    for (int64_t i = 0; i < n;) {
        HGI_GOTO(hgi_cells_next(&c, &text, &length));
        if (text == NULL) HGI_GOTO(hgi_cells_missing(&c, row[n - 1] + 1));
        if (c.rows - 1 != row[i]) continue;
        HGI_GOTO(hgi_texts_add(ctx, out, &room, &used, row[i], text, length));
        /* Each of its quotes stands there twice. */
        if (c.f.quoted)
            *hgi_csv_unquote(&c.f, out->text + out->at[out->count - 1]) = '\0';
        while (i < n && row[i] == c.rows - 1) i++;
    }
done:
    hgi_cells_close(&c);
    if (status != HG_OK) hgi_texts_free(&ctx->mem, out);
    return status;
}

hg_status hgi_cells_at(hgi_cells *c, const hgi_cell_at *want, int64_t n, hgi_texts *out)
{
    hgi_csv_record rec;
    int64_t room = 0;
    size_t used = 0;
    memset(out, 0, sizeof *out);
    for (int64_t i = 0; i < n;) {
        HGI_TRY(hgi_csv_filled(&c->r, &c->r.c, &rec));
        if (rec.from == NULL) return hgi_cells_missing(c, want[n - 1].row + 1);
        const int64_t row = c->rows++;
        const char *p = rec.from;
        for (int64_t k = 0; i < n && want[i].row == row; k++) {
            const char *q =
                p <= rec.to ? hgi_csv_split(c->r.c.delimiter, p, rec.to, &c->f) : NULL;
            if (q == NULL)
                return hgi_fail(c->ctx, HG_EFORMAT, "%s:%lld: has no column %lld",
                                c->r.c.path, (long long)rec.line,
                                (long long)want[i].column + 1);
            for (; i < n && want[i].row == row && want[i].column == k; i++) {
                HGI_TRY(hgi_texts_add(c->ctx, out, &room, &used, i, c->f.from,
                                      (size_t)(c->f.to - c->f.from)));
                if (c->f.quoted) *hgi_csv_unquote(&c->f, out->text + out->at[i]) = '\0';
            }
            p = q + 1;
        }
    }
    return HG_OK;
}

/* ---- groups -------------------------------------------------------------------------- */

/* Numbers by texts, open addressing. */
typedef struct numbers {
    int64_t *slot; /* number + 1 */
    uint64_t slots;
} group_numbers;

static uint64_t place_of(const group_numbers *g, const hgi_texts *names, const char *text,
                         size_t n)
{
    uint64_t at = hgi_hash(HGI_HASH_INIT, text, n) & (g->slots - 1);
    for (; g->slot[at] != 0; at = (at + 1) & (g->slots - 1)) {
        const char *name = names->text + names->at[g->slot[at] - 1];
        if (strlen(name) == n && memcmp(name, text, n) == 0) break;
    }
    return at;
}

static hg_status grow(hg_ctx *ctx, group_numbers *g, const hgi_texts *names)
{
    if (g->slots > 2 * (uint64_t)names->count) return HG_OK;
    hgi_free(&ctx->mem, g->slot);
    g->slots = g->slots == 0 ? 64 : 4 * g->slots;
    g->slot = hgi_calloc(&ctx->mem, g->slots, sizeof *g->slot);
    if (g->slot == NULL) return hgi_fail_mem(ctx, g->slots * sizeof *g->slot, "groups");
    for (int64_t i = 0; i < names->count; i++) {
        const char *name = names->text + names->at[i];
        g->slot[place_of(g, names, name, strlen(name))] = i + 1;
    }
    return HG_OK;
}

hg_status hgi_cells_groups(hg_ctx *ctx, const char *path, const hg_data_options *o,
                           const char *column, int64_t rows, int64_t *group,
                           hgi_texts *names)
{
    hg_status status;
    hgi_cells c;
    group_numbers g = {0};
    int64_t room = 0;
    size_t used = 0, n;
    const char *text;
    memset(names, 0, sizeof *names);
    HGI_GOTO(hgi_cells_open(ctx, path, o, "group", column, &c));
    for (int64_t r = 0; r < rows; r++) {
        HGI_GOTO(hgi_cells_next(&c, &text, &n));
        if (text == NULL) HGI_GOTO(hgi_cells_missing(&c, rows));
        HGI_GOTO(grow(ctx, &g, names));
        uint64_t at = place_of(&g, names, text, n);
        if (g.slot[at] == 0) {
            HGI_GOTO(hgi_texts_add(ctx, names, &room, &used, names->count, text, n));
            g.slot[at] = names->count;
        }
        group[r] = g.slot[at] - 1;
    }
done:
    hgi_free(&ctx->mem, g.slot);
    hgi_cells_close(&c);
    if (status != HG_OK) hgi_texts_free(&ctx->mem, names);
    return status;
}

hg_status hg_read_groups(hg_ctx *ctx, const char *path, const hg_data_options *options,
                         const char *column, int64_t rows, int64_t *group)
{
    hgi_texts names;
    if (path == NULL || column == NULL || group == NULL || rows < 1)
        return hgi_fail(ctx, HG_EINVAL,
                        "a path, a column and room for groups are needed");
    hg_status status = hgi_cells_groups(ctx, path, options, column, rows, group, &names);
    if (status == HG_OK) hgi_texts_free(&ctx->mem, &names);
    return status;
}
