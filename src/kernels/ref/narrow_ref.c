// SPDX-License-Identifier: MIT
/* One row by narrow weights, plain C, and packing them: see hgi_narrow in kernels.h.   */
#include "kernels/ref/ref.h"

#include <math.h>
#include <string.h>

size_t hgi_narrow_bytes(hgi_narrow_kind kind, int64_t K, int64_t N)
{
    int64_t group = kind == HGI_NARROW_BF16 ? 2 : 4;
    return (size_t)(hgi_ceil_div(K, group) * hgi_strip_width(N)) * sizeof(uint32_t);
}

/* The word of columns n and groups of k from k0 on.                                    */
static uint32_t *word_at(void *W, int64_t rows, int64_t N, int64_t j, int64_t n)
{
    int64_t n0 = n / HGI_STRIP * HGI_STRIP;
    int64_t row = hgi_strip_width(hgi_min(HGI_STRIP, N - n0));
    return (uint32_t *)W + rows * n0 + j * row + n - n0;
}

void hgi_narrow_pack_bf16(int64_t K, int64_t N, const hgi_real *src, int64_t row,
                          int64_t col, void *dst)
{
    memset(dst, 0, hgi_narrow_bytes(HGI_NARROW_BF16, K, N));
    for (int64_t n = 0; n < N; n++)
        for (int64_t k = 0; k < K; k++) {
            float f = (float)hgk_bf16_ref(src[k * row + n * col]);
            uint32_t bits;
            memcpy(&bits, &f, sizeof bits);
            *word_at(dst, hgi_ceil_div(K, 2), N, k / 2, n) |=
                k % 2 == 0 ? bits >> 16 : bits & 0xffff0000u;
        }
}

/* Each column by its own largest weight: scale[n] = max / 127.                         */
void hgi_narrow_pack_int8(int64_t K, int64_t N, const hgi_real *src, int64_t row,
                          int64_t col, void *dst, float *scale)
{
    memset(dst, 0, hgi_narrow_bytes(HGI_NARROW_INT8, K, N));
    for (int64_t n = 0; n < N; n++) {
        float most = 0;
        for (int64_t k = 0; k < K; k++)
            most = fmaxf(most, fabsf((float)src[k * row + n * col]));
        bool some = most >= HGI_BYTES_LEAST;
        scale[n] = some ? most / 127.0f : 0.0f;
        for (int64_t k = 0; k < K && some; k++) {
            float q = nearbyintf((float)src[k * row + n * col] * (127.0f / most));
            uint32_t byte = (uint8_t)(int8_t)q;
            *word_at(dst, hgi_ceil_div(K, 4), N, k / 4, n) |= byte << (8 * (k % 4));
        }
    }
}

void hgk_narrow_bf16_ref(const hgi_narrow *g)
{
    int64_t rows = hgi_ceil_div(g->K, 2);
    for (int64_t n = 0; n < g->N; n++) {
        hgi_real sum[2] = {g->init ? g->init[n] : 0, 0};
        for (int64_t k = 0; k < g->K; k++) {
            uint32_t word = *word_at((void *)(uintptr_t)g->W, rows, g->N, k / 2, n);
            uint32_t bits = k % 2 == 0 ? word << 16 : word & 0xffff0000u;
            float w;
            memcpy(&w, &bits, sizeof w);
            sum[k % 2] += g->x[k] * (hgi_real)w;
        }
        g->y[n] = sum[0] + sum[1];
    }
}

void hgk_narrow_int8_ref(const hgi_narrow *g)
{
    int64_t rows = hgi_ceil_div(g->K, 4);
    for (int64_t n = 0; n < g->N; n++) {
        int32_t sum = 0;
        for (int64_t k = 0; k < g->K; k++) {
            uint32_t word = *word_at((void *)(uintptr_t)g->W, rows, g->N, k / 4, n);
            sum += (int32_t)g->bytes[k] * (int8_t)(uint8_t)(word >> (8 * (k % 4)));
        }
        hgi_real scale = (hgi_real)(g->step * g->scale[n]);
        g->y[n] = (g->init ? g->init[n] : 0) + (hgi_real)sum * scale;
    }
}

float hgk_quantise_ref(int64_t n, const hgi_real *x, int8_t *out)
{
    float most = 0, sum = 0;
    for (int64_t i = 0; i < n; i++) {
        float v = fabsf((float)x[i]);
        most = v > most ? v : most;
        sum += v * 0;
    }
    bool some = isfinite(sum) && most >= HGI_BYTES_LEAST;
    float factor = some ? 127.0f / most : 0.0f;
    for (int64_t i = 0; i < n; i++)
        out[i] = some ? (int8_t)nearbyintf((float)x[i] * factor) : 0;
    return isfinite(sum) ? (some ? most / 127.0f : 0.0f) : sum;
}
