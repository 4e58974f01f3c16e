// SPDX-License-Identifier: MIT
/* Reading a safetensors file that nobody vouches for.
 *
 * A length is believed only after it was compared with the bytes that are there.  The
 * header passes three gates: its size and its count of values (a JSON tree is some forty
 * times as large as "[],[],[]," is), jansson's grammar, and our own look at every entry.
 * The tensors must then tile the data section exactly, as the format demands, so that two
 * readers cannot see different contents in one file.                                 */
#include "model/container.h"

#include "model/container_private.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX                                                                         \
    ((size_t)1 << 36)      /* 64 GiB, far over any model, far under the address space */
#define HEAD ((size_t)512) /* bytes that tell what a file is */
#define DEPTH_MAX 3        /* header, tensor, shape */
#define VALUES_MAX 2000000 /* about 300,000 tensors */

typedef struct reader {
    hg_ctx *ctx;
    const char *path;
    const unsigned char *data; /* the data section */
    size_t data_size;
    hgi_container *c;
} reader;

static const char *type_name(const json_t *j)
{
    static const char *const names[] = {"an object",      "a list",        "a text",
                                        "a whole number", "a real number", "true",
                                        "false",          "null"};
    return names[json_typeof(j)];
}

/* ---- the header as JSON ---------------------------------------------------------- */

/* Bound what parsing can cost before anything is parsed: nesting, and the number of values
 * (each stands after a '{', a '[' or a ',').                                         */
static hg_status check_cost(const reader *r, const char *s, size_t n)
{
    bool in_string = false;
    int64_t values = 0, depth = 0;
    for (size_t i = 0; i < n; i++) {
        if (in_string) {
            if (s[i] == '\\')
                i++;
            else
                in_string = s[i] != '"';
            continue;
        }
        if (s[i] == '"') in_string = true;
        if (s[i] == '{' || s[i] == '[') depth++;
        if (s[i] == '}' || s[i] == ']') depth--;
        if (s[i] == '{' || s[i] == '[' || s[i] == ',') values++;
        if (depth > DEPTH_MAX)
            return hgi_fail(r->ctx, HG_EFORMAT,
                            "%s: header byte %zu: nested deeper than %d levels", r->path,
                            i, DEPTH_MAX);
    }
    if (values > VALUES_MAX)
        return hgi_fail(r->ctx, HG_EFORMAT,
                        "%s: header holds %lld values, expected at most %d", r->path,
                        (long long)values, VALUES_MAX);
    return HG_OK;
}

static hg_status parse_json(const reader *r, const char *s, size_t n, json_t **out)
{
    json_error_t e;
    *out = json_loadb(s, n, JSON_REJECT_DUPLICATES, &e);
    if (*out) return HG_OK;
    /* jansson may fail for want of memory without saying so; then there is no text.  */
    if (!e.text[0] || json_error_code(&e) == json_error_out_of_memory)
        return hgi_fail_mem(r->ctx, n, "the header of a model file");
    char *quote =
        strstr(e.text, " near "); /* a piece of the file follows: leave it out */
    if (quote) *quote = '\0';
    return hgi_fail(r->ctx, HG_EFORMAT, "%s: header byte %d: %s", r->path, e.position,
                    e.text);
}

/* ---- entries --------------------------------------------------------------------- */

static hg_status read_metadata(const reader *r, json_t *metadata)
{
    const char *key;
    json_t *value;
    if (!json_is_object(metadata))
        return hgi_fail(r->ctx, HG_EFORMAT, "%s: %s is %s, expected an object", r->path,
                        HGI_CONTAINER_METADATA, type_name(metadata));
    json_object_foreach(metadata, key, value)
    {
        if (!hgi_container_name_ok(key))
            return hgi_fail(r->ctx, HG_EFORMAT,
                            "%s: %s: a key is empty or holds a control character",
                            r->path, HGI_CONTAINER_METADATA);
        if (!json_is_string(value))
            return hgi_fail(r->ctx, HG_EFORMAT, "%s: %s '%.100s' is %s, expected a text",
                            r->path, HGI_CONTAINER_METADATA, key, type_name(value));
        HGI_TRY(hgi_container_add_text(r->c, key, json_string_value(value)));
    }
    return HG_OK;
}

static hg_status read_dtype(const reader *r, const char *name, const json_t *j,
                            hgi_dtype *out)
{
    if (!json_is_string(j))
        return hgi_fail(r->ctx, HG_EFORMAT,
                        "%s: tensor '%.100s': dtype is %s, expected a text", r->path,
                        name, j ? type_name(j) : "missing");
    for (int64_t k = 0; k < HGI_COUNT(hgi_dtype_names); k++)
        if (!strcmp(json_string_value(j), hgi_dtype_names[k])) {
            *out = (hgi_dtype)k;
            return HG_OK;
        }
    bool fit = hgi_container_name_ok(json_string_value(j));
    return hgi_fail(r->ctx, HG_EFORMAT,
                    "%s: tensor '%.100s': dtype %.16s, expected F32, F64, I64 or U8",
                    r->path, name, fit ? json_string_value(j) : "unreadable");
}

/* A list of at most `max` whole numbers >= 0; its length, or -1 after hgi_fail().    */
static int read_sizes(const reader *r, const char *name, const char *what,
                      const json_t *j, size_t max, int64_t *out)
{
    if (!json_is_array(j)) {
        (void)hgi_fail(r->ctx, HG_EFORMAT,
                       "%s: tensor '%.100s': %s is %s, expected a list", r->path, name,
                       what, j ? type_name(j) : "missing");
        return -1;
    }
    if (json_array_size(j) > max) {
        (void)hgi_fail(r->ctx, HG_EFORMAT,
                       "%s: tensor '%.100s': %s has %zu numbers, expected at most %zu",
                       r->path, name, what, json_array_size(j), max);
        return -1;
    }
    for (size_t i = 0; i < json_array_size(j); i++) {
        const json_t *v = json_array_get(j, i);
        if (!json_is_integer(v)) {
            (void)hgi_fail(r->ctx, HG_EFORMAT,
                           "%s: tensor '%.100s': %s[%zu] is %s, expected a whole number",
                           r->path, name, what, i, type_name(v));
            return -1;
        }
        out[i] = json_integer_value(v);
        if (out[i] < 0) {
            (void)hgi_fail(r->ctx, HG_EFORMAT,
                           "%s: tensor '%.100s': %s[%zu] is %lld, expected at least 0",
                           r->path, name, what, i, (long long)out[i]);
            return -1;
        }
    }
    return (int)json_array_size(j);
}

static hg_status read_offsets(const reader *r, const json_t *info, hgi_slot *s)
{
    int64_t offset[2] = {0, 0};
    const char *name = s->entry.name;
    int n = read_sizes(r, name, "data_offsets", json_object_get(info, "data_offsets"), 2,
                       offset);
    if (n < 0) return HG_EFORMAT;
    if (n != 2)
        return hgi_fail(r->ctx, HG_EFORMAT,
                        "%s: tensor '%.100s': data_offsets has %d numbers, expected 2",
                        r->path, name, n);
    if (offset[0] > offset[1] || (uint64_t)offset[1] > r->data_size)
        return hgi_fail(
            r->ctx, HG_EFORMAT,
            "%s: tensor '%.100s': data_offsets [%lld,%lld], expected an ordered "
            "pair within the file's %zu bytes of data",
            r->path, name, (long long)offset[0], (long long)offset[1], r->data_size);
    if ((uint64_t)(offset[1] - offset[0]) != s->bytes)
        return hgi_fail(
            r->ctx, HG_EFORMAT,
            "%s: tensor '%.100s': %lld bytes of data, expected %zu for its shape",
            r->path, name, (long long)(offset[1] - offset[0]), s->bytes);
    s->begin = (size_t)offset[0];
    return HG_OK;
}

static hg_status read_tensor(const reader *r, const char *name, const json_t *info)
{
    if (!hgi_container_name_ok(name))
        return hgi_fail(r->ctx, HG_EFORMAT,
                        "%s: a tensor's name is empty or holds a control character",
                        r->path);
    if (!json_is_object(info) || json_object_size(info) != 3)
        return hgi_fail(r->ctx, HG_EFORMAT,
                        "%s: tensor '%.100s': expected an object with dtype, shape and "
                        "data_offsets alone",
                        r->path, name);
    hgi_slot *s = hgi_container_add_slot(r->c);
    if (!s) return hgi_fail_mem(r->ctx, sizeof(*s), "an entry of a model file");
    s->own_name = hgi_strdup(&r->ctx->mem, name);
    if (!s->own_name) return hgi_fail_mem(r->ctx, strlen(name) + 1, "a tensor's name");
    hgi_entry *e = &s->entry;
    e->name = s->own_name;
    HGI_TRY(read_dtype(r, name, json_object_get(info, "dtype"), &e->dtype));
    e->rank = read_sizes(r, name, "shape", json_object_get(info, "shape"),
                         HGI_CONTAINER_RANK, e->shape);
    if (e->rank < 0) return HG_EFORMAT;
    if (!hgi_shape_bytes(e->dtype, e->rank, e->shape, &e->count, &s->bytes))
        return hgi_fail(r->ctx, HG_EFORMAT,
                        "%s: tensor '%.100s': the shape's size overflows", r->path, name);
    return read_offsets(r, info, s);
}

static hg_status read_header(const reader *r, const char *s, size_t n)
{
    hg_status status;
    json_t *root = NULL, *info;
    const char *name;
    HGI_GOTO(check_cost(r, s, n));
    HGI_GOTO(parse_json(r, s, n, &root));
    json_object_foreach(root, name, info)
    {
        if (strcmp(name, HGI_CONTAINER_METADATA) == 0)
            HGI_GOTO(read_metadata(r, info));
        else
            HGI_GOTO(read_tensor(r, name, info));
    }
done:
    json_decref(root);
    return status;
}

/* ---- data ------------------------------------------------------------------------ */

static int by_begin(const void *a, const void *b)
{
    const hgi_slot *x = *(hgi_slot *const *)a, *y = *(hgi_slot *const *)b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    return x->bytes < y->bytes ? -1 : x->bytes > y->bytes; /* empty tensors come first */
}

static hg_status check_tiling(const reader *r)
{
    hgi_container *c = r->c;
    size_t end = 0;
    hgi_slot **order = NULL;
    if (c->n_slots > 0) {
        order = hgi_calloc(&r->ctx->mem, (size_t)c->n_slots, sizeof(*order));
        if (!order)
            return hgi_fail_mem(r->ctx, (size_t)c->n_slots * sizeof(*order), "offsets");
        for (int64_t i = 0; i < c->n_slots; i++) order[i] = &c->slots[i];
        qsort(order, (size_t)c->n_slots, sizeof(*order), by_begin);
    }
    hg_status status = HG_OK;
    for (int64_t i = 0; i < c->n_slots && status == HG_OK; i++) {
        if (order[i]->begin != end)
            status =
                hgi_fail(r->ctx, HG_EFORMAT,
                         "%s: tensor '%.100s' starts at data byte %zu, expected %zu: %s",
                         r->path, order[i]->entry.name, order[i]->begin, end,
                         order[i]->begin < end ? "tensors overlap" : "a hole");
        end = order[i]->begin + order[i]->bytes;
    }
    if (status == HG_OK && end != r->data_size)
        status = hgi_fail(r->ctx, HG_EFORMAT, "%s: %zu bytes of data, expected %zu",
                          r->path, r->data_size, end);
    hgi_free(&r->ctx->mem, order);
    return status;
}

static size_t aligned(size_t bytes)
{
    return (bytes + HGI_ALIGN - 1) & ~(size_t)(HGI_ALIGN - 1);
}

static hg_status copy_data(const reader *r)
{
    hgi_container *c = r->c;
    size_t total = HGI_ALIGN; /* so that empty tensors too have an address */
    for (int64_t i = 0; i < c->n_slots; i++) total += aligned(c->slots[i].bytes);
    c->block = hgi_alloc(&r->ctx->mem, total);
    if (!c->block) return hgi_fail_mem(r->ctx, total, "the tensors of a model file");
    unsigned char *to = c->block;
    for (int64_t i = 0; i < c->n_slots; i++) {
        hgi_slot *s = &c->slots[i];
        if (hgi_big_endian())
            hgi_copy_swapped(to, r->data + s->begin, s->entry.count,
                             hgi_dtype_size(s->entry.dtype));
        else
            memcpy(to, r->data + s->begin, s->bytes);
        s->entry.data = to;
        to += aligned(s->bytes);
    }
    return HG_OK;
}

/* ---- the file -------------------------------------------------------------------- */

static hg_status not_a_container(hg_ctx *ctx, const char *path, const unsigned char *b,
                                 size_t size)
{
    hgi_looks looks;
    if (size == 0) return hgi_fail(ctx, HG_EFORMAT, "%s: empty, expected a model", path);
    if (hgi_looks_like(b, size < HEAD ? size : HEAD, &looks))
        return hgi_fail(ctx, HG_EFORMAT,
                        "%s: %s, expected a model (where both are given, MODEL comes "
                        "before DATA)",
                        path, looks.is);
    return hgi_fail(
        ctx, HG_EFORMAT,
        "%s: not a model: %zu bytes that do not begin with a safetensors header", path,
        size);
}

static hg_status check_prefix(hg_ctx *ctx, const char *path, const unsigned char *b,
                              size_t size, uint64_t *header)
{
    if (size < HGI_CONTAINER_PREFIX + 2 || b[HGI_CONTAINER_PREFIX] != '{')
        return not_a_container(ctx, path, b, size);
    for (unsigned i = 0; i < HGI_CONTAINER_PREFIX; i++)
        *header |= (uint64_t)b[i] << (8 * i);
    if (*header > HGI_CONTAINER_HEADER_MAX)
        return hgi_fail(
            ctx, HG_EFORMAT,
            "%s: not a model: a safetensors header of %llu bytes, expected at "
            "most %u",
            path, (unsigned long long)*header, HGI_CONTAINER_HEADER_MAX);
    return HG_OK;
}

hg_status hgi_container_parse(hg_ctx *ctx, const char *path, const void *bytes,
                              size_t size, hgi_container **out)
{
    hg_status status;
    uint64_t header = 0;
    *out = NULL;
    HGI_TRY(check_prefix(ctx, path, bytes, size, &header));
    if (header > size - HGI_CONTAINER_PREFIX)
        return hgi_fail(ctx, HG_EFORMAT,
                        "%s: header of %llu bytes, but only %zu follow: cut short", path,
                        (unsigned long long)header, size - HGI_CONTAINER_PREFIX);
    const char *text = (const char *)bytes + HGI_CONTAINER_PREFIX;
    reader r = {.ctx = ctx,
                .path = path,
                .data = (const unsigned char *)text + header,
                .data_size = size - HGI_CONTAINER_PREFIX - header};
    HGI_TRY(hgi_container_new(ctx, &r.c));
    r.c->path = hgi_strdup(&ctx->mem, path);
    if (!r.c->path) {
        status = hgi_fail_mem(ctx, strlen(path) + 1, "a path");
        goto done;
    }
    HGI_GOTO(read_header(&r, text, header));
    HGI_GOTO(check_tiling(&r));
    HGI_GOTO(copy_data(&r));
    *out = r.c;
    r.c = NULL;
done:
    hgi_container_free(&r.c);
    return status;
}

/* A file that is no container is not read whole to find that out: it may be data of any
 * size.                                                                              */
static hg_status check_head(hg_ctx *ctx, const char *path)
{
    unsigned char head[HEAD];
    uint64_t header = 0;
    size_t n = hgi_read_head(path, head, sizeof head);
    return n > 0 ? check_prefix(ctx, path, head, n, &header) : HG_OK;
}

hg_status hgi_container_read(hg_ctx *ctx, const char *path, hgi_container **out)
{
    char *bytes;
    size_t size;
    *out = NULL;
    HGI_TRY(check_head(ctx, path));
    HGI_TRY(hgi_read_file(ctx, path, FILE_MAX, &bytes, &size));
    hg_status status = hgi_container_parse(ctx, path, bytes, size, out);
    hgi_free(&ctx->mem, bytes);
    return status;
}
