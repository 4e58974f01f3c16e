// SPDX-License-Identifier: MIT
/* What a schema learns of the rows that a model is trained on.
 *
 * Numbers are scaled by the mean and the spread of what is there; gaps are left out.  Each
 * column weighs in the loss 1 / (the loss of the best constant): 1 / variance of a scaled
 * number, 1 / entropy of words in nats.  So a column that is predicted no better than by a
 * constant costs 1, and 500 words do not drown a number.  An entropy below FLOOR counts as
 * that, or one rare word would be worth more than all else.                            */
#include "data/bends.h"
#include "data/blocks.h"
#include "data/expand.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define FLOOR 0.1 /* nats: that of a yes in 50 rows */

/* Of a column; of words their counts. */
typedef struct facts {
    int64_t count;
    double min, max, mean, squares;
    double circle[2 * HGI_CYCLES], circle_squares[2 * HGI_CYCLES];
    int64_t *uses;         /* [words + 1] */
    hgi_cycles_seen *seen; /* of a date */
} table_facts;

typedef struct fit {
    hg_ctx *ctx;
    const hg_dataset *rows;
    hg_schema *schema;
    hgi_scaler *scaler;
    table_facts *fact;     /* [columns] */
    int64_t *uses;         /* of all columns */
    hgi_cycles_seen *seen; /* of the dates */
    float *raw;            /* [columns] */
    hgi_real *target;      /* [features] */
    double *bend;          /* [columns], of scale log; or NULL */
} table_job;

/* Column i of the row, as it is to be scaled; NaN where there is nothing. */
static double value_of(const table_job *j, int64_t i)
{
    const double v = (double)j->raw[i];
    return j->bend != NULL && j->bend[i] > 0 ? asinh(v / j->bend[i]) : v;
}

static bool counts_words(const hgi_schema_column *c)
{
    return c->kind == HGI_CATEGORY || c->kind == HGI_BOOLEAN;
}

static void count_row(table_job *j)
{
    for (int64_t i = 0; i < j->schema->columns; i++) {
        const hgi_schema_column *c = &j->schema->column[i];
        table_facts *f = &j->fact[i];
        double v = value_of(j, i);
        if (isnan(v)) continue;
        f->count++;
        if (counts_words(c)) {
            f->uses[v >= 0 && v < (double)c->words ? (int64_t)v : c->words]++;
            continue;
        }
        if (f->count == 1 || v < f->min) f->min = v;
        if (f->count == 1 || v > f->max) f->max = v;
        f->mean += v;
        if (f->seen != NULL) hgi_cycles_see(f->seen, c->origin / HGI_DAY + v);
    }
}

/* The scaler is not there yet, so only circles are read of the targets. */
static void square_row(table_job *j)
{
    hgi_expand(j->scaler, j->raw, j->target);
    for (int64_t i = 0; i < j->schema->columns; i++) {
        const hgi_schema_column *c = &j->schema->column[i];
        table_facts *f = &j->fact[i];
        if (isnan(j->raw[i]) || counts_words(c)) continue;
        double e = value_of(j, i) - f->mean;
        f->squares += e * e;
        for (int64_t k = 0; c->cycles != 0 && k < c->count; k++) {
            double v = (double)j->target[c->first + k];
            f->circle[k] += v;
            f->circle_squares[k] += v * v;
        }
    }
}

static hg_status each_row(table_job *j, void (*look)(table_job *j))
{
    hgi_rows w;
    hg_status status;
    HGI_TRY(hgi_rows_open(j->ctx, j->rows, 0, &w));
    do {
        HGI_GOTO(hgi_rows_next(j->ctx, &w));
        for (int64_t r = 0; r < w.n; r++) {
            hgi_dataset_row(w.rows, w.at + r, j->raw);
            look(j);
        }
    } while (w.n > 0);
done:
    hgi_rows_close(&w);
    return status;
}

/* As scale.c has it for complete columns: a constant one is shifted to 0. */
static void set_scale(table_job *j, int64_t i)
{
    const hgi_schema_column *c = &j->schema->column[i];
    const table_facts *f = &j->fact[i];
    hgi_scaler *s = j->scaler;
    double spread = 0, shift = f->mean;
    if (s->kind == HGI_SCALE_MINMAX) {
        spread = f->max - f->min;
        shift = f->min;
    } else if (f->count > 0) {
        spread = sqrt(f->squares / (double)f->count);
    }
    bool constant = !(spread > 0) || 1 / spread > (double)FLT_MAX;
    s->shift[c->first] = constant ? f->min : shift;
    s->scale[c->first] = constant ? 1 : 1 / spread;
}

static double entropy(const table_facts *f, int64_t words)
{
    double sum = 0;
    for (int64_t k = 0; k < words; k++) {
        double p = (double)f->uses[k] / (double)f->count;
        if (p > 0) sum -= p * log(p);
    }
    return sum;
}

/* What the best constant costs. */
static double constant_loss(const table_job *j, int64_t i)
{
    const hgi_schema_column *c = &j->schema->column[i];
    const table_facts *f = &j->fact[i];
    if (f->count == 0) return 1;
    if (counts_words(c)) return fmax(entropy(f, c->words + 1), FLOOR);
    double scale = j->scaler->scale[c->first], n = (double)f->count;
    double loss = c->kind == HGI_DATE ? 0 : f->squares / n * scale * scale;
    for (int64_t k = 0; c->cycles != 0 && k < c->count; k++)
        loss += f->circle_squares[k] / n - f->circle[k] / n * (f->circle[k] / n);
    return loss > 1e-6 ? loss : 1;
}

/* A column that spans more than floats do cannot be shifted. */
static hg_status refuse_wide(const table_job *j, int64_t i)
{
    const table_facts *f = &j->fact[i];
    if (f->max - f->min <= (double)FLT_MAX) return HG_OK;
    return hgi_fail(j->ctx, HG_ERANGE, "%s: column '%.100s' spans %g, too wide to scale",
                    j->rows->name, j->schema->column[i].name, f->max - f->min);
}

static hg_status allocate(table_job *j)
{
    const hgi_mem *mem = &j->ctx->mem;
    size_t columns = (size_t)j->schema->columns, words = 0, dates = 0;
    for (size_t i = 0; i < columns; i++) {
        words += (size_t)j->schema->column[i].words + 1;
        dates += j->schema->column[i].kind == HGI_DATE;
    }
    j->fact = hgi_calloc(mem, columns, sizeof *j->fact);
    j->uses = hgi_calloc(mem, words, sizeof *j->uses);
    j->raw = hgi_alloc(mem, columns * sizeof *j->raw);
    j->seen = hgi_calloc(mem, dates + 1, sizeof *j->seen);
    if (j->fact == NULL || j->uses == NULL || j->raw == NULL || j->seen == NULL)
        return hgi_fail_mem(j->ctx, columns * sizeof *j->fact, "fitting a table");
    int64_t *uses = j->uses;
    hgi_cycles_seen *seen = j->seen;
    for (size_t i = 0; i < columns; i++) {
        j->fact[i].uses = uses;
        if (j->schema->column[i].kind == HGI_DATE) j->fact[i].seen = seen++;
        uses += j->schema->column[i].words + 1;
    }
    return HG_OK;
}

/* Without a long tail log is standard. */
static hg_status fit_bends(table_job *j, hgi_scale_kind *kind)
{
    const size_t columns = (size_t)j->schema->columns;
    j->bend = hgi_calloc(&j->ctx->mem, columns, sizeof *j->bend);
    if (j->bend == NULL)
        return hgi_fail_mem(j->ctx, columns * sizeof *j->bend, "fitting a table");
    HGI_TRY(hgi_bends_fit(j->ctx, j->rows, j->bend));
    for (size_t i = 0; i < columns; i++)
        if (j->bend[i] > 0) return HG_OK;
    *kind = HGI_SCALE_STANDARD;
    return HG_OK;
}

/* What a net can know of the dates, now that they have been seen. */
static hg_status choose_cycles(table_job *j)
{
    int64_t used = 0;
    for (int64_t i = 0; i < j->schema->columns; i++) {
        hgi_schema_column *c = &j->schema->column[i];
        if (c->kind == HGI_DATE) c->cycles = hgi_cycles_use(j->fact[i].seen);
        used += c->kind != HGI_DATE || c->cycles != 0;
        if (c->kind != HGI_DATE || c->cycles != 0) continue;
        char name[40];
        hgi_shown(c->name, strlen(c->name), name, sizeof name);
        hgi_log(
            j->ctx, HG_LOG_WARNING,
            "%s: the date '%s' is left out of the net: its rows are no two weeks, and "
            "no two days with times; --time makes a series of rows in order",
            j->rows->name, name);
    }
    if (used == 0)
        return hgi_fail(
            j->ctx, HG_EINVAL,
            "%s: nothing is left to train on: no column but dates, which have "
            "no two weeks, and no two days with times",
            j->rows->name);
    return hgi_schema_settle(j->ctx, j->schema);
}

/* Counts, ranges and means; then how many features there are is known. */
static hg_status look(table_job *j)
{
    int64_t rows = j->rows->rows;
    HGI_TRY(each_row(j, count_row));
    for (int64_t i = 0; i < j->schema->columns; i++) {
        hgi_schema_column *c = &j->schema->column[i];
        table_facts *f = &j->fact[i];
        c->missing = (double)(rows - f->count) / (double)rows;
        if (c->kind == HGI_DATE) c->last = f->max;
        if (f->count > 0) f->mean /= (double)f->count;
        HGI_TRY(refuse_wide(j, i));
    }
    return choose_cycles(j);
}

static hg_status learn(table_job *j)
{
    size_t bytes = (size_t)j->schema->features * sizeof *j->target;
    j->target = hgi_alloc(&j->ctx->mem, bytes);
    if (j->target == NULL) return hgi_fail_mem(j->ctx, bytes, "fitting a table");
    HGI_TRY(each_row(j, square_row));
    for (int64_t i = 0; i < j->schema->columns; i++) {
        hgi_schema_column *c = &j->schema->column[i];
        if (!counts_words(c) && j->scaler->kind != HGI_SCALE_NONE) set_scale(j, i);
        c->weight = 1 / constant_loss(j, i);
    }
    hgi_scaler_settle(j->scaler);
    return HG_OK;
}

hg_status hgi_table_fit(hg_ctx *ctx, const char *word, const hg_dataset *rows,
                        hgi_scaler *out)
{
    hg_status status = HG_OK;
    table_job j = {.ctx = ctx, .rows = rows, .scaler = out};
    hgi_scale_kind kind = HGI_SCALE_STANDARD;
    memset(out, 0, sizeof *out);
    if (word != NULL && strcmp(word, "auto") != 0 && !hgi_scale_find(word, &kind))
        return hgi_fail(ctx, HG_EUNKNOWN,
                        "scale '%s': expected standard, log, minmax or none", word);
    if (kind == HGI_SCALE_UNIT)
        return hgi_fail(
            ctx, HG_EINVAL,
            "scale unit is for images: set scale to standard, minmax or none");
    HGI_TRY(hgi_schema_copy(ctx, rows->schema, &j.schema));
    HGI_GOTO(allocate(&j));
    if (kind == HGI_SCALE_LOG) HGI_GOTO(fit_bends(&j, &kind));
    HGI_GOTO(look(&j));
    HGI_GOTO(hgi_scaler_blank(ctx, kind, j.schema->features, out));
    out->schema = j.schema;
    for (int64_t i = 0; out->bend != NULL && i < j.schema->columns; i++)
        out->bend[j.schema->column[i].first] = j.bend[i];
    HGI_GOTO(learn(&j));
done:
    hgi_free(&ctx->mem, j.fact);
    hgi_free(&ctx->mem, j.uses);
    hgi_free(&ctx->mem, j.seen);
    hgi_free(&ctx->mem, j.raw);
    hgi_free(&ctx->mem, j.target);
    hgi_free(&ctx->mem, j.bend);
    if (status != HG_OK && out->schema == NULL) hgi_schema_free(&j.schema);
    if (status != HG_OK) hgi_scaler_free(&ctx->mem, out);
    return status;
}
