// SPDX-License-Identifier: MIT
/* Sums and weights of a picture's tiles; tiles come in order, so the sums do, too.     */
#include "data/stitch.h"

hg_status hgi_stitch_begin(hg_ctx *ctx, const int64_t area[2], int channels,
                           hgi_stitch *out)
{
    size_t pixels = 0, values = 0;
    *out = (hgi_stitch){.size = {area[0], area[1]}, .channels = channels};
    if (!hgi_mul_size((size_t)area[0], (size_t)area[1], &pixels) ||
        !hgi_mul_size(pixels, (size_t)channels, &values))
        return hgi_fail_mem(ctx, SIZE_MAX, "a picture");
    out->sum = hgi_calloc(&ctx->mem, values, sizeof *out->sum);
    out->weight = hgi_calloc(&ctx->mem, pixels, sizeof *out->weight);
    if (out->sum != NULL && out->weight != NULL) return HG_OK;
    hgi_stitch_free(&ctx->mem, out);
    return hgi_fail_mem(ctx, (values + pixels) * sizeof(float), "a picture");
}

void hgi_stitch_free(const hgi_mem *mem, hgi_stitch *s)
{
    hgi_free(mem, s->sum);
    hgi_free(mem, s->weight);
    s->sum = s->weight = NULL;
}

void hgi_stitch_add(hgi_stitch *s, const hgi_prep *p, int64_t tile, const float *row)
{
    int64_t at[2], shape[2];
    const int c = s->channels;
    hgi_prep_corner(p, s->size, tile, at);
    hgi_prep_shape(p, s->size, shape);
    for (int64_t y = 0; y < shape[0]; y++)
        for (int64_t x = 0; x < shape[1]; x++) {
            int64_t to = (at[0] + y) * s->size[1] + at[1] + x;
            s->weight[to] += 1;
            for (int k = 0; k < c; k++) {
                float *sum = &s->sum[to * c + k], v = row[(y * shape[1] + x) * c + k];
                *sum = !s->highest ? *sum + v : *sum < v ? v : *sum;
            }
        }
}

void hgi_stitch_end(hgi_stitch *s)
{
    for (int64_t i = 0; i < s->size[0] * s->size[1]; i++)
        for (int k = 0; k < s->channels && s->weight[i] > 1 && !s->highest; k++)
            s->sum[i * s->channels + k] /= s->weight[i];
}
