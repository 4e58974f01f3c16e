// SPDX-License-Identifier: MIT
/* Writing a safetensors file: the header as text in the order of the puts, then the data.
 *
 * The header is written here and not by a JSON library, so that the same entries give the
 * same bytes whatever the library's version does with order and escapes.             */
#include "model/container.h"

#include "model/container_private.h"

#include <string.h>

static bool is_utf8(const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    while (*s) {
        size_t n = hgi_utf8_length(s);
        if (!n) return false;
        s += n;
    }
    return true;
}

hg_status hgi_container_put_text(hgi_container *c, const char *key, const char *text)
{
    assert(hgi_container_name_ok(key) && !hgi_container_text(c, key));
    if (!is_utf8(key) || !is_utf8(text))
        return hgi_fail(c->ctx, HG_EINVAL, "text '%s' of the model file is not UTF-8",
                        key);
    return hgi_container_add_text(c, key, text);
}

hg_status hgi_container_put(hgi_container *c, const char *name, hgi_dtype dtype, int rank,
                            const int64_t *shape, const void *data)
{
    assert(rank >= 0 && rank <= HGI_CONTAINER_RANK);
    assert(hgi_container_name_ok(name) && is_utf8(name) &&
           strcmp(name, HGI_CONTAINER_METADATA) != 0);
    assert(!hgi_container_get(c, name));
    int64_t count;
    size_t bytes;
    if (!hgi_shape_bytes(dtype, rank, shape, &count, &bytes))
        return hgi_fail(c->ctx, HG_ERANGE, "tensor '%s' is too large for a file", name);
    hgi_slot *s = hgi_container_add_slot(c);
    if (!s) return hgi_fail_mem(c->ctx, sizeof(*s), "an entry of a model file");
    s->own_name = hgi_strdup(&c->ctx->mem, name);
    if (!s->own_name) {
        c->n_slots--;
        return hgi_fail_mem(c->ctx, strlen(name) + 1, "an entry of a model file");
    }
    s->entry = (hgi_entry){
        .name = s->own_name, .dtype = dtype, .rank = rank, .data = data, .count = count};
    for (int d = 0; d < rank; d++) s->entry.shape[d] = shape[d];
    s->bytes = bytes;
    return HG_OK;
}

hg_status hgi_container_put_real(hgi_container *c, const char *name, int rank,
                                 const int64_t *shape, const hgi_real *data)
{
    HGI_TRY(hgi_container_put(c, name, HGI_DT_F32, rank, shape, data));
#ifdef HGI_F64
    hgi_slot *s = &c->slots[c->n_slots - 1];
    if (!s->bytes) return HG_OK;
    s->own_data = hgi_alloc(&c->ctx->mem, s->bytes);
    if (!s->own_data) {
        c->n_slots--; /* its data would be doubles under the name of floats */
        return hgi_fail_mem(c->ctx, s->bytes, name);
    }
    for (int64_t i = 0; i < s->entry.count; i++) s->own_data[i] = (float)data[i];
    s->entry.data = s->own_data;
#endif
    return HG_OK;
}

/* ---- the file -------------------------------------------------------------------- */

static void add_string(hgi_text *t, const char *s)
{
    hgi_text_add_bytes(t, "\"", 1);
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            hgi_text_add(t, "\\%c", *s);
        else if ((unsigned char)*s < 0x20)
            hgi_text_add(t, "\\u%04x", (unsigned)(unsigned char)*s);
        else
            hgi_text_add_bytes(t, s, 1);
    }
    hgi_text_add_bytes(t, "\"", 1);
}

/* Wider types first: with the section itself aligned, each tensor then starts at a multiple
 * of its element size without a byte between two tensors, as the format demands.     */
static bool place(hgi_container *c)
{
    static const size_t sizes[] = {8, 4, 1};
    size_t end = 0;
    for (int64_t k = 0; k < HGI_COUNT(sizes); k++)
        for (int64_t i = 0; i < c->n_slots; i++) {
            hgi_slot *s = &c->slots[i];
            if (hgi_dtype_size(s->entry.dtype) != sizes[k]) continue;
            s->begin = end;
            if (s->bytes > (size_t)INT64_MAX - end) return false;
            end += s->bytes;
        }
    return true;
}

static void add_header(const hgi_container *c, hgi_text *t)
{
    const char *comma = "";
    hgi_text_add(t, "{");
    if (c->n_texts > 0) {
        hgi_text_add(t, "\"" HGI_CONTAINER_METADATA "\":{");
        for (int64_t i = 0; i < c->n_texts; i++) {
            hgi_text_add(t, "%s", i ? "," : "");
            add_string(t, c->texts[i].key);
            hgi_text_add(t, ":");
            add_string(t, c->texts[i].text);
        }
        hgi_text_add(t, "}");
        comma = ",";
    }
    for (int64_t i = 0; i < c->n_slots; i++, comma = ",") {
        const hgi_slot *s = &c->slots[i];
        hgi_text_add(t, "%s", comma);
        add_string(t, s->entry.name);
        hgi_text_add(t, ":{\"dtype\":\"%s\",\"shape\":[",
                     hgi_dtype_names[s->entry.dtype]);
        for (int d = 0; d < s->entry.rank; d++)
            hgi_text_add(t, "%s%lld", d ? "," : "", (long long)s->entry.shape[d]);
        hgi_text_add(t, "],\"data_offsets\":[%zu,%zu]}", s->begin, s->begin + s->bytes);
    }
    hgi_text_add(t, "}");
    while ((HGI_CONTAINER_PREFIX + t->len) % HGI_ALIGN && hgi_text_ok(t))
        hgi_text_add_bytes(t, " ", 1);
}

static void write_data(hgi_outfile *o, const hgi_slot *s)
{
    if (!hgi_big_endian()) {
        hgi_outfile_write(o, s->entry.data, s->bytes);
        return;
    }
    unsigned char swapped[4096];
    const size_t size = hgi_dtype_size(s->entry.dtype);
    const unsigned char *from = s->entry.data;
    for (size_t at = 0; at < s->bytes;) {
        size_t n = s->bytes - at < sizeof(swapped) ? s->bytes - at : sizeof(swapped);
        hgi_copy_swapped(swapped, from + at, (int64_t)(n / size), size);
        hgi_outfile_write(o, swapped, n);
        at += n;
    }
}

hg_status hgi_container_write(hgi_container *c, const char *path)
{
    static const size_t sizes[] = {8, 4, 1};
    hg_status status = HG_OK;
    hgi_text header;
    hgi_text_init(&header, &c->ctx->mem);
    if (!place(c)) {
        status =
            hgi_fail(c->ctx, HG_ERANGE, "%s: the tensors are too large for a file", path);
        goto done;
    }
    add_header(c, &header);
    if (!hgi_text_ok(&header)) {
        status = hgi_fail_mem(c->ctx, header.cap, "the header of a model file");
        goto done;
    }
    if (header.len > HGI_CONTAINER_HEADER_MAX) {
        status =
            hgi_fail(c->ctx, HG_ERANGE, "%s: header of %zu bytes, at most %u are allowed",
                     path, header.len, HGI_CONTAINER_HEADER_MAX);
        goto done;
    }
    hgi_outfile o;
    HGI_GOTO(hgi_outfile_open(c->ctx, path, &o));
    unsigned char prefix[HGI_CONTAINER_PREFIX];
    for (size_t b = 0; b < sizeof(prefix); b++)
        prefix[b] = (unsigned char)((uint64_t)header.len >> (8 * b));
    hgi_outfile_write(&o, prefix, sizeof(prefix));
    hgi_outfile_write(&o, header.s, header.len);
    for (int64_t k = 0; k < HGI_COUNT(sizes); k++)
        for (int64_t i = 0; i < c->n_slots; i++)
            if (hgi_dtype_size(c->slots[i].entry.dtype) == sizes[k])
                write_data(&o, &c->slots[i]);
    status = hgi_outfile_commit(&o);
done:
    hgi_text_free(&header);
    return status;
}
