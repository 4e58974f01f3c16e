// SPDX-License-Identifier: MIT
/* A safetensors file as a container of named tensors and texts.
 *
 * Layout: 8-byte little-endian header length; JSON header; data.  The header is padded
 * with spaces so that the data start at a multiple of 64.  The format allows no holes, so
 * tensors lie wider element type first: each is aligned to its element.  Reading copies
 * each to its own 64-byte boundary, which is what the kernels ask for.
 * Models and checkpoints are both such files; each room writes and reads its own entries.
 * Source: the format's description in the safetensors README.                        */
#ifndef HGI_CONTAINER_H
#define HGI_CONTAINER_H

#include "base/base.h"

typedef enum hgi_dtype { HGI_DT_F32, HGI_DT_F64, HGI_DT_I64, HGI_DT_U8 } hgi_dtype;

#define HGI_CONTAINER_RANK 8

typedef struct hgi_entry {
    const char *name;
    hgi_dtype dtype;
    int rank;
    int64_t shape[HGI_CONTAINER_RANK];
    const void *data; /* 64-byte aligned after reading; little-endian */
    int64_t count;    /* product of shape */
} hgi_entry;

/* ---- writing: put() copies the name and keeps data by pointer until write() ---------
 * Names and keys are UTF-8, without control characters, put once each; a shape is >= 0.
 * */
typedef struct hgi_container hgi_container;
hg_status hgi_container_new(hg_ctx *ctx, hgi_container **out);
/* A text of __metadata__; key and text are copied.  HG_EINVAL when it is not UTF-8.
 * Texts and names are written in the order they are put.                             */
hg_status hgi_container_put_text(hgi_container *c, const char *key, const char *text);
/* float data whatever hgi_real is: an F64 build converts.                            */
hg_status hgi_container_put_real(hgi_container *c, const char *name, int rank,
                                 const int64_t *shape, const hgi_real *data);
hg_status hgi_container_put(hgi_container *c, const char *name, hgi_dtype dtype, int rank,
                            const int64_t *shape, const void *data);
/* Written aside and renamed.  The same entries give the same bytes.                  */
hg_status hgi_container_write(hgi_container *c, const char *path);

/* ---- reading --------------------------------------------------------------------- */
/* Everything is checked before use: lengths against the file, JSON without duplicate
 * keys, offsets ordered and bounded, shapes against byte counts, no holes or overlaps.
 * Other dtypes than ours are an error that names the tensor.
 *    */
hg_status hgi_container_read(hg_ctx *ctx, const char *path, hgi_container **out);
/* The same from memory; `path` only names it in messages.  bytes is not kept.        */
hg_status hgi_container_parse(hg_ctx *ctx, const char *path, const void *bytes,
                              size_t size, hgi_container **out);
const char *hgi_container_path(const hgi_container *c);
/* NULL when there is none.                                                           */
const char *hgi_container_text(const hgi_container *c, const char *key);
const hgi_entry *hgi_container_get(const hgi_container *c, const char *name);
int64_t hgi_container_count(const hgi_container *c);
const hgi_entry *hgi_container_at(const hgi_container *c, int64_t index);
/* The named tensor with exactly this dtype and shape, else an error that names file,
 * tensor, expected and found.                                                        */
hg_status hgi_container_need(const hgi_container *c, const char *name, hgi_dtype dtype,
                             int rank, const int64_t *shape, const void **data);

void hgi_container_free(hgi_container **c);

#endif
