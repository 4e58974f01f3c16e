// SPDX-License-Identifier: MIT
/* Reading the model file that model_save.c describes.
 *
 * Nothing in it is trusted: texts go through the same parser as a user's, shapes are
 * compared with what the lines plan to before memory is asked for. */
#include "model/container.h"
#include "model/model.h"
#include "model/schema_json.h"

#include <jansson.h>

#include <float.h>
#include <math.h>
#include <string.h>

enum { MAX_FILE_LAYERS = 4096 };

typedef struct reading {
    hg_ctx *ctx;
    const char *path;
    const json_t *o; /* the description */
} reading;

static hg_status bad_field(const reading *r, const char *key, const char *expected)
{
    return hgi_fail(r->ctx, HG_EFORMAT, "%s: description: '%s' is missing or not %s",
                    r->path, key, expected);
}

static hg_status get_int(const reading *r, const char *key, int64_t lo, int64_t *out)
{
    const json_t *v = json_object_get(r->o, key);
    if (!json_is_integer(v) || json_integer_value(v) < lo)
        return bad_field(r, key, "a whole number in range");
    *out = json_integer_value(v);
    return HG_OK;
}

static hg_status get_text(const reading *r, const char *key, const char **out)
{
    *out = json_string_value(json_object_get(r->o, key));
    return *out != NULL ? HG_OK : bad_field(r, key, "a text");
}

/* At least `least`: an encoder may be the code's own weight alone. */
static hg_status get_lines(const reading *r, const char *key, size_t least, char ***out,
                           int64_t *count)
{
    const json_t *a = json_object_get(r->o, key);
    size_t n = json_array_size(a);
    if (!json_is_array(a) || n < least || n > MAX_FILE_LAYERS)
        return bad_field(r, key,
                         least > 0 ? "a list of 1 to 4096 layers"
                                   : "a list of 0 to 4096 layers");
    *out = hgi_calloc(&r->ctx->mem, n + 1, sizeof **out);
    if (*out == NULL) return hgi_fail_mem(r->ctx, n * sizeof **out, "layer lines");
    for (size_t i = 0; i < n; i++) {
        const char *s = json_string_value(json_array_get(a, i));
        if (s == NULL) return bad_field(r, key, "a list of texts");
        (*out)[i] = hgi_strdup(&r->ctx->mem, s);
        if ((*out)[i] == NULL) return hgi_fail_mem(r->ctx, strlen(s), "a layer line");
        *count = (int64_t)i + 1;
    }
    return HG_OK;
}

static hg_status get_shape(const reading *r, hgi_shape *out)
{
    const json_t *a = json_object_get(r->o, "input");
    size_t n = json_array_size(a);
    int64_t count = 1;
    if (!json_is_array(a) || n < 1 || n > 3) return bad_field(r, "input", "1 to 3 sizes");
    *out = (hgi_shape){.rank = (int)n};
    for (size_t i = 0; i < n; i++) {
        const json_t *v = json_array_get(a, i);
        json_int_t d = json_integer_value(v);
        if (!json_is_integer(v) || d < 1 || d > (1 << 24))
            return bad_field(r, "input", "sizes");
        out->dim[i] = d;
        count *= d; /* at most 2^56: it is bounded in each round */
        if (count > INT64_C(1) << 32) return bad_field(r, "input", "of a sane size");
    }
    return HG_OK;
}

/* Written by models that were trained on corrupted rows alone.                         */
static hg_status get_corrupt(const reading *r, const hgi_shape *row, hgi_corrupt *out)
{
    const char *chain, *redraw;
    const json_t *span = json_object_get(r->o, "corrupt_span");
    const json_t *clean = json_object_get(r->o, "keep_clean");
    if (json_object_get(r->o, "corrupt") == NULL) return HG_OK;
    HGI_TRY(get_text(r, "corrupt", &chain));
    HGI_TRY(get_text(r, "redraw", &redraw));
    hg_status status = hgi_corrupt_parse(r->ctx, chain, out);
    if (status == HG_OK) status = hgi_corrupt_fit(r->ctx, out, row->rank, row->dim);
    if (status != HG_OK)
        return bad_field(r, "corrupt",
                         "a chain of corruptions that this version knows and that fits "
                         "the rows");
    out->once = strcmp(redraw, "once") == 0;
    if (!out->once && strcmp(redraw, "epoch") != 0)
        return bad_field(r, "redraw", "epoch or once");
    out->clean = clean != NULL ? json_number_value(clean) : 0;
    if (clean != NULL && !(out->clean > 0 && out->clean < 1))
        return bad_field(r, "keep_clean", "a share above 0 and below 1");
    out->span.lo = json_number_value(json_array_get(span, 0));
    out->span.hi = json_number_value(json_array_get(span, 1));
    if (json_array_size(span) != 2 || !json_is_number(json_array_get(span, 0)) ||
        !json_is_number(json_array_get(span, 1)) || out->span.lo > out->span.hi)
        return bad_field(r, "corrupt_span", "two numbers, the lower first");
    return HG_OK;
}

static hg_status get_binarise(const reading *r, hgi_binarise *out)
{
    const char *word;
    if (json_object_get(r->o, "binarise") == NULL) return HG_OK;
    HGI_TRY(get_text(r, "binarise", &word));
    if (hgi_binarise_find(word, out) && *out != HGI_BINARISE_NONE) return HG_OK;
    return bad_field(r, "binarise", "epoch, once or threshold");
}

/* Written by conditional models alone: numbers that rise. */
static hg_status get_classes(const reading *r, hgi_classes *out)
{
    const json_t *a = json_object_get(r->o, "classes");
    size_t n = json_array_size(a);
    if (a == NULL) return HG_OK;
    if (n < 1 || n > HGI_CLASSES_MOST)
        return bad_field(r, "classes", "a list of up to 1000 labels");
    out->label = hgi_calloc(&r->ctx->mem, n, sizeof *out->label);
    if (out->label == NULL) return hgi_fail_mem(r->ctx, n * 8, "classes");
    for (size_t i = 0; i < n; i++) {
        const json_t *v = json_array_get(a, i);
        double label = json_number_value(v);
        if (!json_is_number(v) || !(fabs(label) <= (double)FLT_MAX) ||
            (i > 0 && !(label > out->label[i - 1])))
            return bad_field(r, "classes", "a list of numbers that rise");
        out->label[i] = label;
        out->count++;
    }
    return HG_OK;
}

/* Where classes are words: a name for each label, which then is its place in the list. */
static hg_status get_class_names(const reading *r, hgi_classes *out)
{
    const json_t *a = json_object_get(r->o, "class_names");
    if (a == NULL) return HG_OK;
    if ((int64_t)json_array_size(a) != out->count)
        return bad_field(r, "class_names", "as many names as there are classes");
    HGI_TRY(hgi_names_new(r->ctx, out->count, &out->names));
    for (int64_t i = 0; i < out->count; i++) {
        const char *name = json_string_value(json_array_get(a, (size_t)i));
        bool rises = out->label[i] >= (double)i && out->label[i] <= (double)i;
        if (name == NULL || *name == '\0' || !rises)
            return bad_field(r, "class_names", "words, of the labels 0, 1, 2 and so on");
        HGI_TRY(hgi_names_set(r->ctx, out->names, i, name));
    }
    return HG_OK;
}

static hg_status get_spec(const reading *r, hgi_spec *s)
{
    const char *code, *loss;
    HGI_TRY(get_shape(r, &s->input));
    HGI_TRY(get_lines(r, "encoder", 0, &s->encoder, &s->encoder_count));
    HGI_TRY(get_lines(r, "decoder", 1, &s->decoder, &s->decoder_count));
    HGI_TRY(get_text(r, "code", &code));
    HGI_TRY(get_text(r, "loss", &loss));
    s->huber_delta = json_number_value(json_object_get(r->o, "huber_delta"));
    if (!(s->huber_delta > 0)) return bad_field(r, "huber_delta", "a number above 0");
    const json_t *sigma = json_object_get(r->o, "sigma");
    s->sigma = sigma != NULL ? json_number_value(sigma) : 1;
    if (!(s->sigma > 0 && s->sigma <= (double)FLT_MAX))
        return bad_field(r, "sigma", "a number above 0");
    HGI_TRY(get_classes(r, &s->classes));
    HGI_TRY(get_class_names(r, &s->classes));
    HGI_TRY(get_binarise(r, &s->binarise));
    HGI_TRY(get_corrupt(r, &s->input, &s->corrupt));
    s->code = hgi_strdup(&r->ctx->mem, code);
    s->loss = hgi_strdup(&r->ctx->mem, loss);
    if (s->code == NULL || s->loss == NULL)
        return hgi_fail_mem(r->ctx, 64, "the model's lines");
    return HG_OK;
}

static hg_status get_scaler(const reading *r, const hgi_container *c, int64_t features,
                            hgi_scaler *out)
{
    const char *word;
    hgi_scale_kind kind;
    const void *shift = NULL, *scale = NULL, *bend;
    HGI_TRY(get_text(r, "scale", &word));
    if (!hgi_scale_find(word, &kind)) return bad_field(r, "scale", "a known scaling");
    if (kind != HGI_SCALE_NONE) {
        HGI_TRY(hgi_container_need(c, "scaler.shift", HGI_DT_F64, 1, &features, &shift));
        HGI_TRY(hgi_container_need(c, "scaler.scale", HGI_DT_F64, 1, &features, &scale));
        const double *a = shift, *b = scale;
        for (int64_t i = 0; i < features; i++)
            if (!(fabs(a[i]) <= (double)FLT_MAX) || !(b[i] <= (double)FLT_MAX) ||
                !(b[i] >= (double)FLT_TRUE_MIN))
                return hgi_fail(r->ctx, HG_EFORMAT,
                                "%s: scaler: column %lld is not usable", r->path,
                                (long long)i + 1);
    }
    HGI_TRY(hgi_scaler_make(r->ctx, kind, features, shift, scale, out));
    if (kind == HGI_SCALE_LOG) {
        HGI_TRY(hgi_container_need(c, "scaler.bend", HGI_DT_F64, 1, &features, &bend));
        if (!hgi_scaler_set_bend(out, bend))
            return hgi_fail(r->ctx, HG_EFORMAT, "%s: scaler.bend is not usable", r->path);
    }
    const json_t *table = json_object_get(r->o, "table");
    return table == NULL
               ? HG_OK
               : hgi_schema_from_json(r->ctx, r->path, table, features, &out->schema);
}

static hg_status get_weights(const reading *r, const hgi_container *c, const char *prefix,
                             hg_model *m)
{
    for (int64_t i = 0; i < m->net.count; i++) {
        const hgi_layer *l = &m->net.layer[i];
        for (int k = 0; k < l->tensors; k++) {
            const hgi_tensor *t = &l->tensor[k];
            char name[96];
            const void *data;
            snprintf(name, sizeof name, "%s%s.%s", prefix, l->name, t->name);
            HGI_TRY(hgi_container_need(c, name, HGI_DT_F32, t->rank, t->dim, &data));
            hgi_real *to = (t->role == HGI_STATE ? m->state : m->theta) + t->offset;
            const float *from = data;
            for (int64_t j = 0; j < t->count; j++) {
                if (!isfinite(from[j]))
                    return hgi_fail(r->ctx, HG_ENONFINITE,
                                    "%s: tensor '%s', element %lld is not a "
                                    "finite number",
                                    r->path, name, (long long)j);
                if (t->positive && from[j] < 0)
                    return hgi_fail(r->ctx, HG_EFORMAT,
                                    "%s: tensor '%s', element %lld is below 0", r->path,
                                    name, (long long)j);
                to[j] = (hgi_real)from[j];
            }
        }
    }
    return HG_OK;
}

static hg_status get_trained(const reading *r, hg_model *m)
{
    const char *range;
    int64_t seed;
    HGI_TRY(get_int(r, "trained_rows", 0, &m->trained.rows));
    HGI_TRY(get_int(r, "epochs", 0, &m->trained.epochs));
    HGI_TRY(get_int(r, "best_epoch", 0, &m->trained.best_epoch));
    if (json_object_get(r->o, "steps") != NULL)
        HGI_TRY(get_int(r, "steps", 0, &m->trained.steps));
    HGI_TRY(get_int(r, "seed", INT64_MIN, &seed));
    HGI_TRY(get_text(r, "out_of_range", &range));
    m->shares =
        m->scaler.kind == HGI_SCALE_NONE &&
        (m->net.loss->unit_range || json_is_true(json_object_get(r->o, "shares")));
    m->trained.seed = (uint64_t)seed;
    m->clip = strcmp(range, "clip") == 0;
    if (!m->clip && strcmp(range, "refuse") != 0)
        return bad_field(r, "out_of_range", "clip or refuse");
    return HG_OK;
}

static hg_status get_columns(const reading *r, hg_model *m)
{
    const json_t *a = json_object_get(r->o, "columns");
    if (a == NULL) return HG_OK;
    if (!json_is_array(a) || (int64_t)json_array_size(a) != hgi_model_raw(m))
        return bad_field(r, "columns", "a list with one name for each feature");
    m->columns = hgi_calloc(&r->ctx->mem, (size_t)hgi_model_raw(m), sizeof *m->columns);
    if (m->columns == NULL) return hgi_fail_mem(r->ctx, 64, "column names");
    for (int64_t i = 0; i < hgi_model_raw(m); i++) {
        const char *s = json_string_value(json_array_get(a, (size_t)i));
        if (s == NULL) return bad_field(r, "columns", "a list of texts");
        m->columns[i] = hgi_strdup(&r->ctx->mem, s);
        if (m->columns[i] == NULL)
            return hgi_fail_mem(r->ctx, strlen(s), "a column name");
    }
    return HG_OK;
}

/* A decimal sign and new names that training was told of. */
static hg_status get_reading(const reading *r, hg_model *m)
{
    const json_t *t = json_object_get(r->o, "reading");
    const json_t *sign = json_object_get(t, "decimal");
    const json_t *names = json_object_get(t, "rename");
    const char *decimal = sign != NULL ? json_string_value(sign) : "";
    if (t == NULL) return HG_OK;
    if (decimal == NULL || (strcmp(decimal, "") != 0 && strcmp(decimal, ".") != 0 &&
                            strcmp(decimal, ",") != 0))
        return bad_field(r, "reading", "'.' or ',' as decimal");
    if (names != NULL && !json_is_string(names))
        return bad_field(r, "reading", "a text as rename");
    return hgi_model_read_as(r->ctx, m, decimal[0], json_string_value(names));
}

/* A size of zeros says that there is no such step. */
static hg_status get_pair(const reading *r, const json_t *o, const char *key,
                          int64_t out[2])
{
    const json_t *a = json_object_get(o, key);
    for (size_t i = 0; i < 2; i++) {
        const json_t *v = json_array_get(a, i);
        out[i] = json_integer_value(v);
        if (json_array_size(a) != 2 || !json_is_integer(v) || out[i] < 0 ||
            out[i] > INT32_MAX)
            return bad_field(r, "pictures", "sizes");
    }
    /* One number alone is the shorter side to resize to. */
    bool one = strcmp(key, "resize") == 0 && out[1] == 0;
    return one || (out[0] > 0) == (out[1] > 0) ? HG_OK
                                               : bad_field(r, "pictures", "sizes");
}

/* Windows of a series: the sizes must make a row of the net. */
static hg_status get_series(const reading *r, hg_model *m)
{
    const json_t *o = json_object_get(r->o, "series");
    const json_t *names = json_object_get(o, "names"), *time = json_object_get(o, "time");
    const json_t *group = json_object_get(o, "group");
    char **name = NULL;
    hg_status status = HG_OK;
    if (o == NULL) return HG_OK;
    const reading words = {.ctx = r->ctx, .path = r->path, .o = (json_t *)(uintptr_t)o};
    hgi_windows s = {.gap = json_number_value(json_object_get(o, "gap")),
                     .step = json_number_value(json_object_get(o, "step")),
                     .dates = (int)json_integer_value(json_object_get(o, "dates"))};
    HGI_TRY(get_int(&words, "window", 2, &s.window));
    HGI_TRY(get_int(&words, "stride", 1, &s.stride));
    HGI_TRY(get_int(&words, "channels", 1, &s.channels));
    s.time = (char *)(uintptr_t)json_string_value(time);
    s.group = (char *)(uintptr_t)json_string_value(group);
    bool fits = s.channels <= m->net.inputs && m->net.inputs % s.channels == 0 &&
                m->net.inputs / s.channels == s.window && s.gap >= 1 &&
                (names == NULL || (int64_t)json_array_size(names) == s.channels) &&
                (time == NULL || s.time != NULL) && (group == NULL || s.group != NULL) &&
                s.step >= 0;
    if (!fits) return bad_field(r, "series", "windows that are the net's rows");
    if (names != NULL) {
        name = hgi_calloc(&r->ctx->mem, (size_t)s.channels, sizeof *name);
        if (name == NULL) return hgi_fail_mem(r->ctx, 64, "names of a series");
        for (int64_t i = 0; i < s.channels; i++) {
            const char *text = json_string_value(json_array_get(names, (size_t)i));
            name[i] = (char *)(uintptr_t)text;
            if (text == NULL) HGI_GOTO(bad_field(r, "series", "names that are texts"));
        }
        s.name = name;
    }
    HGI_GOTO(hgi_windows_copy(r->ctx, &s, &m->series));
done:
    hgi_free(&r->ctx->mem, name);
    return status;
}

static hg_status get_pictures(const reading *r, hg_model *m)
{
    const json_t *o = json_object_get(r->o, "pictures");
    hgi_prep *p = &m->pictures.prep;
    if (o == NULL) return HG_OK;
    p->channels = (int)json_integer_value(json_object_get(o, "channels"));
    m->pictures.bits = (int)json_integer_value(json_object_get(o, "bits"));
    HGI_TRY(get_pair(r, o, "resize", p->resize));
    HGI_TRY(get_pair(r, o, "crop", p->crop));
    HGI_TRY(get_pair(r, o, "tile", p->tile));
    HGI_TRY(get_pair(r, o, "stride", p->stride));
    bool strides = (p->tile[0] > 0) == (p->stride[0] > 0) && p->stride[0] <= p->tile[0] &&
                   p->stride[1] <= p->tile[1];
    bool known = (p->channels == 1 || p->channels == 3) &&
                 (m->pictures.bits == 8 || m->pictures.bits == 16);
    if (!strides || !known) return bad_field(r, "pictures", "a way to read pictures");
    m->has_pictures = true;
    return HG_OK;
}

static bool is_tensor_of(const hgi_layer *l, const char *name)
{
    size_t n = strlen(l->name);
    if (strncmp(name, l->name, n) != 0 || name[n] != '.') return false;
    for (int k = 0; k < l->tensors; k++)
        if (strcmp(name + n + 1, l->tensor[k].name) == 0) return true;
    return false;
}

/* Tensors that no layer has are a sign that lines were lost; other sections of a file may
 * come with tensors of their own.  Every wanted tensor is there and names are unique, so
 * counting is enough to know, and the search is only for the message.                  */
static hg_status check_no_others(const reading *r, const hgi_container *c,
                                 const hgi_net *net, int64_t wanted)
{
    static const char *const parts[] = {"encoder.", "code.", "decoder."};
    for (int64_t i = 0; i < hgi_container_count(c); i++)
        for (int k = 0; k < HGI_COUNT(parts); k++)
            if (strncmp(hgi_container_at(c, i)->name, parts[k], strlen(parts[k])) == 0)
                wanted--;
    for (int64_t i = 0; wanted < 0 && i < hgi_container_count(c); i++) {
        const char *name = hgi_container_at(c, i)->name;
        bool layers = false, known = false;
        for (int k = 0; k < HGI_COUNT(parts); k++)
            layers = layers || strncmp(name, parts[k], strlen(parts[k])) == 0;
        for (int64_t k = 0; layers && !known && k < net->count; k++)
            known = is_tensor_of(&net->layer[k], name);
        if (layers && !known)
            return hgi_fail(r->ctx, HG_EFORMAT, "%s: tensor '%s' belongs to no layer",
                            r->path, name);
    }
    return HG_OK;
}

/* A file must not make us allocate more than it holds: before the weights are asked for,
 * every tensor that the lines plan to is found in the file, and rows without weights are
 * of a sane width.                                                                     */
static hg_status check_tensors(const reading *r, const hgi_container *c,
                               const hgi_net *net)
{
    const int64_t sane_width = 1 << 20;
    int64_t wanted = 0;
    for (int64_t i = 0; i < net->count; i++)
        for (int k = 0; k < net->layer[i].tensors; k++, wanted++) {
            const hgi_tensor *t = &net->layer[i].tensor[k];
            const void *data;
            char name[80];
            snprintf(name, sizeof name, "%s.%s", net->layer[i].name, t->name);
            HGI_TRY(hgi_container_need(c, name, HGI_DT_F32, t->rank, t->dim, &data));
        }
    if (net->inputs > hgi_max(net->params, sane_width))
        return hgi_fail(r->ctx, HG_EFORMAT,
                        "%s: %lld values a row, but only %lld weights", r->path,
                        (long long)net->inputs, (long long)net->params);
    return check_no_others(r, c, net, wanted);
}

/* ---- detector ---------------------------------------------------------------------- */

/* Net i: the same lines and scaling as the model, with weights of its own. */
static hg_status get_net(const reading *r, const hgi_container *c, int64_t i, hg_model *m)
{
    char prefix[32];
    hg_model *net = NULL;
    snprintf(prefix, sizeof prefix, "net.%lld.", (long long)i);
    HGI_TRY(hgi_model_twin(r->ctx, m, &net));
    hg_status status = get_weights(r, c, prefix, net);
    if (status != HG_OK) hg_model_free(&net);
    m->detector.net[i] = net;
    return status;
}

static hg_status get_detector(const reading *r, const hgi_container *c, hg_model *m)
{
    const json_t *o = json_object_get(r->o, "detector");
    hgi_detector *d = &m->detector;
    if (o == NULL) return hgi_detector_get(r->ctx, c, d);
    const reading words = {r->ctx, r->path, o};
    const char *score, *rule;
    int64_t nets;
    if (!json_is_object(o)) return bad_field(r, "detector", "an object");
    HGI_TRY(get_text(&words, "score", &score));
    HGI_TRY(get_text(&words, "rule", &rule));
    HGI_TRY(get_int(&words, "nets", 1, &nets));
    double value = json_number_value(json_object_get(o, "rule_value"));
    if (nets > HGI_NETS_MOST) return bad_field(&words, "nets", "1 to 64");
    if (!json_is_number(json_object_get(o, "rule_value")) || !isfinite(value))
        return bad_field(&words, "rule_value", "a number");
    HGI_TRY(hgi_detector_new(r->ctx, score, nets, d));
    d->rule = hgi_strdup(&r->ctx->mem, rule);
    d->rule_value = value;
    d->trimmed = json_integer_value(json_object_get(o, "trimmed")); /* 0: none */
    if (d->rule == NULL) return hgi_fail_mem(r->ctx, strlen(rule), "a rule");
    for (int64_t i = 1; i < nets; i++) HGI_TRY(get_net(r, c, i, m));
    return hgi_detector_get(r->ctx, c, d);
}

static hg_status check_plan(const reading *r, const hgi_container *c,
                            const hgi_spec *spec)
{
    hgi_net net;
    hg_status status = hgi_net_plan(r->ctx, spec, &net);
    if (status == HG_OK) {
        status = check_tensors(r, c, &net);
        hgi_net_free(&net);
        return status;
    }
    return hgi_fail_before(r->ctx, status == HG_ENOMEM ? status : HG_EFORMAT,
                           "%s: ", r->path);
}

static hg_status read_model(const reading *r, const hgi_container *c, hg_model **out)
{
    hg_status status = HG_OK;
    hgi_spec spec = {.mem = r->ctx->mem};
    hgi_scaler scaler;
    hg_model *m = NULL;
    int64_t version;
    memset(&scaler, 0, sizeof scaler);
    HGI_GOTO(get_int(r, "version", 1, &version));
    if (version > HGI_MODEL_FORMAT)
        HGI_GOTO(
            hgi_fail(r->ctx, HG_EVERSION,
                     "%s: model format %lld, this is hourglass %s, which reads up to %d: "
                     "update hourglass",
                     r->path, (long long)version, hg_version(), HGI_MODEL_FORMAT));
    HGI_GOTO(get_spec(r, &spec));
    HGI_GOTO(check_plan(r, c, &spec));
    HGI_GOTO(get_scaler(r, c, hgi_shape_count(&spec.input), &scaler));
    HGI_GOTO(hgi_model_take(r->ctx, &spec, &scaler, &m));
    HGI_GOTO(get_trained(r, m));
    HGI_GOTO(get_weights(r, c, "", m));
    HGI_GOTO(get_columns(r, m));
    HGI_GOTO(get_series(r, m));
    HGI_GOTO(get_pictures(r, m));
    HGI_GOTO(hgi_model_name_columns(r->ctx, m));
    HGI_GOTO(get_reading(r, m));
    HGI_GOTO(hgi_history_get(r->ctx, c, m));
    HGI_GOTO(hgi_mixture_get(r->ctx, c, &m->net.layer[m->net.code], &m->mixture));
    HGI_GOTO(get_detector(r, c, m));
    *out = m;
done:
    hgi_spec_free(&spec);
    hgi_scaler_free(&r->ctx->mem, &scaler);
    if (status != HG_OK) hg_model_free(&m);
    return status;
}

hg_status hg_model_load(hg_ctx *ctx, const char *path, hg_model **out)
{
    hg_status status = HG_OK;
    hgi_container *c = NULL;
    json_t *o = NULL;
    json_error_t error;
    *out = NULL;
    if (path == NULL) return hgi_fail(ctx, HG_EINVAL, "hg_model_load: no path");
    HGI_GOTO(hgi_container_read(ctx, path, &c));
    const char *text = hgi_container_text(c, "hourglass");
    const char *kind = hgi_container_text(c, "kind");
    size_t n = strlen(HGI_CHECKPOINT_KIND);
    if (text == NULL && kind != NULL && strncmp(kind, HGI_CHECKPOINT_KIND, n) == 0)
        HGI_GOTO(
            hgi_fail(ctx, HG_EFORMAT,
                     "%s: the checkpoint of a run, expected a model: a run that goes "
                     "on from it (checkpoint, resume) writes one",
                     path));
    if (text == NULL)
        HGI_GOTO(hgi_fail(ctx, HG_EFORMAT,
                          "%s: a safetensors file, but not an hourglass model "
                          "(no 'hourglass' in its metadata)",
                          path));
    o = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (o == NULL && json_error_code(&error) == json_error_out_of_memory)
        HGI_GOTO(hgi_fail_mem(ctx, strlen(text), "the model's description"));
    if (!json_is_object(o))
        HGI_GOTO(
            hgi_fail(ctx, HG_EFORMAT, "%s: the description is not a JSON object", path));
    reading r = {ctx, path, o};
    HGI_GOTO(read_model(&r, c, out));
done:
    json_decref(o);
    hgi_container_free(&c);
    return status;
}
