// SPDX-License-Identifier: MIT
/* Datasets made of memory that is there already: views of the caller's, and splits.    */
#include "base/rng.h"
#include "data/data.h"
#include "data/names.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The view's layout with every default filled in, checked, in bytes.                   */
static hg_status view_layout(hg_ctx *ctx, const hg_view *v, const char *name,
                             hg_dataset *d)
{
    int64_t size = v->type == HG_U8 ? 1 : (int64_t)sizeof(float);
    bool custom = false;
    int64_t reach = 0,
            part; /* bytes between the first and the farthest element          */
    d->features = 1;
    for (int i = 0; i < v->rank; i++) {
        if (v->shape[i] < 1) {
            return hgi_fail(ctx, HG_ESHAPE,
                            "%s: dimension %d of a row is %lld, expected >= 1", name,
                            i + 1, (long long)v->shape[i]);
        }
        d->shape[i] = v->shape[i];
        custom = custom || v->stride[i] != 0;
        if (__builtin_mul_overflow(d->features, v->shape[i], &d->features) ||
            d->features > INT64_MAX / 8) {
            return hgi_fail(ctx, HG_ESHAPE, "%s: a row is too large", name);
        }
    }
    /* Packed promises a float pointer, so a view at an odd address is not. */
    d->packed = (uintptr_t)v->data % (uintptr_t)size == 0;
    for (int64_t i = v->rank - 1, step = size; i >= 0; step *= v->shape[i], i--) {
        d->stride[i] = custom ? v->stride[i] : step;
        if (d->stride[i] != step && v->shape[i] > 1) d->packed = false;
    }
    d->row_stride = v->row_stride != 0 ? v->row_stride : d->features * size;
    if (d->row_stride % size != 0) d->packed = false;
    /* Index -1 stands for the rows.  The farthest element bounds every address that is
         * ever computed, whatever the signs of the strides. */
    for (int i = -1; i < v->rank; i++) {
        int64_t stride = i < 0 ? d->row_stride : d->stride[i];
        int64_t last = (i < 0 ? v->rows : v->shape[i]) - 1;
        if (stride == INT64_MIN || __builtin_mul_overflow(llabs(stride), last, &part) ||
            __builtin_add_overflow(reach, part, &reach) || reach > PTRDIFF_MAX - size) {
            return hgi_fail(ctx, HG_EINVAL, "%s: strides reach beyond the address space",
                            name);
        }
    }
    return HG_OK;
}

/* All is checked before anything is made: a view costs one look at each value, and nothing
 * but the description is allocated. */
hg_status hg_dataset_view(hg_ctx *ctx, const hg_view *view, hg_dataset **out)
{
    *out = NULL;
    if (view->size == 0 || view->size > sizeof *view) {
        return hgi_fail(ctx, HG_EINVAL, "hg_view: size is %zu, expected %zu", view->size,
                        sizeof *view);
    }
    hg_view v = {0};
    memcpy(&v, view, view->size);
    const char *name = v.name != NULL ? v.name : "memory";
    if (v.data == NULL) return hgi_fail(ctx, HG_EINVAL, "%s: data is NULL", name);
    if (v.type != HG_F32 && v.type != HG_U8) {
        return hgi_fail(ctx, HG_EINVAL, "%s: type is %d, expected HG_F32 or HG_U8", name,
                        (int)v.type);
    }
    if (v.rank < 1 || v.rank > HGI_MAX_RANK) {
        return hgi_fail(ctx, HG_EINVAL, "%s: rank is %d, expected 1 to 3", name, v.rank);
    }
    if (v.rows < 1) {
        return hgi_fail(ctx, HG_ESHAPE, "%s: %lld rows, expected at least 1", name,
                        (long long)v.rows);
    }
    if (v.schema != NULL &&
        (v.rank != 1 || v.type != HG_F32 || v.shape[0] != v.schema->columns))
        return hgi_fail(ctx, HG_ESHAPE, "%s: the schema has %lld columns, in floats",
                        name, (long long)v.schema->columns);
    hg_dataset layout = {0}, *d;
    HGI_TRY(view_layout(ctx, &v, name, &layout));
    HGI_TRY(hgi_dataset_take(ctx, name, "memory", v.type, v.rows, v.rank, layout.shape,
                             NULL, &d));
    d->data = v.data;
    if (v.schema != NULL && !v.schema->plain)
        d->schema = (hg_schema *)(uintptr_t)v.schema;
    d->packed = layout.packed;
    d->row_stride = layout.row_stride;
    memcpy(d->stride, layout.stride, sizeof d->stride);
    hg_status status = hgi_dataset_check(ctx, d);
    if (status != HG_OK) hg_dataset_free(&d);
    *out = d;
    return status;
}

/* One side of a split: it owns the order of its rows and refers to all else.           */
static hg_status side_new(hg_ctx *ctx, const hg_dataset *data, int64_t rows,
                          hg_dataset **out)
{
    hg_status status = HG_OK;
    hg_dataset *d = NULL;
    HGI_GOTO(hgi_dataset_take(ctx, data->name, "split", data->type, rows, data->rank,
                              data->shape, NULL, &d));
    d->data = data->data;
    d->row_stride = data->row_stride;
    memcpy(d->stride, data->stride, sizeof d->stride);
    d->packed = data->packed;
    d->held = data->held;
    d->series = data->series;
    d->columns = data->columns;
    d->decimal = data->decimal;
    d->renamed = data->renamed;
    d->pictures = data->pictures;
    d->schema = data->schema;
    hgi_free(&ctx->mem, d->stored);
    d->stored = hgi_strdup(&ctx->mem, data->stored);
    d->order = hgi_alloc(&ctx->mem, (size_t)rows * sizeof *d->order);
    if (data->labels != NULL) {
        d->labels = hgi_calloc(&ctx->mem, (size_t)rows, sizeof *d->labels);
        if (d->labels == NULL)
            HGI_GOTO(hgi_fail_mem(ctx, (size_t)rows * sizeof *d->labels, "labels"));
        d->labelled = rows;
        d->label_names = hgi_names_share(data->label_names);
    }
    if (d->stored == NULL || d->order == NULL) {
        status =
            hgi_fail_mem(ctx, (size_t)rows * sizeof *d->order, "the order of a split");
    }
done:
    if (status != HG_OK) hg_dataset_free(&d);
    *out = d;
    return status;
}

hg_status hgi_dataset_pick(hg_ctx *ctx, const hg_dataset *data, const int64_t *index,
                           int64_t n, hg_dataset **out)
{
    HGI_TRY(side_new(ctx, data, n, out));
    for (int64_t i = 0; i < n; i++)
        (*out)->order[i] = data->order != NULL ? data->order[index[i]] : index[i];
    for (int64_t i = 0; data->labels != NULL && i < n; i++)
        (*out)->labels[i] = data->labels[index[i]];
    hg_status status = hgi_dataset_check(ctx, *out);
    if (status != HG_OK) hg_dataset_free(out);
    return status;
}

/* The first rows of a random permutation go to the second side.  Marking them, in place of
 * sorting them, keeps both sides in the file's order.  order [rows] is scratch. */
static hg_status deal_rows(hg_ctx *ctx, const hg_dataset *data, uint64_t seed,
                           int64_t *order, hg_dataset *first, hg_dataset *second)
{
    int64_t n = data->rows, a = 0, b = 0;
    hgi_rng rng = {.seed = seed, .use = HGI_USE_SPLIT, .epoch = 0};
    unsigned char *chosen = hgi_calloc(&ctx->mem, (size_t)n, 1);
    if (chosen == NULL) return hgi_fail_mem(ctx, (size_t)n, "the marks of a split");
    hgi_permutation(&rng, n, order);
    for (int64_t i = 0; i < second->rows; i++) chosen[order[i]] = 1;
    for (int64_t r = 0; r < n; r++) {
        int64_t stored = data->order != NULL ? data->order[r] : r;
        hg_dataset *side = chosen[r] ? second : first;
        int64_t at = chosen[r] ? b++ : a++;
        side->order[at] = stored;
        if (side->labels != NULL) side->labels[at] = data->labels[r];
    }
    hgi_free(&ctx->mem, chosen);
    return HG_OK;
}

hg_status hg_dataset_split(hg_ctx *ctx, const hg_dataset *data, double fraction,
                           uint64_t seed, hg_dataset **first, hg_dataset **second)
{
    hg_status status = HG_OK;
    int64_t n = data->rows, *order = NULL;
    *first = *second = NULL;
    if (!(fraction > 0.0 && fraction < 1.0)) {
        return hgi_fail(ctx, HG_ERANGE,
                        "%s: split fraction is %g, expected between 0 and 1", data->name,
                        fraction);
    }
    if (n < 2) {
        return hgi_fail(ctx, HG_ERANGE, "%s: %lld row, expected at least 2 to split",
                        data->name, (long long)n);
    }
    int64_t take = (int64_t)llround(fraction * (double)n);
    take = hgi_max(1, hgi_min(take, n - 1));
    size_t bytes = (size_t)n * sizeof *order;
    order = hgi_alloc(&ctx->mem, bytes);
    if (order == NULL) return hgi_fail_mem(ctx, bytes, "the order of a split");
    HGI_GOTO(side_new(ctx, data, n - take, first));
    HGI_GOTO(side_new(ctx, data, take, second));

    HGI_GOTO(deal_rows(ctx, data, seed, order, *first, *second));
    HGI_GOTO(hgi_dataset_check(ctx, *first));
    HGI_GOTO(hgi_dataset_check(ctx, *second));
done:
    hgi_free(&ctx->mem, order);
    if (status != HG_OK) {
        hg_dataset_free(first);
        hg_dataset_free(second);
    }
    return status;
}
