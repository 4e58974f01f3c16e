// SPDX-License-Identifier: MIT
/* hg_config: the values of the options in options.c, held as checked text.
 *
 * A value is checked when it is set, where the user's word can still be named; reading it
 * back cannot fail.  Lists are stored in one form ("a;b", "128,64"), numbers as they were
 * typed; hgi_config_print() writes numbers in their shortest form, so that 1e-3 and 0.001
 * are the same configuration.                                                          */
#include "model/config.h"
#include "model/line.h"

#include <string.h>

struct hg_config {
    hgi_mem mem;
    hg_ctx *ctx;
    char *value[HGI_MAX_OPTIONS]; /* by index of hgi_config_decls; NULL: not set */
    char *place[HGI_MAX_OPTIONS]; /* of each line of the value in a file, or NULL */
    bool chosen[HGI_MAX_OPTIONS]; /* set by its own name: no preset replaces it */
};

static void clear_index(hg_config *c, int i)
{
    hgi_free(&c->mem, c->value[i]);
    hgi_free(&c->mem, c->place[i]);
    c->value[i] = c->place[i] = NULL;
    c->chosen[i] = false;
}

hg_status hg_config_new(hg_ctx *ctx, hg_config **out)
{
    *out = NULL;
    hg_config *c = hgi_calloc(&ctx->mem, 1, sizeof(*c));
    if (c == NULL) return hgi_fail_mem(ctx, sizeof(*c), "a configuration");
    c->mem = ctx->mem;
    c->ctx = ctx;
    *out = c;
    return HG_OK;
}

void hg_config_free(hg_config **cfg)
{
    if (cfg == NULL || *cfg == NULL) return;
    hg_config *c = *cfg;
    for (int i = 0; i < HGI_MAX_OPTIONS; i++) clear_index(c, i);
    hgi_mem mem = c->mem;
    hgi_free(&mem, c);
    *cfg = NULL;
}

hg_status hgi_config_copy(const hg_config *c, hg_config **out)
{
    hg_config *copy;
    *out = NULL;
    HGI_TRY(hg_config_new(c->ctx, &copy));
    for (int i = 0; i < HGI_MAX_OPTIONS; i++) {
        copy->chosen[i] = c->chosen[i];
        if (c->value[i] == NULL) continue;
        copy->value[i] = hgi_strdup(&c->mem, c->value[i]);
        if (c->place[i] != NULL) copy->place[i] = hgi_strdup(&c->mem, c->place[i]);
        if (copy->value[i] != NULL && (c->place[i] == NULL) == (copy->place[i] == NULL))
            continue;
        hg_config_free(&copy);
        return hgi_fail_mem(c->ctx, strlen(c->value[i]) + 1, "a configuration");
    }
    *out = copy;
    return HG_OK;
}

void hgi_config_swap(hg_config *a, hg_config *b)
{
    for (int i = 0; i < HGI_MAX_OPTIONS; i++) {
        char *value = a->value[i], *place = a->place[i];
        bool chosen = a->chosen[i];
        a->value[i] = b->value[i];
        a->place[i] = b->place[i];
        a->chosen[i] = b->chosen[i];
        b->value[i] = value;
        b->place[i] = place;
        b->chosen[i] = chosen;
    }
}

/* ---- names ------------------------------------------------------------------ */

static bool same_name(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++)
        if ((*a == '_' ? '-' : *a) != (*b == '_' ? '-' : *b)) return false;
    return *a == *b;
}

int hgi_config_find(const char *name)
{
    for (int i = 0; hgi_config_decls[i].name != NULL; i++) {
        const hgi_config_decl *d = &hgi_config_decls[i];
        if (same_name(name, d->name)) return i;
        if (d->alias != NULL && same_name(name, d->alias)) return i;
    }
    return -1;
}

hg_status hgi_config_unknown(hg_ctx *ctx, const char *name, const char *where)
{
    const char *names[HGI_MAX_OPTIONS];
    int n = 0;
    for (; hgi_config_decls[n].name != NULL; n++) names[n] = hgi_config_decls[n].name;
    return hgi_unknown(ctx, "option", name, where, names, n);
}

/* The row of a name that the program itself wrote. */
static int need(const char *name)
{
    int i = hgi_config_find(name);
    assert(i >= 0 && i < HGI_MAX_OPTIONS);
    return i;
}

/* ---- setting ------------------------------------------------------------------- */

static hg_status set_index(hg_config *c, int i, const char *value)
{
    hg_status status = HG_OK;
    hgi_text text;
    char *copy = NULL;
    hgi_text_init(&text, &c->mem);
    HGI_GOTO(hgi_config_check(c->ctx, &hgi_config_decls[i], value, &text));
    copy = hgi_strdup(&c->mem, text.s);
    if (copy == NULL) {
        status = hgi_fail_mem(c->ctx, text.len + 1, hgi_config_decls[i].name);
        goto done;
    }
    clear_index(c, i);
    c->value[i] = copy;
done:
    hgi_text_free(&text);
    return status;
}

hg_status hg_config_set(hg_config *cfg, const char *name, const char *value)
{
    if (name == NULL || value == NULL)
        return hgi_fail(cfg->ctx, HG_EINVAL, "hg_config_set: %s is NULL",
                        name == NULL ? "name" : "value");
    int i = hgi_config_find(name);
    if (i < 0) return hgi_config_unknown(cfg->ctx, name, NULL);
    if (i == need("preset")) return hg_config_preset(cfg, value);
    HGI_TRY(set_index(cfg, i, value));
    cfg->chosen[i] = true;
    /* Lines say the whole structure: sizes of a preset or an earlier flag must go. */
    if (i == need("encoder") || i == need("decoder")) {
        clear_index(cfg, need("hidden"));
        clear_index(cfg, need("code"));
    }
    return HG_OK;
}

hg_status hgi_config_set_places(hg_config *c, int i, const char *places)
{
    char *copy = hgi_strdup(&c->mem, places);
    if (copy == NULL)
        return hgi_fail_mem(c->ctx, strlen(places) + 1, hgi_config_decls[i].name);
    hgi_free(&c->mem, c->place[i]);
    c->place[i] = copy;
    return HG_OK;
}

const char *hgi_config_places(const hg_config *c, const char *name)
{
    return c->place[need(name)];
}

void hgi_config_clear(hg_config *c, const char *name) { clear_index(c, need(name)); }

static const hgi_preset *find_preset(const char *name)
{
    for (int i = 0; hgi_presets[i].name != NULL; i++)
        if (strcmp(hgi_presets[i].name, name) == 0) return &hgi_presets[i];
    return NULL;
}

static hg_status unknown_preset(hg_ctx *ctx, const char *name)
{
    const char *names[HGI_MAX_OPTIONS];
    int64_t n = 0;
    for (; hgi_presets[n].name != NULL && n < HGI_MAX_OPTIONS; n++)
        names[n] = hgi_presets[n].name;
    return hgi_unknown(ctx, "preset", name, NULL, names, n);
}

/* A preset gives what nobody chose, wherever it stands: an option's own word wins before it
 * and behind it, so that their order cannot change a model silently.  What another preset
 * gave goes.                                                                           */
hg_status hg_config_preset(hg_config *cfg, const char *name)
{
    if (name == NULL)
        return hgi_fail(cfg->ctx, HG_EINVAL, "hg_config_preset: name is NULL");
    const hgi_preset *p = find_preset(name);
    if (p == NULL) return unknown_preset(cfg->ctx, name);
    hg_config *copy;
    HGI_TRY(hgi_config_copy(cfg, &copy));
    for (int i = 0; i < HGI_MAX_OPTIONS; i++)
        if (!copy->chosen[i]) clear_index(copy, i);
    /* Lines say the whole structure, as in hg_config_set(). */
    bool lines = copy->chosen[need("encoder")] || copy->chosen[need("decoder")];
    hg_status status = set_index(copy, need("preset"), name);
    for (int i = 0; status == HG_OK && p->settings[i] != NULL; i += 2) {
        int at = need(p->settings[i]);
        bool size = at == need("hidden") || at == need("code");
        if (copy->chosen[at] || (lines && size)) continue;
        status = set_index(copy, at, p->settings[i + 1]);
    }
    if (status == HG_OK) hgi_config_swap(cfg, copy);
    hg_config_free(&copy);
    return status;
}

/* ---- reading --------------------------------------------------------------------- */

static const char *effective(const hg_config *c, int i)
{
    return c->value[i] != NULL ? c->value[i] : hgi_config_decls[i].initial;
}

const char *hg_config_get(const hg_config *cfg, const char *name)
{
    int i = name != NULL ? hgi_config_find(name) : -1;
    return i >= 0 ? effective(cfg, i) : NULL;
}

int hg_config_option(int index, hg_option *out)
{
    if (index < 0) return 0;
    for (int i = 0; i <= index; i++)
        if (hgi_config_decls[i].name == NULL) return 0;
    const hgi_config_decl *d = &hgi_config_decls[index];
    *out = (hg_option){d->name, d->argument, d->initial, d->help, d->group, d->alias};
    return 1;
}

bool hgi_config_has(const hg_config *c, const char *name)
{
    return effective(c, need(name)) != NULL;
}

bool hgi_config_given(const hg_config *c, const char *name)
{
    return c->value[need(name)] != NULL;
}

const char *hgi_config_text(const hg_config *c, const char *name)
{
    const char *text = effective(c, need(name));
    return text != NULL ? text : "";
}

int64_t hgi_config_int(const hg_config *c, const char *name)
{
    const char *text = hgi_config_text(c, name);
    int64_t x = 0;
    if (!hgi_parse_int(text, strlen(text), &x)) x = 0;
    return x;
}

double hgi_config_real(const hg_config *c, const char *name)
{
    const char *text = hgi_config_text(c, name);
    double x = 0;
    if (!hgi_parse_double(text, strlen(text), '.', &x)) x = 0;
    return x;
}

bool hgi_config_flag(const hg_config *c, const char *name)
{
    return strcmp(hgi_config_text(c, name), "true") == 0;
}

/* Calls that read "128,64" after it was checked; out may be NULL to count. */
static int64_t split_sizes(const char *text, int64_t *out, int64_t max)
{
    int64_t n = 0;
    while (*text != '\0') {
        size_t len = strcspn(text, ",");
        int64_t size = 0;
        bool ok = hgi_parse_int(text, len, &size);
        assert(ok);
        (void)ok;
        if (out != NULL && n < max) out[n] = size;
        n++;
        text += len + (text[len] == ',' ? 1 : 0);
    }
    return n;
}

int64_t hgi_config_sizes(const hg_config *c, const char *name, int64_t *out, int64_t max)
{
    return split_sizes(hgi_config_text(c, name), out, max);
}

hg_ctx *hgi_config_ctx(const hg_config *c) { return c->ctx; }

hg_status hgi_config_print(const hg_config *c, hgi_text *out)
{
    for (int i = 0; hgi_config_decls[i].name != NULL; i++) {
        const hgi_config_decl *d = &hgi_config_decls[i];
        const char *text = effective(c, i);
        if (text == NULL || strcmp(d->name, "preset") == 0) continue;
        if (strcmp(d->group, "output") == 0 || strcmp(d->group, "machine") == 0) continue;
        /* A flag that is off is the same as one never named. */
        if (d->type == HGI_CFG_FLAG && !hgi_config_flag(c, d->name)) continue;
        char number[HGI_NUMBER_MAX];
        if (d->type == HGI_CFG_REAL) {
            hgi_format_double(number, hgi_config_real(c, d->name));
            text = number;
        } else if (d->type == HGI_CFG_INT) {
            snprintf(number, sizeof(number), "%lld",
                     (long long)hgi_config_int(c, d->name));
            text = number;
        }
        hgi_text_add(out, "%s=%s\n", d->name, text);
    }
    return hgi_text_ok(out) ? HG_OK : hgi_fail_mem(c->ctx, out->len, "a configuration");
}
