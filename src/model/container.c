// SPDX-License-Identifier: MIT
/* The container in memory: slots for tensors, pairs for texts, and looking them up.
 * container_write.c and container_read.c turn it into a file and back.               */
#include "model/container.h"

#include "model/container_private.h"

#include <string.h>

const char *const hgi_dtype_names[4] = {"F32", "F64", "I64", "U8"};

size_t hgi_dtype_size(hgi_dtype dtype)
{
    static const size_t sizes[4] = {4, 8, 8, 1};
    return sizes[dtype];
}

bool hgi_shape_bytes(hgi_dtype dtype, int rank, const int64_t *shape, int64_t *count,
                     size_t *bytes)
{
    size_t n = 1;
    for (int d = 0; d < rank; d++) {
        if (shape[d] < 0 || (uint64_t)shape[d] > SIZE_MAX) return false;
        if (!hgi_mul_size(n, (size_t)shape[d], &n)) return false;
    }
    if (!hgi_mul_size(n, hgi_dtype_size(dtype), bytes)) return false;
    *count = (int64_t)n;
    return *bytes <= (size_t)INT64_MAX;
}

bool hgi_container_name_ok(const char *name)
{
    if (!*name) return false;
    for (const unsigned char *s = (const unsigned char *)name; *s; s++)
        if (*s < 0x20 || *s == 0x7F) return false;
    return true;
}

bool hgi_big_endian(void)
{
    const uint16_t one = 1;
    return *(const unsigned char *)&one == 0;
}

void hgi_copy_swapped(unsigned char *to, const unsigned char *from, int64_t n,
                      size_t size)
{
    for (int64_t i = 0; i < n; i++, to += size, from += size)
        for (size_t b = 0; b < size; b++) to[b] = from[size - 1 - b];
}

hg_status hgi_container_new(hg_ctx *ctx, hgi_container **out)
{
    *out = NULL;
    hgi_container *c = hgi_calloc(&ctx->mem, 1, sizeof(*c));
    if (!c) return hgi_fail_mem(ctx, sizeof(*c), "a model file");
    c->ctx = ctx;
    *out = c;
    return HG_OK;
}

void hgi_container_free(hgi_container **container)
{
    if (!container || !*container) return;
    hgi_container *c = *container;
    const hgi_mem *mem = &c->ctx->mem;
    for (int64_t i = 0; i < c->n_slots; i++) {
        hgi_free(mem, c->slots[i].own_name);
        hgi_free(mem, c->slots[i].own_data);
    }
    for (int64_t i = 0; i < c->n_texts; i++) {
        hgi_free(mem, c->texts[i].key);
        hgi_free(mem, c->texts[i].text);
    }
    hgi_free(mem, c->slots);
    hgi_free(mem, c->texts);
    hgi_free(mem, c->block);
    hgi_free(mem, c->path);
    hgi_free(mem, c);
    *container = NULL;
}

/* Make room for one more item of `size` bytes; the capacity doubles.                 */
static bool grow(const hgi_mem *mem, void *items, size_t size, int64_t n, int64_t *cap)
{
    if (n < *cap) return true;
    int64_t wanted = *cap ? *cap * 2 : 16;
    size_t bytes;
    if (!hgi_mul_size((size_t)wanted, size, &bytes)) return false;
    void *old, *grown;
    memcpy(&old, items, sizeof(old)); /* items is the address of a typed pointer */
    grown = hgi_realloc(mem, old, bytes);
    if (!grown) return false;
    memcpy(items, &grown, sizeof(grown));
    *cap = wanted;
    return true;
}

hgi_slot *hgi_container_add_slot(hgi_container *c)
{
    if (!grow(&c->ctx->mem, &c->slots, sizeof(*c->slots), c->n_slots, &c->cap_slots))
        return NULL;
    hgi_slot *s = &c->slots[c->n_slots++];
    memset(s, 0, sizeof(*s));
    return s;
}

hg_status hgi_container_add_text(hgi_container *c, const char *key, const char *text)
{
    const hgi_mem *mem = &c->ctx->mem;
    hgi_pair pair = {hgi_strdup(mem, key), hgi_strdup(mem, text)};
    if (!pair.key || !pair.text ||
        !grow(mem, &c->texts, sizeof(*c->texts), c->n_texts, &c->cap_texts)) {
        hgi_free(mem, pair.key);
        hgi_free(mem, pair.text);
        return hgi_fail_mem(c->ctx, strlen(text) + 1, "a text of a model file");
    }
    c->texts[c->n_texts++] = pair;
    return HG_OK;
}

/* ---- looking up ------------------------------------------------------------------ */

const char *hgi_container_path(const hgi_container *c) { return c->path ? c->path : ""; }

const char *hgi_container_text(const hgi_container *c, const char *key)
{
    for (int64_t i = 0; i < c->n_texts; i++)
        if (!strcmp(c->texts[i].key, key)) return c->texts[i].text;
    return NULL;
}

const hgi_entry *hgi_container_get(const hgi_container *c, const char *name)
{
    for (int64_t i = 0; i < c->n_slots; i++)
        if (!strcmp(c->slots[i].entry.name, name)) return &c->slots[i].entry;
    return NULL;
}

int64_t hgi_container_count(const hgi_container *c) { return c->n_slots; }

const hgi_entry *hgi_container_at(const hgi_container *c, int64_t index)
{
    assert(index >= 0 && index < c->n_slots);
    return &c->slots[index].entry;
}

/* "F32 [32,784]"; 8 dimensions of 20 characters fit.                                 */
#define KIND_MAX 192
static const char *kind_text(char out[KIND_MAX], hgi_dtype dtype, int rank,
                             const int64_t *shape)
{
    int used = snprintf(out, KIND_MAX, "%s [", hgi_dtype_names[dtype]);
    for (int d = 0; d < rank; d++)
        used += snprintf(out + used, (size_t)(KIND_MAX - used), "%s%lld", d ? "," : "",
                         (long long)shape[d]);
    snprintf(out + used, (size_t)(KIND_MAX - used), "]");
    return out;
}

hg_status hgi_container_need(const hgi_container *c, const char *name, hgi_dtype dtype,
                             int rank, const int64_t *shape, const void **data)
{
    char found[KIND_MAX], expected[KIND_MAX];
    *data = NULL;
    assert(rank >= 0 && rank <= HGI_CONTAINER_RANK);
    const hgi_entry *e = hgi_container_get(c, name);
    if (!e)
        return hgi_fail(c->ctx, HG_EFORMAT, "%s: no tensor '%s', expected %s",
                        hgi_container_path(c), name,
                        kind_text(expected, dtype, rank, shape));
    bool same = e->dtype == dtype && e->rank == rank;
    for (int d = 0; same && d < rank; d++) same = e->shape[d] == shape[d];
    if (!same)
        return hgi_fail(c->ctx, HG_EFORMAT, "%s: tensor '%s': %s, expected %s",
                        hgi_container_path(c), name,
                        kind_text(found, e->dtype, e->rank, e->shape),
                        kind_text(expected, dtype, rank, shape));
    *data = e->data;
    return HG_OK;
}
