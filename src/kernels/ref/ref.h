// SPDX-License-Identifier: MIT
/* The reference kernels: plain C, one loop a formula, the definition of correct.
 *
 * They compile for float and, with HGI_F64, for double from the same source: <tgmath.h>
 * takes expf() or exp() by the type of its argument.  They run on every machine, and the
 * tests hold each instruction set against them.  Contracts are in kernels/kernels.h.  */
#ifndef HGK_REF_H
#define HGK_REF_H

#include "kernels/kernels.h"

void hgk_gemm_ref(const hgi_gemm *g);
int64_t hgk_packed_size_ref(int64_t K, int64_t N);
void hgk_pack_ref(int64_t K, int64_t N, const hgi_real *src, int64_t row, int64_t col,
                  hgi_real *dst);
#define HGK_PANEL_REF 16
/* Rounded to bf16, as the products in bf16 round their factors.                        */
hgi_real hgk_bf16_ref(hgi_real x);

void hgk_conv_ref(const hgi_conv *g);
void hgk_outer_ref(const hgi_outer *g);

void hgk_find_nonzeros_ref(int64_t R, int64_t C, const hgi_real *x, int64_t ldx,
                           const hgi_sparse *s);
void hgk_sparse_gemm_ref(const hgi_gemm *g, const hgi_sparse *s);
void hgk_sparse_outer_ref(int64_t R, int64_t C, int64_t H, const hgi_sparse *s,
                          int64_t tile, const hgi_real *x, int64_t ldx, const hgi_real *y,
                          int64_t ldy, hgi_real *out, int64_t ldo);

void hgk_top_offer_ref(hgi_top *t, int64_t C, int32_t first, const hgi_real *z);
void hgk_top_cut_ref(hgi_top *t);
void hgk_sum_rows_ref(int64_t C, const int64_t *start, const int32_t *row,
                      const hgi_real *value, int64_t J, const hgi_real *y, int64_t ldy,
                      const hgi_real *init, hgi_real *out, int64_t ldo);
void hgk_dot_rows_ref(int64_t n, const int32_t *row, int64_t J, const hgi_real *a,
                      const hgi_real *y, int64_t ldy, hgi_real *out);
void hgk_transpose_ref(int64_t R, int64_t C, const hgi_real *x, int64_t ldx,
                       hgi_real *out, int64_t ldo);

void hgk_narrow_bf16_ref(const hgi_narrow *g);
void hgk_narrow_int8_ref(const hgi_narrow *g);
float hgk_quantise_ref(int64_t n, const hgi_real *x, int8_t *out);

int64_t hgk_stack_ref(const hgi_stack *s, int64_t R, const float *in, hgi_real *y,
                      double *error);

void hgk_act_forward_ref(hgi_act act, hgi_real alpha, int64_t R, int64_t C,
                         const hgi_real *z, int64_t ldz, hgi_real *y, int64_t ldy);
void hgk_act_backward_ref(hgi_act act, hgi_real alpha, int64_t R, int64_t C,
                          const hgi_real *y, int64_t ldy, hgi_real *g, int64_t ldg);

void hgk_loss_ref(hgi_loss_kind kind, hgi_real delta, hgi_real scale, int64_t R,
                  int64_t C, const hgi_real *y, int64_t ldy, const hgi_real *t,
                  int64_t ldt, hgi_real *g, int64_t ldg, double *row_loss);
void hgk_gaussian_ref(hgi_real scale, int64_t R, int64_t C, const hgi_real *y,
                      int64_t ldy, const hgi_real *t, int64_t ldt,
                      const hgi_real *inverse, hgi_real *g, int64_t ldg, hgi_real *gs,
                      int64_t lds, double *row_square);
void hgk_multinomial_ref(hgi_real scale, int64_t R, int64_t C, const hgi_real *z,
                         int64_t ldz, const hgi_real *t, int64_t ldt, hgi_real *g,
                         int64_t ldg, double *row_loss);
void hgk_softmax_ref(int64_t R, int64_t C, const hgi_real *z, int64_t ldz,
                     const double *total, hgi_real *y, int64_t ldy);
void hgk_l1_ref(hgi_real scale, int64_t R, int64_t C, const hgi_real *z, int64_t ldz,
                hgi_real *g, int64_t ldg, double *row_sum);
void hgk_column_sum_ref(int add, int64_t R, int64_t C, const hgi_real *x, int64_t ldx,
                        hgi_real *out);
double hgk_sum_squares_ref(int64_t n, const hgi_real *x);

void hgk_max_pool_ref(int64_t h, int64_t w, int64_t C, const hgi_real *x, int64_t ldx,
                      hgi_real *y, hgi_real *which);
void hgk_max_pool_back_ref(int add, int64_t h, int64_t w, int64_t C,
                           const hgi_real *which, const hgi_real *gy, hgi_real *gx,
                           int64_t ldx);

void hgk_widen_u8_ref(int64_t n, const uint8_t *src, hgi_real shift, hgi_real scale,
                      hgi_real *dst);
void hgk_affine_ref(int64_t n, const float *src, const hgi_real *shift,
                    const hgi_real *scale, hgi_real *dst);

bool hgk_ends_ref(int64_t n, const hgi_real *x, hgi_real *lo, hgi_real *hi);

void hgk_draw_bits_ref(const hgi_stream *s, int64_t n, const hgi_real *p, hgi_real *y);
void hgk_replace_some_ref(const hgi_stream *s, int64_t n, uint32_t limit, hgi_real even,
                          hgi_real odd, const hgi_real *x, hgi_real *y);
void hgk_add_gaussian_ref(const hgi_stream *s, int64_t n, hgi_real sigma, hgi_real lo,
                          hgi_real hi, const hgi_real *x, hgi_real *y);

void hgk_sgd_ref(const hgi_step *s, int64_t n, hgi_real *theta, const hgi_real *g,
                 hgi_real *v);
void hgk_adam_ref(const hgi_step *s, int64_t n, hgi_real *theta, const hgi_real *g,
                  hgi_real *m, hgi_real *v);
void hgk_rmsprop_ref(const hgi_step *s, int64_t n, hgi_real *theta, const hgi_real *g,
                     hgi_real *m, hgi_real *v);

#endif
