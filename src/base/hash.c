// SPDX-License-Identifier: MIT
/* 64-bit FNV-1a, to tell whether data or a configuration changed: no defence against
 * someone who wants a collision.
 * Source: Fowler, Noll, Vo; draft-eastlake-fnv.                                       */
#include "base/base.h"

uint64_t hgi_hash(uint64_t hash, const void *p, size_t n)
{
    const unsigned char *byte = p;
    for (size_t i = 0; i < n; i++) hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
    return hash;
}
