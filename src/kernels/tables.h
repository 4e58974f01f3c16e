// SPDX-License-Identifier: MIT
/* The kernel tables of this build: one a folder, constant, chosen among by pick.c.     */
#ifndef HGK_TABLES_H
#define HGK_TABLES_H

#include "kernels/kernels.h"

extern const hgi_kernels hgk_table_ref;
extern const hgi_kernels hgk_table_avx2;
extern const hgi_kernels hgk_table_avx512;
extern const hgi_kernels hgk_table_neon;

/* Products in bf16 alone: laid over the table of the same floor.                       */
extern const hgi_kernels hgk_table_ref_bf16;
extern const hgi_kernels hgk_table_avx512_bf16;
extern const hgi_kernels hgk_table_amx;

#endif
