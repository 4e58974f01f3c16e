// SPDX-License-Identifier: MIT
/* What this processor, and the system on it, let a program use.                        */
#ifndef HGI_CPU_H
#define HGI_CPU_H

#include "base/base.h"

#define HGI_CPU_BRAND 49

typedef struct hgi_cpu {
    char brand[HGI_CPU_BRAND]; /* "AMD EPYC ..."; "unknown" where it cannot be asked    */
    bool avx2;                 /* AVX2, FMA and F16C */
    bool avx512;               /* AVX-512 F, BW, DQ, VL */
    bool avx512_vnni;          /* dot products of bytes                                 */
    bool neon;                 /* 128-bit vectors of aarch64, with fused multiply-add   */
    bool avx512_bf16;          /* dot products of bf16 pairs                            */
    bool amx_bf16;             /* tiles, and the system lets this process use them      */
    bool amd;
} hgi_cpu;

/* Asks the processor each time: a few hundred cycles, and no state to keep.            */
void hgi_cpu_find(hgi_cpu *out);

#endif
