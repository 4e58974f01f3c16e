// SPDX-License-Identifier: MIT
/* Writing the model file: a safetensors container, see docs/file-format.md.
 *
 * __metadata__ has "format" ("pt", the row-major convention readers look for) and one
 * JSON text "hourglass": format version, layer lines, loss, scale, what it was trained
 * on, column names.  Tensors: "<layer>.<name>" weights as F32, scaler.shift and
 * scaler.scale as F64, history as F64 [epochs,6].  A tied weight is stored once, with
 * its encoder layer. */
#include "model/container.h"
#include "model/loss.h"
#include "model/model.h"
#include "model/schema_json.h"

#include <jansson.h>

#include <string.h>

static json_t *lines_json(char *const *lines, int64_t n)
{
    json_t *a = json_array();
    for (int64_t i = 0; a != NULL && i < n; i++)
        if (json_array_append_new(a, json_string(lines[i])) != 0) {
            json_decref(a);
            return NULL;
        }
    return a;
}

static json_t *shape_json(const hgi_shape *s)
{
    json_t *a = json_array();
    for (int i = 0; a != NULL && i < s->rank; i++)
        if (json_array_append_new(a, json_integer(s->dim[i])) != 0) {
            json_decref(a);
            return NULL;
        }
    return a;
}

/* 0, or -1 when memory ran out, as jansson has it.                                     */
static int describe_corrupt(const hgi_mem *mem, const hgi_corrupt *c, json_t *o)
{
    hgi_text t;
    hgi_text_init(&t, mem);
    hgi_corrupt_print(c, &t);
    int bad =
        json_object_set_new(o, "corrupt", hgi_text_ok(&t) ? json_string(t.s) : NULL);
    hgi_text_free(&t);
    bad |= json_object_set_new(o, "redraw", json_string(c->once ? "once" : "epoch"));
    if (c->clean > 0) bad |= json_object_set_new(o, "keep_clean", json_real(c->clean));
    json_t *span = json_array();
    bad |= json_object_set(o, "corrupt_span", span);
    if (span != NULL) {
        bad |= json_array_append_new(span, json_real(c->span.lo));
        bad |= json_array_append_new(span, json_real(c->span.hi));
    }
    json_decref(span);
    return bad;
}

static json_t *classes_json(const hgi_classes *c)
{
    json_t *a = json_array();
    for (int64_t i = 0; a != NULL && i < c->count; i++)
        if (json_array_append_new(a, json_real(c->label[i])) != 0) {
            json_decref(a);
            return NULL;
        }
    return a;
}

static json_t *names_json(const hgi_names *n)
{
    json_t *a = json_array();
    for (int64_t i = 0; a != NULL && i < n->count; i++)
        if (json_array_append_new(a, json_string(n->name[i])) != 0) {
            json_decref(a);
            return NULL;
        }
    return a;
}

/* What of a detector is words. */
static int describe_detector(const hgi_detector *d, json_t *into)
{
    json_t *o = json_object();
    int bad = json_object_set_new(into, "detector", o);
    if (o == NULL) return bad;
    bad |= json_object_set_new(o, "score", json_string(d->score));
    bad |= json_object_set_new(o, "nets", json_integer(d->nets));
    if (d->trimmed > 0)
        bad |= json_object_set_new(o, "trimmed", json_integer(d->trimmed));
    bad |= json_object_set_new(o, "rule", json_string(d->rule));
    return bad | json_object_set_new(o, "rule_value", json_real(d->rule_value));
}

static json_t *pair_json(const int64_t size[2])
{
    const hgi_shape s = {.rank = 2, .dim = {size[0], size[1]}};
    return shape_json(&s);
}

/* How rows were made of pictures, so that another picture needs no option. */
static int describe_pictures(const struct hg_pictures *p, json_t *o)
{
    json_t *t = json_object();
    int bad = json_object_set_new(t, "channels", json_integer(p->prep.channels));
    bad |= json_object_set_new(t, "bits", json_integer(p->bits));
    bad |= json_object_set_new(t, "resize", pair_json(p->prep.resize));
    bad |= json_object_set_new(t, "crop", pair_json(p->prep.crop));
    bad |= json_object_set_new(t, "tile", pair_json(p->prep.tile));
    bad |= json_object_set_new(t, "stride", pair_json(p->prep.stride));
    return bad | json_object_set_new(o, "pictures", t);
}

static int describe_series(const hgi_windows *s, json_t *o)
{
    json_t *t = json_object();
    int bad = 0;
    bad |= json_object_set_new(t, "window", json_integer(s->window));
    bad |= json_object_set_new(t, "stride", json_integer(s->stride));
    bad |= json_object_set_new(t, "channels", json_integer(s->channels));
    bad |= json_object_set_new(t, "gap", json_real(s->gap));
    if (s->step > 0) bad |= json_object_set_new(t, "step", json_real(s->step));
    if (s->dates > 0) bad |= json_object_set_new(t, "dates", json_integer(s->dates));
    if (s->time != NULL) bad |= json_object_set_new(t, "time", json_string(s->time));
    if (s->group != NULL) bad |= json_object_set_new(t, "group", json_string(s->group));
    if (s->name != NULL)
        bad |= json_object_set_new(t, "names", lines_json(s->name, s->channels));
    return bad | json_object_set_new(o, "series", t);
}

/* How a CSV file was read, so that the next one needs no option. */
static int describe_reading(const hg_model *m, json_t *o)
{
    const char sign[2] = {m->decimal, '\0'};
    json_t *t = json_object();
    int bad = 0;
    if (m->decimal != '\0') bad |= json_object_set_new(t, "decimal", json_string(sign));
    if (m->renamed != NULL)
        bad |= json_object_set_new(t, "rename", json_string(m->renamed));
    return bad | json_object_set_new(o, "reading", t);
}

/* json_object_set_new takes NULL (out of memory above) as a failure too. */
static json_t *describe(const hg_model *m)
{
    const hgi_trained *tr = &m->trained;
    json_t *o = json_object();
    if (o == NULL) return NULL;
    int bad = 0;
    bad |= json_object_set_new(o, "version", json_integer(HGI_MODEL_FORMAT));
    bad |= json_object_set_new(o, "library", json_string(hg_version()));
    bad |= json_object_set_new(o, "input", shape_json(&m->spec.input));
    bad |= json_object_set_new(o, "encoder",
                               lines_json(m->spec.encoder, m->spec.encoder_count));
    bad |= json_object_set_new(o, "code", json_string(m->spec.code));
    bad |= json_object_set_new(o, "decoder",
                               lines_json(m->spec.decoder, m->spec.decoder_count));
    bad |= json_object_set_new(o, "loss", json_string(m->spec.loss));
    bad |= json_object_set_new(o, "huber_delta", json_real(m->spec.huber_delta));
    if (m->net.loss->has_sigma)
        bad |= json_object_set_new(o, "sigma", json_real(m->spec.sigma));
    bad |= json_object_set_new(o, "scale", json_string(hgi_scale_name(m->scaler.kind)));
    bad |=
        json_object_set_new(o, "out_of_range", json_string(m->clip ? "clip" : "refuse"));
    /* A bce model's do, whoever says so. */
    if (m->shares && !m->net.loss->unit_range)
        bad |= json_object_set_new(o, "shares", json_true());
    if (m->spec.classes.count > 0)
        bad |= json_object_set_new(o, "classes", classes_json(&m->spec.classes));
    if (m->spec.classes.names != NULL)
        bad |= json_object_set_new(o, "class_names", names_json(m->spec.classes.names));
    if (m->spec.binarise != HGI_BINARISE_NONE)
        bad |= json_object_set_new(o, "binarise",
                                   json_string(hgi_binarise_words[m->spec.binarise]));
    if (m->spec.corrupt.count > 0) bad |= describe_corrupt(&m->mem, &m->spec.corrupt, o);
    bad |= json_object_set_new(o, "trained_rows", json_integer(tr->rows));
    bad |= json_object_set_new(o, "epochs", json_integer(tr->epochs));
    bad |= json_object_set_new(o, "best_epoch", json_integer(tr->best_epoch));
    if (tr->steps > 0) bad |= json_object_set_new(o, "steps", json_integer(tr->steps));
    bad |= json_object_set_new(o, "seed", json_integer((json_int_t)tr->seed));
    if (m->detector.score != NULL) bad |= describe_detector(&m->detector, o);
    if (m->has_pictures) bad |= describe_pictures(&m->pictures, o);
    if (m->series != NULL) bad |= describe_series(m->series, o);
    if (m->columns != NULL)
        bad |=
            json_object_set_new(o, "columns", lines_json(m->columns, hgi_model_raw(m)));
    if (m->scaler.schema != NULL)
        bad |= json_object_set_new(o, "table", hgi_schema_json(m->scaler.schema));
    if (m->decimal != '\0' || m->renamed != NULL) bad |= describe_reading(m, o);
    if (bad != 0) {
        json_decref(o);
        return NULL;
    }
    return o;
}

/* jansson 2.14's dump goes on after memory ran out in a text, and leaves broken JSON: what
 * it wrote is read again, because a model that cannot be loaded must not be saved.     */
static bool reads_back(const char *text, const json_t *o)
{
    json_t *back = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    bool same = back != NULL && json_equal(back, o) != 0;
    json_decref(back);
    return same;
}

static hg_status put_description(hg_ctx *ctx, const hg_model *m, hgi_container *c)
{
    HGI_TRY(hgi_container_put_text(c, "format", "pt"));
    json_t *o = describe(m);
    char *text = o != NULL ? json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;
    hg_status status = text != NULL && reads_back(text, o)
                           ? hgi_container_put_text(c, "hourglass", text)
                           : hgi_fail_mem(ctx, 1024, "the model's description");
    json_decref(o);
    json_free_t release;
    json_get_alloc_funcs(NULL, &release);
    release(text);
    return status;
}

/* Under "<prefix><layer>.<name>". */
static hg_status put_weights(const hg_model *m, const char *prefix, hgi_container *c)
{
    for (int64_t i = 0; i < m->net.count; i++) {
        const hgi_layer *l = &m->net.layer[i];
        for (int k = 0; k < l->tensors; k++) {
            const hgi_tensor *t = &l->tensor[k];
            char name[96];
            snprintf(name, sizeof name, "%s%s.%s", prefix, l->name, t->name);
            const hgi_real *data =
                (t->role == HGI_STATE ? m->state : m->theta) + t->offset;
            HGI_TRY(hgi_container_put_real(c, name, t->rank, t->dim, data));
        }
    }
    return HG_OK;
}

/* Weights of a detector's other nets: "net.1.encoder.0.weight". */
static hg_status put_nets(const hgi_detector *d, hgi_container *c)
{
    for (int64_t i = 1; i < d->nets; i++) {
        char prefix[32];
        snprintf(prefix, sizeof prefix, "net.%lld.", (long long)i);
        HGI_TRY(put_weights(d->net[i], prefix, c));
    }
    return HG_OK;
}

static hg_status put_scaler(const hg_model *m, hgi_container *c)
{
    const hgi_scaler *s = &m->scaler;
    if (s->kind == HGI_SCALE_NONE) return HG_OK;
    int64_t n = s->features;
    HGI_TRY(hgi_container_put(c, "scaler.shift", HGI_DT_F64, 1, &n, s->shift));
    if (s->bend != NULL)
        HGI_TRY(hgi_container_put(c, "scaler.bend", HGI_DT_F64, 1, &n, s->bend));
    return hgi_container_put(c, "scaler.scale", HGI_DT_F64, 1, &n, s->scale);
}

hg_status hg_model_save(hg_ctx *ctx, const hg_model *m, const char *path)
{
    hg_status status = HG_OK;
    hgi_container *c = NULL;
    double *history = NULL;
    if (m == NULL || path == NULL)
        return hgi_fail(ctx, HG_EINVAL, "hg_model_save: no model or path");
    HGI_GOTO(hgi_container_new(ctx, &c));
    HGI_GOTO(put_description(ctx, m, c));
    HGI_GOTO(put_weights(m, "", c));
    HGI_GOTO(put_nets(&m->detector, c));
    HGI_GOTO(put_scaler(m, c));
    HGI_GOTO(hgi_history_put(ctx, m, c, &history));
    HGI_GOTO(hgi_mixture_put(&m->mixture, c));
    HGI_GOTO(hgi_detector_put(&m->detector, c));
    HGI_GOTO(hgi_container_write(c, path));
done:
    hgi_container_free(&c);
    hgi_free(&ctx->mem, history);
    return status;
}
