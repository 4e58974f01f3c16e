// SPDX-License-Identifier: MIT
/* "table" in a model file's description, see docs/file-format.md:
 *
 *     {"named": true, "left_out": ["id"], "columns": [
 *        {"name": "city", "kind": "category", "words": ["Rome", "Oslo"],
 *         "missing": 0.01, "weight": 1.4},
 *        {"name": "day", "kind": "date", "origin": 1709251200, "timed": false,
 *         "order": 2, "last": 365, "cycles": ["week", "month"], "missing": 0,
 *         "weight": 1}, ...]}
 *
 * A file of before there were cycles has none: its dates are a number, the week, the day
 * where they have times.                                                               */
#include "model/schema_json.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* ---- writing ------------------------------------------------------------------------- */

/* Bytes that are no UTF-8, as in an old CSV file, are taken as Latin-1, as column names
 * are in model.c.                                                                      */
static json_t *text_json(const hgi_mem *mem, const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    hgi_text t;
    hgi_text_init(&t, mem);
    while (*s != '\0') {
        size_t n = hgi_utf8_length(s);
        const unsigned char latin[2] = {(unsigned char)(0xc0 | *s >> 6),
                                        (unsigned char)(0x80 | (*s & 0x3f))};
        if (n == 0)
            hgi_text_add_bytes(&t, latin, 2);
        else
            hgi_text_add_bytes(&t, s, n);
        s += n == 0 ? 1 : n;
    }
    json_t *o = hgi_text_ok(&t) ? json_string(t.s != NULL ? t.s : "") : NULL;
    hgi_text_free(&t);
    return o;
}

static json_t *texts_json(const hgi_mem *mem, char *const *texts, int64_t n)
{
    json_t *a = json_array();
    for (int64_t i = 0; a != NULL && i < n; i++)
        if (json_array_append_new(a, text_json(mem, texts[i])) != 0) {
            json_decref(a);
            return NULL;
        }
    return a;
}

static json_t *cycles_json(const hgi_schema_column *c)
{
    json_t *a = json_array();
    for (int i = 0; a != NULL && i < HGI_CYCLES; i++)
        if ((c->cycles >> i & 1U) &&
            json_array_append_new(a, json_string(hgi_cycle_words[i])) != 0) {
            json_decref(a);
            return NULL;
        }
    return a;
}

static json_t *column_json(const hgi_mem *mem, const hgi_schema_column *c)
{
    json_t *o = json_object();
    int bad = o == NULL;
    bad |= json_object_set_new(o, "name", text_json(mem, c->name));
    bad |= json_object_set_new(o, "kind", json_string(hgi_kind_words[c->kind]));
    if (c->words > 0)
        bad |= json_object_set_new(o, "words", texts_json(mem, c->word, c->words));
    if (c->kind == HGI_CATEGORY && c->folded >= 0) {
        bad |= json_object_set_new(o, "folded", json_integer(c->folded));
        bad |= json_object_set_new(o, "rare", json_real(c->rare));
    }
    if (c->kind == HGI_DATE) {
        bad |= json_object_set_new(o, "origin", json_real(c->origin));
        bad |= json_object_set_new(o, "timed", json_boolean(c->timed));
        bad |= json_object_set_new(o, "order", json_integer(c->form));
        if (c->sign != '\0')
            bad |= json_object_set_new(o, "sign", json_stringn(&c->sign, 1));
        bad |= json_object_set_new(o, "last", json_real(c->last));
        bad |= json_object_set_new(o, "cycles", cycles_json(c));
    }
    bad |= json_object_set_new(o, "missing", json_real(c->missing));
    bad |= json_object_set_new(o, "weight", json_real(c->weight));
    if (bad == 0) return o;
    json_decref(o);
    return NULL;
}

json_t *hgi_schema_json(const hg_schema *s)
{
    json_t *o = json_object(), *columns = json_array();
    int bad = o == NULL || columns == NULL;
    for (int64_t i = 0; bad == 0 && i < s->columns; i++)
        bad |= json_array_append_new(columns, column_json(&s->mem, &s->column[i]));
    bad |= json_object_set_new(o, "named", json_boolean(s->named));
    if (s->left_count > 0)
        bad |= json_object_set_new(o, "left_out",
                                   texts_json(&s->mem, s->left, s->left_count));
    bad |= json_object_set_new(o, "columns", columns);
    if (bad == 0) return o;
    json_decref(o);
    return NULL;
}

/* ---- reading ------------------------------------------------------------------------- */

typedef struct reading {
    hg_ctx *ctx;
    const char *path;
    hg_schema *s;
} schema_reading;

static hg_status bad_table(const schema_reading *r, const char *what)
{
    return hgi_fail(r->ctx, HG_EFORMAT, "%s: description: 'table': %s", r->path, what);
}

/* A finite number from lo to hi, or what it is without. */
static hg_status get_real(const schema_reading *r, const json_t *o, const char *key,
                          double lo, double hi, double *out)
{
    const json_t *v = json_object_get(o, key);
    *out = json_number_value(v);
    return json_is_number(v) && *out >= lo && *out <= hi ? HG_OK : bad_table(r, key);
}

static hg_status get_words(const schema_reading *r, const json_t *o, hgi_schema_column *c)
{
    const json_t *a = json_object_get(o, "words");
    size_t n = json_array_size(a);
    if (c->kind == HGI_BOOLEAN ? n != 2 : n > (size_t)1 << 16)
        return bad_table(r, "words");
    if (n > 0) HGI_TRY(hgi_schema_make_words(r->ctx, c, (int64_t)n));
    for (size_t i = 0; i < n; i++) {
        const char *text = json_string_value(json_array_get(a, i));
        if (text == NULL) return bad_table(r, "words");
        c->word[i] = hgi_strdup(&r->s->mem, text);
        if (c->word[i] == NULL) return hgi_fail_mem(r->ctx, strlen(text), "a word");
    }
    return HG_OK;
}

static hg_status get_cycles(const schema_reading *r, const json_t *o,
                            hgi_schema_column *c)
{
    const json_t *a = json_object_get(o, "cycles");
    c->cycles = 0;
    if (a == NULL) {
        c->cycles = 1U << HGI_CYCLE_DATE | 1U << HGI_CYCLE_WEEK;
        if (c->timed) c->cycles |= 1U << HGI_CYCLE_DAY;
        return HG_OK;
    }
    if (!json_is_array(a)) return bad_table(r, "cycles");
    for (size_t i = 0; i < json_array_size(a); i++) {
        const char *word = json_string_value(json_array_get(a, i));
        int k = 0;
        while (word != NULL && k < HGI_CYCLES && strcmp(hgi_cycle_words[k], word) != 0)
            k++;
        if (word == NULL || k == HGI_CYCLES) return bad_table(r, "cycles");
        c->cycles |= 1U << k;
    }
    return HG_OK;
}

static hg_status get_date(const schema_reading *r, const json_t *o, hgi_schema_column *c)
{
    double form;
    HGI_TRY(get_real(r, o, "origin", -1e14, 1e14, &c->origin));
    HGI_TRY(get_real(r, o, "last", -1e10, 1e10, &c->last));
    HGI_TRY(get_real(r, o, "order", HGI_DATE_NONE, HGI_DATE_EITHER, &form));
    if (!json_is_boolean(json_object_get(o, "timed"))) return bad_table(r, "timed");
    c->form = (hgi_date_form)(int)form;
    const char *sign = json_string_value(json_object_get(o, "sign"));
    if (sign != NULL && (strlen(sign) != 1 || strchr("/-.Y", *sign) == NULL))
        return bad_table(r, "sign");
    c->sign = sign != NULL ? *sign : '\0';
    c->timed = json_is_true(json_object_get(o, "timed"));
    return get_cycles(r, o, c);
}

/* Of models of before nobody knows. */
static hg_status get_folded(const schema_reading *r, const json_t *o,
                            hgi_schema_column *c)
{
    double folded;
    c->folded = -1;
    if (json_object_get(o, "folded") == NULL) return HG_OK;
    HGI_TRY(get_real(r, o, "folded", 0, 1e9, &folded));
    c->folded = (int64_t)folded;
    return get_real(r, o, "rare", 0, 1, &c->rare);
}

static hg_status get_column(const schema_reading *r, const json_t *o, int64_t i)
{
    hgi_schema_column *c = &r->s->column[i];
    const char *name = json_string_value(json_object_get(o, "name"));
    const char *kind = json_string_value(json_object_get(o, "kind"));
    int k = 0;
    if (name == NULL || kind == NULL)
        return bad_table(r, "a column without name or kind");
    while (hgi_kind_words[k] != NULL && strcmp(hgi_kind_words[k], kind) != 0) k++;
    if (hgi_kind_words[k] == NULL) return bad_table(r, "a kind that is not known");
    c->kind = (hgi_kind)k;
    HGI_TRY(hgi_schema_set_name(r->ctx, r->s, i, name, strlen(name)));
    if (c->kind == HGI_CATEGORY || c->kind == HGI_BOOLEAN) HGI_TRY(get_words(r, o, c));
    if (c->kind == HGI_CATEGORY) HGI_TRY(get_folded(r, o, c));
    if (c->kind == HGI_DATE) HGI_TRY(get_date(r, o, c));
    HGI_TRY(get_real(r, o, "missing", 0, 1, &c->missing));
    return get_real(r, o, "weight", 1e-30, 1e30, &c->weight);
}

static hg_status get_left(const schema_reading *r, const json_t *a)
{
    for (size_t i = 0; i < json_array_size(a); i++) {
        const char *name = json_string_value(json_array_get(a, i));
        if (name == NULL) return bad_table(r, "left_out");
        HGI_TRY(hgi_schema_add_left(r->ctx, r->s, name));
    }
    return HG_OK;
}

hg_status hgi_schema_from_json(hg_ctx *ctx, const char *path, const json_t *o,
                               int64_t features, hg_schema **out)
{
    schema_reading r = {ctx, path, NULL};
    hg_status status = HG_OK;
    const json_t *columns = json_object_get(o, "columns");
    size_t n = json_array_size(columns);
    *out = NULL;
    /* Each column has a feature at least, and the net has been checked. */
    if (n < 1 || n > (size_t)features) return bad_table(&r, "columns");
    HGI_TRY(hgi_schema_new(ctx, (int64_t)n, &r.s));
    r.s->named = json_is_true(json_object_get(o, "named"));
    for (size_t i = 0; i < n; i++)
        HGI_GOTO(get_column(&r, json_array_get(columns, i), (int64_t)i));
    HGI_GOTO(get_left(&r, json_object_get(o, "left_out")));
    status = hgi_schema_settle(ctx, r.s);
    if (status != HG_OK && status != HG_ENOMEM)
        HGI_GOTO(bad_table(&r, "words or columns that cannot be"));
    HGI_GOTO(status);
    if (r.s->features != features)
        HGI_GOTO(bad_table(&r, "its columns are not as many features as the net has"));
    *out = r.s;
done:
    if (status != HG_OK) hgi_schema_free(&r.s);
    return status;
}
