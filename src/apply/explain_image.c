// SPDX-License-Identifier: MIT
/* Why an image is an anomaly: which regions of it leave an image that scores like a normal
 * one when they are as expected.  A single pixel says nothing: its neighbours go on being
 * wrong.
 *
 *     map     the differences from the reconstruction, by pixel, smoothed (image_map.h)
 *     seeds   its peaks, each outside what those before it hold
 *     regions the pixels around a seed that hang together, even by corners, and reach a
 *             share of its height: LEVELS of them, each within the next; and those of the
 *             first seeds together, because a score that looks at an image's worst pixels
 *             stays as it is while another region is as bad
 *
 * As for rows (explain_row.c) the score itself is asked: regions are set to where
 *     x <- net(x) in the region, x elsewhere
 * leads, of a few iterates the one with the lowest score.  The whole image as expected
 * takes off most, and one pixel most for its size.  What is taken lies between: that which
 * takes off most for the fourth root of its pixels, so that twice the area has to take off
 * a fifth more.  Regions that were set together share what came off by their errors. */
#include "apply/explain.h"

#include <math.h>
#include <string.h>

enum {
    SEEDS = HGI_REGION_SEEDS,
    LEVELS = HGI_REGION_LEVELS,
    ITERATES = 4,
    OUTSIDE = 255,
    HOLDS = 1 /* the level of a region in which no other seed is */
};
static const double level_of[LEVELS] = {0.5, 0.3, 0.18, 0.1, 0.05};

bool hgi_explain_is_image(const hg_model *m)
{
    const hgi_shape *row = &m->net.input;
    return m->series == NULL && m->scaler.schema == NULL && m->columns == NULL &&
           row->rank > 1 && m->net.inputs == hgi_model_raw(m);
}

hg_status hgi_explain_image_room(hg_ctx *ctx, hgi_explainer *e)
{
    hgi_regions *g = &e->image;
    const hgi_shape *row = &e->m->net.input;
    if (!hgi_explain_is_image(e->m)) return HG_OK;
    g->height = row->dim[0];
    g->width = row->dim[1];
    g->depth = row->rank > 2 ? row->dim[2] : 1;
    g->how = hgi_image_map_of(g->height, g->width);
    const int64_t pixels = g->height * g->width;
    const size_t doubles = (size_t)(pixels + hgi_max(g->height, g->width));
    g->map = hgi_alloc(&ctx->mem, doubles * sizeof *g->map);
    g->list = hgi_alloc(&ctx->mem, (size_t)pixels * sizeof *g->list);
    g->level = hgi_alloc(&ctx->mem, (size_t)pixels * SEEDS);
    return g->map != NULL && g->list != NULL && g->level != NULL
               ? HG_OK
               : hgi_fail_mem(ctx, doubles * sizeof *g->map, "regions");
}

void hgi_explain_image_free(hgi_explainer *e)
{
    hgi_free(&e->mem, e->image.map);
    hgi_free(&e->mem, e->image.list);
    hgi_free(&e->mem, e->image.level);
}

/* ---- regions ------------------------------------------------------------------------- */

static double gap_at(const hgi_explainer *e, const float *y, int64_t at)
{
    const double by = (double)e->x[at] - (double)y[at];
    return isnan(by) ? 0 : fabs(by) * e->m->scaler.scale[hgi_explain_place(e, at)];
}

/* Pixels that are as expected by now have no error. */
static void make_map(hgi_explainer *e)
{
    hgi_regions *g = &e->image;
    const int64_t pixels = g->height * g->width;
    for (int64_t p = 0; p < pixels; p++) {
        double sum = 0;
        for (int64_t k = 0; k < g->depth && !e->taken[p]; k++) {
            const double by = fmin(gap_at(e, e->y, p * g->depth + k), 1e100);
            sum += by * by;
        }
        g->map[p] = sqrt(sum / (double)g->depth);
    }
    hgi_image_smooth(&g->how, g->map, g->map + pixels);
    for (int64_t p = 0; p < pixels; p++)
        if (e->taken[p]) g->map[p] = 0;
}

static bool is_peak(const hgi_regions *g, int64_t p)
{
    const int64_t top = hgi_max(p / g->width - 1, 0), left = hgi_max(p % g->width - 1, 0);
    const int64_t bottom = hgi_min(p / g->width + 1, g->height - 1);
    const int64_t right = hgi_min(p % g->width + 1, g->width - 1);
    for (int64_t y = top; y <= bottom; y++)
        for (int64_t x = left; x <= right; x++)
            if (g->map[y * g->width + x] > g->map[p]) return false;
    return true;
}

/* The highest peak that earlier seeds do not hold; -1: none. */
static int64_t next_seed(const hgi_regions *g, int64_t seeds)
{
    const int64_t pixels = g->height * g->width;
    int64_t best = -1;
    for (int64_t p = 0; p < pixels; p++) {
        if (!(g->map[p] > 0) || (best >= 0 && g->map[p] <= g->map[best])) continue;
        bool held = !is_peak(g, p);
        for (int64_t s = 0; s < seeds && !held; s++)
            held = g->level[s * pixels + p] <= HOLDS;
        if (!held) best = p;
    }
    return best;
}

/* The neighbours of pixel p that reach `cut` come to the end of the list. */
static void spread(hgi_regions *g, unsigned char *level, int64_t p, double cut, int own,
                   int64_t *n)
{
    const int64_t top = hgi_max(p / g->width - 1, 0), left = hgi_max(p % g->width - 1, 0);
    const int64_t bottom = hgi_min(p / g->width + 1, g->height - 1);
    const int64_t right = hgi_min(p % g->width + 1, g->width - 1);
    for (int64_t y = top; y <= bottom; y++)
        for (int64_t x = left; x <= right; x++) {
            const int64_t q = y * g->width + x;
            if (level[q] != OUTSIDE || !(g->map[q] >= cut)) continue;
            level[q] = (unsigned char)own;
            g->list[(*n)++] = q;
        }
}

/* Each pixel's level, the first of which the region holds it. */
static void grow(hgi_regions *g, int64_t seed, unsigned char *level)
{
    int64_t n = 1;
    memset(level, OUTSIDE, (size_t)(g->height * g->width));
    level[seed] = 0;
    g->list[0] = seed;
    for (int l = 0; l < LEVELS; l++)
        for (int64_t i = 0; i < n; i++)
            spread(g, level, g->list[i], level_of[l] * g->map[seed], l, &n);
}

static int find_seeds(hgi_regions *g)
{
    int n = 0;
    for (; n < SEEDS; n++) {
        const int64_t p = next_seed(g, n);
        if (p < 0) break;
        grow(g, p, g->level + n * g->height * g->width);
    }
    return n;
}

/* ---- trying -------------------------------------------------------------------------- */

static bool inside(const hgi_regions *g, const hgi_region *r, int64_t pixel)
{
    const int64_t pixels = g->height * g->width;
    for (int s = r->first; s <= r->last; s++)
        if (g->level[s * pixels + pixel] <= r->level) return true;
    return false;
}

/* What can be made of the seeds; returns how many. */
static int64_t list_regions(hgi_region *out, int seeds)
{
    int64_t n = 0;
    for (int l = 0; l < LEVELS; l++)
        for (int s = 0; s < seeds; s++) {
            out[n++] = (hgi_region){s, s, l};
            if (s > 0) out[n++] = (hgi_region){0, s, l};
        }
    return n;
}

static void put(const hgi_explainer *e, const hgi_region *r, const float *from, float *to)
{
    for (int64_t i = 0; i < e->d; i++)
        if (isfinite(from[i]) && inside(&e->image, r, i / e->image.depth))
            to[i] = from[i];
}

/* n regions, at most e->room; iterates with the lowest scores into e->best and e->score. */
static hg_status settle(hgi_explainer *e, const hgi_region *r, int64_t n)
{
    double *now = e->score + e->room;
    for (int64_t i = 0; i < n; i++) {
        memcpy(e->rows + i * e->d, e->x, (size_t)e->d * sizeof *e->rows);
        put(e, &r[i], e->y, e->rows + i * e->d);
        e->score[i] = HUGE_VAL;
    }
    for (int step = 1; step <= ITERATES; step++) {
        if (step > 1) {
            HGI_TRY(hgi_explain_reconstruct(e, e->rows, n, e->made));
            for (int64_t i = 0; i < n; i++)
                put(e, &r[i], e->made + i * e->d, e->rows + i * e->d);
        }
        if ((step & (step - 1)) != 0) continue; /* 1, 2, 4 */
        HGI_TRY(hg_session_score(e->session, e->rows, n, now));
        for (int64_t i = 0; i < n; i++) {
            if (!(now[i] < e->score[i])) continue;
            e->score[i] = now[i];
            memcpy(e->best + i * e->d, e->rows + i * e->d,
                   (size_t)e->d * sizeof *e->best);
        }
    }
    return HG_OK;
}

static double pixels_of(const hgi_regions *g, const hgi_region *r)
{
    int64_t n = 0;
    for (int64_t p = 0; p < g->height * g->width; p++) n += inside(g, r, p);
    return (double)n;
}

/* The regions to take next; false: none takes off as much as a cause must. */
static hg_status choose(hgi_explainer *e, double before, double least, hgi_region *out,
                        bool *found)
{
    hgi_region tried[2 * SEEDS * LEVELS];
    double most = 0;
    *found = false;
    HGI_TRY(hgi_explain_reconstruct(e, e->x, 1, e->y));
    make_map(e);
    const int64_t n = list_regions(tried, find_seeds(&e->image));
    for (int64_t k = 0; k < n; k += e->room) {
        const int64_t some = hgi_min(e->room, n - k);
        HGI_TRY(settle(e, tried + k, some));
        for (int64_t i = 0; i < some; i++) {
            /* Below a normal image's score nothing is gained. */
            const double off = before - fmax(e->score[i], e->normal);
            if (!(off >= least)) continue;
            const double gain = off / sqrt(sqrt(pixels_of(&e->image, &tried[k + i])));
            if (gain <= most) continue;
            most = gain;
            *out = tried[k + i];
            *found = true;
        }
    }
    return HG_OK;
}

/* ---- causes -------------------------------------------------------------------------- */

/* The rectangle around the region, and of its pixels the one that is farthest off. */
static void describe(hgi_explainer *e, const hgi_region *r, hgi_cause *c)
{
    const hgi_regions *g = &e->image;
    int64_t bottom = -1, right = -1;
    double most = -1;
    *c = (hgi_cause){.number = true, .first = -1, .last = -1, .peak = -1};
    c->box[0] = g->height;
    c->box[1] = g->width;
    for (int64_t i = 0; i < e->d; i++) {
        const int64_t p = i / g->depth, y = p / g->width, x = p % g->width;
        if (!inside(g, r, p)) continue;
        c->box[0] = hgi_min(c->box[0], y);
        c->box[1] = hgi_min(c->box[1], x);
        bottom = hgi_max(bottom, y);
        right = hgi_max(right, x);
        if (i % g->depth == 0) c->mass += g->map[p];
        const double by = gap_at(e, e->best, i);
        if (!(by > most)) continue;
        most = by;
        c->column = i;
        c->at[0] = y;
        c->at[1] = x;
    }
    c->box[2] = bottom - c->box[0] + 1;
    c->box[3] = right - c->box[1] + 1;
    c->found = e->x[c->column];
    c->expected = e->best[c->column];
    const int64_t pixel = c->column - c->column % g->depth;
    int have = 0, want = 0;
    for (int64_t i = 0; i < g->depth && i < HGI_REGION_CHANNELS; i++) {
        char number[HGI_NUMBER_MAX];
        number[hgi_format_float(number, e->x[pixel + i])] = '\0';
        have += snprintf(c->found_text + have, sizeof c->found_text - (size_t)have,
                         "%s%s", i > 0 ? "," : "", number);
        want += snprintf(c->expected_text + want, sizeof c->expected_text - (size_t)want,
                         "%s%.4g", i > 0 ? "," : "", (double)e->best[pixel + i]);
    }
}

/* Sets the regions, and describes each, of those that there is room for; *taken of them. */
static hg_status take(hgi_explainer *e, const hgi_region *r, hgi_cause *cause,
                      int64_t most, int64_t *taken)
{
    double mass = 0;
    *taken = 0;
    HGI_TRY(settle(e, r, 1));
    for (int s = r->first; s <= r->last; s++) {
        hgi_cause c;
        describe(e, &(hgi_region){s, s, r->level}, &c);
        mass += c.mass;
        c.left = e->score[0];
        if (*taken < most) cause[(*taken)++] = c;
    }
    for (int64_t k = 0; k < *taken; k++) cause[k].share = cause[k].mass / mass;
    for (int64_t i = 0; i < e->d; i++) {
        if (!inside(&e->image, r, i / e->image.depth)) continue;
        e->x[i] = e->best[i];
        e->taken[i / e->image.depth] = true;
    }
    return HG_OK;
}

hg_status hgi_explain_image(hgi_explainer *e, hgi_explained *r, hgi_cause *cause,
                            int64_t most)
{
    const double over = r->score - e->normal;
    while (r->causes < most && r->left > e->normal) {
        hgi_region region;
        bool found;
        int64_t n;
        HGI_TRY(choose(e, r->left, HGI_CAUSE_LEAST * over, &region, &found));
        if (!found) break;
        HGI_TRY(take(e, &region, cause + r->causes, most - r->causes, &n));
        const double left = cause[r->causes].left;
        const double share = fmin((r->left - fmax(left, e->normal)) / over, 1);
        for (int64_t k = 0; k < n; k++) cause[r->causes++].share *= share;
        r->left = left;
    }
    return HG_OK;
}
