// SPDX-License-Identifier: MIT
/* NPY, one NumPy array: a magic word, a version, the length of a header, the header (a
 * Python dictionary as text), the values.
 *     {'descr': '<f4', 'fortran_order': False, 'shape': (60000, 28, 28), }
 * The header is read by a parser of just these three keys: nothing in it is evaluated, and
 * types that need Python (objects, records) or have no numbers are refused.
 * Source: NumPy Enhancement Proposal 1; versions 2 and 3 have a longer header length.  */
#include "data/array.h"
#include "data/blocks.h"

#include <string.h>

/* NumPy itself refuses longer ones when it reads; 4 dimensions need 100 bytes.         */
#define HEADER_MAX 65536

typedef struct npy {
    hg_ctx *ctx;
    const char *path;
    const char *at, *end; /* of the header's text */
    hgi_array *a;
    bool has_descr, has_order, has_shape;
} npy;

static int probe(const unsigned char *head, size_t n, const char *path)
{
    (void)path;
    return n >= 6 && memcmp(head, "\x93NUMPY", 6) == 0 ? 2 : 0;
}

static void skip_blanks(npy *p)
{
    while (p->at < p->end && (*p->at == ' ' || *p->at == '\n' || *p->at == '\t')) p->at++;
}

/* The next sign, after blanks; nothing is consumed when it is another one.             */
static bool take(npy *p, char sign)
{
    skip_blanks(p);
    if (p->at == p->end || *p->at != sign) return false;
    p->at++;
    return true;
}

/* What stands where the parser stopped, and what it wanted there. */
static hg_status expected(npy *p, const char *what)
{
    char shown[24];
    hgi_shown(p->at, (size_t)(p->end - p->at), shown, sizeof shown);
    return hgi_fail(p->ctx, HG_EFORMAT, "%s: header: found '%s', expected %s", p->path,
                    shown, what);
}

/* A quoted text without escapes.                                                       */
static hg_status take_text(npy *p, const char **text, size_t *n, const char *what)
{
    skip_blanks(p);
    char quote = p->at < p->end ? *p->at : '\0';
    if (quote != '\'' && quote != '"') return expected(p, what);
    const char *from = p->at + 1;
    const char *to = memchr(from, quote, (size_t)(p->end - from));
    if (to == NULL) return expected(p, what);
    *text = from;
    *n = (size_t)(to - from);
    p->at = to + 1;
    return HG_OK;
}

static bool take_word(npy *p, const char *word)
{
    size_t n = strlen(word);
    skip_blanks(p);
    if ((size_t)(p->end - p->at) < n || memcmp(p->at, word, n) != 0) return false;
    p->at += n;
    return true;
}

/* "<f4" and its like.                                                                  */
static hg_status take_descr(npy *p)
{
    static const struct {
        const char *code;
        hgi_cell cell;
    } types[] = {{"u1", HGI_CELL_U8},  {"b1", HGI_CELL_BOOL}, {"i1", HGI_CELL_I8},
                 {"u2", HGI_CELL_U16}, {"i2", HGI_CELL_I16},  {"u4", HGI_CELL_U32},
                 {"i4", HGI_CELL_I32}, {"u8", HGI_CELL_U64},  {"i8", HGI_CELL_I64},
                 {"f2", HGI_CELL_F16}, {"f4", HGI_CELL_F32},  {"f8", HGI_CELL_F64}};
    const char *text;
    char shown[24];
    size_t n;
    if (take(p, '[')) {
        return hgi_fail(p->ctx, HG_EFORMAT,
                        "%s: an array of records, expected an array of plain numbers",
                        p->path);
    }
    HGI_TRY(take_text(p, &text, &n, "a type like '<f4'"));
    hgi_shown(text, n, shown, sizeof shown);
    if (n == 3 && strchr("<>|=", text[0]) != NULL) {
        for (int i = 0; i < HGI_COUNT(types); i++) {
            if (memcmp(text + 1, types[i].code, 2) != 0) continue;
            p->a->cell = types[i].cell;
            p->a->big_endian = text[0] == '>';
            p->has_descr = true;
            return HG_OK;
        }
    }
    if (memchr(text, 'O', n) != NULL)
        return hgi_fail(
            p->ctx, HG_EFORMAT,
            "%s: type '%s': Python objects are a pickle, which can run code and "
            "is never loaded; save numbers: a.astype('float32')",
            p->path, shown);
    return hgi_fail(p->ctx, HG_EFORMAT,
                    "%s: type '%s', expected numbers: f2 f4 f8, i1 to i8, u1 to u8 or b1",
                    p->path, shown);
}

/* "(60000, 28, 28)"; a 1-tuple is "(5,)".                                              */
static hg_status take_shape(npy *p)
{
    p->a->rank = 0;
    if (!take(p, '(')) return expected(p, "a shape like (100, 30)");
    while (!take(p, ')')) {
        skip_blanks(p);
        const char *from = p->at;
        int64_t dim;
        while (p->at < p->end && *p->at >= '0' && *p->at <= '9') p->at++;
        if (!hgi_parse_int(from, (size_t)(p->at - from), &dim)) {
            p->at = from;
            return expected(p, "a dimension below 2^63");
        }
        if (p->a->rank == HGI_MAX_RANK + 1) {
            return hgi_fail(p->ctx, HG_EFORMAT, "%s: more than %d dimensions", p->path,
                            HGI_MAX_RANK + 1);
        }
        p->a->dim[p->a->rank++] = dim;
        (void)take(p, 'L'); /* as Python 2 wrote long integers */
        if (take(p, ',')) continue;
        if (!take(p, ')')) return expected(p, "',' or ')'");
        break;
    }
    if (p->a->rank == 0) {
        return hgi_fail(p->ctx, HG_EFORMAT, "%s: a single number, expected an array",
                        p->path);
    }
    p->has_shape = true;
    return HG_OK;
}

static hg_status take_entry(npy *p)
{
    const char *key;
    size_t n;
    HGI_TRY(take_text(p, &key, &n, "a key in quotes"));
    if (!take(p, ':')) return expected(p, "':'");
    if (n == 5 && memcmp(key, "descr", n) == 0 && !p->has_descr) return take_descr(p);
    if (n == 5 && memcmp(key, "shape", n) == 0 && !p->has_shape) return take_shape(p);
    if (n == 13 && memcmp(key, "fortran_order", n) == 0 && !p->has_order) {
        p->a->fortran = take_word(p, "True");
        if (!p->a->fortran && !take_word(p, "False")) return expected(p, "True or False");
        p->has_order = true;
        return HG_OK;
    }
    p->at = key;
    return expected(p, "descr, fortran_order and shape, once each");
}

/* Keys in any order, each once, a comma after the last allowed. */
static hg_status parse_header(npy *p)
{
    if (!take(p, '{')) return expected(p, "'{'");
    while (!take(p, '}')) {
        HGI_TRY(take_entry(p));
        if (take(p, ',')) continue;
        if (!take(p, '}')) return expected(p, "',' or '}'");
        break;
    }
    skip_blanks(p);
    if (p->at != p->end) return expected(p, "the end of the header");
    if (!p->has_descr || !p->has_order || !p->has_shape) {
        return hgi_fail(p->ctx, HG_EFORMAT, "%s: header without %s", p->path,
                        !p->has_descr   ? "'descr'"
                        : !p->has_order ? "'fortran_order'"
                                        : "'shape'");
    }
    return HG_OK;
}

/* Magic word, version and the header's length.                                         */
static hg_status read_start(hg_ctx *ctx, hgi_source *s, size_t *length)
{
    const char *path = hgi_source_path(s);
    unsigned char h[12] = {0};
    size_t got, more;
    HGI_TRY(hgi_source_read(s, h, 10, &got));
    if (got < 10 || memcmp(h, "\x93NUMPY", 6) != 0) {
        return hgi_fail(ctx, HG_EFORMAT,
                        "%s: does not start with \\x93NUMPY and a version", path);
    }
    if (h[6] < 1 || h[6] > 3) {
        return hgi_fail(ctx, HG_EVERSION, "%s: NPY version %d.%d, expected 1 to 3", path,
                        h[6], h[7]);
    }
    *length = (size_t)h[8] | (size_t)h[9] << 8;
    if (h[6] > 1) {
        HGI_TRY(hgi_source_read(s, h + 10, 2, &more));
        *length |= (size_t)h[10] << 16 | (size_t)h[11] << 24;
    }
    int64_t left = hgi_source_left(s);
    if (*length > HEADER_MAX || (left >= 0 && (int64_t)*length > left)) {
        return hgi_fail(ctx, HG_EFORMAT, "%s: header of %zu bytes, expected at most %lld",
                        path, *length,
                        (long long)(left < 0 ? HEADER_MAX : hgi_min(left, HEADER_MAX)));
    }
    return HG_OK;
}

/* The header ends the dictionary's parser exactly. */
hg_status hgi_npy_header(hg_ctx *ctx, hgi_source *s, hgi_array *out)
{
    hg_status status = HG_OK;
    size_t length = 0, got;
    *out = (hgi_array){.big_endian = false};
    HGI_TRY(read_start(ctx, s, &length));
    char *text = hgi_alloc(&ctx->mem, length + 1);
    if (text == NULL) return hgi_fail_mem(ctx, length + 1, "an NPY header");
    npy p = {.ctx = ctx, .path = hgi_source_path(s), .at = text, .a = out};
    HGI_GOTO(hgi_source_read(s, text, length, &got));
    if (got < length) {
        status = hgi_fail(ctx, HG_EFORMAT, "%s: header of %zu bytes, expected %zu",
                          p.path, got, length);
        goto done;
    }
    p.end = text + length;
    HGI_GOTO(parse_header(&p));
done:
    hgi_free(&ctx->mem, text);
    return status;
}

/* The values are the array reader's. */
static hg_status open_npy(hgi_blocks *s, const hg_data_options *o)
{
    hgi_array a;
    HGI_TRY(hgi_npy_header(s->ctx, s->source, &a));
    return hgi_array_open(s, "npy", &a, o->limit);
}

const hgi_reader hgi_reader_npy = {
    "npy", "a NumPy array of numbers, any type, byte order and C or Fortran order", probe,
    open_npy};
