// SPDX-License-Identifier: MIT
/* A YAML file as a configuration: libyaml's events and a small walker.
 *
 *     input: 28x28x1            or [28, 28, 1]; the same as shape
 *     scale: unit
 *     encoder: [dense 128 relu, dense 32 relu]
 *     code: 32                  or a line, "plain 32"
 *     decoder: [dense 128 relu, dense input sigmoid]
 *     loss: bce
 *     train: {epochs: 50, batch_size: 256, lr: 1e-3}
 *
 * Only what a list of options needs is taken: plain values, read whole by the option's own
 * parser.  Anchors, aliases, tags, duplicate keys and second documents are refused, each
 * with file:line:column.  The file is taken whole or not at all.
 *
 * libyaml has no allocator hooks, so its own memory, a few blocks while a file of at most
 * 1 MB is read, comes from malloc and not from the context's allocator.                */
#include "model/config.h"
#include "model/net.h"

#include <string.h>

#define FILE_MAX ((size_t)1 << 20)

#if HG_WITH_YAML
#include <yaml.h>

#define CODE_KIND_KEY "code-kind"

typedef struct setting {
    char *text; /* owned; NULL: not in the file */
    size_t line, column;
    char *places; /* owned; of a list of layer lines: that of each, or NULL */
} setting;

typedef struct walker {
    hg_ctx *ctx;
    const char *name; /* of the file */
    yaml_parser_t parser;
    yaml_event_t event; /* the current one */
    bool has_event;
    setting set[HGI_MAX_OPTIONS]; /* by index of hgi_config_decls */
    size_t train_line;            /* of the key train, 0 before it */
} walker;

static size_t line_of(const walker *w) { return w->event.start_mark.line + 1; }

static size_t column_of(const walker *w) { return w->event.start_mark.column + 1; }

static hg_status fail_here(walker *w, hg_status status, const char *text)
{
    return hgi_fail(w->ctx, status, "%s:%zu:%zu: %s", w->name, line_of(w), column_of(w),
                    text);
}

/* What the current event is, for "expected a mapping, found a list". */
static const char *found(const walker *w)
{
    switch (w->event.type) {
    case YAML_SCALAR_EVENT: return "a value";
    case YAML_SEQUENCE_START_EVENT: return "a list";
    case YAML_MAPPING_START_EVENT: return "a mapping";
    case YAML_ALIAS_EVENT: return "an alias";
    default: return "the end";
    }
}

static hg_status expected(walker *w, const char *what)
{
    char text[200];
    snprintf(text, sizeof(text), "expected %s, found %s", what, found(w));
    return fail_here(w, HG_EFORMAT, text);
}

static hg_status parser_failed(walker *w)
{
    const yaml_parser_t *p = &w->parser;
    if (p->error == YAML_MEMORY_ERROR) return hgi_fail_mem(w->ctx, 0, w->name);
    char problem[HGI_QUOTE_MAX * 4];
    snprintf(problem, sizeof(problem), "%s",
             p->problem != NULL ? p->problem : "not YAML");
    /* The encoding's errors carry a byte offset, the others a mark. */
    if (p->error == YAML_READER_ERROR)
        return hgi_fail(w->ctx, HG_EFORMAT, "%s: byte %zu: %s", w->name,
                        p->problem_offset, problem);
    return hgi_fail(w->ctx, HG_EFORMAT, "%s:%zu:%zu: %s", w->name,
                    p->problem_mark.line + 1, p->problem_mark.column + 1, problem);
}

/* Go to the next event; refuse what has no place in a list of options. */
static hg_status next(walker *w)
{
    if (w->has_event) yaml_event_delete(&w->event);
    w->has_event = false;
    if (!yaml_parser_parse(&w->parser, &w->event)) return parser_failed(w);
    w->has_event = true;
    const yaml_event_t *e = &w->event;
    const yaml_char_t *anchor = NULL, *tag = NULL;
    if (e->type == YAML_ALIAS_EVENT)
        return fail_here(w, HG_EFORMAT, "aliases (*) are not taken; write the value out");
    if (e->type == YAML_SCALAR_EVENT) {
        anchor = e->data.scalar.anchor;
        tag = e->data.scalar.tag;
    } else if (e->type == YAML_SEQUENCE_START_EVENT) {
        anchor = e->data.sequence_start.anchor;
        tag = e->data.sequence_start.tag;
    } else if (e->type == YAML_MAPPING_START_EVENT) {
        anchor = e->data.mapping_start.anchor;
        tag = e->data.mapping_start.tag;
    } else if (e->type == YAML_DOCUMENT_START_EVENT) {
        if (e->data.document_start.tag_directives.start !=
            e->data.document_start.tag_directives.end)
            return fail_here(w, HG_EFORMAT, "tag directives (%TAG) are not taken");
    }
    if (anchor != NULL) return fail_here(w, HG_EFORMAT, "anchors (&) are not taken");
    if (tag != NULL) return fail_here(w, HG_EFORMAT, "tags (!) are not taken");
    return HG_OK;
}

/* The current scalar as a C string; valid until next(). */
static hg_status scalar(walker *w, const char *what, const char **out)
{
    if (w->event.type != YAML_SCALAR_EVENT) return expected(w, what);
    const char *s = (const char *)w->event.data.scalar.value;
    size_t n = w->event.data.scalar.length;
    if (memchr(s, '\0', n) != NULL)
        return fail_here(w, HG_EFORMAT, "a value holds a NUL");
    bool plain = w->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (n == 0 || (plain && (strcmp(s, "~") == 0 || strcmp(s, "null") == 0)))
        return fail_here(w, HG_EFORMAT, "empty, expected a value");
    *out = s;
    return HG_OK;
}

/* ---- values ------------------------------------------------------------------- */

static hg_status keep(walker *w, int i, const char *text)
{
    w->set[i].text = hgi_strdup(&w->ctx->mem, text);
    return w->set[i].text != NULL ? HG_OK : hgi_fail_mem(w->ctx, strlen(text), w->name);
}

/* Is this a line that a net could have, as far as one can tell from the line alone?  Here
 * its place in the file is known, which a failing plan could not name any more.  What the
 * layers make of each other's shapes is found when the net is planned.                 */
static hg_status check_line(walker *w, const char *where, const char *text)
{
    const hgi_layer_kind *kind;
    hgi_line line;
    const hgi_shape any = {2,
                           {2, 2}}; /* in place of the rows', which are not known yet */
    char *own = hgi_strdup(&w->ctx->mem, text);
    if (own == NULL) return hgi_fail_mem(w->ctx, strlen(text), "a layer line");
    hg_status status = hgi_spec_put_words(w->ctx, &any, &own);
    if (status == HG_OK)
        status = hgi_net_read_line(w->ctx, false, where, own, &kind, &line);
    hgi_free(&w->ctx->mem, own);
    if (status == HG_OK) return HG_OK;
    return hgi_fail_before(w->ctx, status, "%s:%zu:%zu: ", w->name, line_of(w),
                           column_of(w));
}

/* The lines of "dense 9; dense 4", each by itself. */
static hg_status check_lines(walker *w, const char *part, const char *text)
{
    hg_status status = HG_OK;
    char **lines, where[32];
    int64_t n;
    status = hgi_spec_set_lines(w->ctx, &lines, &n, text);
    for (int64_t i = 0; status == HG_OK && i < n; i++) {
        snprintf(where, sizeof(where), "%s line %lld", part, (long long)i + 1);
        status = check_line(w, where, lines[i]);
    }
    for (int64_t i = 0; i < n; i++) hgi_free(&w->ctx->mem, lines[i]);
    hgi_free(&w->ctx->mem, lines);
    return status;
}

/* A list of scalars, joined; the current event is its start. */
static hg_status list(walker *w, int i, const char *separator)
{
    hg_status status = HG_OK;
    hgi_text text, places;
    hgi_text_init(&text, &w->ctx->mem);
    hgi_text_init(&places, &w->ctx->mem);
    HGI_GOTO(next(w));
    for (int64_t n = 1; w->event.type != YAML_SEQUENCE_END_EVENT; n++) {
        const char *item;
        char where[32];
        HGI_GOTO(scalar(w, "a value in the list", &item));
        if (strchr(item, separator[0]) != NULL) {
            status = fail_here(w, HG_EFORMAT, "one item of a list holds several");
            goto done;
        }
        if (separator[0] == ';') {
            snprintf(where, sizeof(where), "%s line %lld", hgi_config_decls[i].name,
                     (long long)n);
            HGI_GOTO(check_line(w, where, item));
            hgi_text_add(&places, "%s%s:%zu:%zu", n > 1 ? "\n" : "", w->name, line_of(w),
                         column_of(w));
        }
        if (text.len > 0) hgi_text_add(&text, "%s", separator);
        hgi_text_add(&text, "%s", item);
        HGI_GOTO(next(w));
    }
    if (!hgi_text_ok(&text) || !hgi_text_ok(&places))
        HGI_GOTO(hgi_fail_mem(w->ctx, text.len + places.len, w->name));
    if (text.len == 0)
        HGI_GOTO(fail_here(w, HG_EFORMAT, "an empty list, expected at least one item"));
    HGI_GOTO(keep(w, i, text.s));
    w->set[i].places = places.s;
    places.s = NULL;
done:
    hgi_text_free(&text);
    hgi_text_free(&places);
    return status;
}

static bool takes_k(const char *text)
{
    const hgi_layer_kind *kind = hgi_code_kind(text);
    for (const hgi_opt_decl *d = kind != NULL ? kind->options : NULL;
         d != NULL && d->name != NULL; d++)
        if (strcmp(d->name, "k") == 0) return strstr(text, " k=") == NULL;
    return false;
}

/* Read a code's line.  A kind that has its size in its line may get it from `code`, and the
 * number of values that it keeps from `topk`, which need not be known yet: any stand in. */
static hg_status read_code(walker *w, const char *text)
{
    const hgi_layer_kind *kind;
    hgi_line line;
    hgi_text t;
    size_t first = strcspn(text, " \t"), second = first + strspn(text + first, " \t");
    bool bare = hgi_code_sized(text) && !(text[second] >= '0' && text[second] <= '9');
    hgi_text_init(&t, &w->ctx->mem);
    hgi_text_add_bytes(&t, text, first);
    hgi_text_add(&t, "%s%s%s", bare ? " 1" : "", text + first,
                 takes_k(text) ? " k=1" : "");
    hg_status status = hgi_text_ok(&t)
                           ? hgi_net_read_line(w->ctx, true, "code", t.s, &kind, &line)
                           : hgi_fail_mem(w->ctx, t.len, w->name);
    hgi_text_free(&t);
    return status;
}

/* A value of `code` that is no number must be a line: who mistyped either is told of both,
 * which code-kind has no need of.                                                      */
static hg_status check_code(walker *w, bool kind_only, const char *text)
{
    hg_status status = read_code(w, text);
    if (status == HG_OK) return HG_OK;
    return hgi_fail_before(w->ctx, status, "%s:%zu:%zu: %s", w->name, line_of(w),
                           column_of(w),
                           kind_only ? ""
                                     : "code: expected a number of values, or a line "
                                       "such as 'plain l1=1e-4': ");
}

/* "code: plain 32 l1=1e-4" is code-kind "plain l1=1e-4" and code 32. */
static hg_status code_line(walker *w, int code, const char *text)
{
    hg_status status = HG_OK;
    int64_t number;
    int kind = hgi_config_find(CODE_KIND_KEY);
    if (hgi_parse_int(text, strlen(text), &number)) return keep(w, code, text);
    if (w->set[kind].text != NULL)
        return fail_here(w, HG_EFORMAT, "code's kind is given twice");
    w->set[kind].line = line_of(w);
    w->set[kind].column = column_of(w);
    size_t first = strcspn(text, " \t");
    const char *second = text + first + strspn(text + first, " \t");
    size_t n = strcspn(second, " \t");
    bool sized = hgi_parse_int(second, n, &number);
    hgi_text line;
    hgi_text_init(&line, &w->ctx->mem);
    hgi_text_add_bytes(&line, text, first);
    hgi_text_add(&line, "%s", sized ? second + n : text + first);
    if (!hgi_text_ok(&line)) HGI_GOTO(hgi_fail_mem(w->ctx, line.len, w->name));
    HGI_GOTO(check_code(w, false, line.s));
    HGI_GOTO(keep(w, kind, line.s));
    if (!sized) goto done;
    w->set[code].text = hgi_strndup(&w->ctx->mem, second, n);
    if (w->set[code].text == NULL) status = hgi_fail_mem(w->ctx, n, w->name);
done:
    hgi_text_free(&line);
    return status;
}

static const char *separator_of(const hgi_config_decl *d)
{
    if (d->type == HGI_CFG_LINES) return ";";
    if (d->type == HGI_CFG_SIZES) return ",";
    return strcmp(d->name, "shape") == 0 ? "x" : NULL;
}

/* The value behind a key; the current event is its first. */
static hg_status value(walker *w, int i)
{
    const hgi_config_decl *d = &hgi_config_decls[i];
    w->set[i].line = line_of(w);
    w->set[i].column = column_of(w);
    const char *separator = separator_of(d);
    if (separator != NULL && w->event.type == YAML_SEQUENCE_START_EVENT)
        return list(w, i, separator);
    const char *text;
    HGI_TRY(scalar(w, separator != NULL ? "a list or a value" : "a value", &text));
    if (strcmp(d->name, "code") == 0) return code_line(w, i, text);
    if (strcmp(d->name, CODE_KIND_KEY) == 0) HGI_TRY(check_code(w, true, text));
    if (d->type == HGI_CFG_LINES) HGI_TRY(check_lines(w, d->name, text));
    return keep(w, i, text);
}

/* ---- keys --------------------------------------------------------------------- */

/* Index of the option a key names; -1: the key train. */
static hg_status key(walker *w, bool in_train, int *out)
{
    const char *name;
    char where[200], text[200], quoted[HGI_QUOTE_MAX];
    HGI_TRY(scalar(w, "a name as key", &name));
    hgi_quote(quoted, name, strlen(name));
    snprintf(where, sizeof(where), "%.150s:%zu:%zu", w->name, line_of(w), column_of(w));
    size_t first = 0;
    if (!in_train && strcmp(name, "train") == 0) {
        *out = -1;
        first = w->train_line;
        w->train_line = line_of(w);
    } else {
        *out = hgi_config_find(!in_train && strcmp(name, "input") == 0 ? "shape" : name);
        if (*out < 0) return hgi_config_unknown(w->ctx, name, where);
        if (in_train && strcmp(hgi_config_decls[*out].group, "model") == 0) {
            snprintf(text, sizeof(text), "'%s' belongs to the top level, not under train",
                     quoted);
            return fail_here(w, HG_EFORMAT, text);
        }
        first = w->set[*out].line;
    }
    if (first == 0) return HG_OK;
    snprintf(text, sizeof(text), "duplicate key '%s', first on line %zu", quoted, first);
    return fail_here(w, HG_EFORMAT, text);
}

/* The pairs of a mapping; the current event is its start.  Only train nests, so the depth
 * is bounded by this function calling itself once.                                     */
static hg_status mapping(walker *w, bool in_train)
{
    HGI_TRY(next(w));
    while (w->event.type != YAML_MAPPING_END_EVENT) {
        int i;
        HGI_TRY(key(w, in_train, &i));
        HGI_TRY(next(w));
        if (i >= 0)
            HGI_TRY(value(w, i));
        else if (w->event.type == YAML_MAPPING_START_EVENT)
            HGI_TRY(mapping(w, true));
        else
            return expected(w, "a mapping under train");
        HGI_TRY(next(w));
    }
    return HG_OK;
}

static hg_status document(walker *w)
{
    HGI_TRY(next(w)); /* the stream's start */
    HGI_TRY(next(w));
    if (w->event.type != YAML_DOCUMENT_START_EVENT)
        return hgi_fail(w->ctx, HG_EFORMAT, "%s: empty, expected a mapping", w->name);
    HGI_TRY(next(w));
    if (w->event.type != YAML_MAPPING_START_EVENT) return expected(w, "a mapping");
    HGI_TRY(mapping(w, false));
    HGI_TRY(next(w)); /* the document's end */
    HGI_TRY(next(w));
    if (w->event.type != YAML_STREAM_END_EVENT)
        return fail_here(w, HG_EFORMAT, "a second document, expected one");
    return HG_OK;
}

/* Where the option stands, for errors that only planning the net finds. */
static hg_status keep_places(walker *w, hg_config *c, int i)
{
    const setting *s = &w->set[i];
    char place[HG_MESSAGE_MAX];
    if (s->places != NULL) return hgi_config_set_places(c, i, s->places);
    snprintf(place, sizeof place, "%s:%zu:%zu", w->name, s->line, s->column);
    return hgi_config_set_places(c, i, place);
}

/* Set what was read, in the table's order: a preset first, wherever it stood. */
static hg_status apply(walker *w, hg_config *c)
{
    for (int i = 0; hgi_config_decls[i].name != NULL; i++) {
        const setting *s = &w->set[i];
        if (s->text == NULL) continue;
        hg_status status = hg_config_set(c, hgi_config_decls[i].name, s->text);
        if (status != HG_OK)
            return hgi_fail_before(w->ctx, status, "%s:%zu:%zu: ", w->name, s->line,
                                   s->column);
        HGI_TRY(keep_places(w, c, i));
    }
    return HG_OK;
}

hg_status hgi_config_load_text(hg_config *c, const char *name, const char *text, size_t n)
{
    hg_ctx *ctx = hgi_config_ctx(c);
    hg_status status = HG_OK;
    hg_config *copy = NULL;
    walker *w = hgi_calloc(&ctx->mem, 1, sizeof(*w));
    if (w == NULL) return hgi_fail_mem(ctx, sizeof(*w), name);
    w->ctx = ctx;
    w->name = name;
    if (!yaml_parser_initialize(&w->parser)) {
        hgi_free(&ctx->mem, w);
        return hgi_fail_mem(ctx, sizeof(w->parser), "libyaml");
    }
    yaml_parser_set_input_string(&w->parser, (const unsigned char *)text, n);
    HGI_GOTO(document(w));
    HGI_GOTO(hgi_config_copy(c, &copy));
    HGI_GOTO(apply(w, copy));
    hgi_config_swap(c, copy);
done:
    hg_config_free(&copy);
    for (int i = 0; i < HGI_MAX_OPTIONS; i++) {
        hgi_free(&ctx->mem, w->set[i].text);
        hgi_free(&ctx->mem, w->set[i].places);
    }
    if (w->has_event) yaml_event_delete(&w->event);
    yaml_parser_delete(&w->parser);
    hgi_free(&ctx->mem, w);
    return status;
}

#else

hg_status hgi_config_load_text(hg_config *c, const char *name, const char *text, size_t n)
{
    (void)text;
    (void)n;
    return hgi_fail(hgi_config_ctx(c), HG_EUNAVAILABLE,
                    "%s: this build reads no YAML; install libyaml-dev and build again",
                    name);
}

#endif

const char *hgi_yaml_version(void)
{
#if HG_WITH_YAML
    return yaml_get_version_string();
#else
    return NULL;
#endif
}

hg_status hg_config_load(hg_config *cfg, const char *path)
{
    hg_ctx *ctx = hgi_config_ctx(cfg);
    char *data;
    size_t n;
    if (path == NULL) return hgi_fail(ctx, HG_EINVAL, "hg_config_load: path is NULL");
    HGI_TRY(hgi_read_file(ctx, path, FILE_MAX, &data, &n));
    hg_status status = hgi_config_load_text(cfg, path, data, n);
    hgi_free(&ctx->mem, data);
    return status;
}
