// SPDX-License-Identifier: MIT
/* The kernel tables of this build: one a folder, constant, chosen among by pick.c.     */
#ifndef HGK_TABLES_H
#define HGK_TABLES_H

#include "kernels/kernels.h"

extern const hgi_kernels hgk_table_ref;
extern const hgi_kernels hgk_table_avx2;
extern const hgi_kernels hgk_table_avx512;
/* The same with products of bytes by AVX512_VNNI.                                      */
extern const hgi_kernels hgk_table_avx512_vnni;
extern const hgi_kernels hgk_table_neon;

/* Products in bf16 alone: laid over the table of the same floor.                       */
extern const hgi_kernels hgk_table_ref_bf16;
extern const hgi_kernels hgk_table_avx512_bf16;
extern const hgi_kernels hgk_table_amx;

/* A slot of hgk_table_avx512_vnni, which needs flags of its own.                       */
void hgk_narrow_int8_vnni(const hgi_narrow *g);

#endif
