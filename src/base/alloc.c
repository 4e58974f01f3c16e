// SPDX-License-Identifier: MIT
/* Memory at 64-byte alignment on top of any allocator.
 *
 *     | up to 63 bytes | head | contents ...
 *     ^ from the hook         ^ returned, 64-byte aligned
 *
 * The head stands directly before the contents and keeps what free and realloc need.
 * 64 bytes are a cache line and an AVX-512 register.                                  */
#include "base/base.h"

#include <string.h>
#include <sys/mman.h>

struct head {
    void *block;  /* as the hook gave it */
    size_t bytes; /* of the contents     */
};

#define HUGE_FROM ((size_t)8 << 20)
#define OVERHEAD (sizeof(struct head) + HGI_ALIGN - 1)

static struct head *head_of(void *p)
{
    return (struct head *)(void *)((char *)p - sizeof(struct head));
}

bool hgi_mul_size(size_t a, size_t b, size_t *out)
{
    if (b != 0 && a > SIZE_MAX / b) return false;
    *out = a * b;
    return true;
}

/* Shuffled rows of a large dataset miss the translation cache at every row: ask for huge
 * pages.  A kernel that has none, or an allocator that uses the memory otherwise, loses
 * nothing by the hint.                                                                 */
static void ask_for_huge_pages(char *block, size_t bytes)
{
#ifdef MADV_HUGEPAGE
    const uintptr_t huge = (uintptr_t)1 << 21;
    uintptr_t from = ((uintptr_t)block + huge - 1) & ~(huge - 1);
    uintptr_t to = ((uintptr_t)block + bytes) & ~(huge - 1);
    if (to > from) (void)madvise((void *)from, to - from, MADV_HUGEPAGE);
#else
    (void)block;
    (void)bytes;
#endif
}

void *hgi_alloc(const hgi_mem *mem, size_t bytes)
{
    if (bytes == 0 || bytes > SIZE_MAX - OVERHEAD) return NULL;
    char *block = mem->hook.alloc(mem->hook.user, bytes + OVERHEAD);
    if (block == NULL) return NULL;
    if (bytes >= HUGE_FROM) ask_for_huge_pages(block, bytes + OVERHEAD);
    uintptr_t start = (uintptr_t)block + sizeof(struct head);
    size_t pad = (size_t)(-start & (HGI_ALIGN - 1));
    char *p = block + sizeof(struct head) + pad;
    *head_of(p) = (struct head){block, bytes};
    return p;
}

void *hgi_calloc(const hgi_mem *mem, size_t n, size_t size)
{
    size_t bytes;
    if (!hgi_mul_size(n, size, &bytes)) return NULL;
    void *p = hgi_alloc(mem, bytes);
    if (p != NULL) memset(p, 0, bytes);
    return p;
}

void *hgi_realloc(const hgi_mem *mem, void *p, size_t bytes)
{
    void *grown = hgi_alloc(mem, bytes);
    if (grown == NULL || p == NULL) return grown;
    size_t held = head_of(p)->bytes;
    memcpy(grown, p, held < bytes ? held : bytes);
    hgi_free(mem, p);
    return grown;
}

void hgi_free(const hgi_mem *mem, void *p)
{
    if (p != NULL) mem->hook.free(mem->hook.user, head_of(p)->block);
}

char *hgi_strndup(const hgi_mem *mem, const char *s, size_t n)
{
    if (n == SIZE_MAX) return NULL;
    char *copy = hgi_alloc(mem, n + 1);
    if (copy == NULL) return NULL;
    memcpy(copy, s, n);
    copy[n] = '\0';
    return copy;
}

char *hgi_strdup(const hgi_mem *mem, const char *s)
{
    return hgi_strndup(mem, s, strlen(s));
}
