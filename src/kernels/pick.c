// SPDX-License-Identifier: MIT
/* Which kernel table runs: the one place that knows which instruction sets are built.
 *
 * Tables are constants, so picking one is a comparison and there is nothing to set up.
 * The choice depends on the CPU and the user's limit alone, never on a timing: the same
 * machine always gives the same bits.                                                  */
#include "kernels/cpu.h"
#include "kernels/tables.h"

#include <assert.h>
#include <string.h>

#if defined(__x86_64__) && !defined(HGI_F64)
#define HAVE_X86 1
#else
#define HAVE_X86 0
#endif
#if defined(__aarch64__) && !defined(HGI_F64)
#define HAVE_ARM 1
#else
#define HAVE_ARM 0
#endif

typedef struct hgi_row {
    const char *word;
    const hgi_kernels *table; /* NULL: not in this build                                */
    bool runs;                /* on this CPU                                            */
} hgi_row;

#define ROWS 4
#define BF16_ROWS 3

/* Every instruction set there is, lowest first, so that "avx512" asked of a build without
 * it is "not available" and not "unknown".                                             */
static void list(hgi_row row[ROWS])
{
    hgi_cpu cpu;
    hgi_cpu_find(&cpu);
    row[0] = (hgi_row){"ref", &hgk_table_ref, true};
#if HAVE_X86
    row[1] = (hgi_row){"avx2", &hgk_table_avx2, cpu.avx2};
    row[2] =
        (hgi_row){"avx512", cpu.avx512_vnni ? &hgk_table_avx512_vnni : &hgk_table_avx512,
                  cpu.avx512};
#else
    row[1] = (hgi_row){"avx2", NULL, false};
    row[2] = (hgi_row){"avx512", NULL, false};
#endif
#if HAVE_ARM
    row[3] = (hgi_row){"neon", &hgk_table_neon, cpu.neon};
#else
    row[3] = (hgi_row){"neon", NULL, false};
#endif
}

hg_status hgi_kernels_pick(const char *limit, const hgi_kernels **out)
{
    hgi_row row[ROWS];
    list(row);
    *out = &hgk_table_ref;
    if (limit && strcmp(limit, "amx") == 0) {
        const hgi_kernels *tiles;
        HGI_TRY(hgi_kernels_pick_bf16(limit, &tiles));
        if (strcmp(tiles->name, "amx") != 0) return HG_EUNAVAILABLE;
        limit = "avx512"; /* what is not a product in bf16 */
    }
    for (int i = 0; i < ROWS; i++) {
        bool runs = row[i].table && row[i].runs;
        if (limit && strcmp(limit, row[i].word) == 0) {
            if (!runs) return HG_EUNAVAILABLE;
            *out = row[i].table;
            return HG_OK;
        }
        if (!limit && runs) *out = row[i].table;
    }
    return limit ? HG_EUNKNOWN : HG_OK;
}

/* Lowest first, as list(); the word is the limit that still allows it.                 */
static void list_bf16(hgi_row row[BF16_ROWS])
{
    hgi_cpu cpu;
    hgi_cpu_find(&cpu);
    row[0] = (hgi_row){"ref", &hgk_table_ref_bf16, true};
#if HAVE_X86
    bool dot = cpu.avx512 && cpu.avx512_bf16;
    row[1] = (hgi_row){"avx512", &hgk_table_avx512_bf16, dot};
    row[2] = (hgi_row){"amx", &hgk_table_amx, dot && cpu.amx_bf16};
#else
    row[1] = (hgi_row){"avx512", NULL, false};
    row[2] = (hgi_row){"amx", NULL, false};
#endif
}

hg_status hgi_kernels_pick_bf16(const char *limit, const hgi_kernels **out)
{
    hgi_row row[BF16_ROWS];
    list_bf16(row);
    *out = NULL;
    for (int i = 0; i < BF16_ROWS; i++) {
        /* ref is slow: it is taken where it is asked for, never because nothing else is
         * there.                                                                       */
        bool asked = limit && strcmp(limit, row[i].word) == 0;
        if (row[i].table && row[i].runs && (i > 0 || asked) &&
            (asked || !limit || strcmp(limit, "amx") == 0))
            *out = row[i].table;
    }
    return *out ? HG_OK : HG_EUNAVAILABLE;
}

void hgi_kernels_mix(const hgi_kernels *base, const hgi_kernels *over, hgi_kernels *out)
{
    enum { WORDS = sizeof *out / sizeof(uintptr_t) };
    static_assert(sizeof *out % sizeof(uintptr_t) == 0, "every member is one word");
    uintptr_t b[WORDS], o[WORDS];
    memcpy(b, base, sizeof b);
    memcpy(o, over, sizeof o);
    for (int i = 0; i < WORDS; i++)
        if (o[i] != 0) b[i] = o[i];
    memcpy(out, b, sizeof b);
}

bool hgi_bf16_pays(const hgi_kernels *over)
{
#if HAVE_X86
    hgi_cpu cpu;
    hgi_cpu_find(&cpu);
    /* Zen 4 and later start a 512-bit dot product a cycle; Intel's take it apart.      */
    return over == &hgk_table_amx || (over == &hgk_table_avx512_bf16 && cpu.amd);
#else
    (void)over;
    return false;
#endif
}

const hgi_kernels *hgi_kernels_at(int index)
{
    hgi_row row[ROWS];
    list(row);
    for (int i = 0; i < ROWS; i++)
        if (row[i].table && row[i].runs && index-- == 0) return row[i].table;
    return NULL;
}

void hgi_cpu_describe(char *out, size_t n)
{
    hgi_cpu cpu;
    hgi_cpu_find(&cpu);
    snprintf(out, n, "%s%s%s%s%s%s%s", cpu.brand, cpu.avx2 ? ", avx2" : "",
             cpu.avx512 ? ", avx512" : "", cpu.avx512_vnni ? ", avx512-vnni" : "",
             cpu.avx512_bf16 ? ", avx512-bf16" : "", cpu.amx_bf16 ? ", amx-bf16" : "",
             cpu.neon ? ", neon" : "");
}
