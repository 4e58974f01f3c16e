// SPDX-License-Identifier: MIT
/* Which kernel table runs: the one place that knows which instruction sets are built.
 *
 * Tables are constants, so picking one is a comparison and there is nothing to set up.
 * The choice depends on the CPU and the user's limit alone, never on a timing: the same
 * machine always gives the same bits.                                                  */
#include "kernels/cpu.h"
#include "kernels/tables.h"

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

/* Every instruction set there is, lowest first, so that "avx512" asked of a build without
 * it is "not available" and not "unknown".                                             */
static void list(hgi_row row[ROWS])
{
    hgi_cpu cpu;
    hgi_cpu_find(&cpu);
    row[0] = (hgi_row){"ref", &hgk_table_ref, true};
#if HAVE_X86
    row[1] = (hgi_row){"avx2", &hgk_table_avx2, cpu.avx2};
    row[2] = (hgi_row){"avx512", &hgk_table_avx512, cpu.avx512};
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
    snprintf(out, n, "%s%s%s%s%s%s", cpu.brand, cpu.avx2 ? ", avx2" : "",
             cpu.avx512 ? ", avx512" : "", cpu.avx512_bf16 ? ", avx512-bf16" : "",
             cpu.amx_bf16 ? ", amx-bf16" : "", cpu.neon ? ", neon" : "");
}
