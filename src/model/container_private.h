// SPDX-License-Identifier: MIT
/* What container.c, container_read.c and container_write.c share; nobody else includes
 * it. */
#ifndef HGI_CONTAINER_PRIVATE_H
#define HGI_CONTAINER_PRIVATE_H

#include "model/container.h"

/* The reference reader of safetensors refuses longer headers, so we write none.      */
#define HGI_CONTAINER_HEADER_MAX 100000000u
#define HGI_CONTAINER_PREFIX 8u /* bytes of the header's length */
#define HGI_CONTAINER_METADATA "__metadata__"

typedef struct hgi_slot {
    hgi_entry entry;
    size_t bytes;    /* of the tensor                                                 */
    size_t begin;    /* offset from the start of the data section                     */
    char *own_name;  /* entry.name, to free                                           */
    float *own_data; /* converted copy of put_real() in an F64 build, else NULL       */
} hgi_slot;

typedef struct hgi_pair {
    char *key, *text;
} hgi_pair;

struct hgi_container {
    hg_ctx *ctx;
    char *path; /* NULL while writing */
    hgi_slot *slots;
    int64_t n_slots, cap_slots;
    hgi_pair *texts;
    int64_t n_texts, cap_texts;
    unsigned char *block; /* reading: the data of all tensors */
};

/* "F32" and so on; the index is hgi_dtype.                                           */
extern const char *const hgi_dtype_names[4];
size_t hgi_dtype_size(hgi_dtype dtype);
/* *count = product of shape, *bytes its size; false when either does not fit.        */
bool hgi_shape_bytes(hgi_dtype dtype, int rank, const int64_t *shape, int64_t *count,
                     size_t *bytes);
/* Not empty and without control characters: names go into messages, which are one line.
 * */
bool hgi_container_name_ok(const char *name);
/* A zeroed slot at the end, or NULL without memory.  Moves the others.               */
hgi_slot *hgi_container_add_slot(hgi_container *c);
/* Copies both.                                                                       */
hg_status hgi_container_add_text(hgi_container *c, const char *key, const char *text);
bool hgi_big_endian(void);
/* Copy n elements of `size` bytes with the bytes of each in reverse order.           */
void hgi_copy_swapped(unsigned char *to, const unsigned char *from, int64_t n,
                      size_t size);

#endif
