// SPDX-License-Identifier: MIT
/* Measure a model for the doctor's rules: errors, codes and outputs of a sample of rows,
 * and PCA with the same code size beside it.
 *
 * PCA is fitted to training rows where the caller has them.  Else it is fitted to every
 * second of these rows, and both are judged by the others: never by what it was fitted to,
 * which would flatter it. */
#include "apply/doctor.h"

#include "apply/beside.h"
#include "apply/evaluate.h"
#include "apply/map.h"
#include "base/linear.h"

#include <math.h>
#include <string.h>

/* Enough for shares of a percent; and numbers that fit a small machine. */
enum { ROWS_LEAST = 10, ROWS_MOST = 10000, NUMBERS_MOST = 8 << 20, WIDEST_CODE = 512 };

typedef struct finding {
    const char *name;
    char text[400];
} finding;

struct hg_doctor {
    hgi_mem mem;
    finding found[32];
    int count;
};

typedef struct patient {
    hg_ctx *ctx;
    hgi_exam exam;
    int64_t n, d, k;
    float *x, *y, *z; /* [n,d] scaled rows and reconstructions; [n,k] codes */
    float *labels;    /* [n] of a conditional model's rows, or NULL */
} patient;

/* ---- rows -------------------------------------------------------------------------- */

/* Rows spread evenly over the data: a sorted file is seen whole. */
static int64_t sample_row(const hg_dataset *data, int64_t i, int64_t n)
{
    return (int64_t)((double)i * (double)data->rows / (double)n);
}

static hg_status sample(hg_ctx *ctx, const hg_dataset *data, int64_t n, float *x)
{
    int64_t d = hg_dataset_features(data);
    for (int64_t i = 0; i < n; i++)
        HGI_TRY(hg_dataset_read(ctx, data, sample_row(data, i, n), 1, x + i * d));
    return HG_OK;
}

static int64_t sample_size(const hg_dataset *data, int64_t d, int64_t k)
{
    int64_t most = hgi_max(16, NUMBERS_MOST / hgi_max(d, k));
    return hgi_min(hg_dataset_rows(data), hgi_min(most, ROWS_MOST));
}

static hg_status look(patient *p, const hg_dataset *data)
{
    hg_ctx *ctx = p->ctx;
    const hg_model *m = p->exam.model;
    size_t n = (size_t)p->n;
    p->x = hgi_calloc(&ctx->mem, n * (size_t)p->d, sizeof *p->x);
    p->y = hgi_calloc(&ctx->mem, n * (size_t)p->d, sizeof *p->y);
    p->z = hgi_calloc(&ctx->mem, n * (size_t)p->k, sizeof *p->z);
    if (p->x == NULL || p->y == NULL || p->z == NULL)
        return hgi_fail_mem(ctx, n * (size_t)(2 * p->d + p->k) * 4, "a sample of rows");
    HGI_TRY(sample(ctx, data, p->n, p->x));
    if (data->labels != NULL) {
        p->labels = hgi_calloc(&ctx->mem, n, sizeof *p->labels);
        if (p->labels == NULL) return hgi_fail_mem(ctx, n * 4, "labels");
        for (int64_t i = 0; i < p->n; i++)
            p->labels[i] = data->labels[sample_row(data, i, p->n)];
    }
    const hgi_labels labels = {data->name, p->labels, p->labels != NULL ? p->n : 0,
                               data->label_names};
    HGI_TRY(hgi_map_memory(ctx, m, HGI_ENCODE, p->x, &labels, p->n, p->z));
    HGI_TRY(hgi_map_memory(ctx, m, HGI_RECONSTRUCT, p->x, &labels, p->n, p->y));
    hgi_to_scale(&m->scaler, p->n, p->x);
    hgi_to_scale(&m->scaler, p->n, p->y);
    return HG_OK;
}

/* ---- errors and outputs ------------------------------------------------------------ */

/* Mean squared error of rows first, first + step, ... */
static double error_of(const patient *p, const float *y, int64_t first, int64_t step)
{
    double sum = 0, count = 0;
    for (int64_t r = first; r < p->n; r += step)
        for (int64_t c = 0; c < p->d; c++, count++) {
            double e = (double)y[r * p->d + c] - (double)p->x[r * p->d + c];
            sum += e * e;
        }
    return sum / count;
}

/* What the model was trained to make small, of one value; gaussian's is a squared error. */
static double loss_of(const hg_model *m, double y, double x, double *floor)
{
    const char *loss = m->spec.loss;
    const double e = fabs(y - x), delta = m->spec.huber_delta;
    if (strcmp(loss, "mae") == 0) return e;
    if (strcmp(loss, "huber") == 0)
        return e <= delta ? e * e / 2 : delta * (e - delta / 2);
    if (strcmp(loss, "bce") != 0) return e * e;
    /* As metrics have it: p clipped, and rows as a bce model is given them. */
    x = fmin(fmax(x, 0), 1);
    y = fmin(fmax(y, 1e-7), 1 - 1e-7);
    if (x > 0) *floor -= x * log(x);
    if (x < 1) *floor -= (1 - x) * log(1 - x);
    return -x * log(y) - (1 - x) * log(1 - y);
}

static void see_loss(patient *p)
{
    hgi_exam *e = &p->exam;
    const double count = (double)(p->n * p->d);
    e->loss = e->floor = 0;
    for (int64_t i = 0; i < p->n * p->d; i++)
        e->loss += loss_of(e->model, (double)p->y[i], (double)p->x[i], &e->floor);
    e->loss /= count;
    e->floor /= count;
    if (e->model->net.loss->counts) e->loss = (double)NAN;
}

static bool at_edge(float v) { return v < 1e-3f || v > 1 - 1e-3f; }

static void see_columns(patient *p)
{
    hgi_exam *e = &p->exam;
    double spread = 0;
    e->constant = true;
    for (int64_t i = p->d; i < p->n * p->d && e->constant; i++)
        e->constant = !(p->x[i] < p->x[i - p->d] || p->x[i] > p->x[i - p->d]);
    for (int64_t c = 0; c < p->d; c++) {
        double sum = 0, square = 0;
        for (int64_t r = 0; r < p->n; r++) {
            double v = (double)p->x[r * p->d + c];
            sum += v;
            square += v * v;
        }
        sum /= (double)p->n;
        spread += square / (double)p->n - sum * sum;
        /* A few rows' mean is far off by chance. */
        if (p->n >= 30 && hgi_scaler_standard(&e->model->scaler) &&
            fabs(sum) > e->shift) {
            e->shift = fabs(sum);
            e->shift_column = c;
        }
    }
    e->mean_mse = spread / (double)p->d;
}

static void see_values(patient *p)
{
    hgi_exam *e = &p->exam;
    double stuck = 0, edge = 0, count = (double)(p->n * p->d);
    int64_t outside = 0;
    e->low = HUGE_VAL;
    e->high = -HUGE_VAL;
    for (int64_t r = 0; r < p->n; r++) {
        bool beyond = false;
        for (int64_t i = r * p->d; i < (r + 1) * p->d; i++) {
            float v = p->x[i];
            e->low = fmin(e->low, (double)v);
            e->high = fmax(e->high, (double)v);
            beyond |= v < -(float)HGI_ROUNDING || v > 1 + (float)HGI_ROUNDING;
            stuck += at_edge(p->y[i]);
            edge += at_edge(v);
        }
        outside += beyond;
    }
    bool unit = e->model->net.loss->unit_range;
    if (unit) e->outside = (double)outside / (double)p->n;
    /* The model clips such rows, and its output need not reach them. */
    if (unit) e->low = fmax(e->low, 0), e->high = fmin(e->high, 1);
    bool squashed = e->low >= -HGI_ROUNDING && e->high <= 1 + HGI_ROUNDING;
    e->saturated = squashed ? stuck / count : 0;
    e->edge = edge / count;
}

/* ---- codes ------------------------------------------------------------------------- */

static void code_variances(const patient *p, double *mean, double *variance)
{
    for (int64_t i = 0; i < p->k; i++) {
        double sum = 0, square = 0;
        for (int64_t r = 0; r < p->n; r++) sum += (double)p->z[r * p->k + i];
        mean[i] = sum / (double)p->n;
        for (int64_t r = 0; r < p->n; r++) {
            double v = (double)p->z[r * p->k + i] - mean[i];
            square += v * v;
        }
        variance[i] = square / (double)p->n;
    }
}

/* Eigenvalues of the codes' covariance, from the largest, until 99 % are together. */
static int64_t count_directions(const patient *p, const double *mean, double *c,
                                double *value, double *work)
{
    int64_t k = p->k, used = 0;
    double total = 0, sum = 0;
    memset(c, 0, (size_t)(k * k) * sizeof *c);
    for (int64_t r = 0; r < p->n; r++)
        for (int64_t i = 0; i < k; i++) {
            double v = (double)p->z[r * k + i] - mean[i];
            for (int64_t j = 0; j <= i; j++)
                c[i * k + j] += v * ((double)p->z[r * k + j] - mean[j]);
        }
    for (int64_t i = 0; i < k; i++)
        for (int64_t j = 0; j < i; j++) c[j * k + i] = c[i * k + j];
    if (!hgi_eigen(k, c, value, work)) return 0;
    for (int64_t i = 0; i < k; i++) total += fmax(value[i], 0);
    while (total > 0 && used < k && sum < 0.99 * total) sum += fmax(value[used++], 0);
    return used;
}

static hg_status see_codes(patient *p)
{
    hgi_exam *e = &p->exam;
    size_t k = (size_t)p->k;
    bool narrow = p->k <= WIDEST_CODE && p->n > p->k;
    double *mean = hgi_calloc(&p->ctx->mem, 4 * k + (narrow ? k * k : 0), sizeof *mean);
    if (mean == NULL)
        return hgi_fail_mem(p->ctx, 4 * k * sizeof *mean, "codes' variances");
    double *variance = mean + k, total = 0;
    code_variances(p, mean, variance);
    for (int64_t i = 0; i < p->k; i++) total += variance[i];
    for (int64_t i = 0; i < p->k; i++) {
        /* A float's rounding is not a change. */
        e->still += variance[i] <= 1e-12 * total / (double)p->k;
        e->active += variance[i] > 0.01;
    }
    if (narrow)
        e->directions =
            count_directions(p, mean, mean + 4 * k, mean + 2 * k, mean + 3 * k);
    hgi_free(&p->ctx->mem, mean);
    return HG_OK;
}

/* ---- PCA beside it ----------------------------------------------------------------- */

/* Where all rows are looked at, the number that `evaluate` has beside the model's. */
static hg_status see_measured_pca(patient *p, const hg_dataset *data,
                                  const hg_dataset *train)
{
    hgi_exam *e = &p->exam;
    hg_metrics *pca = NULL, own = {.mem = p->ctx->mem};
    own.value[HGI_METRIC_MSE] = e->mse;
    HGI_TRY(hgi_measure_pca(p->ctx, e->model, data, train, &own));
    pca = own.pca;
    if (pca == NULL) return HG_OK;
    e->own_mse = e->mse;
    e->pca_mse = pca->value[HGI_METRIC_MSE];
    e->pca_trained = train != NULL;
    hg_metrics_free(&pca);
    return HG_OK;
}

static hg_status see_sampled_pca(patient *p, const hg_dataset *train)
{
    hg_status status = HG_OK;
    hgi_exam *e = &p->exam;
    hg_model *pca = NULL;
    float *own = NULL;
    int64_t n = train != NULL ? sample_size(train, p->d, p->k) : (p->n + 1) / 2;
    /* As many rows as numbers in the code explain themselves. */
    if (p->k >= p->d || p->k > WIDEST_CODE || n <= 2 * p->k || p->n < 4) return HG_OK;
    if (train != NULL) {
        own = hgi_calloc(&p->ctx->mem, (size_t)(n * p->d), sizeof *own);
        if (own == NULL)
            return hgi_fail_mem(p->ctx, (size_t)(n * p->d) * 4, "training rows");
        HGI_GOTO(sample(p->ctx, train, n, own));
        hgi_to_scale(&e->model->scaler, n, own);
    }
    int64_t first = train != NULL ? 0 : 1, step = train != NULL ? 1 : 2;
    HGI_GOTO(
        hgi_pca_beside(p->ctx, train != NULL ? own : p->x, n, p->d, step, p->k, &pca));
    e->own_mse = error_of(p, p->y, first, step);
    /* The model's own reconstructions are needed no more. */
    HGI_GOTO(hg_reconstruct(p->ctx, pca, p->x, p->n, p->y));
    e->pca_mse = error_of(p, p->y, first, step);
    e->pca_trained = train != NULL;
done:
    hg_model_free(&pca);
    hgi_free(&p->ctx->mem, own);
    return status;
}

static hg_status see_pca(patient *p, const hg_dataset *data, const hg_dataset *train)
{
    const hg_dataset *learn = train != NULL ? train : data;
    bool clips = p->exam.outside > 0; /* then the model saw other rows than PCA would */
    if (p->n == data->rows && sample_size(learn, p->d, p->k) == learn->rows && !clips)
        HGI_TRY(see_measured_pca(p, data, train));
    return isnan(p->exam.pca_mse) ? see_sampled_pca(p, train) : HG_OK;
}

/* ---- the whole --------------------------------------------------------------------- */

static hg_status examine(patient *p, const hg_dataset *data, const hg_dataset *train)
{
    HGI_TRY(look(p, data));
    p->exam.mse = error_of(p, p->y, 0, 1);
    see_loss(p);
    see_columns(p);
    see_values(p);
    HGI_TRY(see_codes(p));
    return see_pca(p, data, train);
}

hg_status hg_doctor_new(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                        const hg_dataset *train, hg_doctor **out)
{
    *out = NULL;
    if (m == NULL || data == NULL)
        return hgi_fail(ctx, HG_EINVAL, "a model and data are needed");
    if (m->scaler.schema != NULL) {
        /* The rules are about complete numbers. */
        *out = hgi_calloc(&ctx->mem, 1, sizeof **out);
        if (*out == NULL) return hgi_fail_mem(ctx, sizeof **out, "findings");
        (*out)->mem = ctx->mem;
        return HG_OK;
    }
    if (data->features != m->net.inputs ||
        (train != NULL && train->features != m->net.inputs))
        return hgi_feed_wrong(ctx, m, data, m->net.inputs);
    patient p = {.ctx = ctx, .d = m->net.inputs, .k = m->net.code_size};
    p.n = sample_size(data, p.d, p.k);
    p.exam = (hgi_exam){.model = m,
                        .apart = hgi_apart_rows(&m->scaler, m->shares, data),
                        .rows = p.n,
                        .inputs = p.d,
                        .code = p.k,
                        .pca_mse = (double)NAN,
                        .own_mse = (double)NAN};
    hg_doctor *found = hgi_calloc(&ctx->mem, 1, sizeof *found);
    if (found == NULL) return hgi_fail_mem(ctx, sizeof *found, "findings");
    found->mem = ctx->mem;
    /* What is odd about these rows is a finding here, not a warning. */
    const hg_log_fn log = ctx->log;
    ctx->log = NULL;
    hg_status status = examine(&p, data, train);
    ctx->log = log;
    /* Of a handful of rows everything can be said, and nothing is meant. */
    for (int i = 0; status == HG_OK && p.n >= ROWS_LEAST && hgi_rules[i].name != NULL;
         i++) {
        finding *f = &found->found[found->count];
        hgi_rules[i].look(&p.exam, f->text, sizeof f->text);
        f->name = hgi_rules[i].name;
        found->count += f->text[0] != '\0';
    }
    hgi_free(&ctx->mem, p.x);
    hgi_free(&ctx->mem, p.y);
    hgi_free(&ctx->mem, p.z);
    hgi_free(&ctx->mem, p.labels);
    if (status == HG_OK)
        *out = found;
    else
        hgi_free(&ctx->mem, found);
    return status;
}

int hg_doctor_at(const hg_doctor *doctor, int index, hg_fact *out)
{
    if (doctor == NULL || out == NULL || index < 0 || index >= doctor->count) return 0;
    *out = (hg_fact){doctor->found[index].name, doctor->found[index].text};
    return 1;
}

void hg_doctor_free(hg_doctor **doctor)
{
    if (*doctor == NULL) return;
    hgi_mem mem = (*doctor)->mem;
    hgi_free(&mem, *doctor);
    *doctor = NULL;
}
