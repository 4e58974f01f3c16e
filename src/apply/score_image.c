// SPDX-License-Identifier: MIT
/* Score `image`: of a row that is an image the hundredth of its pixels that are farthest
 * off, each by what is usual there.
 *
 *     u_p = mean over channels of the squared error of pixel p
 *     e_p = a + b v_p + c s_p      what is usual: v_p the mean of u_p in normal rows,
 *                                  s_p the variance of the reconstruction in 3 x 3 pixels
 *     score = root of the mean of the largest hundredth of the smoothed u / e
 *                                                                  (see image_map.h)
 *
 * Edges are never quite where the net puts them, so that errors are large along them in any
 * image: without s_p the edges of normal images drown what is wrong in a smooth part of
 * others.  a, b and c are none below 0 and fit the squared errors of normal rows by least
 * squares, weighted by 1 / e^2 of a first fit, because squared errors spread as they are
 * large.  s_p is held to the largest of those rows: an image that is rebuilt wildly must
 * not excuse itself. */
#include "apply/score_image.h"

#include <math.h>
#include <string.h>

enum { TERMS = 3, MIX = TERMS + 1 }; /* a, b, c and the largest s */
/* Of the mean of u: a usual error is never taken to be less. */
#define FLOOR 0.1
#define LEAST 1e-9

typedef struct usual {
    const double *v, *mix;
} usual;

/* ---- of a pixel -------------------------------------------------------------------- */

static double cost(const hgi_score_rows *rows, int64_t i, int64_t p)
{
    const int64_t c = rows->c / (rows->height * rows->width);
    const hgi_real *r = rows->r + i * rows->c + p * c;
    double sum = 0;
    for (int64_t k = 0; k < c; k++) sum += (double)r[k] * (double)r[k];
    return sum / (double)c;
}

/* The mean over channels of the variance around pixel p; 0 where it is beyond numbers. */
static double edge(const hgi_score_rows *rows, int64_t i, int64_t p)
{
    const int64_t h = rows->height, w = rows->width, c = rows->c / (h * w);
    const int64_t top = hgi_max(p / w - 1, 0), left = hgi_max(p % w - 1, 0);
    const int64_t bottom = hgi_min(p / w + 1, h - 1), right = hgi_min(p % w + 1, w - 1);
    const double n = (double)((bottom - top + 1) * (right - left + 1));
    const hgi_real *y = rows->y + i * rows->d;
    double all = 0;
    for (int64_t k = 0; k < c; k++) {
        const double around = (double)y[p * c + k];
        double sum = 0, square = 0;
        for (int64_t a = top; a <= bottom; a++)
            for (int64_t b = left; b <= right; b++) {
                double v = (double)y[(a * w + b) * c + k] - around;
                sum += v;
                square += v * v;
            }
        all += fmax(square - sum * sum / n, 0) / n;
    }
    return isfinite(all) ? all / (double)c : 0;
}

static double expected(const usual *u, double s, int64_t p)
{
    return u->mix[0] + u->mix[1] * u->v[p] + u->mix[2] * fmin(s, u->mix[TERMS]);
}

/* ---- learning ---------------------------------------------------------------------- */

/* Terms of one pixel, and their products summed over pixels. */
typedef struct sums {
    double product[TERMS][TERMS], with[TERMS];
} sums;

static void add(sums *s, const double term[TERMS], double u, double weight)
{
    for (int i = 0; i < TERMS; i++) {
        s->with[i] += weight * term[i] * u;
        for (int k = 0; k < TERMS; k++) s->product[i][k] += weight * term[i] * term[k];
    }
}

/* The least squares of the terms in `set`, by elimination; false: they say the same. */
static bool solve(const sums *s, int set, double x[TERMS])
{
    double m[TERMS][TERMS + 1] = {{0}};
    for (int i = 0; i < TERMS; i++) {
        const bool in = (set >> i & 1) != 0;
        for (int k = 0; k < TERMS; k++)
            m[i][k] = in && (set >> k & 1) != 0 ? s->product[i][k] : i == k;
        m[i][TERMS] = in ? s->with[i] : 0;
    }
    for (int i = 0; i < TERMS; i++) {
        if ((set >> i & 1) != 0 && !(m[i][i] > 1e-12 * s->product[i][i])) return false;
        for (int k = i + 1; k < TERMS; k++) {
            const double f = m[k][i] / m[i][i];
            for (int j = i; j <= TERMS; j++) m[k][j] -= f * m[i][j];
        }
    }
    for (int i = TERMS - 1; i >= 0; i--) {
        x[i] = m[i][TERMS];
        for (int k = i + 1; k < TERMS; k++) x[i] -= m[i][k] * x[k];
        x[i] /= m[i][i];
    }
    return true;
}

/* The least squares with no term below 0: of few terms all sets are tried. */
static void fit_terms(const sums *s, double out[TERMS])
{
    double best = 0;
    for (int set = 1; set < 1 << TERMS; set++) {
        double x[TERMS], gain = 0;
        bool sane = solve(s, set, x);
        for (int i = 0; sane && i < TERMS; i++) {
            sane = x[i] >= 0 && isfinite(x[i]);
            gain += x[i] * s->with[i]; /* by how much the sum of squares falls */
        }
        if (!sane || gain <= best) continue;
        best = gain;
        memcpy(out, x, TERMS * sizeof *out);
    }
}

/* From mix as it is to mix as it fits; weigh: by what it was. */
static void refine(const hgi_score_rows *rows, bool weigh, double mean, const double *v,
                   double *mix)
{
    const int64_t pixels = rows->height * rows->width;
    const usual before = {v, mix};
    sums s = {.with = {0}};
    for (int64_t i = 0; i < rows->n; i++)
        for (int64_t p = 0; p < pixels; p++) {
            const double term[TERMS] = {1, v[p], edge(rows, i, p)};
            const double e = weigh ? expected(&before, term[2], p) : 1,
                         u = cost(rows, i, p);
            if (isfinite(u)) add(&s, term, u, 1 / (e * e));
            mix[TERMS] = fmax(mix[TERMS], term[2]);
        }
    fit_terms(&s, mix);
    mix[0] = fmax(mix[0], fmax(FLOOR * mean, LEAST));
}

static hg_status fit(hg_ctx *ctx, const hgi_score_rows *rows, hgi_score_state *out)
{
    const int64_t pixels = rows->height * rows->width;
    double *v, *mix, mean = 0;
    HGI_TRY(hgi_score_tensor_new(ctx, out, "mean_cost", pixels, 0, &v));
    HGI_TRY(hgi_score_tensor_new(ctx, out, "usual", MIX, 0, &mix));
    for (int64_t p = 0; p < pixels; p++) {
        for (int64_t i = 0; i < rows->n; i++) v[p] += cost(rows, i, p);
        v[p] /= (double)hgi_max(rows->n, 1);
        if (!isfinite(v[p])) v[p] = 1;
        mean += v[p] / (double)pixels;
    }
    mix[0] = fmax(mean, LEAST);
    refine(rows, false, mean, v, mix);
    refine(rows, true, mean, v, mix);
    return HG_OK;
}

static const char *check(const hgi_score_state *s, const hgi_score_rows *rows)
{
    const int64_t pixels = rows->height * rows->width;
    const double *v = hgi_score_tensor_get(s, "mean_cost", pixels, 0);
    const double *mix = hgi_score_tensor_get(s, "usual", MIX, 0);
    if (v == NULL || mix == NULL)
        return "'mean_cost' of each pixel and 'usual' are expected";
    for (int64_t p = 0; p < pixels; p++)
        if (!(v[p] >= 0)) return "a mean cost is below 0";
    for (int i = 0; i < MIX; i++)
        if (!(mix[i] >= 0)) return "a part of what is usual is below 0";
    return mix[0] > 0 ? NULL : "what is usual is not above 0";
}

/* ---- scores ------------------------------------------------------------------------ */

void hgi_score_image_map(const hgi_score_state *s, const hgi_score_rows *rows, int64_t i,
                         const hgi_image_map *m, double *map, double *line)
{
    const int64_t pixels = rows->height * rows->width;
    const usual u = {hgi_score_tensor_get(s, "mean_cost", pixels, 0),
                     hgi_score_tensor_get(s, "usual", MIX, 0)};
    for (int64_t p = 0; p < pixels; p++)
        map[p] = cost(rows, i, p) / expected(&u, edge(rows, i, p), p);
    hgi_image_smooth(m, map, line);
}

/* The map, a line and the largest. */
static int64_t scratch(const hgi_score_state *s, const hgi_score_rows *rows)
{
    (void)s;
    const hgi_image_map m = hgi_image_map_of(rows->height, rows->width);
    return rows->height * rows->width + hgi_max(rows->height, rows->width) + m.top;
}

static void score(const hgi_score_state *s, const hgi_score_rows *rows, double *map,
                  double *out)
{
    const hgi_image_map m = hgi_image_map_of(rows->height, rows->width);
    double *line = map + rows->height * rows->width;
    double *some = line + hgi_max(rows->height, rows->width);
    for (int64_t i = 0; i < rows->n; i++) {
        hgi_score_image_map(s, rows, i, &m, map, line);
        out[i] = sqrt(hgi_image_top(&m, map, some));
    }
}

const hgi_score_kind hgi_score_image = {
    .name = "image",
    .brief = "of images: the pixels that are farthest off, each by what is usual there",
    .images = true,
    .fit = fit,
    .check = check,
    .scratch = scratch,
    .score = score,
};
