// SPDX-License-Identifier: MIT
/* Random words are ref's to the bit; noise is normal, in the middle and in the tails.  */
#include "test_kernels.h"

static hgi_stream stream_random(uint64_t *seed)
{
    hgi_rng r = {test_random(seed), HGI_USE_CORRUPT, (uint32_t)pick_int(seed, 0, 9)};
    hgi_stream s = hgi_rng_stream(&r, test_random(seed));
    s.first = (uint32_t)test_random(seed); /* it wraps within a row now and then */
    return s;
}

TEST(values_are_replaced_by_the_words_of_the_blocks)
{
    enum { N = 200 };
    const uint32_t limit = 0x60000000;
    hgi_rng r = {.seed = 4, .use = HGI_USE_CORRUPT, .epoch = 2};
    hgi_stream s = hgi_rng_stream(&r, UINT64_C(1) << 33);
    hgi_real x[N];
    uint32_t w[4];
    for (int i = 0; i < N; i++) x[i] = (hgi_real)(i + 2);
    kernels_ref()->replace_some(&s, N, limit, 0, 1, x, x);
    for (int i = 0; i < N; i++) {
        hgi_philox(&r, UINT64_C(1) << 33, (uint32_t)(i / 64 * 16 + i % 16), w);
        uint32_t word = w[i / 16 % 4];
        CHECK_INT(x[i], word > limit ? i + 2 : (int)(word & 1));
    }
}

TEST_ON_VECTORS(what_is_replaced_is_that_of_ref)
{
    uint64_t seed = 71;
    for (int64_t n = 0; n < 300; n++) {
        hgi_stream s = stream_random(&seed);
        uint32_t limit = n % 7 ? (uint32_t)test_random(&seed) : n % 2 ? 0 : UINT32_MAX;
        fence x = fence_random(n, &seed, -1, 1), got = fence_new(n), want = fence_new(n);
        if (n > 2) x.p[2] = NAN;
        test_where("%s n %lld", k->name, (long long)n);
        k->replace_some(&s, n, limit, -2, 3, x.p, got.p);
        kernels_ref()->replace_some(&s, n, limit, -2, 3, x.p, want.p);
        CHECK_INT(first_difference(got.p, want.p, n), n);
        k->replace_some(&s, n, limit, -2, 3, x.p, x.p);
        CHECK_INT(first_difference(x.p, want.p, n), n);
        fence_free(&x, n);
        fence_free(&got, n);
        fence_free(&want, n);
    }
}

TEST_ON_VECTORS(drawn_bits_are_those_of_ref)
{
    uint64_t seed = 74;
    for (int64_t n = 0; n < 300; n++) {
        hgi_stream s = stream_random(&seed);
        fence p = fence_random(n, &seed, 0, 1), got = fence_new(n), want = fence_new(n);
        if (n > 2) p.p[2] = NAN;
        test_where("%s n %lld", k->name, (long long)n);
        k->draw_bits(&s, n, p.p, got.p);
        kernels_ref()->draw_bits(&s, n, p.p, want.p);
        CHECK_INT(first_difference(got.p, want.p, n), n);
        k->draw_bits(&s, n, p.p, p.p);
        CHECK_INT(first_difference(p.p, want.p, n), n);
        fence_free(&p, n);
        fence_free(&got, n);
        fence_free(&want, n);
    }
}

/* Never at 0, always at 1, and in between as often as p says: within five standard errors,
 * which a sound generator leaves once in a million.                                    */
TEST_ON_ALL(bits_are_1_as_often_as_their_probability_says)
{
    enum { N = 100000 };
    static const float share[] = {0, 0.001f, 0.3f, 0.5f, 0.99f, 1};
    hgi_rng r = {.seed = 6, .use = HGI_USE_CORRUPT};
    float *p = calloc(N, sizeof *p);
    for (int i = 0; i < HGI_COUNT(share); i++) {
        hgi_stream s = hgi_rng_stream(&r, (uint64_t)i);
        double sum = 0, mean = (double)share[i];
        for (int j = 0; j < N; j++) p[j] = share[i];
        k->draw_bits(&s, N, p, p);
        for (int j = 0; j < N; j++) sum += (double)p[j];
        CHECK_NEAR(sum / N, mean, 5 * sqrt(mean * (1 - mean) / N));
    }
    free(p);
}

TEST_ON_VECTORS(noise_is_that_of_ref)
{
    uint64_t seed = 72;
    for (int i = 0; i < 600; i++) {
        int64_t n = i < 300 ? i : pick_int(&seed, 300, 3000);
        float sigma = (float)test_uniform(&seed, 0, 2);
        float lo = i % 2 ? 0 : -(float)INFINITY, hi = i % 2 ? 1 : (float)INFINITY;
        hgi_stream s = stream_random(&seed);
        fence x = fence_random(n, &seed, -1, 2), got = fence_new(n), want = fence_new(n);
        k->add_gaussian(&s, n, sigma, lo, hi, x.p, got.p);
        kernels_ref()->add_gaussian(&s, n, sigma, lo, hi, x.p, want.p);
        /* The polynomials are 1.5e-6 of a value up to 6.55 off at the most; logf, sinf and
         * cosf of the C library and the sum add roundings.                             */
        double size = 6.55 * (double)sigma;
        double tolerance = 1.5e-6 * size + 4 * ROUNDING * (size + 2);
        test_where("%s n %lld", k->name, (long long)n);
        for (int64_t j = 0; j < n; j++) CHECK_NEAR(got.p[j], want.p[j], tolerance);
        k->add_gaussian(&s, n, sigma, lo, hi, x.p, x.p);
        CHECK_INT(first_difference(x.p, got.p, n), n);
        fence_free(&x, n);
        fence_free(&got, n);
        fence_free(&want, n);
    }
}

TEST_ON_ALL(noise_lets_nan_through_and_holds_the_rest_to_the_range)
{
    enum { N = 99 };
    uint64_t seed = 73;
    hgi_stream s = stream_random(&seed);
    float x[N], low = 0, high = 0;
    for (int i = 0; i < N; i++) x[i] = i % 3 == 0 ? NAN : 0.5f;
    k->add_gaussian(&s, N, 3, 0, 1, x, x);
    for (int i = 0; i < N; i++) {
        if (i % 3 == 0) {
            CHECK(isnan(x[i]));
            continue;
        }
        CHECK(x[i] >= 0 && x[i] <= 1);
        low += x[i] <= 0;
        high += x[i] >= 1;
    }
    CHECK(low > 10 && high > 10);
}

/* Rows of 784 and of 30: whole groups, and a part of one.                              */
static float *normals(const hgi_kernels *k, int64_t rows, int64_t d)
{
    hgi_rng r = {.seed = 9, .use = HGI_USE_CORRUPT};
    float *z = calloc((size_t)(rows * d), sizeof *z);
    for (int64_t i = 0; i < rows; i++) {
        hgi_stream s = hgi_rng_stream(&r, (uint64_t)i);
        float *row = z + i * d;
        k->add_gaussian(&s, d, 1, -(float)INFINITY, (float)INFINITY, row, row);
    }
    return z;
}

static int compare_float(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Limits are five standard errors of each statistic at this n: a sound generator fails
 * one test in a million, and the seed is fixed.                                        */
static void check_normal(const float *z, int64_t n)
{
    double m[5] = {0}, beyond[3] = {0}, root = sqrt((double)n);
    for (int64_t i = 0; i < n; i++) {
        double x = (double)z[i], power = 1;
        for (int p = 0; p < 5; p++, power *= x) m[p] += power;
        for (int t = 0; t < 3; t++) beyond[t] += fabs(x) > t + 2;
    }
    for (int p = 1; p < 5; p++) m[p] /= (double)n;
    CHECK_NEAR(m[1], 0, 5 / root);
    CHECK_NEAR(m[2], 1, 5 * sqrt(2) / root);
    CHECK_NEAR(m[3], 0, 5 * sqrt(15) / root);
    CHECK_NEAR(m[4], 3, 5 * sqrt(96) / root);
    for (int t = 0; t < 3; t++) {
        double p = erfc((t + 2) / sqrt(2));
        CHECK_NEAR(beyond[t] / (double)n, p, 5 * sqrt(p * (1 - p)) / root);
    }
}

TEST_ON_ALL(noise_is_normal_in_the_middle_and_in_the_tails)
{
    int64_t d[] = {784, 30}, rows[] = {1000, 4000};
    for (int i = 0; i < 2; i++) {
        int64_t n = rows[i] * d[i];
        float *z = normals(k, rows[i], d[i]);
        test_where("%s, rows of %lld", k->name, (long long)d[i]);
        check_normal(z, n);
        /* Neighbours and elements a vector apart, of which two share a radius.         */
        static const int64_t apart[] = {1, 16, 32};
        for (int a = 0; a < 3; a++) {
            double product = 0, squares = 0;
            int64_t pairs = n - apart[a];
            for (int64_t j = 0; j < pairs; j++) {
                double u = (double)z[j], v = (double)z[j + apart[a]];
                product += u * v;
                squares += (u * u - 1) * (v * v - 1);
            }
            CHECK_NEAR(product / (double)pairs, 0, 5 / sqrt((double)pairs));
            CHECK_NEAR(squares / (double)pairs, 0, 5 * 2 / sqrt((double)pairs));
        }
        /* Kolmogorov and Smirnov: beyond 2.3 / sqrt(n) with probability 5e-5.          */
        qsort(z, (size_t)n, sizeof *z, compare_float);
        double distance = 0;
        for (int64_t j = 0; j < n; j++) {
            double p = erfc(-(double)z[j] / sqrt(2)) / 2;
            distance = fmax(distance, fabs(p - ((double)j + 0.5) / (double)n));
        }
        CHECK(distance < 2.3 / sqrt((double)n));
        free(z);
    }
}

/* ---- speed ------------------------------------------------------------------------- */

enum { COUNT = 784 };

typedef struct random_run {
    const hgi_kernels *k;
    hgi_stream s;
    int which;
    float x[COUNT], y[COUNT];
} random_run;

static void run_random(void *arg)
{
    random_run *r = arg;
    if (r->which == 0) r->k->add_gaussian(&r->s, COUNT, 0.5f, 0, 1, r->x, r->y);
    if (r->which == 2) r->k->draw_bits(&r->s, COUNT, r->x, r->y);
    if (r->which == 1) r->k->replace_some(&r->s, COUNT, UINT32_MAX / 3, 0, 0, r->x, r->y);
}

BENCH(speed_of_random_numbers)
{
    static const char *const names[] = {"gaussian", "mask", "bits"};
    static random_run r;
    for (r.which = 0; r.which < 3; r.which++) {
        printf("%-10s", names[r.which]);
        for (int j = 0; (r.k = hgi_kernels_at(j)) != NULL; j++)
            printf("  %s %6.3f ns", r.k->name, seconds_of(run_random, &r) * 1e9 / COUNT);
        printf("\n");
    }
}
