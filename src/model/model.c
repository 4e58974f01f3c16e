// SPDX-License-Identifier: MIT
/* hg_model: making, describing and freeing it. */
#include "model/model.h"

#include "model/objective.h"
#include "model/sigma.h"

#include <math.h>
#include <string.h>

static hg_status print_line(hg_ctx *ctx, const hgi_line *line, int64_t inputs, char **out)
{
    hgi_text t;
    hgi_text_init(&t, &ctx->mem);
    hg_status status = hgi_line_print(line, inputs, &t);
    *out = status == HG_OK && hgi_text_ok(&t) ? hgi_strdup(&ctx->mem, t.s) : NULL;
    hgi_text_free(&t);
    return *out != NULL ? HG_OK : hgi_fail_mem(ctx, 64, "a layer line");
}

/* The spec's own lines are replaced by the canonical ones: the same text whichever way the
 * model was given, and with "input" as a number. */
static hg_status make_lines(hg_ctx *ctx, hg_model *m)
{
    m->line = hgi_calloc(&ctx->mem, (size_t)m->net.count, sizeof *m->line);
    if (m->line == NULL) return hgi_fail_mem(ctx, 64, "layer lines");
    for (int64_t i = 0; i < m->net.count; i++) {
        const hgi_net *net = &m->net;
        HGI_TRY(print_line(ctx, &net->layer[i].line, net->inputs, &m->line[i]));
        char **spec = i < net->code    ? &m->spec.encoder[i]
                      : i == net->code ? &m->spec.code
                                       : &m->spec.decoder[i - net->code - 1];
        char *copy = hgi_strdup(&ctx->mem, m->line[i]);
        if (copy == NULL) return hgi_fail_mem(ctx, 64, "a layer line");
        hgi_free(&ctx->mem, *spec);
        *spec = copy;
    }
    return HG_OK;
}

static hg_status make_text(hg_ctx *ctx, hg_model *m)
{
    hgi_text t;
    hgi_text_init(&t, &ctx->mem);
    hg_status status = hgi_spec_print(&m->spec, &t);
    hgi_text_add(&t, "scale: %s\n", hgi_scale_name(m->scaler.kind));
    m->text = status == HG_OK && hgi_text_ok(&t) ? hgi_strdup(&ctx->mem, t.s) : NULL;
    hgi_text_free(&t);
    return m->text != NULL ? HG_OK : hgi_fail_mem(ctx, 256, "the model's text");
}

/* With room for the whole row in the code, copying is a perfect solution, and training
 * finds something near it: a mistake more often than a wish.                           */
static void make_note(hg_model *m)
{
    int64_t k = m->net.layer[m->net.code].listed;
    if (m->net.code_size < m->net.inputs || (k > 0 && k < m->net.inputs)) return;
    snprintf(m->note, sizeof m->note,
             "the code has %lld values for the %lld of a row: only noise or a penalty "
             "keeps the model from copying its input",
             (long long)m->net.code_size, (long long)m->net.inputs);
}

static hg_status make_corrupt(hg_ctx *ctx, hg_model *m)
{
    hgi_text t;
    if (m->spec.corrupt.count == 0) return HG_OK;
    hgi_text_init(&t, &ctx->mem);
    hgi_corrupt_print(&m->spec.corrupt, &t);
    m->corrupt = hgi_text_ok(&t) ? hgi_strdup(&ctx->mem, t.s) : NULL;
    hgi_text_free(&t);
    return m->corrupt != NULL ? HG_OK : hgi_fail_mem(ctx, 64, "the model's corruption");
}

hg_status hgi_model_take(hg_ctx *ctx, hgi_spec *spec, hgi_scaler *scaler, hg_model **out)
{
    hg_status status = HG_OK;
    *out = NULL;
    hg_model *m = hgi_calloc(&ctx->mem, 1, sizeof *m);
    if (m == NULL) {
        hgi_spec_free(spec);
        hgi_scaler_free(&ctx->mem, scaler);
        return hgi_fail_mem(ctx, sizeof *m, "a model");
    }
    m->mem = ctx->mem;
    m->spec = *spec;
    m->scaler = *scaler;
    m->clip = true;
    *spec = (hgi_spec){.mem = ctx->mem};
    memset(scaler, 0, sizeof *scaler);
    HGI_GOTO(hgi_net_plan(ctx, &m->spec, &m->net));
    m->net.schema = m->spec.corrupt.schema = m->scaler.schema;
    if (m->net.schema != NULL) HGI_GOTO(hgi_net_check_table(ctx, &m->net));
    /* A column counts once, however many features it has. */
    if (m->net.schema != NULL && m->net.loss->grouped)
        m->net.recon_divisor = (double)m->net.schema->columns;
    size_t params = (size_t)hgi_max(m->net.params, 1),
           states = (size_t)hgi_max(m->net.states, 1);
    HGI_GOTO(hgi_check_memory(ctx, (double)(params + states) * (double)sizeof *m->theta,
                              "the model's weights"));
    m->theta = hgi_calloc(&ctx->mem, params, sizeof *m->theta);
    m->state = hgi_calloc(&ctx->mem, states, sizeof *m->state);
    if (m->theta == NULL || m->state == NULL)
        HGI_GOTO(hgi_fail_mem(ctx, (params + states) * sizeof *m->theta, "weights"));
    HGI_GOTO(make_lines(ctx, m));
    HGI_GOTO(make_text(ctx, m));
    HGI_GOTO(make_corrupt(ctx, m));
    make_note(m);
    *out = m;
done:
    if (status != HG_OK) hg_model_free(&m);
    return status;
}

static hg_status copy_lines(hg_ctx *ctx, char *const *from, int64_t n, char ***to,
                            int64_t *count)
{
    *to = hgi_calloc(&ctx->mem, (size_t)n + 1, sizeof **to);
    if (*to == NULL) return hgi_fail_mem(ctx, 64, "layer lines");
    for (int64_t i = 0; i < n; i++, ++*count) {
        (*to)[i] = hgi_strdup(&ctx->mem, from[i]);
        if ((*to)[i] == NULL) return hgi_fail_mem(ctx, 64, "a layer line");
    }
    return HG_OK;
}

hg_status hgi_model_twin(hg_ctx *ctx, const hg_model *m, hg_model **out)
{
    hg_status status;
    const hgi_spec *from = &m->spec;
    hgi_spec spec = *from;
    hgi_scaler scaler;
    memset(&scaler, 0, sizeof scaler);
    *out = NULL;
    /* What the spec owns is copied below: it is nobody's until then. */
    spec.mem = ctx->mem;
    spec.encoder = spec.decoder = NULL;
    spec.encoder_count = spec.decoder_count = 0;
    memset(spec.places, 0, sizeof spec.places);
    spec.classes = (hgi_classes){0};
    spec.code = hgi_strdup(&ctx->mem, from->code);
    spec.loss = hgi_strdup(&ctx->mem, from->loss);
    HGI_GOTO(spec.code == NULL || spec.loss == NULL
                 ? hgi_fail_mem(ctx, 64, "a model's lines")
                 : HG_OK);
    HGI_GOTO(copy_lines(ctx, from->encoder, from->encoder_count, &spec.encoder,
                        &spec.encoder_count));
    HGI_GOTO(copy_lines(ctx, from->decoder, from->decoder_count, &spec.decoder,
                        &spec.decoder_count));
    HGI_GOTO(hgi_classes_copy(ctx, &from->classes, &spec.classes));
    HGI_GOTO(hgi_scaler_copy(ctx, &m->scaler, &scaler));
    HGI_GOTO(hgi_model_take(ctx, &spec, &scaler, out));
    (*out)->clip = m->clip;
    HGI_GOTO(hgi_model_set_series(ctx, *out, m->series));
    (*out)->shares = m->shares;
done:
    hgi_spec_free(&spec);
    hgi_scaler_free(&ctx->mem, &scaler);
    if (status != HG_OK) hg_model_free(out);
    return status;
}

static void free_names(const hgi_mem *mem, char **names, int64_t n)
{
    for (int64_t i = 0; names != NULL && i < n; i++) hgi_free(mem, names[i]);
    hgi_free(mem, names);
}

void hg_model_free(hg_model **model)
{
    hg_model *m = model != NULL ? *model : NULL;
    if (m == NULL) return;
    hgi_mem mem = m->mem;
    free_names(&mem, m->line, m->net.count);
    free_names(&mem, m->columns, hgi_model_raw(m));
    hgi_windows_free(&m->series);
    hgi_spec_free(&m->spec);
    hgi_net_free(&m->net);
    hgi_scaler_free(&mem, &m->scaler);
    hgi_schema_free(&m->names);
    hgi_free(&mem, m->theta);
    hgi_free(&mem, m->state);
    hgi_free(&mem, m->trained.history);
    hgi_mixture_free(&mem, &m->mixture);
    hgi_detector_free(&mem, &m->detector);
    hgi_free(&mem, m->text);
    hgi_free(&mem, m->corrupt);
    hgi_free(&mem, m->renamed);
    hgi_free(&mem, m);
    *model = NULL;
}

/* Names are kept as UTF-8, which a model file needs: a byte that is not, as in an old CSV
 * file, is taken as Latin-1, so that no name costs a trained model.                    */
static char *utf8_name(const hgi_mem *mem, const char *name)
{
    char *out = hgi_alloc(mem, 2 * strlen(name) + 1), *to = out;
    const unsigned char *s = (const unsigned char *)name;
    while (out != NULL && *s != '\0') {
        size_t n = hgi_utf8_length(s);
        if (n == 0) {
            *to++ = (char)(0xc0 | *s >> 6);
            *to++ = (char)(0x80 | (*s++ & 0x3f));
        }
        for (; n > 0; n--) *to++ = (char)*s++;
    }
    if (out != NULL) *to = '\0';
    return out;
}

hg_status hgi_model_name_columns(hg_ctx *ctx, hg_model *m)
{
    hgi_schema_free(&m->names);
    if (m->columns == NULL || m->scaler.schema != NULL) return HG_OK;
    HGI_TRY(hgi_schema_new(ctx, m->net.inputs, &m->names));
    m->names->named = m->names->plain = true;
    for (int64_t i = 0; i < m->net.inputs; i++)
        HGI_TRY(
            hgi_schema_set_name(ctx, m->names, i, m->columns[i], strlen(m->columns[i])));
    return hgi_schema_settle(ctx, m->names);
}

hg_status hgi_model_set_columns(hg_ctx *ctx, hg_model *m, char *const *columns)
{
    free_names(&m->mem, m->columns, hgi_model_raw(m));
    m->columns = NULL;
    if (columns == NULL) return HG_OK;
    m->columns = hgi_calloc(&ctx->mem, (size_t)hgi_model_raw(m), sizeof *m->columns);
    if (m->columns == NULL) return hgi_fail_mem(ctx, 64, "column names");
    for (int64_t i = 0; i < hgi_model_raw(m); i++) {
        m->columns[i] = utf8_name(&ctx->mem, columns[i]);
        if (m->columns[i] == NULL) return hgi_fail_mem(ctx, 64, "a column name");
    }
    return hgi_model_name_columns(ctx, m);
}

hg_status hgi_model_set_series(hg_ctx *ctx, hg_model *m, const hgi_windows *series)
{
    hgi_windows_free(&m->series);
    if (series == NULL) return HG_OK;
    HGI_TRY(hgi_windows_copy(ctx, series, &m->series));
    for (int64_t i = -2; i < (m->series->name != NULL ? series->channels : 0); i++) {
        char **own = i == -2   ? &m->series->group
                     : i == -1 ? &m->series->time
                               : &m->series->name[i];
        if (*own == NULL) continue;
        char *name = utf8_name(&m->mem, *own);
        if (name == NULL) return hgi_fail_mem(ctx, 64, "a column name");
        hgi_free(&m->mem, *own);
        *own = name;
    }
    return HG_OK;
}

/* A model of numbers without names has a schema for that alone.  A series has none: its
 * files are read by its channels' names.                                               */
hg_status hgi_model_read_as(hg_ctx *ctx, hg_model *m, char decimal, const char *renamed)
{
    hgi_free(&m->mem, m->renamed);
    m->decimal = decimal;
    m->renamed = renamed != NULL ? utf8_name(&m->mem, renamed) : NULL;
    if (renamed != NULL && m->renamed == NULL)
        return hgi_fail_mem(ctx, strlen(renamed), "names of columns");
    if (m->series != NULL) return HG_OK;
    hg_schema *s = m->scaler.schema != NULL ? m->scaler.schema : m->names;
    if (s == NULL && decimal != '\0') {
        HGI_TRY(hgi_schema_new(ctx, m->net.inputs, &m->names));
        s = m->names;
        s->plain = true;
        HGI_TRY(hgi_schema_settle(ctx, s));
    }
    return s != NULL ? hgi_schema_read_as(ctx, s, decimal, m->renamed) : HG_OK;
}

int hg_model_series(const hg_model *m, hg_series_info *info)
{
    if (m == NULL || m->series == NULL || info == NULL || info->size != sizeof *info)
        return 0;
    const hgi_windows *s = m->series;
    *info = (hg_series_info){.size = sizeof *info,
                             .window = s->window,
                             .stride = s->stride,
                             .channels = s->channels,
                             .gap = s->gap,
                             .time = s->time,
                             .step = s->step,
                             .group = s->group};
    return 1;
}

void hgi_model_set_pictures(hg_model *m, const hg_dataset *rows)
{
    m->has_pictures = rows->pictures != NULL;
    if (m->has_pictures) m->pictures = rows->pictures->how;
}

const hg_pictures *hg_model_pictures(const hg_model *model)
{
    return model->has_pictures ? &model->pictures : NULL;
}

hg_status hgi_model_add_epoch(hg_ctx *ctx, hg_model *m, const hg_epoch *e)
{
    hgi_trained *t = &m->trained;
    int64_t n = t->history_count;
    if ((n & (n - 1)) == 0) { /* full at every power of two: it doubles */
        size_t bytes = (size_t)hgi_max(2 * n, 1) * sizeof *t->history;
        hg_epoch *grown = hgi_realloc(&m->mem, t->history, bytes);
        if (grown == NULL) return hgi_fail_mem(ctx, bytes, "the history");
        t->history = grown;
    }
    t->history[t->history_count++] = *e;
    return HG_OK;
}

hgi_range hgi_model_range(const hg_model *m)
{
    if (m->net.loss->counts) return (hgi_range){true, false, 0.0, (double)INFINITY};
    return (hgi_range){m->net.loss->unit_range, m->clip, 0.0, 1.0};
}

hg_status hg_model_get_info(hg_ctx *ctx, const hg_model *m, hg_model_info *info)
{
    if (m == NULL || info == NULL || info->size != sizeof *info)
        return hgi_fail(ctx, HG_EINVAL,
                        "hg_model_get_info: model, or info->size, is not set");
    *info = (hg_model_info){
        .size = sizeof *info,
        .inputs = hgi_model_raw(m),
        .features = m->net.inputs,
        .code = m->net.code_size,
        .parameters = m->net.params,
        .layers = m->net.count + 1,
        .flops = hgi_net_flops(&m->net, 0, m->net.count),
        .rank = m->net.input.rank,
        .shape = {m->net.input.dim[0], m->net.input.dim[1], m->net.input.dim[2]},
        .loss = m->net.loss->name,
        .scale = hgi_scale_name(m->scaler.kind),
        .text = m->text,
        .corrupt = m->corrupt,
        .redraw = m->corrupt == NULL     ? NULL
                  : m->spec.corrupt.once ? "once"
                                         : "epoch",
        .note = m->note[0] != '\0' ? m->note : NULL,
        .trained_rows = m->trained.rows,
        .epochs = m->trained.epochs,
        .seed = m->trained.seed,
        .steps = m->trained.steps,
        .keep_clean = m->spec.corrupt.count > 0 ? m->spec.corrupt.clean : 0,
        .sigma = m->net.loss->has_sigma ? hgi_net_sigma(&m->net, m->theta) : 0,
        .classes = m->spec.classes.count,
        .indices = m->net.layer[m->net.code].indices,
        .learnt_sigma = m->net.sigma != NULL ? hgi_sigma_each(m->net.sigma) : NULL,
    };
    return HG_OK;
}

int hg_model_class(const hg_model *m, int64_t index, double *label)
{
    if (m == NULL || label == NULL || index < 0 || index >= m->spec.classes.count)
        return 0;
    *label = m->spec.classes.label[index];
    return 1;
}

const char *hg_model_class_name(const hg_model *m, int64_t index)
{
    const hgi_names *names = m != NULL ? m->spec.classes.names : NULL;
    return names != NULL && index >= 0 && index < names->count ? names->name[index]
                                                               : NULL;
}

hg_status hg_model_find_class(hg_ctx *ctx, const hg_model *m, const char *text,
                              double *label)
{
    char known[160];
    if (m == NULL || text == NULL || label == NULL)
        return hgi_fail(ctx, HG_EINVAL, "a model and a class are needed");
    const hgi_classes *c = &m->spec.classes;
    if (c->count == 0)
        return hgi_fail(ctx, HG_EINVAL, "class: the model is not conditional on classes");
    int64_t at = hgi_names_find(c->names, text);
    if (at < 0 && hgi_parse_double(text, strlen(text), '.', label))
        at = hgi_classes_place(c, *label);
    if (at >= 0) {
        *label = c->label[at];
        return HG_OK;
    }
    hgi_classes_print(c, known, sizeof known);
    return hgi_fail(ctx, HG_ERANGE, "class '%.60s' is none of the model's; it knows %s",
                    text, known);
}

static int64_t trained_count(const hgi_layer *l)
{
    int64_t n = 0;
    for (int i = 0; i < l->tensors; i++)
        if (l->tensor[i].role != HGI_STATE) n += l->tensor[i].count;
    return n;
}

/* Row 0 is the input; row i + 1 is layer i. */
hg_status hg_model_layer(hg_ctx *ctx, const hg_model *m, int64_t index,
                         hg_layer_info *out)
{
    if (m == NULL || out == NULL || out->size != sizeof *out || index < 0 ||
        index > m->net.count)
        return hgi_fail(ctx, HG_EINVAL, "hg_model_layer: no layer %lld",
                        (long long)index);
    const hgi_layer *l = index > 0 ? &m->net.layer[index - 1] : NULL;
    const hgi_shape *shape = l != NULL ? &l->out : &m->net.input;
    *out = (hg_layer_info){
        .size = sizeof *out,
        .part = l == NULL                 ? "input"
                : l->index < m->net.code  ? "encoder"
                : l->index == m->net.code ? "code"
                                          : "decoder",
        .line = l != NULL ? m->line[l->index] : "",
        .rank = shape->rank,
        .shape = {shape->dim[0], shape->dim[1], shape->dim[2]},
        .parameters = l != NULL ? trained_count(l) : 0,
        .flops = l != NULL ? l->flops : 0,
    };
    return HG_OK;
}

const hg_schema *hg_model_schema(const hg_model *m)
{
    if (m == NULL) return NULL;
    return m->scaler.schema != NULL ? m->scaler.schema : m->names;
}

int hg_model_history(const hg_model *m, int64_t index, hg_epoch *out)
{
    if (m == NULL || out == NULL || out->size != sizeof *out) return 0;
    if (index < 0 || index >= m->trained.history_count) return 0;
    *out = m->trained.history[index];
    return 1;
}
