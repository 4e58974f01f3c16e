// SPDX-License-Identifier: MIT
/* Convolution of few channels: windows are copied out into columns, which the matrix
 * product takes.  Columns lie channel by channel, each with all positions side by side, so
 * that most of a copy is whole rows of the image. */
#include "model/conv.h"

#include <string.h>

enum { BAND_REALS = 1 << 14 };

int64_t hgi_band_rows(const hgi_geometry *g, int64_t depth)
{
    int64_t fit = BAND_REALS / hgi_max(1, depth * g->x.out);
    return hgi_max(1, hgi_min(fit, g->y.out));
}

int64_t hgi_columns_work(const hgi_geometry *g)
{
    int64_t depth = g->taps * g->large;
    return depth * g->x.out * hgi_band_rows(g, depth);
}

/* One row of positions at one tap and channel. */
static void copy_line(const hgi_window *w, int64_t tap, const hgi_real *line,
                      int64_t channels, hgi_real *out)
{
    int64_t q0, q1, step = w->stride * channels;
    hgi_window_range(w, tap, &q0, &q1);
    for (int64_t q = 0; q < q0; q++) out[q] = 0;
    const hgi_real *from =
        line + (q0 * w->stride + tap * w->dilation - w->before) * channels;
    if (step == 1 && q1 > q0)
        memcpy(out + q0, from, (size_t)(q1 - q0) * sizeof *out);
    else
        for (int64_t q = q0; q < q1; q++) out[q] = from[(q - q0) * step];
    for (int64_t q = q1; q < w->out; q++) out[q] = 0;
}

void hgi_columns(const hgi_geometry *g, hgi_band band, const hgi_real *large, int64_t k0,
                 int64_t k1, hgi_real *out)
{
    for (int64_t k = k0; k < k1; k++) {
        int64_t tap = k / g->large, channel = k % g->large;
        int64_t i = tap / g->x.kernel, j = tap % g->x.kernel;
        for (int64_t p = band.p0; p < band.p0 + band.rows; p++, out += g->x.out) {
            int64_t y = p * g->y.stride + i * g->y.dilation - g->y.before;
            if (y < 0 || y >= g->y.in)
                memset(out, 0, (size_t)g->x.out * sizeof *out);
            else
                copy_line(&g->x, j, large + y * g->x.in * g->large + channel, g->large,
                          out);
        }
    }
}

void hgi_gather_columns(const hgi_geometry *g, const hgi_kernels *k, int64_t images,
                        const hgi_real *large, const hgi_real *W, const hgi_real *init,
                        hgi_real *small, hgi_real *work)
{
    int64_t depth = g->taps * g->large, step = hgi_band_rows(g, depth);
    for (int64_t r = 0; r < images; r++) {
        for (int64_t p = 0; p < g->y.out; p += step) {
            hgi_band band = {p, hgi_min(step, g->y.out - p)};
            hgi_columns(g, band, large, 0, depth, work);
            hgi_gemm m = {
                .M = band.rows * g->x.out,
                .N = g->small,
                .K = depth,
                .A = work,
                .a_row = 1,
                .a_col = band.rows * g->x.out,
                .B = W,
                .b_row = g->small,
                .init = init,
                .C = small + p * g->x.out * g->small,
                .c_row = g->small,
            };
            k->gemm(&m);
        }
        large += g->large_places * g->large;
        small += g->small_places * g->small;
    }
}

/* Adds one row of positions: cols [q][taps * channels]. */
static void add_line(const hgi_geometry *g, int64_t p, const hgi_real *cols,
                     hgi_real *large)
{
    int64_t c = g->large, depth = g->taps * c;
    for (int64_t i = 0; i < g->y.kernel; i++) {
        int64_t y = p * g->y.stride + i * g->y.dilation - g->y.before;
        if (y < 0 || y >= g->y.in) continue;
        hgi_real *line = large + y * g->x.in * c;
        for (int64_t j = 0; j < g->x.kernel; j++) {
            int64_t q0, q1;
            hgi_window_range(&g->x, j, &q0, &q1);
            const hgi_real *from = cols + (i * g->x.kernel + j) * c + q0 * depth;
            hgi_real *to =
                line + (q0 * g->x.stride + j * g->x.dilation - g->x.before) * c;
            for (int64_t q = q0; q < q1; q++, from += depth, to += g->x.stride * c)
                for (int64_t n = 0; n < c; n++) to[n] += from[n];
        }
    }
}

void hgi_scatter_columns(const hgi_geometry *g, const hgi_kernels *k, int64_t images,
                         const hgi_real *small, const hgi_real *packed,
                         const hgi_real *init, hgi_real *large, hgi_real *work)
{
    int64_t depth = g->taps * g->large, step = hgi_band_rows(g, depth);
    for (int64_t r = 0; r < images; r++) {
        for (int64_t i = 0; i < g->large_places; i++)
            for (int64_t n = 0; n < g->large; n++)
                large[i * g->large + n] = init != NULL ? init[n] : 0;
        for (int64_t p = 0; p < g->y.out; p += step) {
            int64_t rows = hgi_min(step, g->y.out - p);
            hgi_gemm m = {
                .M = rows * g->x.out,
                .N = depth,
                .K = g->small,
                .A = small + p * g->x.out * g->small,
                .a_row = g->small,
                .a_col = 1,
                .B = packed,
                .b_row = HGI_PACKED,
                .C = work,
                .c_row = depth,
            };
            k->gemm(&m);
            for (int64_t i = 0; i < rows; i++)
                add_line(g, p + i, work + i * g->x.out * depth, large);
        }
        small += g->small_places * g->small;
        large += g->large_places * g->large;
    }
}
