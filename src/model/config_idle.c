// SPDX-License-Identifier: MIT
/* Options that have no effect beside the others are told by name: a momentum for Adam is
 * a misunderstanding that would otherwise cost a run.  What an option needs is a column of
 * options.c: alternatives with blanks between, each a list joined by '+' of options that
 * must be given, or must have the value behind '='.                                    */
#include "model/config.h"

#include <string.h>

enum { TERM = 48 };

/* "momentum" or "optimizer=sgd". */
static bool holds(const hg_config *c, const char *term, const char *loss)
{
    const char *value = strchr(term, '=');
    if (value == NULL) return hgi_config_given(c, term);
    char name[TERM];
    snprintf(name, sizeof name, "%.*s", (int)(value - term), term);
    const char *is = strcmp(name, "loss") == 0 ? loss : hgi_config_text(c, name);
    return strcmp(is, value + 1) == 0;
}

/* All terms of the alternative at p, which ends at a blank or the text's end. */
static bool all_hold(const hg_config *c, const char *p, const char *loss)
{
    for (;; p++) {
        char term[TERM];
        size_t n = strcspn(p, "+ ");
        snprintf(term, sizeof term, "%.*s", (int)n, p);
        if (!holds(c, term, loss)) return false;
        p += n;
        if (*p != '+') return true;
    }
}

static bool has_effect(const hg_config *c, const char *needs, const char *loss)
{
    for (const char *p = needs;; p++) {
        if (all_hold(c, p, loss)) return true;
        p += strcspn(p, " ");
        if (*p == '\0') return false;
    }
}

/* Does the preset in use say this, and the user nothing else? */
static bool from_preset(const hg_config *c, const char *name, const char *value)
{
    const char *preset = hg_config_get(c, "preset");
    for (int i = 0; preset != NULL && hgi_presets[i].name != NULL; i++) {
        if (strcmp(hgi_presets[i].name, preset) != 0) continue;
        for (const char *const *s = hgi_presets[i].settings; *s != NULL; s += 2)
            if (strcmp(s[0], name) == 0 && strcmp(s[1], value) == 0) return true;
    }
    return false;
}

/* "optimizer=sgd+momentum keep=best" as "optimizer=sgd and momentum or keep=best". */
static void say_needs(const char *needs, char *out, size_t n)
{
    size_t len = 0;
    for (const char *p = needs; *p != '\0' && len + 8 < n; p++) {
        const char *word = *p == '+' ? " and " : *p == ' ' ? " or " : NULL;
        if (word != NULL)
            len += (size_t)snprintf(out + len, n - len, "%s", word);
        else
            out[len++] = *p;
    }
    out[len] = '\0';
}

void hgi_config_warn_idle(const hg_config *c, const char *loss)
{
    for (const hgi_config_decl *d = hgi_config_decls; d->name != NULL; d++) {
        if (d->needs == NULL || !hgi_config_given(c, d->name)) continue;
        if (d->type == HGI_CFG_FLAG && !hgi_config_flag(c, d->name)) continue;
        if (has_effect(c, d->needs, loss)) continue;
        if (from_preset(c, d->name, hgi_config_text(c, d->name))) continue;
        char needs[200];
        say_needs(d->needs, needs, sizeof needs);
        hgi_log(hgi_config_ctx(c), HG_LOG_WARNING, "%s has no effect here: it needs %s",
                d->name, needs);
    }
}
