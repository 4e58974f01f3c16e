// SPDX-License-Identifier: MIT
/* Before the first step: split, scale, loss, model, and every check that can be made. */
#include "train/trainer.h"

#include <math.h>
#include <string.h>

/* Values of a row that may well be a series: fewer are rather channels of one step. */
enum { LEAST_SEQUENCE = 16 };

static hg_status check_data(hg_ctx *ctx, const hg_dataset *train, const hg_dataset *valid)
{
    if (train == NULL || train->rows < 1)
        return hgi_fail(ctx, HG_ESHAPE, "no training rows");
    if (valid != NULL && valid->features != train->features)
        return hgi_fail(ctx, HG_ESHAPE, "%s: %lld features a row, but %s has %lld",
                        valid->name, (long long)valid->features, train->name,
                        (long long)train->features);
    if (valid == NULL) return HG_OK;
    if (train->schema != NULL || valid->schema != NULL)
        return hgi_schema_fits(ctx, train->schema, valid, train->name);
    int64_t i = hgi_columns_differ(valid->columns, train->columns, train->features);
    if (i < 0) return HG_OK;
    return hgi_fail(ctx, HG_EMISMATCH,
                    "%s: column %lld is '%.200s', but %s has '%.200s' there", valid->name,
                    (long long)i + 1, valid->columns[i], train->name, train->columns[i]);
}

static hg_status split(hgi_trainer *t)
{
    t->own_train = t->own_valid = NULL;
    if (!hgi_config_given(t->cfg, "valid-split")) return HG_OK;
    if (t->valid != NULL) {
        hgi_log(t->ctx, HG_LOG_WARNING,
                "valid-split has no effect here: the validation rows are given, %s",
                t->valid->name);
        return HG_OK;
    }
    double f = hgi_config_real(t->cfg, "valid-split");
    if (f <= 0) return HG_OK;
    HGI_TRY(hg_dataset_split(t->ctx, t->train, f,
                             (uint64_t)hgi_config_int(t->cfg, "seed"), &t->own_train,
                             &t->own_valid));
    t->train = t->own_train;
    t->valid = t->own_valid;
    return HG_OK;
}

/* "28x28x1": for a net that needs the shape of a row; its product must be the features.
 * */
static hg_status input_shape(hgi_trainer *t, hgi_shape *out)
{
    const hg_schema *schema = t->train->schema;
    *out = (hgi_shape){.rank = t->train->rank};
    for (int i = 0; i < out->rank; i++) out->dim[i] = t->train->shape[i];
    if (schema != NULL) *out = (hgi_shape){1, {schema->features, 0, 0}};
    const char *text = hgi_config_text(t->cfg, "shape");
    if (*text == '\0') return HG_OK;
    if (schema != NULL)
        return hgi_fail(t->ctx, HG_ESHAPE,
                        "shape: %s is a table with words or missing values, no images",
                        t->train->name);
    hgi_shape s = {0};
    for (const char *p = text; s.rank < 3;) {
        size_t n = strcspn(p, "xX,");
        int64_t dim;
        if (!hgi_parse_int(p, n, &dim) || dim < 1 || dim > (1 << 24)) break;
        s.dim[s.rank++] = dim;
        if (hgi_shape_count(&s) > t->train->features) break; /* before it can overflow */
        if (p[n] == '\0') {
            if (hgi_shape_count(&s) != t->train->features) break;
            *out = s;
            return HG_OK;
        }
        p += n + 1;
    }
    return hgi_fail(t->ctx, HG_ESHAPE,
                    "shape '%s': expected 1 to 3 sizes like 28x28x1 that "
                    "multiply to the %lld features of a row",
                    text, (long long)t->train->features);
}

/* Names that differ by more than their digits are those of things, not of steps. */
static bool names_differ(const hg_dataset *d)
{
    static const char digits[] = "0123456789";
    for (int64_t i = 1; d->columns != NULL && i < d->features; i++) {
        const char *a = d->columns[0], *b = d->columns[i];
        while (true) {
            a += strspn(a, digits);
            b += strspn(b, digits);
            if (*a != *b) return true;
            if (*a == '\0') break;
            a++, b++;
        }
    }
    return false;
}

/* Layers that take a row for a sequence want windows, or rows that are each a series; a
 * table of steps would be learnt step by step, and its columns as steps of time. */
static hg_status check_sequence(const hgi_trainer *t)
{
    const hg_dataset *d = t->train;
    if (d->series != NULL || d->rank != 1 ||
        strstr(hgi_config_text(t->cfg, "encoder"), "reshape sequence") == NULL)
        return HG_OK;
    for (int64_t i = 0; d->schema != NULL && i < d->schema->columns; i++)
        if (d->schema->column[i].kind != HGI_NUMERIC)
            return hgi_fail(t->ctx, HG_EMISMATCH,
                            "%s: column '%.100s' is a %s, but each row is taken for a "
                            "series of its own; to take rows that follow one another "
                            "for one, say how many make a window: --window N, and "
                            "where there are such columns --time NAME and --group NAME",
                            d->name, d->schema->column[i].name,
                            hgi_kind_words[d->schema->column[i].kind]);
    if (d->features >= LEAST_SEQUENCE && !names_differ(d)) return HG_OK;
    hgi_log(
        t->ctx, HG_LOG_WARNING,
        "%s: each row of %lld values is taken for a series of its own; if rows follow "
        "one another in time, say how many make a window: --window N, --time NAME",
        d->name, (long long)d->features);
    return HG_OK;
}

/* Scaled values outside [0,1], as an error with a way out that works for these rows. */
static hg_status outside(hgi_trainer *t, const hgi_scaler *s, double lo, double hi)
{
    char low[HGI_NUMBER_MAX], high[HGI_NUMBER_MAX];
    hgi_format_float(low, (float)lo);
    hgi_format_float(high, (float)hi);
    bool unit = t->train->min >= 0.0 && t->train->max <= 255.0;
    return hgi_fail(t->ctx, HG_ERANGE,
                    "%s: loss bce needs values in [0,1], found %s to %s with scale %s; "
                    "set scale to %sminmax, or loss to mse",
                    t->train->name, low, high, hgi_scale_name(s->kind),
                    unit ? "unit or " : "");
}

static hg_status no_shares(hgi_trainer *t, double lo, double hi)
{
    return hgi_fail(t->ctx, HG_ERANGE,
                    "%s: binarise takes values for probabilities, in [0,1], found %g to "
                    "%g; set scale to minmax, or binarise to none",
                    t->train->name, lo, hi);
}

/* Counts stay what they are: scaled they would count nothing. */
static hg_status fit_scaler(hgi_trainer *t, hgi_scaler *s)
{
    const char *word = hgi_config_text(t->cfg, "scale");
    if (strcmp(hgi_config_text(t->cfg, "loss"), "multinomial") == 0) {
        if (strcmp(word, "auto") == 0) word = "none";
        if (strcmp(word, "none") != 0)
            return hgi_fail(t->ctx, HG_EINVAL,
                            "scale %s: loss multinomial takes counts as they are, set "
                            "scale to none",
                            word);
    }
    return hgi_scaler_fit(t->ctx, word, t->train, s);
}

static hg_status make_spec(hgi_trainer *t, const hgi_shape *shape, const char *loss,
                           hgi_spec *spec)
{
    HGI_TRY(hgi_spec_from_config(t->cfg, shape, loss, spec));
    return t->known.count > 0 ? hgi_spec_condition(t->ctx, spec, &t->known) : HG_OK;
}

/* Of a table: words want a loss of their own. */
static hg_status table_loss(hgi_trainer *t, const char *word, const hgi_shape *shape,
                            hgi_spec *spec)
{
    bool automatic = *word == '\0' || strcmp(word, "auto") == 0, words = false;
    const hg_schema *schema = t->train->schema;
    for (int64_t i = 0; i < schema->columns; i++)
        words = words || schema->column[i].kind != HGI_NUMERIC;
    if (automatic) word = words ? "table" : "mse";
    if (strcmp(word, "gaussian") == 0 || strcmp(word, "multinomial") == 0)
        return hgi_fail(
            t->ctx, HG_EINVAL,
            "%s: loss %s is for numbers, this is a table with words, gaps or columns "
            "left out: drop those, or set loss to table, mse, mae or huber",
            t->train->name, word);
    if (strcmp(word, "bce") == 0)
        return hgi_fail(
            t->ctx, HG_EINVAL,
            "%s: loss bce is for values in [0,1], this is a table with words, "
            "gaps or columns left out: drop those, or set loss to table, "
            "mse, mae or huber",
            t->train->name);
    HGI_TRY(make_spec(t, shape, word, spec));
    if (spec->binarise != HGI_BINARISE_NONE)
        return hgi_fail(t->ctx, HG_EINVAL, "%s: binarise is for images, this is a table",
                        t->train->name);
    spec->corrupt.span = (hgi_span){-3, 3}; /* of standardised numbers, nearly all */
    hgi_log(t->ctx, HG_LOG_INFO, "loss: %s (%s)", word,
            !automatic ? "as asked"
            : words    ? "chosen: columns of words or dates"
                       : "chosen: numbers alone");
    return HG_OK;
}

/* The loss when the user does not say: all training values in [0,1] -> bce, else mse;
 * and mse where explicit decoder lines end in an activation that bce cannot follow. */
static hg_status choose_loss(hgi_trainer *t, const hgi_scaler *s, const hgi_shape *shape,
                             hgi_spec *spec)
{
    const char *word = hgi_config_text(t->cfg, "loss");
    if (s->schema != NULL) return table_loss(t, word, shape, spec);
    double lo, hi;
    const double rounding = 1e-6; /* of (x - min) / (max - min) in float */
    HGI_TRY(hgi_scaled_range(t->ctx, t->train, s, &lo, &hi));
    bool unit = lo >= -rounding && hi <= 1 + rounding;
    bool automatic = *word == '\0' || strcmp(word, "auto") == 0;
    if (automatic) word = unit ? "bce" : "mse";
    if (strcmp(word, "bce") == 0 && !unit) return outside(t, s, lo, hi);
    if (strcmp(word, "multinomial") == 0) HGI_TRY(hgi_check_counts(t->ctx, t->train));
    HGI_TRY(make_spec(t, shape, word, spec));
    if (automatic && unit && hgi_config_given(t->cfg, "decoder")) {
        hgi_net probe;
        hg_status status = hgi_net_plan(t->ctx, spec, &probe);
        hgi_net_free(&probe);
        if (status == HG_EINVAL) {
            t->known = spec->classes; /* given back, for the second try */
            spec->classes = (hgi_classes){0};
            hgi_spec_free(spec);
            word = "mse";
            HGI_TRY(make_spec(t, shape, word, spec));
        }
    }
    if (spec->binarise != HGI_BINARISE_NONE && !unit) return no_shares(t, lo, hi);
    spec->corrupt.span = unit ? (hgi_span){0, 1} : (hgi_span){lo, hi};
    hgi_log(t->ctx, HG_LOG_INFO, "loss: %s (%s)", word,
            !automatic ? "as asked"
            : unit     ? "chosen: all values lie in [0,1]"
                       : "chosen: values lie outside [0,1]");
    return HG_OK;
}

/* What a conditional model is given beside the rows; classes are those of all rows, before
 * some of them are kept apart to validate on. */
static hg_status find_classes(hgi_trainer *t)
{
    if (strcmp(hgi_config_text(t->cfg, "condition"), "labels") != 0) return HG_OK;
    const hgi_labels labels = hgi_dataset_labels(t->train);
    return hgi_classes_find(t->ctx, &labels, &t->known);
}

static hg_status number_rows(hgi_trainer *t)
{
    const hgi_classes *known = &t->m->spec.classes;
    if (known->count == 0) return HG_OK;
    hgi_labels labels = hgi_dataset_labels(t->train);
    HGI_TRY(hgi_classes_of(t->ctx, known, &labels, &t->classes[0]));
    if (t->valid == NULL) return HG_OK;
    labels = hgi_dataset_labels(t->valid);
    return hgi_classes_of(t->ctx, known, &labels, &t->classes[1]);
}

/* Validation rows on another scale; those that a bce model must clip, or refuse; counts
 * below 0. */
static hg_status check_valid_range(hgi_trainer *t)
{
    const hg_model *m = t->m;
    double lo, hi;
    bool counts = m->net.loss->counts;
    if (t->valid == NULL) return HG_OK;
    const hgi_apart apart = hgi_apart_rows(&m->scaler, m->shares, t->valid);
    hgi_warn_apart(t->ctx, t->valid->name, apart);
    if (!m->net.loss->unit_range && !counts) return HG_OK;
    HGI_TRY(hgi_scaled_range(t->ctx, t->valid, &m->scaler, &lo, &hi));
    if (counts) return hgi_check_counts(t->ctx, t->valid);
    if (lo >= -1e-6 && hi <= 1 + 1e-6) return HG_OK;
    if (!m->clip)
        return hgi_fail(
            t->ctx, HG_ERANGE,
            "%s: validation rows lie outside the training range (scaled values %g to "
            "%g, expected 0 to 1), and out-of-range is refuse",
            t->valid->name, lo, hi);
    if (apart != HGI_ALIKE) return HG_OK;
    hgi_log(t->ctx, HG_LOG_WARNING,
            "%s: validation rows lie outside the training range (scaled values %g to "
            "%g); they "
            "are clipped to [0,1]",
            t->valid->name, lo, hi);
    return HG_OK;
}

/* What was chosen, for --verbose; choose_loss() says its own, with the reason.         */
static void say_scale(const hgi_trainer *t, const hgi_scaler *s)
{
    bool automatic = strcmp(hgi_config_text(t->cfg, "scale"), "auto") == 0;
    hgi_log(t->ctx, HG_LOG_INFO, "scale: %s (%s: %s)", hgi_scale_name(s->kind),
            automatic ? "chosen by type and range" : "as asked",
            hgi_scales[s->kind].brief);
}

static void say_step(const hgi_trainer *t)
{
    hgi_optim o;
    hgi_optim_read(t->cfg, &o);
    hgi_log(t->ctx, HG_LOG_INFO,
            "optimizer: %s, learning rate %g, schedule %s, batches of %lld", o.kind->name,
            o.lr, hgi_config_text(t->cfg, "schedule"),
            (long long)hgi_config_int(t->cfg, "batch-size"));
    hgi_log(t->ctx, HG_LOG_INFO, "kernels: %s, threads: %d", t->ctx->kernels->name,
            t->ctx->threads);
}

/* A code size beside explicit lines is a promise that they keep. */
static hg_status check_code_size(const hgi_trainer *t)
{
    if (!hgi_config_given(t->cfg, "code") || !hgi_config_given(t->cfg, "encoder"))
        return HG_OK;
    int64_t code = hgi_config_int(t->cfg, "code");
    if (code == t->m->net.code_size) return HG_OK;
    const char *place = hgi_config_places(t->cfg, "code");
    return hgi_fail(t->ctx, HG_ESHAPE,
                    "%s%scode: %lld, but the encoder lines give %lld values",
                    place != NULL ? place : "", place != NULL ? ": " : "",
                    (long long)code, (long long)t->m->net.code_size);
}

hg_status hgi_setup(hg_ctx *ctx, const hg_config *cfg, const hg_dataset *train,
                    const hg_dataset *valid, hgi_trainer *t)
{
    hg_status status = HG_OK;
    hgi_spec spec = {.mem = ctx->mem};
    hgi_scaler scaler;
    hgi_shape shape;
    memset(&scaler, 0, sizeof scaler);
    *t = (hgi_trainer){.ctx = ctx, .cfg = cfg, .train = train, .valid = valid};
    HGI_GOTO(check_data(ctx, train, valid));
    HGI_GOTO(check_sequence(t));
    HGI_GOTO(find_classes(t));
    HGI_GOTO(split(t));
    HGI_GOTO(input_shape(t, &shape));
    HGI_GOTO(fit_scaler(t, &scaler));
    /* How many values the net has of a date is known only now. */
    if (scaler.schema != NULL) shape.dim[0] = scaler.features;
    say_scale(t, &scaler);
    HGI_GOTO(choose_loss(t, &scaler, &shape, &spec));
    say_step(t);
    hgi_config_warn_idle(cfg, spec.loss);
    HGI_GOTO(hgi_model_take(ctx, &spec, &scaler, &t->m));
    HGI_GOTO(check_code_size(t));
    HGI_GOTO(hgi_pretrain_check(t));
    HGI_GOTO(number_rows(t));
    t->corrupt = t->m->spec.corrupt.count > 0 ? &t->m->spec.corrupt : NULL;
    /* Whoever asks for noise has what the note advises; `summary` still says it. */
    if (t->m->note[0] != '\0')
        hgi_log(ctx, t->corrupt ? HG_LOG_INFO : HG_LOG_WARNING, "%s", t->m->note);
    t->binarise = t->m->spec.binarise;
    t->m->clip = strcmp(hgi_config_text(cfg, "out-of-range"), "refuse") != 0;
    t->m->shares = hgi_are_shares(&t->m->scaler, t->train);
    t->m->trained.rows = t->train->rows;
    t->m->trained.seed = (uint64_t)hgi_config_int(cfg, "seed");
    HGI_GOTO(hgi_model_set_columns(ctx, t->m, t->train->columns));
    HGI_GOTO(hgi_model_set_series(ctx, t->m, t->train->series));
    HGI_GOTO(hgi_model_read_as(ctx, t->m, t->train->decimal, t->train->renamed));
    hgi_model_set_pictures(t->m, t->train);
    HGI_GOTO(check_valid_range(t));
    HGI_GOTO(hgi_start_weights(t));
done:
    hgi_spec_free(&spec);
    hgi_scaler_free(&ctx->mem, &scaler);
    if (status != HG_OK) hgi_trainer_free(t);
    return status;
}
