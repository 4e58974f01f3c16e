// SPDX-License-Identifier: MIT
/* Processor features, by cpuid and XGETBV.
 *
 * A feature counts only when the system also saves its registers at a task switch: XCR0
 * says so, bits 1-2 for xmm and ymm, bits 5-7 for the mask and zmm registers.
 * Source: Intel 64 and IA-32 Software Developer's Manual, vol. 1, ch. 13-15.           */
#include "kernels/cpu.h"

#include <string.h>

#if defined(__x86_64__)

#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#define XCR0_YMM 0x06u
#define XCR0_ZMM 0xe6u
#define XCR0_TILE 0x60000u

static bool bit(unsigned word, int index) { return (word >> index & 1u) != 0; }

/* XCR0, low half.  Legal only where cpuid shows OSXSAVE.                               */
static unsigned read_xcr0(void)
{
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

/* The 48 bytes of leaves 0x80000002..4, without the blanks some vendors pad with.      */
static void read_brand(char out[HGI_CPU_BRAND])
{
    unsigned word[12] = {0};
    for (unsigned i = 0; i < 3; i++)
        if (!__get_cpuid(0x80000002u + i, &word[4 * i], &word[4 * i + 1],
                         &word[4 * i + 2], &word[4 * i + 3]))
            return;
    char text[HGI_CPU_BRAND] = {0};
    memcpy(text, word, sizeof word);
    const char *start = text + strspn(text, " ");
    size_t n = strlen(start);
    while (n > 0 && start[n - 1] == ' ') n--;
    if (n == 0) return;
    memcpy(out, start, n);
    out[n] = '\0';
}

/* Linux gives tiles only to a process that asks, for all its threads from then on.
 * Source: Documentation/arch/x86/xstate.rst of Linux.                                  */
static bool permit_tiles(void)
{
    enum { ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18 };
#if defined(__linux__)
    return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0;
#else
    return false;
#endif
}

static void read_features(hgi_cpu *out)
{
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return;
    bool fma = bit(c, 12), f16c = bit(c, 29);
    if (!bit(c, 27)) return; /* OSXSAVE: without it the system saves no wide register   */
    unsigned xcr0 = read_xcr0();
    bool ymm = (xcr0 & XCR0_YMM) == XCR0_YMM, zmm = (xcr0 & XCR0_ZMM) == XCR0_ZMM;
    bool tile = (xcr0 & XCR0_TILE) == XCR0_TILE;

    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return;
    out->avx2 = ymm && fma && f16c && bit(b, 5);
    out->avx512 =
        zmm && out->avx2 && bit(b, 16) && bit(b, 17) && bit(b, 30) && bit(b, 31);
    out->avx512_vnni = zmm && bit(c, 11);
    out->amx_bf16 = tile && bit(d, 22) && bit(d, 24) && permit_tiles();
    unsigned vendor[3]; /* "AuthenticAMD" in ebx, edx, ecx */
    if (__get_cpuid(0, &a, &vendor[0], &vendor[2], &vendor[1]))
        out->amd = memcmp(vendor, "AuthenticAMD", 12) == 0;
    if (__get_cpuid_count(7, 1, &a, &b, &c, &d)) out->avx512_bf16 = zmm && bit(a, 5);
}

#elif defined(__aarch64__)

/* Its vectors are part of how functions pass floats, so code that runs has them; what else
 * a processor has is told to the system alone.                                         */
static void read_brand(char out[HGI_CPU_BRAND]) { strcpy(out, "aarch64"); }
static void read_features(hgi_cpu *out) { out->neon = true; }

#else

static void read_brand(char out[HGI_CPU_BRAND]) { (void)out; }
static void read_features(hgi_cpu *out) { (void)out; }

#endif

void hgi_cpu_find(hgi_cpu *out)
{
    memset(out, 0, sizeof *out);
    strcpy(out->brand, "unknown");
    read_brand(out->brand);
    read_features(out);
}
