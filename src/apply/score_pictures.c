// SPDX-License-Identifier: MIT
/* Tiles to pictures, and lines that begin with a picture's name.
 *
 * A false alarm is one about a picture, so its scores are what calibration keeps: of n
 * tiles the highest is above a threshold for tiles nearly n times as often as one of them.
 * A tile that is above the pictures' threshold makes its picture an anomaly, and its
 * p-value is the share of normal pictures that have such a tile anywhere. */
#include "apply/score_pictures.h"

#include "apply/score_lines.h"

#include <math.h>
#include <string.h>

static bool is_cut(const struct hgi_pictures *p)
{
    return p != NULL && p->how.prep.tile[0] > 0;
}

bool hgi_of_tiles(const hg_model *m, const hg_dataset *data)
{
    return m->has_pictures && m->pictures.prep.tile[0] > 0 && is_cut(data->pictures);
}

int64_t hgi_picture_scores(const hg_model *m, const hg_dataset *data, int64_t rows,
                           const double *score, double *picture, int64_t *first)
{
    const bool whole = hgi_of_tiles(m, data);
    const hgi_picture_item *last = NULL;
    int64_t n = 0;
    for (int64_t r = 0; r < rows; r++) {
        const int64_t stored = data->order != NULL ? data->order[r] : r;
        const hgi_picture_item *item =
            whole ? hgi_pictures_of(data->pictures, stored) : NULL;
        if (item != NULL && item == last) {
            picture[n - 1] = fmax(picture[n - 1], score[r]);
            continue;
        }
        last = item;
        if (first != NULL) first[n] = r;
        picture[n++] = score[r];
    }
    return n;
}

int64_t hg_picture_scores(const hg_model *model, const hg_dataset *data,
                          const double *score, double *picture, int64_t *first)
{
    if (model == NULL || data == NULL || score == NULL || picture == NULL) return 0;
    return hgi_picture_scores(model, data, data->rows, score, picture, first);
}

/* ---- lines -------------------------------------------------------------------------- */

static hg_status write_lines(const hgi_picture_job *j, int64_t n, const int64_t *first,
                             hgi_score_lines *l)
{
    const struct hgi_pictures *p = j->like->pictures;
    const bool places = is_cut(p) && (first == NULL || !hgi_of_tiles(j->model, j->like));
    HGI_TRY(hgi_score_lines_open(l, j->path, places ? "file,top,left" : "file"));
    for (int64_t i = 0; i < n; i++) {
        const int64_t row = first != NULL ? first[i] : i;
        const hgi_picture_item *item = hgi_pictures_of(p, row);
        int64_t at[2] = {0, 0};
        hgi_score_lines_word(l, item->path);
        if (places) {
            hgi_prep_corner(&p->how.prep, item->area, row - item->first, at);
            hgi_text_add(&l->text, ",%lld,%lld", (long long)at[0], (long long)at[1]);
        }
        HGI_TRY(hgi_score_lines_end(l, j->score[i]));
    }
    return HG_OK;
}

hg_status hgi_score_pictures(const hgi_picture_job *j, int64_t *lines)
{
    hg_status status;
    const hgi_mem *mem = &j->ctx->mem;
    const size_t n = (size_t)j->rows;
    hgi_score_lines l = {.ctx = j->ctx, .model = j->model, .o = j->o};
    int64_t *first = hgi_calloc(mem, n, sizeof *first), pictures = j->rows;
    double *picture = hgi_calloc(mem, n, sizeof *picture);
    *lines = j->rows;
    if (first == NULL || picture == NULL)
        HGI_GOTO(hgi_fail_mem(j->ctx, n * sizeof *picture, "scores of pictures"));
    const bool whole = hgi_of_tiles(j->model, j->like);
    pictures = hgi_picture_scores(j->model, j->like, j->rows, j->score, picture, first);
    HGI_GOTO(
        hg_decide(j->ctx, j->model, j->o->rule, picture, pictures, NULL, j->decision));
    l.threshold = j->decision->threshold;
    if (j->drift != NULL) hgi_drift_add(j->drift, pictures, picture);
    if (whole && !j->o->tiles) {
        memcpy(j->score, picture, (size_t)pictures * sizeof *picture);
        *lines = pictures;
    } else if (whole) {
        j->decision->anomalies = 0;
        for (int64_t i = 0; i < j->rows; i++)
            j->decision->anomalies += j->score[i] > l.threshold;
    }
    if (j->path != NULL)
        HGI_GOTO(write_lines(j, *lines, whole && !j->o->tiles ? first : NULL, &l));
done:
    status = hgi_score_lines_close(&l, status);
    hgi_free(mem, first);
    hgi_free(mem, picture);
    return status;
}
