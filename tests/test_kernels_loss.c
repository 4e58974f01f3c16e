// SPDX-License-Identifier: MIT
/* Losses, the L1 penalty and sums, every instruction set, against formulas in double.  */
#include "test_kernels.h"

static const char *const kind_names[] = {"mse", "mae", "huber", "bce"};

#define DELTA 0.75f

static double value(hgi_loss_kind kind, double y, double t)
{
    double e = y - t, size = fabs(e), delta = (double)DELTA;
    switch (kind) {
    case HGI_LOSS_MAE: return size;
    case HGI_LOSS_HUBER: return size <= delta ? e * e / 2 : delta * (size - delta / 2);
    case HGI_LOSS_BCE_LOGITS: return (y > 0 ? y : 0) - y * t + log1p(exp(-fabs(y)));
    default: return e * e;
    }
}

static double derivative(hgi_loss_kind kind, double y, double t)
{
    double e = y - t, delta = (double)DELTA;
    switch (kind) {
    case HGI_LOSS_MAE: return (e > 0) - (e < 0);
    case HGI_LOSS_HUBER: return fmax(-delta, fmin(delta, e));
    case HGI_LOSS_BCE_LOGITS: return 1 / (1 + exp(-y)) - t;
    default: return 2 * e;
    }
}

/* The vector kernels take the cross-entropy's logarithms of a product, into which each
 * 1 + exp(-|y|) goes with one rounding.                                                */
static double lost(const hgi_kernels *k, hgi_loss_kind kind, int64_t C)
{
    bool product = kind == HGI_LOSS_BCE_LOGITS && k != kernels_ref();
    return product ? (double)C * ROUNDING : 0;
}

/* A row's sum: values rounded a few times each, partial sums of up to 8 vectors in float:
 * 1e-6 of the sum of values.  y t and max(y,0) cancel in the cross-entropy, and y - t in
 * the others, so that their rounding counts at its own size.                           */
static void check_rows(const hgi_kernels *k, hgi_loss_kind kind, int64_t R, int64_t C,
                       double reach, uint64_t *seed)
{
    bool bce = kind == HGI_LOSS_BCE_LOGITS;
    int64_t ld = C + pick_int(seed, 0, 3), n = R > 0 ? (R - 1) * ld + C : 0;
    fence y = fence_random(n, seed, -reach, reach),
          t = fence_random(n, seed, bce ? 0 : -1, 1);
    fence g = fence_random(n, seed, 8, 9), before = fence_copy(&g, n);
    double sums[8], alone[8];
    k->loss(kind, DELTA, 0.5f, R, C, y.p, ld, t.p, ld, g.p, ld, sums);
    k->loss(kind, DELTA, 0.5f, R, C, y.p, ld, t.p, ld, NULL, 0, alone);
    for (int64_t r = 0; r < R; r++) {
        double want = 0, slack = 0;
        for (int64_t i = r * ld; i < r * ld + C; i++) {
            double yi = (double)y.p[i], ti = (double)t.p[i];
            double size = fabs(yi) + fabs(ti), slope = derivative(kind, yi, ti);
            want += value(kind, yi, ti);
            slack += bce ? fabs(yi * ti) : fabs(slope) * size;
            CHECK_NEAR(g.p[i], 0.5 * slope, 4 * ROUNDING * (bce ? 1 : size));
        }
        CHECK_NEAR(sums[r], want, 1e-6 * want + 2 * ROUNDING * slack + lost(k, kind, C));
        CHECK(sums[r] == alone[r]);
        double one;
        k->loss(kind, DELTA, 0.5f, 1, C, y.p + r * ld, C, t.p + r * ld, C, NULL, 0, &one);
        CHECK(one == sums[r]);
        for (int64_t i = r * ld + C; i < hgi_min(n, (r + 1) * ld); i++)
            CHECK(g.p[i] == before.p[i]);
    }
    k->loss(kind, DELTA, 0.5f, R, C, y.p, ld, t.p, ld, y.p, ld, alone);
    for (int64_t r = 0; r < R; r++) {
        CHECK_INT(first_difference(y.p + r * ld, g.p + r * ld, C), C);
        CHECK(sums[r] == alone[r]);
    }
    fence_free(&y, n);
    fence_free(&t, n);
    fence_free(&g, n);
    fence_free(&before, n);
}

TEST_ON_ALL(losses_match_their_formulas)
{
    uint64_t seed = 21;
    for (int i = 0; i < 240; i++) {
        hgi_loss_kind kind = (hgi_loss_kind)(i % HGI_LOSS_COUNT);
        int64_t R = pick_int(&seed, 0, 5), C = pick_int(&seed, 0, i % 3 ? 50 : 900);
        test_where("%s %s R %lld C %lld", k->name, kind_names[kind], (long long)R,
                   (long long)C);
        check_rows(k, kind, R, C, i % 2 ? 2 : 12, &seed);
    }
}

/* A row that is right and sure has a loss of exp(-|z|) an element: a sum that ref keeps to
 * 1e-6 of itself although 1 + exp(-|z|) is 1 in float.                                 */
TEST_ON_ALL(cross_entropy_keeps_small_and_huge_losses)
{
    float z[100], t[100], g[100];
    double sum, want = 0;
    for (int i = 0; i < 100; i++) {
        z[i] = i % 2 ? 17.5f + (float)i / 9 : -18.5f - (float)i / 7;
        t[i] = (float)(i % 2);
        want += log1p(exp(-fabs((double)z[i])));
    }
    k->loss(HGI_LOSS_BCE_LOGITS, 0, 1, 1, 100, z, 100, t, 100, g, 100, &sum);
    CHECK_NEAR(sum, want, 1e-6 * want + lost(k, HGI_LOSS_BCE_LOGITS, 100));
    for (int i = 0; i < 100; i++) z[i] = i % 2 ? 1e4f : -1e4f;
    k->loss(HGI_LOSS_BCE_LOGITS, 0, 1, 1, 100, z, 100, t, 100, g, 100, &sum);
    CHECK(sum == 0);
    for (int i = 0; i < 100; i++) CHECK(g[i] == 0);
    for (int i = 0; i < 100; i++) t[i] = i % 2 ? 0 : 1;
    k->loss(HGI_LOSS_BCE_LOGITS, 0, 1, 1, 100, z, 100, t, 100, g, 100, &sum);
    CHECK(sum == 100 * 1e4);
    for (int i = 0; i < 100; i++) CHECK(g[i] == (i % 2 ? 1 : -1));
}

/* Equal elements: every rounding of a lane's product is in one direction or the next, and
 * at 0 each factor is the largest, 2.  2500 columns are more than a product of any set. */
TEST_ON_ALL(cross_entropy_of_equal_logits_adds_up)
{
    static float z[2500], t[2500], g[2500];
    for (int i = 0; i <= 400; i++) {
        float logit = (float)(i - 200) / 10;
        test_where("%s logit %g", k->name, (double)logit);
        for (int c = 0; c < 2500; c++) z[c] = logit;
        for (int64_t C = 2500; C > 0; C /= 3) {
            double sum, want = (double)C * value(HGI_LOSS_BCE_LOGITS, (double)logit, 0);
            k->loss(HGI_LOSS_BCE_LOGITS, 0, 1, 1, C, z, C, t, C, g, C, &sum);
            CHECK_NEAR(sum, want, 1e-6 * want + lost(k, HGI_LOSS_BCE_LOGITS, C));
            for (int64_t c = 0; c < C; c++) CHECK(g[c] == g[0]);
        }
    }
}

/* A gradient dies off as exp(-|z|), down to the smallest normal numbers, by 2e-6 of itself
 * (v_exp_minus: 1.1e-7 and the part of ln 2 it leaves out, 127 times 1.9e-9); below it is
 * 0 at the latest where the exponent ends.                                             */
TEST_ON_ALL(cross_entropy_has_gradients_down_to_the_smallest)
{
    for (int i = 0; i < 1100; i++) {
        float z = -(float)i / 10, t = 0, g;
        double sum, want = exp((double)z) / (1 + exp((double)z));
        test_where("%s logit %g", k->name, (double)z);
        k->loss(HGI_LOSS_BCE_LOGITS, 0, 1, 1, 1, &z, 1, &t, 1, &g, 1, &sum);
        CHECK_NEAR(g, want, z > -87 ? 2e-6 * want : (double)FLT_MIN);
        CHECK(g >= 0 && (z > -110 || g == 0));
    }
}

TEST_ON_ALL(losses_let_nan_through)
{
    for (int kind = 0; kind < HGI_LOSS_COUNT; kind++)
        for (int at = 0; at < 37; at++) {
            float y[37] = {0}, t[37] = {0}, g[37];
            double sum;
            test_where("%s %s at %d", k->name, kind_names[kind], at);
            if (at % 2)
                y[at] = NAN;
            else
                t[at] = NAN;
            k->loss((hgi_loss_kind)kind, DELTA, 1, 1, 37, y, 37, t, 37, g, 37, &sum);
            CHECK(isnan(sum));
            for (int i = 0; i < 37; i++) CHECK(i == at ? isnan(g[i]) : isfinite(g[i]));
        }
}

/* |x| is exact and the sum is in double: only the order differs, C roundings of double. */
TEST_ON_ALL(the_l1_penalty_matches_its_formula)
{
    uint64_t seed = 22;
    for (int i = 0; i < 60; i++) {
        int64_t R = pick_int(&seed, 0, 4), C = pick_int(&seed, 0, 70),
                ld = C + pick_int(&seed, 0, 3);
        int64_t n = R > 0 ? (R - 1) * ld + C : 0;
        fence z = fence_random(n, &seed, -2, 2), g = fence_random(n, &seed, -1, 1);
        for (int64_t j = 0; j < n; j += 5) z.p[j] = 0;
        fence want = fence_copy(&g, n);
        double sum[4], alone[4];
        k->l1(0.1f, R, C, z.p, ld, g.p, ld, sum);
        k->l1(0.1f, R, C, z.p, ld, NULL, 0, alone);
        for (int64_t r = 0; r < R; r++) {
            double total = 0;
            for (int64_t j = r * ld; j < r * ld + C; j++) {
                total += fabs((double)z.p[j]);
                if (z.p[j] != 0) want.p[j] += z.p[j] > 0 ? 0.1f : -0.1f;
            }
            CHECK_NEAR(sum[r], total, (double)C * 0x1p-52 * total);
            CHECK(sum[r] == alone[r]);
        }
        CHECK_INT(first_difference(g.p, want.p, n), n);
        fence_free(&z, n);
        fence_free(&g, n);
        fence_free(&want, n);
    }
    float z[3] = {NAN, -INFINITY, 1}, g[3] = {0};
    double sum;
    k->l1(1, 1, 3, z, 3, g, 3, &sum);
    CHECK(isnan(sum) && isnan(g[0]) && g[1] == -1 && g[2] == 1);
}

/* One chain of additions a column: the same bits everywhere, however rows are cut.     */
TEST_ON_ALL(column_sums_are_chains_over_rows)
{
    uint64_t seed = 23;
    for (int i = 0; i < 80; i++) {
        int64_t R = pick_int(&seed, 0, 20), C = pick_int(&seed, 0, 200),
                ld = C + pick_int(&seed, 0, 3);
        int64_t n = R > 0 ? (R - 1) * ld + C : 0, cut = R / 3;
        fence x = fence_random(n, &seed, -1, 1), out = fence_random(C, &seed, -1, 1);
        fence want = fence_copy(&out, C), pieces = fence_copy(&out, C);
        int add = i % 2;
        for (int64_t c = 0; c < C; c++) {
            if (!add) want.p[c] = 0;
            for (int64_t r = 0; r < R; r++) want.p[c] += x.p[r * ld + c];
        }
        k->column_sum(add, R, C, x.p, ld, out.p);
        k->column_sum(add, cut, C, x.p, ld, pieces.p);
        if (R > cut) k->column_sum(1, R - cut, C, x.p + cut * ld, ld, pieces.p);
        CHECK_INT(first_difference(out.p, want.p, C), C);
        CHECK_INT(first_difference(pieces.p, want.p, C), C);
        fence_free(&x, n);
        fence_free(&out, C);
        fence_free(&want, C);
        fence_free(&pieces, C);
    }
}

/* Squares of floats are exact in double; n additions round.                            */
TEST_ON_ALL(sums_of_squares_are_in_double)
{
    uint64_t seed = 24;
    for (int64_t n = 0; n < 150; n++) {
        fence x = fence_random(n, &seed, -1e25, 1e25);
        double want = 0;
        for (int64_t i = 0; i < n; i++) want += (double)x.p[i] * (double)x.p[i];
        CHECK_NEAR(k->sum_squares(n, x.p), want, (double)n * 0x1p-53 * want);
        if (n > 0) {
            x.p[n - 1] = NAN;
            CHECK(isnan(k->sum_squares(n, x.p)));
        }
        fence_free(&x, n);
    }
}

/* ---- speed ------------------------------------------------------------------------- */

#define ROWS 16
#define COLUMNS 784

typedef struct loss_run {
    const hgi_kernels *k;
    hgi_loss_kind kind;
    float y[ROWS * COLUMNS], t[ROWS * COLUMNS], g[ROWS * COLUMNS];
    double sums[ROWS];
} loss_run;

static void run_loss(void *arg)
{
    loss_run *r = arg;
    r->k->loss(r->kind, DELTA, 1, ROWS, COLUMNS, r->y, COLUMNS, r->t, COLUMNS, r->g,
               COLUMNS, r->sums);
}

static void run_l1(void *arg)
{
    loss_run *r = arg;
    r->k->l1(0.1f, ROWS, COLUMNS, r->y, COLUMNS, r->g, COLUMNS, r->sums);
}

static void run_columns(void *arg)
{
    loss_run *r = arg;
    r->k->column_sum(0, ROWS, COLUMNS, r->y, COLUMNS, r->g);
}

static void run_squares(void *arg)
{
    loss_run *r = arg;
    r->sums[0] = r->k->sum_squares(ROWS * COLUMNS, r->y);
}

static void print_speed(const char *what, void (*run)(void *), loss_run *r)
{
    printf("%-12s", what);
    for (int j = 0; (r->k = hgi_kernels_at(j)) != NULL; j++)
        printf("  %s %6.3f ns", r->k->name, seconds_of(run, r) * 1e9 / (ROWS * COLUMNS));
    printf("\n");
}

BENCH(speed_of_losses_and_sums)
{
    static loss_run r;
    uint64_t seed = 25;
    for (int i = 0; i < ROWS * COLUMNS; i++) {
        r.y[i] = (float)test_uniform(&seed, -4, 4);
        r.t[i] = (float)test_uniform(&seed, 0, 1);
    }
    for (int kind = 0; kind < HGI_LOSS_COUNT; kind++) {
        r.kind = (hgi_loss_kind)kind;
        print_speed(kind_names[kind], run_loss, &r);
    }
    print_speed("l1", run_l1, &r);
    print_speed("column_sum", run_columns, &r);
    print_speed("sum_squares", run_squares, &r);
}
