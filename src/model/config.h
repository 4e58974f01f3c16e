// SPDX-License-Identifier: MIT
/* hg_config: named options with text values, checked when they are set.
 *
 * options.c has the one table: every option's name, type, range, default and help.  The
 * CLI's flags, YAML keys, docs and errors come from it.  A list (encoder, decoder) is
 * held as lines joined by ";".                                                         */
#ifndef HGI_CONFIG_H
#define HGI_CONFIG_H

#include "base/base.h"

typedef enum hgi_config_type {
    HGI_CFG_INT,
    HGI_CFG_REAL,
    HGI_CFG_FLAG, /* "true"/"false"; "" is true                                         */
    HGI_CFG_WORD, /* one of words[]                                                     */
    HGI_CFG_TEXT, /* anything, checked where it is used                                 */
    HGI_CFG_LINES, /* layer lines joined by ";"                                         */
    HGI_CFG_CORRUPT, /* "gaussian:0.2+mask:0.1" or "none"                            */
    HGI_CFG_SIZES /* "128,64": whole numbers >= 1                                       */
} hgi_config_type;

typedef struct hgi_config_decl {
    const char *name; /* with '-' */
    hgi_config_type type;
    double lo,
        hi; /* INT, REAL, SIZES: inclusive, except where the next two say so      */
    bool lo_open, hi_open;
    const char *initial;
    const char *const *words;
    const char *argument, *group, *help;
    const char
        *alias; /* another name, or NULL                                            */
    const char *needs; /* "optimizer=sgd+momentum keep=best": has an effect with sgd and a
                          momentum, or with keep best.  NULL: always                    */
} hgi_config_decl;
extern const hgi_config_decl hgi_config_decls[]; /* name == NULL ends */

typedef struct hgi_preset {
    const char *name, *brief;
    const char *const
        *settings; /* name, value, name, value, ..., NULL                    */
} hgi_preset;
extern const hgi_preset hgi_presets[]; /* name == NULL ends */

/* Room for the table of options to grow.                                               */
#define HGI_MAX_OPTIONS 96

/* Index in hgi_config_decls of an option or an alias, '-' and '_' the same; -1: none.  */
int hgi_config_find(const char *name);
/* HG_EUNKNOWN with the nearest option's name; `where` as in hgi_unknown(), may be NULL.
 * */
hg_status hgi_config_unknown(hg_ctx *ctx, const char *name, const char *where);

/* Check a value and append it to `out` in the form it is stored in: "a;b", "128,64",
 * "true".  Errors: HG_EINVAL, HG_ERANGE, HG_EUNKNOWN for a word.                       */
hg_status hgi_config_check(hg_ctx *ctx, const hgi_config_decl *d, const char *text,
                           hgi_text *out);

/* Typed reads; 0, false or "" when there is no value.  The name must be in the table
 * (assert).                                                                            */
bool hgi_config_has(const hg_config *c, const char *name); /* set, or has a default */
bool hgi_config_given(const hg_config *c,
                      const char *name); /* set by the user or a preset */
int64_t hgi_config_int(const hg_config *c, const char *name);
double hgi_config_real(const hg_config *c, const char *name);
bool hgi_config_flag(const hg_config *c, const char *name);
/* Never NULL.                                                                          */
const char *hgi_config_text(const hg_config *c, const char *name);
/* Sizes of "128,64" into out[max]; returns how many.                                   */
int64_t hgi_config_sizes(const hg_config *c, const char *name, int64_t *out, int64_t max);
/* Where a file sets option i: "net.yaml:4:5", for a list of layer lines one such place a
 * line.  Setting the option again forgets it.  NULL: no file did.                      */
hg_status hgi_config_set_places(hg_config *c, int i, const char *places);
const char *hgi_config_places(const hg_config *c, const char *name);
hg_ctx *hgi_config_ctx(const hg_config *c);
/* hg_config_load() of a text in memory; `name` stands in messages.                     */
hg_status hgi_config_load_text(hg_config *c, const char *name, const char *text,
                               size_t n);
/* A copy with the same settings, and the exchange of two configurations' settings, so
 * that a file is taken whole or not at all.                                            */
hg_status hgi_config_copy(const hg_config *c, hg_config **out);
void hgi_config_swap(hg_config *a, hg_config *b);
/* As if it had never been set.                                                         */
void hgi_config_clear(hg_config *c, const char *name);
/* Every option in effect as "name=value\n" in the table's order, for hashes and refusal.
 * Left out are the groups "output" and "machine", which do not change the result, and the
 * preset's name, which is only what it sets.                                           */
hg_status hgi_config_print(const hg_config *c, hgi_text *out);

/* A warning in the log for each option that was set and cannot have an effect beside the
 * others: what is in options.c's column `needs` is not there.  `loss` is the one in use,
 * which the option leaves open as "auto".  What only a preset says is not warned of.   */
void hgi_config_warn_idle(const hg_config *c, const char *loss);

/* Version of libyaml, NULL in a build without it.                                      */
const char *hgi_yaml_version(void);

#endif
