// SPDX-License-Identifier: MIT
/* Smoothing maps, and the mean of their largest values. */
#include "apply/image_map.h"

#include <math.h>
#include <stdlib.h>

#define SHARE 0.01

hgi_image_map hgi_image_map_of(int64_t height, int64_t width)
{
    hgi_image_map m = {.height = height, .width = width};
    double side = (double)hgi_min(height, width) / 56;
    double sigma = side < 0.5 ? 0.5 : side > 8 ? 8 : side;
    m.reach = (int64_t)ceil(3 * sigma);
    for (int64_t k = 0; k <= m.reach; k++)
        m.weight[k] = exp(-0.5 * (double)(k * k) / (sigma * sigma));
    m.top = hgi_max(1, (int64_t)ceil(SHARE * (double)height * (double)width));
    return m;
}

/* n values with a step, in place; at the edges the weights of what is there. */
static void smooth_line(const hgi_image_map *m, double *x, int64_t n, int64_t step,
                        double *line)
{
    for (int64_t i = 0; i < n; i++) line[i] = x[i * step];
    for (int64_t i = 0; i < n; i++) {
        double sum = 0, all = 0;
        for (int64_t k = hgi_max(0, i - m->reach); k <= hgi_min(n - 1, i + m->reach);
             k++) {
            double w = m->weight[llabs(k - i)];
            sum += w * line[k];
            all += w;
        }
        x[i * step] = sum / all;
    }
}

void hgi_image_smooth(const hgi_image_map *m, double *map, double *line)
{
    for (int64_t y = 0; y < m->height; y++)
        smooth_line(m, map + y * m->width, m->width, 1, line);
    for (int64_t x = 0; x < m->width; x++)
        smooth_line(m, map + x, m->height, m->width, line);
}

/* some[] is a heap whose root is the least of the n largest so far. */
static void sift(double *some, int64_t n, double v)
{
    int64_t at = 0;
    for (int64_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && some[child + 1] < some[child]) child++;
        if (!(some[child] < v)) break;
        some[at] = some[child];
    }
    some[at] = v;
}

double hgi_image_top(const hgi_image_map *m, const double *map, double *some)
{
    const int64_t n = m->height * m->width;
    double sum = 0;
    for (int64_t i = 0; i < m->top; i++) some[i] = -HUGE_VAL;
    for (int64_t i = 0; i < n; i++)
        if (map[i] > some[0]) sift(some, m->top, map[i]);
    for (int64_t i = 0; i < m->top; i++) sum += some[i];
    return sum / (double)m->top;
}
