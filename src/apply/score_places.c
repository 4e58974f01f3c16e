// SPDX-License-Identifier: MIT
/* Scores beside the records that they are of: see score_places.h.
 *
 * Records come before their scores, by a block, or, where a rule needs all scores, by a
 * whole file: so what is told of them is kept until they are written. */
#include "apply/score_places.h"

#include "data/csv.h"
#include "data/formats.h"

#include <math.h>
#include <string.h>

struct hgi_score_places {
    hg_ctx *ctx;
    hgi_score_row row;
    void *arg;
    const hg_dataset *like;
    hgi_save save;
    bool csv, named;
    float *value; /* of a row */
    /* Of the records that are not written: their names, and which of them are bad. */
    hgi_text id;
    size_t id_at;
    int64_t *bad, bads, bad_at, room;
    int64_t records, written, all_bad;
    hgi_text line;
};

/* The head of a CSV file, with the names' column in front. */
static hg_status write_head(hgi_score_places *p, const char *id)
{
    hgi_csv_field f = {id, id + strlen(id), false};
    hgi_csv_add_text(&p->line, &f);
    for (int64_t c = 0; c < p->like->features; c++)
        hgi_text_add(&p->line, ",%s", p->like->columns[c]);
    hgi_text_add(&p->line, "\n");
    if (!hgi_text_ok(&p->line)) return hgi_fail_mem(p->ctx, p->line.len, "a head");
    hgi_outfile_write(&p->save.f, p->line.s, p->line.len);
    p->line.len = 0;
    return p->save.f.status;
}

hg_status hgi_score_places_open(hg_ctx *ctx, const char *path, const char *format,
                                const hg_dataset *like, const char *id, hgi_score_row row,
                                void *arg, hgi_score_places **out)
{
    hgi_score_places *p = *out = hgi_calloc(&ctx->mem, 1, sizeof *p);
    if (p == NULL) return hgi_fail_mem(ctx, sizeof *p, "scores");
    p->ctx = ctx;
    p->row = row;
    p->arg = arg;
    p->like = like;
    p->named = id != NULL;
    hgi_text_init(&p->id, &ctx->mem);
    hgi_text_init(&p->line, &ctx->mem);
    p->value = hgi_calloc(&ctx->mem, (size_t)like->features, sizeof *p->value);
    if (p->value == NULL) return hgi_fail_mem(ctx, 64, "scores");
    /* A head of its own where there are names: the writer's has none. */
    hg_dataset bare = *like;
    if (id != NULL) bare.columns = NULL;
    HGI_TRY(hgi_save_open(ctx, path, format, id != NULL ? &bare : like, -1, &p->save));
    p->save.like = like;
    p->csv = p->save.writer == &hgi_writer_csv;
    if (id == NULL) return HG_OK;
    if (p->csv) return write_head(p, id);
    return hgi_fail(ctx, HG_EINVAL,
                    "%s: id is a text, which %s has no place for: write CSV", path,
                    p->save.writer->name);
}

hg_status hgi_score_places_add(hgi_score_places *p, const hgi_records *r)
{
    hg_ctx *ctx = p->ctx;
    if (r == NULL) return HG_OK;
    /* What was written makes room. */
    if (p->id_at == p->id.len) p->id_at = p->id.len = 0;
    if (p->bad_at == p->bads) p->bad_at = p->bads = 0;
    if (r->named) hgi_text_add_bytes(&p->id, r->id.s, r->id.len);
    if (p->bads + r->bads > p->room) {
        int64_t room = hgi_max(p->bads + r->bads, 2 * p->room);
        size_t bytes = (size_t)room * sizeof *p->bad;
        int64_t *grown = hgi_realloc(&ctx->mem, p->bad, bytes);
        if (grown == NULL) return hgi_fail_mem(ctx, bytes, "rows that are left out");
        p->bad = grown;
        p->room = room;
    }
    for (int64_t i = 0; i < r->bads; i++) p->bad[p->bads++] = p->records + r->bad[i];
    p->records += r->count;
    p->all_bad += r->bads;
    return hgi_text_ok(&p->id) ? HG_OK : hgi_fail_mem(ctx, p->id.cap, "names of rows");
}

static void add_cells(hgi_score_places *p, double score)
{
    char text[HGI_NUMBER_MAX];
    if (p->named && p->id_at < p->id.len) {
        const char *id = p->id.s + p->id_at;
        size_t n = strlen(id);
        hgi_csv_add_text(&p->line, &(hgi_csv_field){id, id + n, false});
        p->id_at += n + 1;
    }
    if (p->named) hgi_text_add_bytes(&p->line, ",", 1);
    p->row(p->arg, score, p->value);
    /* A blank line would be no row for most programs. */
    if (!p->named && p->like->features == 1 && isnan(p->value[0]))
        hgi_text_add_bytes(&p->line, "\"\"", 2);
    for (int64_t c = 0; c < p->like->features; c++) {
        if (c > 0) hgi_text_add_bytes(&p->line, ",", 1);
        if (isnan(p->value[c])) continue;
        hgi_text_add_bytes(&p->line, text, (size_t)hgi_format_float(text, p->value[c]));
    }
    hgi_text_add_bytes(&p->line, "\n", 1);
}

/* One record, by its text or by the writer. */
static hg_status write_one(hgi_score_places *p, double score)
{
    p->written++;
    if (!p->csv) {
        hg_dataset one = *p->like;
        one.rows = 1;
        one.data = (const unsigned char *)p->value;
        p->row(p->arg, score, p->value);
        return hgi_save_rows(&p->save, &one, 0, 1);
    }
    add_cells(p, score);
    if (p->line.len < 1 << 16) return HG_OK;
    if (!hgi_text_ok(&p->line)) return hgi_fail_mem(p->ctx, p->line.cap, "scores");
    hgi_outfile_write(&p->save.f, p->line.s, p->line.len);
    p->line.len = 0;
    return p->save.f.status;
}

static bool next_is_bad(const hgi_score_places *p)
{
    return p->bad_at < p->bads && p->bad[p->bad_at] == p->written;
}

static hg_status write_bad(hgi_score_places *p)
{
    while (next_is_bad(p)) {
        p->bad_at++;
        HGI_TRY(write_one(p, (double)NAN));
    }
    return HG_OK;
}

hg_status hgi_score_places_write(hgi_score_places *p, const double *score, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        HGI_TRY(write_bad(p));
        HGI_TRY(write_one(p, score[i]));
    }
    return write_bad(p);
}

hg_status hgi_score_places_end(hgi_score_places *p)
{
    HGI_TRY(write_bad(p));
    if (!hgi_text_ok(&p->line)) return hgi_fail_mem(p->ctx, p->line.cap, "scores");
    hgi_outfile_write(&p->save.f, p->line.s, p->line.len);
    return p->save.f.status;
}

int64_t hgi_score_places_bad(const hgi_score_places *p)
{
    return p != NULL ? p->all_bad : 0;
}

hg_status hgi_score_places_close(hgi_score_places **places, hg_status status)
{
    hgi_score_places *p = *places;
    if (p == NULL) return status;
    const hgi_mem *mem = &p->ctx->mem;
    if (p->save.ctx != NULL) status = hgi_save_close(&p->save, status);
    hgi_text_free(&p->id);
    hgi_text_free(&p->line);
    hgi_free(mem, p->bad);
    hgi_free(mem, p->value);
    hgi_free(mem, p);
    *places = NULL;
    return status;
}
