// SPDX-License-Identifier: MIT
/* hg_explain: the causes of some rows of a dataset, with their names and, of windows of a
 * series, their places and times. */
#include "apply/explain.h"

#include "apply/apply.h"
#include "data/cells.h"
#include "data/pictures.h"

#include <stdlib.h>
#include <string.h>

/* ---- names --------------------------------------------------------------------------- */

static void name_column(const hgi_explainer *e, const hg_dataset *data, hgi_cause *c)
{
    const hgi_windows *s = e->m->series;
    char *const *own = s != NULL ? s->name : e->steps > 0 ? NULL : e->m->columns;
    const char *name = NULL;
    if (e->steps == 0 && data != NULL) name = hg_dataset_column(data, c->column);
    if (name == NULL && own != NULL) name = own[c->column];
    if (name != NULL && name[0] != '\0')
        snprintf(c->name, sizeof c->name, "%s", name);
    else if (e->steps > 0 && e->channels == 1)
        snprintf(c->name, sizeof c->name, "series");
    else if (e->steps == 0 && data != NULL)
        hgi_dataset_feature(data, c->column, c->name, sizeof c->name);
    else
        snprintf(c->name, sizeof c->name, "%s %lld", e->steps > 0 ? "channel" : "column",
                 (long long)c->column + 1);
}

void hgi_explain_name(const hgi_explainer *e, const hg_dataset *data, hgi_cause *c)
{
    if (c->box[3] > 0) {
        snprintf(c->name, sizeof c->name, "region %lld,%lld %lldx%lld",
                 (long long)c->box[1], (long long)c->box[0], (long long)c->box[3],
                 (long long)c->box[2]);
        return;
    }
    name_column(e, data, c);
    if (!c->number) {
        const hgi_schema_column *s = &e->schema->column[c->column];
        hgi_schema_print(s, c->found, c->found_text, sizeof c->found_text);
        hgi_schema_print(s, c->expected, c->expected_text, sizeof c->expected_text);
        return;
    }
    c->found_text[hgi_format_float(c->found_text, c->found)] = '\0';
    /* Of an estimate no more digits than it has. */
    snprintf(c->expected_text, sizeof c->expected_text, "%.4g", (double)c->expected);
}

/* ---- pictures ------------------------------------------------------------------------ */

/* Of a tile its causes become places in its picture. */
static hg_status place_image(hg_ctx *ctx, const hgi_explainer *x, const hg_dataset *data,
                             hg_explanation *e, int64_t i)
{
    hgi_explained *r = &e->row[i];
    const struct hgi_pictures *p = data->pictures;
    r->area[0] = x->image.height;
    r->area[1] = x->image.width;
    if (p == NULL) return HG_OK;
    const int64_t stored = data->order != NULL ? data->order[r->row] : r->row;
    const hgi_picture_item *item = hgi_pictures_of(p, stored);
    int64_t at[2];
    hgi_prep_corner(&p->how.prep, item->area, stored - item->first, at);
    for (int k = 0; k < 2; k++) {
        r->area[k] = item->area[k];
        for (int64_t c = 0; c < r->causes; c++) {
            e->cause[i * e->most + c].box[k] += at[k];
            e->cause[i * e->most + c].at[k] += at[k];
        }
    }
    return hgi_texts_add(ctx, &e->files, &e->files_room, &e->files_used, i, item->path,
                         strlen(item->path));
}

/* ---- windows ------------------------------------------------------------------------- */

/* Steps of a window become rows of its series. */
static void place_window(const hg_dataset *data, hgi_explained *r, hgi_cause *cause)
{
    const hgi_windows *s = data->series;
    const int64_t at = data->order[r->row];
    r->first = hgi_windows_place(s, at);
    r->last = hgi_windows_place(s, at + s->window - 1);
    for (int64_t i = 0; i < r->causes; i++) {
        hgi_cause *c = &cause[i];
        c->first = hgi_windows_place(s, at + c->first);
        c->last = hgi_windows_place(s, at + c->last);
        c->peak = hgi_windows_place(s, at + c->peak);
    }
    const char *group =
        s->belongs != NULL ? hgi_texts_find(&s->groups, s->belongs[at]) : NULL;
    if (group != NULL) snprintf(r->group, sizeof r->group, "%s", group);
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The texts of all times that are named, in one more pass over the file. */
static hg_status read_times(hg_ctx *ctx, const hg_dataset *data, hg_explanation *e)
{
    const hgi_windows *s = data->series;
    int64_t n = 0;
    if (s->times.count == 0 || e->n == 0) return HG_OK;
    const size_t bytes = (size_t)(e->n * (2 + 3 * e->most)) * sizeof(int64_t);
    int64_t *row = hgi_alloc(&ctx->mem, bytes);
    if (row == NULL) return hgi_fail_mem(ctx, bytes, "times");
    for (int64_t i = 0; i < e->n; i++) {
        row[n++] = e->row[i].first;
        row[n++] = e->row[i].last;
        for (int64_t k = 0; k < e->row[i].causes; k++) {
            const hgi_cause *c = &e->cause[i * e->most + k];
            row[n++] = c->first;
            row[n++] = c->last;
            row[n++] = c->peak;
        }
    }
    qsort(row, (size_t)n, sizeof *row, ascending);
    const hg_data_options o = hgi_explain_series_options(data);
    hg_status status =
        hgi_cells_pick(ctx, data->name, &o, "time", s->time, row, n, &e->times);
    hgi_free(&ctx->mem, row);
    return status;
}

/* ---- names of rows ------------------------------------------------------------------- */

static hg_status check_id(hg_ctx *ctx, const hg_dataset *data, const hg_data_options *in)
{
    if (in == NULL || in->id == NULL) return HG_OK;
    if (data->series != NULL)
        return hgi_fail(ctx, HG_EINVAL,
                        "%s: id would name rows, but windows are explained", data->name);
    if (in->skip_bad)
        return hgi_fail(ctx, HG_EINVAL,
                        "%s: id and skip-bad exclude each other: rows that were left out "
                        "would shift the others' names",
                        data->name);
    return HG_OK;
}

/* Their texts in the file, in one more pass over it. */
static hg_status read_ids(hg_ctx *ctx, const hg_dataset *data, const hg_data_options *in,
                          hg_explanation *e)
{
    if (in == NULL || in->id == NULL) return HG_OK;
    if (e->n == 0) return HG_OK;
    const size_t bytes = (size_t)e->n * sizeof(int64_t);
    int64_t *row = hgi_alloc(&ctx->mem, bytes);
    if (row == NULL) return hgi_fail_mem(ctx, bytes, "names of rows");
    for (int64_t i = 0; i < e->n; i++) row[i] = e->row[i].in_file;
    qsort(row, (size_t)e->n, sizeof *row, ascending);
    hg_status status =
        hgi_cells_pick(ctx, data->name, in, "id", in->id, row, e->n, &e->ids);
    hgi_free(&ctx->mem, row);
    return status;
}

/* ---- public -------------------------------------------------------------------------- */

static hg_status make(hg_ctx *ctx, const hg_dataset *data, const hgi_explainer *x,
                      int64_t n, int64_t most, hg_explanation **out)
{
    hg_explanation *e = *out = hgi_calloc(&ctx->mem, 1, sizeof *e);
    if (e == NULL) return hgi_fail_mem(ctx, sizeof *e, "an explanation");
    e->mem = ctx->mem;
    e->n = n;
    e->most = most;
    e->normal = x->normal;
    e->steps = x->steps;
    e->series = data->series != NULL;
    e->images = x->image.height > 0 && x->steps == 0;
    const size_t rows = (size_t)hgi_max(n, 1), causes = rows * (size_t)most;
    e->row = hgi_calloc(&ctx->mem, rows, sizeof *e->row);
    e->cause = hgi_calloc(&ctx->mem, causes, sizeof *e->cause);
    e->name = hgi_strdup(&ctx->mem, data->name);
    bool whole = e->row != NULL && e->cause != NULL && e->name != NULL;
    if (whole && e->steps > 0) {
        e->curve = hgi_calloc(&ctx->mem, causes * 2, (size_t)e->steps * sizeof *e->curve);
        whole = e->curve != NULL;
    }
    return whole ? HG_OK : hgi_fail_mem(ctx, causes * sizeof *e->cause, "an explanation");
}

static hg_status check(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                       const int64_t *row, int64_t n, const hg_explain_options *o)
{
    hg_detector_info info = {.size = sizeof info};
    if (m == NULL || data == NULL || (row == NULL && n > 0) || n < 0)
        return hgi_fail(ctx, HG_EINVAL, "a model, data and rows of them are needed");
    if (o != NULL && o->size != sizeof *o)
        return hgi_fail(ctx, HG_EINVAL, "hg_explain_options: size is not set");
    if (o != NULL && (o->columns < 0 || o->columns > HGI_CAUSES_MOST))
        return hgi_fail(ctx, HG_ERANGE,
                        "explain: %lld columns of a row, expected 1 to %d",
                        (long long)o->columns, HGI_CAUSES_MOST);
    for (int64_t i = 0; i < n; i++)
        if (row[i] < 0 || row[i] >= data->rows)
            return hgi_fail(ctx, HG_ERANGE, "%s: no row %lld, there are %lld", data->name,
                            (long long)row[i] + 1, (long long)data->rows);
    if (o != NULL) HGI_TRY(check_id(ctx, data, o->input));
    if (data->features != hgi_model_raw(m))
        return hgi_feed_wrong(ctx, m, data, hgi_model_raw(m));
    return hg_detector_get_info(ctx, m, &info);
}

static hg_status explain_one(hg_ctx *ctx, hgi_explainer *x, const hg_dataset *data,
                             hg_explanation *e, int64_t i)
{
    hgi_explained *r = &e->row[i];
    hgi_cause *cause = e->cause + i * e->most;
    float *curve = e->curve != NULL ? e->curve + i * e->most * 2 * e->steps : NULL;
    HGI_TRY(hg_dataset_read(ctx, data, r->row, 1, x->x));
    hg_status status = hgi_explain_any(x, r, cause, e->most, curve);
    if (status != HG_OK)
        return hgi_fail(ctx, status, "%s: row %lld: %s", data->name,
                        (long long)r->row + 1, hg_session_message(x->session));
    if (e->images) HGI_TRY(place_image(ctx, x, data, e, i));
    for (int64_t k = 0; k < r->causes; k++) hgi_explain_name(x, data, &cause[k]);
    if (e->series) place_window(data, r, cause);
    return HG_OK;
}

hg_status hg_explain(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                     const int64_t *row, int64_t n, const hg_explain_options *o,
                     hg_explanation **out)
{
    hg_status status;
    hgi_explainer *x = NULL;
    *out = NULL;
    HGI_TRY(check(ctx, m, data, row, n, o));
    HGI_TRY(hgi_unconditional(ctx, m, "an explanation"));
    const int64_t asked = o != NULL && o->columns > 0 ? o->columns : HGI_CAUSES;
    HGI_GOTO(hgi_explainer_new(ctx, m, NULL, &x));
    HGI_GOTO(make(ctx, data, x, n, hgi_min(asked, x->d), out));
    hg_beside pca = {.size = sizeof pca};
    if (hg_detector_beside(m, &pca))
        snprintf((*out)->beside, sizeof(*out)->beside, "%s", pca.text);
    for (int64_t i = 0; i < n; i++) {
        (*out)->row[i].row = row[i];
        (*out)->row[i].in_file = data->order != NULL ? data->order[row[i]] : row[i];
    }
    if (o != NULL) HGI_GOTO(read_ids(ctx, data, o->input, *out));
    for (int64_t i = 0; i < n; i++) HGI_GOTO(explain_one(ctx, x, data, *out, i));
    if ((*out)->series) HGI_GOTO(read_times(ctx, data, *out));
    status = hgi_explain_found(ctx, data, o != NULL ? o->input : NULL, *out);
done:
    hgi_explainer_free(&x);
    if (status != HG_OK) hg_explanation_free(out);
    return status;
}

void hg_explanation_free(hg_explanation **explanation)
{
    if (explanation == NULL || *explanation == NULL) return;
    hg_explanation *e = *explanation;
    const hgi_mem mem = e->mem;
    hgi_free(&mem, e->row);
    hgi_free(&mem, e->cause);
    hgi_free(&mem, e->name);
    hgi_free(&mem, e->curve);
    hgi_texts_free(&mem, &e->times);
    hgi_texts_free(&mem, &e->ids);
    hgi_texts_free(&mem, &e->files);
    hgi_texts_free(&mem, &e->cells);
    hgi_free(&mem, e);
    *explanation = NULL;
}

int hg_explanation_row(const hg_explanation *e, int64_t index, hg_explained_row *out)
{
    if (e == NULL || index < 0 || index >= e->n || out == NULL ||
        out->size != sizeof *out)
        return 0;
    const hgi_explained *r = &e->row[index];
    *out = (hg_explained_row){.size = sizeof *out,
                              .row = r->row,
                              .score = r->score,
                              .p_value = r->p_value,
                              .left = r->left,
                              .normal = e->normal,
                              .causes = r->causes,
                              .first = r->first,
                              .last = r->last,
                              .from = hgi_texts_find(&e->times, r->first),
                              .to = hgi_texts_find(&e->times, r->last),
                              .group = r->group[0] != '\0' ? r->group : NULL,
                              .id = hgi_texts_find(&e->ids, r->in_file),
                              .file = hgi_texts_find(&e->files, index)};
    return 1;
}

void hgi_cause_give(const hgi_cause *c, const hg_explanation *e, hg_cause *out)
{
    *out = (hg_cause){.size = sizeof *out,
                      .column = c->column,
                      .name = c->name,
                      .found = c->text > 0 && c->number ? c->value : (double)c->found,
                      .expected = (double)c->expected,
                      .found_text = hgi_cause_text(c, e != NULL ? &e->cells : NULL),
                      .expected_text = c->expected_text,
                      .share = c->share,
                      .left = c->left,
                      .first = c->first,
                      .last = c->last,
                      .peak = c->peak,
                      .x = c->box[1],
                      .y = c->box[0],
                      .width = c->box[3],
                      .height = c->box[2],
                      .at_x = c->at[1],
                      .at_y = c->at[0]};
    if (e == NULL) return;
    out->from = hgi_texts_find(&e->times, c->first);
    out->to = hgi_texts_find(&e->times, c->last);
    out->at = hgi_texts_find(&e->times, c->peak);
}

int hg_explanation_cause(const hg_explanation *e, int64_t index, int64_t cause,
                         hg_cause *out)
{
    if (e == NULL || index < 0 || index >= e->n || cause < 0 ||
        cause >= e->row[index].causes || out == NULL || out->size != sizeof *out)
        return 0;
    hgi_cause_give(&e->cause[index * e->most + cause], e, out);
    return 1;
}
