// SPDX-License-Identifier: MIT
/* Scalers: scaled = (x - shift[c]) * scale[c].
 *
 * unit      x / 255
 * minmax    (x - min) / (max - min)     per column
 * standard  (x - mean) / std            per column, std biased: sqrt(sum (x-mean)^2 / n)
 * log       standard, of asinh(x / bend) in columns with a long tail, see scale_log.c
 * A constant column has scale 1 and is shifted to 0, as scikit-learn's StandardScaler and
 * MinMaxScaler do.  Statistics are in double, two passes, rows ascending: the same rows
 * give the same bits.
 *
 * Rows are held as 32-bit floats (or bytes), whatever the file has.  A float has 24 bits,
 * so neighbours near a value m are up to |m| 2^-23 apart; what a column says within that
 * distance is lost when it is read.  A fit warns when a whole column spans so little
 * beside its distance from 0 that this shows.                                          */
#include "data/bends.h"
#include "data/blocks.h"
#include "data/expand.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define PART 256 /* values of a row at a time */

const hgi_scale_row hgi_scales[] = {
    {"none", "values as they are"},
    {"unit", "x / 255, for 8-bit images"},
    {"minmax", "(x - min) / (max - min) of each column"},
    {"standard", "(x - mean) / standard deviation of each column"},
    {"log", "standard, of logarithms in columns with a long tail"},
    {NULL, NULL},
};

const char *hgi_scale_name(hgi_scale_kind kind) { return hgi_scales[kind].name; }

bool hgi_scale_find(const char *word, hgi_scale_kind *out)
{
    for (int i = 0; hgi_scales[i].name != NULL; i++) {
        if (strcmp(word, hgi_scales[i].name) != 0) continue;
        *out = (hgi_scale_kind)i;
        return true;
    }
    return false;
}

void hgi_scaler_free(const hgi_mem *mem, hgi_scaler *s)
{
    hgi_free(mem, s->shift);
    hgi_schema_free(&s->schema);
    memset(s, 0, sizeof *s);
}

/* One block for the six arrays, of which only log has `bend`. */
hg_status hgi_scaler_blank(hg_ctx *ctx, hgi_scale_kind kind, int64_t features,
                           hgi_scaler *s)
{
    const bool log = kind == HGI_SCALE_LOG;
    size_t doubles = log ? 4 : 3, n = (size_t)features;
    size_t each = doubles * sizeof(double) + 2 * sizeof(hgi_real);
    memset(s, 0, sizeof *s);
    double *block = hgi_calloc(&ctx->mem, n, each);
    if (block == NULL) return hgi_fail_mem(ctx, n * each, "a scaler");
    s->kind = kind;
    s->features = features;
    s->shift = block;
    s->scale = block + n;
    s->inverse = block + 2 * n;
    s->bend = log ? block + 3 * n : NULL;
    s->shift_r = (hgi_real *)(void *)(block + doubles * n);
    s->scale_r = s->shift_r + n;
    for (size_t c = 0; c < n; c++) s->scale[c] = 1;
    return HG_OK;
}

/* Shift and scale are set: round them for the kernels, see whether one pair fits all.  */
void hgi_scaler_settle(hgi_scaler *s)
{
    s->uniform = s->bend == NULL;
    for (int64_t c = 0; c < s->features; c++) {
        s->shift_r[c] = (hgi_real)s->shift[c];
        s->scale_r[c] = (hgi_real)s->scale[c];
        s->inverse[c] = 1 / s->scale[c];
        if (s->shift[c] < s->shift[0] || s->shift[c] > s->shift[0] ||
            s->scale[c] < s->scale[0] || s->scale[c] > s->scale[0]) {
            s->uniform = false;
        }
    }
}

void hgi_scaler_undo(const hgi_scaler *s, int64_t rows, const hgi_real *y, float *out)
{
    const double *shift = s->shift, *inverse = s->inverse;
    int64_t n = s->features;
    if (s->schema != NULL) {
        for (int64_t r = 0; r < rows; r++)
            hgi_collapse(s, y + r * n, out + r * s->schema->columns);
        return;
    }
    if (s->kind == HGI_SCALE_NONE) {
        for (int64_t i = 0; i < rows * n; i++) out[i] = (float)y[i];
        return;
    }
    for (int64_t r = 0; r < rows; r++, y += n, out += n)
        for (int64_t c = 0; c < n; c++)
            out[c] = s->bend != NULL && s->bend[c] > 0
                         ? (float)hgi_unscale_value(s, c, (double)y[c])
                         : (float)((double)y[c] * inverse[c] + shift[c]);
}

/* none and unit know their numbers without looking at rows. */
static void fill_fixed(hgi_scaler *s)
{
    for (int64_t c = 0; c < s->features; c++) {
        s->scale[c] = s->kind == HGI_SCALE_UNIT ? 1.0 / 255.0 : 1.0;
    }
}

/* Everything is checked that could make a batch infinite: the file may be hostile. */
hg_status hgi_scaler_make(hg_ctx *ctx, hgi_scale_kind kind, int64_t features,
                          const double *shift, const double *scale, hgi_scaler *out)
{
    HGI_TRY(hgi_scaler_blank(ctx, kind, features, out));
    if (shift == NULL || scale == NULL) {
        assert(kind == HGI_SCALE_NONE || kind == HGI_SCALE_UNIT);
        fill_fixed(out);
        hgi_scaler_settle(out);
        return HG_OK;
    }
    for (int64_t c = 0; c < features; c++) {
        bool good = fabs(shift[c]) <= (double)FLT_MAX && scale[c] > 0.0 &&
                    scale[c] <= (double)FLT_MAX;
        if (!good) {
            hgi_scaler_free(&ctx->mem, out);
            return hgi_fail(ctx, HG_EFORMAT,
                            "scaler, column %lld: shift %g and scale %g, expected finite "
                            "numbers and a scale above 0",
                            (long long)c + 1, shift[c], scale[c]);
        }
        out->shift[c] = shift[c];
        out->scale[c] = scale[c];
    }
    hgi_scaler_settle(out);
    return HG_OK;
}

hg_status hgi_scaler_copy(hg_ctx *ctx, const hgi_scaler *from, hgi_scaler *out)
{
    const bool fitted = from->kind == HGI_SCALE_MINMAX || hgi_scaler_standard(from);
    HGI_TRY(hgi_scaler_make(ctx, from->kind, from->features, fitted ? from->shift : NULL,
                            fitted ? from->scale : NULL, out));
    if (from->bend != NULL)
        memcpy(out->bend, from->bend, (size_t)from->features * sizeof *from->bend);
    if (from->schema == NULL) return HG_OK;
    hg_status status = hgi_schema_copy(ctx, from->schema, &out->schema);
    if (status != HG_OK) hgi_scaler_free(&ctx->mem, out);
    return status;
}

bool hgi_scaler_set_bend(hgi_scaler *s, const double *bend)
{
    for (int64_t c = 0; c < s->features; c++) {
        bool none = !(bend[c] < 0) && !(bend[c] > 0) && !isnan(bend[c]);
        if (!none && !(bend[c] >= (double)FLT_TRUE_MIN && bend[c] <= (double)FLT_MAX))
            return false;
        s->bend[c] = bend[c];
    }
    return true;
}

double hgi_bent(const hgi_scaler *s, int64_t c, double v)
{
    return s->bend != NULL && s->bend[c] > 0 ? asinh(v / s->bend[c]) : v;
}

double hgi_unbent(const hgi_scaler *s, int64_t c, double u)
{
    if (s->bend == NULL || !(s->bend[c] > 0)) return u;
    double v = s->bend[c] * sinh(u); /* infinite where u is large */
    return v > (double)FLT_MAX ? (double)FLT_MAX : fmax(v, -(double)FLT_MAX);
}

double hgi_scale_value(const hgi_scaler *s, int64_t c, double v)
{
    return (hgi_bent(s, c, v) - s->shift[c]) * s->scale[c];
}

double hgi_unscale_value(const hgi_scaler *s, int64_t c, double u)
{
    return hgi_unbent(s, c, u * s->inverse[c] + s->shift[c]);
}

void hgi_scale_bent(const hgi_scaler *s, const float *raw, hgi_real *x)
{
    for (int64_t c = 0; c < s->features; c++)
        if (s->bend[c] > 0) x[c] = (hgi_real)hgi_scale_value(s, c, (double)raw[c]);
}

/* ---- fitting ------------------------------------------------------------------------- */

/* What a pass over the rows does with one: row is features values, as floats; work is the
 * kind's own.                                                                          */
typedef void (*row_fn)(void *work, int64_t r, int64_t features, const float *row);

/* Rows in order, bent where s says so.  row [features] is scratch.                     */
static hg_status each_row(hg_ctx *ctx, const hg_dataset *d, const hgi_scaler *s,
                          float *row, row_fn fn, void *work)
{
    hg_status status = HG_OK;
    hgi_rows w;
    HGI_TRY(hgi_rows_open(ctx, d, 0, &w));
    HGI_GOTO(hgi_rows_next(ctx, &w));
    while (w.n > 0) {
        for (int64_t r = 0; r < w.n; r++) {
            hgi_dataset_row(w.rows, w.at + r, row);
            for (int64_t c = 0; s->bend != NULL && c < d->features; c++)
                row[c] = (float)hgi_bent(s, c, (double)row[c]);
            fn(work, w.first + r, d->features, row);
        }
        HGI_GOTO(hgi_rows_next(ctx, &w));
    }
done:
    hgi_rows_close(&w);
    return status;
}

/* Of each column.                                                                      */
typedef struct moments {
    double *min, *max, *mean, *squares;
} moments;

static void row_range(void *work, int64_t r, int64_t n, const float *row)
{
    double *min = ((moments *)work)->min, *max = ((moments *)work)->max;
    for (int64_t c = 0; c < n; c++) {
        double v = (double)row[c];
        if (r == 0 || v < min[c]) min[c] = v;
        if (r == 0 || v > max[c]) max[c] = v;
    }
}

static void row_sum(void *work, int64_t r, int64_t n, const float *row)
{
    double *mean = ((moments *)work)->mean;
    (void)r;
    for (int64_t c = 0; c < n; c++) mean[c] += (double)row[c];
}

static void row_squares(void *work, int64_t r, int64_t n, const float *row)
{
    const double *mean = ((moments *)work)->mean;
    double *squares = ((moments *)work)->squares;
    (void)r;
    for (int64_t c = 0; c < n; c++) {
        double e = (double)row[c] - mean[c];
        squares[c] += e * e;
    }
}

/* Column c from its range; one whose reciprocal is no float counts as constant.        */
static void set_minmax(hgi_scaler *s, int64_t c, double min, double max)
{
    double scale = max > min ? 1.0 / (max - min) : HUGE_VAL;
    s->shift[c] = min;
    s->scale[c] = scale > (double)FLT_MAX ? 1.0 : scale;
}

/* Mean and sum of squares about it, of each column.                                    */
static hg_status column_moments(hg_ctx *ctx, const hg_dataset *d, const hgi_scaler *s,
                                float *row, const moments *m)
{
    memset(m->mean, 0, (size_t)d->features * sizeof *m->mean);
    memset(m->squares, 0, (size_t)d->features * sizeof *m->squares);
    HGI_TRY(each_row(ctx, d, s, row, row_sum, (void *)(uintptr_t)m));
    for (int64_t c = 0; c < d->features; c++) m->mean[c] /= (double)d->rows;
    return each_row(ctx, d, s, row, row_squares, (void *)(uintptr_t)m);
}

/* A constant column has variance 0 exactly: the sum of n equal floats, 24 bits each, and
 * its mean are exact in double up to n = 2^29.  A spread whose reciprocal is no float
 * counts as constant too. */
static void set_standard(hgi_scaler *s, int64_t c, double min, double mean,
                         double variance)
{
    double scale = variance > 0.0 ? 1.0 / sqrt(variance) : HUGE_VAL;
    bool constant = scale > (double)FLT_MAX;
    s->shift[c] = constant ? min : mean;
    s->scale[c] = constant ? 1.0 : scale;
}

static hg_status refuse_wide(hg_ctx *ctx, const hg_dataset *d, const double *min,
                             const double *max)
{
    for (int64_t c = 0; c < d->features; c++) {
        char place[128];
        if (max[c] - min[c] <= (double)FLT_MAX)
            continue; /* so that x - shift is a float */
        hgi_dataset_place(d, 0, c, place, sizeof place);
        return hgi_fail(ctx, HG_ERANGE,
                        "%s: the column of %s spans %g, too wide to scale", d->name,
                        place, max[c] - min[c]);
    }
    return HG_OK;
}

/* A column that spans less than |m| 2^-16, m its value furthest from 0, has at most 2^8
 * different floats from end to end (neighbours are at least |m| 2^-24 apart), and rounding
 * moves each value by up to 2^-8 of the span: worse than what an 8-bit image has.  A
 * constant column is most likely meant to be one, except where floats are so coarse that
 * they skip whole numbers (2^24 and above): times in seconds end up there.             */
static bool coarse(double min, double max)
{
    double m = fmax(fabs(min), fabs(max));
    return max > min ? max - min < ldexp(m, -16) : m > ldexp(1.0, 24);
}

/* One line for the first such column, however many there are. */
static void warn_coarse(hg_ctx *ctx, const hg_dataset *d, const double *min,
                        const double *max)
{
    int64_t first = -1, count = 0;
    for (int64_t c = 0; c < d->features; c++) {
        if (!coarse(min[c], max[c])) continue;
        if (count++ == 0) first = c;
    }
    if (first < 0) return;
    char place[128], more[64] = "", lo[HGI_NUMBER_MAX], hi[HGI_NUMBER_MAX];
    hgi_dataset_feature(d, first, place, sizeof place);
    hgi_format_float(lo, (float)min[first]);
    hgi_format_float(hi, (float)max[first]);
    if (count > 1) snprintf(more, sizeof more, " (%lld such columns)", (long long)count);
    hgi_log(ctx, HG_LOG_WARNING,
            "%s: %s has values from %s to %s, held as 32-bit floats, which have 24 bits: "
            "little or nothing is left of how they differ; subtract an offset in the "
            "file%s",
            d->name, place, lo, hi, more);
}

/* The kinds that look at the rows.  work holds 4 numbers a column.                     */
static hg_status fit_columns(hg_ctx *ctx, const hg_dataset *d, float *row, double *work,
                             hgi_scaler *s)
{
    int64_t n = d->features;
    double *min = work, *max = work + n, *mean = work + 2 * n, *squares = work + 3 * n;
    moments m = {min, max, mean, squares};
    HGI_TRY(each_row(ctx, d, s, row, row_range, &m));
    HGI_TRY(refuse_wide(ctx, d, min, max));
    warn_coarse(ctx, d, min, max);
    if (s->kind == HGI_SCALE_MINMAX) {
        for (int64_t c = 0; c < n; c++) set_minmax(s, c, min[c], max[c]);
        return HG_OK;
    }
    HGI_TRY(column_moments(ctx, d, s, row, &m));
    for (int64_t c = 0; c < n; c++) {
        set_standard(s, c, min[c], mean[c], squares[c] / (double)d->rows);
    }
    return HG_OK;
}

/* The first value outside 0..255. */
typedef struct outlier {
    int64_t row, column; /* -1: none */
    float value;
} outlier;

static void row_outlier(void *work, int64_t r, int64_t n, const float *row)
{
    outlier *o = work;
    for (int64_t c = 0; c < n && o->row < 0; c++)
        if (!(row[c] >= 0.0f && row[c] <= 255.0f)) *o = (outlier){r, c, row[c]};
}

static hg_status refuse_unit(hg_ctx *ctx, const hg_dataset *d, const hgi_scaler *s,
                             float *row)
{
    char place[128];
    outlier o = {-1, -1, 0.0f};
    HGI_TRY(each_row(ctx, d, s, row, row_outlier, &o));
    if (o.row < 0) return HG_OK;
    hgi_dataset_place(d, o.row, o.column, place, sizeof place);
    return hgi_fail(ctx, HG_ERANGE,
                    "%s: %s is %g, scale unit expects values in 0..255; set scale "
                    "to minmax or standard",
                    d->name, place, (double)o.value);
}

/* Images keep one scale for all pixels: a pixel's own spread says where it is, not what it
 * shows.  Columns of a table have units of their own. */
static hgi_scale_kind choose(const hg_dataset *d)
{
    bool image = d->rank >= 2 || d->type == HG_U8;
    if (d->min >= 0.0 && d->max <= 1.0) return HGI_SCALE_NONE;
    return image && d->min >= 0.0 && d->max <= 255.0 ? HGI_SCALE_UNIT
                                                     : HGI_SCALE_STANDARD;
}

static hg_status find_kind(hg_ctx *ctx, const char *word, const hg_dataset *d,
                           hgi_scale_kind *kind)
{
    const char *names[] = {"auto", "none", "unit", "minmax", "standard", "log"};
    if (word == NULL || strcmp(word, "auto") == 0) {
        *kind = choose(d);
        return HG_OK;
    }
    if (hgi_scale_find(word, kind)) {
        /* Presets of images ask for unit, and floats of images often are shares already;
         * divided once more they are noise around 0, of which nothing can be learnt. */
        if (*kind != HGI_SCALE_UNIT || d->min < 0.0 || !(d->max > 0.0) || d->max > 1.0)
            return HG_OK;
        *kind = HGI_SCALE_NONE;
        hgi_log(ctx, HG_LOG_WARNING,
                "%s: values lie in 0..1 already, scale unit would divide them by 255: "
                "they are taken as they are, scale none",
                d->name);
        return HG_OK;
    }
    const char *near = hgi_nearest(word, names, HGI_COUNT(names));
    return hgi_fail(ctx, HG_EUNKNOWN, "scale '%s': %s%s%s", word,
                    near != NULL ? "did you mean '"
                                 : "expected auto, none, unit, minmax, standard or ",
                    near != NULL ? near : "log", near != NULL ? "'?" : "");
}

/* A channel of a series is one column, at whatever place of a window: with a pair for each
 * place a shift of the window would be a change of scale.                              */
static void share_channels(const hgi_windows *w, hgi_scaler *s)
{
    const double places = (double)w->window;
    for (int64_t ch = 0; ch < w->channels; ch++) {
        double mean = 0, square = 0, lo = s->shift[ch], hi = lo;
        for (int64_t c = ch; c < s->features; c += w->channels) {
            mean += s->shift[c] / places;
            lo = fmin(lo, s->shift[c]);
            hi = fmax(hi, s->shift[c] + 1 / s->scale[c]);
        }
        for (int64_t c = ch; c < s->features; c += w->channels) {
            double e = s->shift[c] - mean, spread = 1 / s->scale[c];
            square += (e * e + spread * spread) / places;
        }
        bool standard = hgi_scaler_standard(s);
        for (int64_t c = ch; c < s->features; c += w->channels) {
            s->shift[c] = standard ? mean : lo;
            s->scale[c] = 1 / (standard ? sqrt(square) : hi - lo);
        }
    }
}

/* Without a long tail log is standard, and its scaler as quick. */
static void keep_bends(hgi_scaler *s)
{
    for (int64_t c = 0; s->bend != NULL && c < s->features; c++)
        if (s->bend[c] > 0) return;
    if (s->bend != NULL) s->kind = HGI_SCALE_STANDARD;
    s->bend = NULL;
}

hg_status hgi_scaler_fit(hg_ctx *ctx, const char *word, const hg_dataset *rows,
                         hgi_scaler *out)
{
    hg_status status = HG_OK;
    hgi_scale_kind kind = HGI_SCALE_NONE;
    int64_t n = rows->features;
    float *row = NULL;
    double *work = NULL;
    memset(out, 0, sizeof *out);
    if (rows->schema != NULL) return hgi_table_fit(ctx, word, rows, out);
    HGI_TRY(find_kind(ctx, word, rows, &kind));
    HGI_TRY(hgi_scaler_blank(ctx, kind, n, out));
    row = hgi_alloc(&ctx->mem, (size_t)n * sizeof *row);
    work = hgi_alloc(&ctx->mem, 4 * (size_t)n * sizeof *work);
    if (row == NULL || work == NULL) {
        status = hgi_fail_mem(ctx, 4 * (size_t)n * sizeof *work, "fitting a scaler");
        goto done;
    }
    fill_fixed(out);
    if (kind == HGI_SCALE_UNIT && (rows->min < 0.0 || rows->max > 255.0)) {
        HGI_GOTO(refuse_unit(ctx, rows, out, row));
    }
    if (out->bend != NULL) HGI_GOTO(hgi_bends_fit(ctx, rows, out->bend));
    keep_bends(out);
    if (out->kind == HGI_SCALE_MINMAX || hgi_scaler_standard(out)) {
        HGI_GOTO(fit_columns(ctx, rows, row, work, out));
        if (rows->series != NULL) share_channels(rows->series, out);
    }
    hgi_scaler_settle(out);
done:
    hgi_free(&ctx->mem, row);
    hgi_free(&ctx->mem, work);
    if (status != HG_OK) hgi_scaler_free(&ctx->mem, out);
    return status;
}

/* ---- range --------------------------------------------------------------------------- */

/* (max - min) * (1 / (max - min)) need not be 1 exactly. */
static double snap(double v)
{
    if (v < 0.0 && v >= -HGI_ROUNDING) return 0.0;
    return v > 1.0 && v <= 1.0 + HGI_ROUNDING ? 1.0 : v;
}

static void row_ends(const hg_dataset *d, const hgi_scaler *s, int64_t r, double *lo,
                     double *hi)
{
    float part[PART];
    for (int64_t first = 0; first < d->features; first += PART) {
        int64_t n = hgi_min(PART, d->features - first);
        hgi_dataset_part(d, r, first, n, part);
        for (int64_t c = 0; c < n; c++) {
            double v = hgi_scale_value(s, first + c, (double)part[c]);
            *lo = v < *lo ? v : *lo;
            *hi = v > *hi ? v : *hi;
        }
    }
}

hg_status hgi_scaled_range(hg_ctx *ctx, const hg_dataset *d, const hgi_scaler *s,
                           double *lo, double *hi)
{
    hg_status status = HG_OK;
    hgi_rows w;
    if (s->schema != NULL) {
        /* Numbers are standardised as a rule; nothing is held to a table's range. */
        *lo = -3;
        *hi = 3;
        return HG_OK;
    }
    if (s->uniform) {
        *lo = snap((d->min - s->shift[0]) * s->scale[0]);
        *hi = snap((d->max - s->shift[0]) * s->scale[0]);
        return HG_OK;
    }
    *lo = HUGE_VAL;
    *hi = -HUGE_VAL;
    HGI_TRY(hgi_rows_open(ctx, d, 0, &w));
    HGI_GOTO(hgi_rows_next(ctx, &w));
    while (w.n > 0) {
        for (int64_t r = 0; r < w.n; r++) row_ends(w.rows, s, w.at + r, lo, hi);
        HGI_GOTO(hgi_rows_next(ctx, &w));
    }
    *lo = snap(*lo);
    *hi = snap(*hi);
done:
    hgi_rows_close(&w);
    return status;
}
