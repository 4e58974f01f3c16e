// SPDX-License-Identifier: MIT
/* The largest values of a row, and products with rows that are given by a few places. */
#include "test_kernels.h"

static hgi_top top_new(int64_t k, int64_t room, fence *index, fence *value)
{
    *index = fence_new(room);
    *value = fence_new(room);
    return (hgi_top){
        .k = k, .room = room, .index = (int32_t *)(void *)index->p, .value = value->p};
}

/* Offer z in pieces of at most `piece`, and cut. */
static void offer_all(const hgi_kernels *k, hgi_top *t, const float *z, int64_t C,
                      int64_t piece)
{
    for (int64_t c = 0; c < C; c += piece)
        k->top_offer(t, hgi_min(piece, C - c), (int32_t)c, z + c);
    k->top_cut(t);
}

/* Is z[c] among the k largest above 0?  By counting what comes before it. */
static bool belongs(const float *z, int64_t C, int64_t c, int64_t k)
{
    int64_t before = 0;
    if (z[c] <= 0) return false;
    for (int64_t i = 0; i < C; i++) {
        bool larger = z[i] > z[c] || (isnan(z[i]) && !isnan(z[c]));
        bool equal = z[i] == z[c] || (isnan(z[i]) && isnan(z[c]));
        before += larger || (equal && i < c);
    }
    return before < k;
}

static void check_top(const hgi_kernels *k, const float *z, int64_t C, int64_t top,
                      int64_t room, int64_t piece)
{
    fence index, value;
    hgi_top t = top_new(top, room, &index, &value);
    offer_all(k, &t, z, C, piece);
    int64_t n = 0;
    for (int64_t c = 0; c < C; c++) {
        if (!belongs(z, C, c, top)) continue;
        CHECK(n < t.count && t.index[n] == c);
        CHECK(first_difference(&t.value[n], &z[c], 1) == 1);
        n++;
    }
    CHECK_INT(t.count, n);
    fence_free(&index, room);
    fence_free(&value, room);
}

TEST_ON_ALL(the_largest_values_of_a_row_are_found_however_it_is_cut)
{
    uint64_t seed = 4;
    const int64_t columns[] = {1, 3, 15, 16, 17, 64, 129, 700, 3000};
    for (int i = 0; i < 9; i++)
        for (int round = 0; round < 6; round++) {
            int64_t C = columns[i], top = pick_int(&seed, 1, round < 3 ? 9 : 70);
            int64_t room = top + pick_int(&seed, 64, 200), piece = pick_int(&seed, 1, C);
            fence z = fence_random(C, &seed, round % 2 ? -1 : -0.01, 1);
            /* Few different values: ties at every limit. */
            for (int64_t c = 0; c < C && round > 3; c++) z.p[c] = floorf(z.p[c] * 5) / 5;
            test_where("%d columns, %d of them, round %d", (int)C, (int)top, round);
            check_top(k, z.p, C, top, room, piece);
            fence_free(&z, C);
        }
}

TEST_ON_ALL(nan_and_infinity_are_among_the_largest)
{
    enum { C = 400 };
    uint64_t seed = 5;
    fence z = fence_random(C, &seed, -1, 1);
    z.p[3] = z.p[399] = INFINITY;
    z.p[200] = -INFINITY;
    check_top(k, z.p, C, 5, 100, 64);
    z.p[100] = NAN;
    check_top(k, z.p, C, 5, 100, 64);
    for (int i = 0; i < 20; i++) z.p[150 + 3 * i] = i % 2 ? NAN : -NAN;
    check_top(k, z.p, C, 5, 100, 64);
    check_top(k, z.p, C, 40, 110, 7);
    for (int64_t c = 0; c < C; c++) z.p[c] = -z.p[c] * z.p[c];
    z.p[9] = 0;
    test_where("nothing above 0 but NaN");
    check_top(k, z.p, C, 40, 110, 64);
    fence_free(&z, C);
}

typedef struct lists {
    int64_t *start;
    int32_t *row;
    float *value;
    int64_t count;
} lists;

/* C lists of 0 to 20 of R rows. */
static lists lists_new(int64_t C, int64_t R, uint64_t *seed)
{
    lists l = {.start = calloc((size_t)C + 1, sizeof *l.start)};
    for (int64_t c = 0; c < C; c++) l.start[c + 1] = l.start[c] + pick_int(seed, 0, 20);
    l.count = l.start[C];
    l.row = (int32_t *)(void *)fence_new(l.count).p;
    l.value = fence_random(l.count, seed, -1, 1).p;
    for (int64_t i = 0; i < l.count; i++) l.row[i] = (int32_t)pick_int(seed, 0, R - 1);
    return l;
}

/* A sum of up to 21 products of numbers below 1, each multiply-add rounded once here, and
 * twice in ref: at most 21 * 3 roundings of values below 21. */
#define SUM_ERROR (21 * 3 * 21 * ROUNDING)

TEST_ON_VECTORS(sums_of_listed_rows_are_those_of_ref)
{
    uint64_t seed = 6;
    const int64_t widths[] = {1, 5, 8, 15, 16, 17, 31, 33, 64, 127, 128, 130, 300};
    for (int i = 0; i < 13; i++) {
        int64_t J = widths[i], R = pick_int(&seed, 1, 40), C = pick_int(&seed, 1, 30);
        int64_t ldo = J + pick_int(&seed, 0, 3), size = (C - 1) * ldo + J;
        test_where("%d lists of rows of %d", (int)C, (int)J);
        lists l = lists_new(C, R, &seed);
        fence y = fence_random(R * J, &seed, -1, 1), init = fence_random(J, &seed, -1, 1);
        fence want = fence_new(size), got = fence_new(size);
        for (int with = 0; with < 2; with++) {
            const float *begin = with ? init.p : NULL;
            kernels_ref()->sum_rows(C, l.start, l.row, l.value, J, y.p, J, begin, want.p,
                                    ldo);
            k->sum_rows(C, l.start, l.row, l.value, J, y.p, J, begin, got.p, ldo);
            for (int64_t c = 0; c < C; c++)
                for (int64_t j = 0; j < J; j++)
                    CHECK_NEAR((double)got.p[c * ldo + j], (double)want.p[c * ldo + j],
                               SUM_ERROR);
        }
        fence_free(&want, size);
        fence_free(&got, size);
        free(l.start);
    }
}

/* The same chain of multiply-adds, whatever is computed beside it. */
TEST_ON_ALL(a_sum_does_not_depend_on_the_columns_asked_for)
{
    enum { J = 300, R = 9 };
    uint64_t seed = 7;
    lists l = lists_new(1, R, &seed);
    fence y = fence_random(R * J, &seed, -1, 1), whole = fence_new(J);
    k->sum_rows(1, l.start, l.row, l.value, J, y.p, J, NULL, whole.p, J);
    for (int64_t j = 0; j < J; j += 7) {
        int64_t wide = hgi_min(pick_int(&seed, 1, 40), J - j);
        fence part = fence_new(wide);
        k->sum_rows(1, l.start, l.row, l.value, wide, y.p + j, J, NULL, part.p, wide);
        CHECK_INT(first_difference(part.p, whole.p + j, wide), wide);
        fence_free(&part, wide);
    }
    free(l.start);
}

/* J products below 1 in other orders: each of the J additions on either side rounds a
 * partial sum below J. */
TEST_ON_VECTORS(products_with_listed_rows_are_those_of_ref)
{
    uint64_t seed = 8;
    const int64_t widths[] = {1, 5, 8, 15, 16, 17, 33, 128, 301};
    for (int i = 0; i < 9; i++)
        for (int64_t n = 0; n < 40; n += 1 + n / 3) {
            int64_t J = widths[i], R = 11;
            test_where("%d rows of %d", (int)n, (int)J);
            fence y = fence_random(R * J, &seed, -1, 1);
            fence a = fence_random(J, &seed, -1, 1);
            fence index = fence_new(n), want = fence_new(n), got = fence_new(n);
            int32_t *row = (int32_t *)(void *)index.p;
            for (int64_t j = 0; j < n; j++) row[j] = (int32_t)pick_int(&seed, 0, R - 1);
            kernels_ref()->dot_rows(n, row, J, a.p, y.p, J, want.p);
            k->dot_rows(n, row, J, a.p, y.p, J, got.p);
            for (int64_t j = 0; j < n; j++)
                CHECK_NEAR((double)got.p[j], (double)want.p[j],
                           3 * (double)J * (double)J * ROUNDING);
            fence_free(&want, n);
            fence_free(&got, n);
        }
}

TEST_ON_ALL(a_transpose_moves_every_element_to_its_place)
{
    uint64_t seed = 9;
    for (int i = 0; i < 40; i++) {
        int64_t R = pick_int(&seed, 1, 50), C = pick_int(&seed, 1, 50);
        int64_t ldx = C + pick_int(&seed, 0, 3), ldo = R + pick_int(&seed, 0, 3);
        int64_t in = (R - 1) * ldx + C, size = (C - 1) * ldo + R;
        test_where("%d x %d", (int)R, (int)C);
        fence x = fence_random(in, &seed, -1, 1), out = fence_new(size);
        k->transpose(R, C, x.p, ldx, out.p, ldo);
        for (int64_t r = 0; r < R; r++)
            for (int64_t c = 0; c < C; c++) CHECK(out.p[c * ldo + r] == x.p[r * ldx + c]);
        fence_free(&x, in);
        fence_free(&out, size);
    }
}

/* ---- speed: a row of 16384, its 32 largest, rows of 768 ----------------------------- */

enum { WIDE = 16384, TOP = 32, J = 768, LIST_ROWS = 512 };

typedef struct work {
    const hgi_kernels *k;
    hgi_top top;
    float *z, *y, *out, *a;
    int32_t *row;
    int64_t start[2];
} work;

static void run_top(void *arg)
{
    work *w = arg;
    w->top.count = 0;
    w->top.limit = 0;
    offer_all(w->k, &w->top, w->z, WIDE, 1008);
}

static void run_sum(void *arg)
{
    work *w = arg;
    w->k->sum_rows(1, w->start, w->row, w->a, J, w->y, J, NULL, w->out, J);
}

static void run_dot(void *arg)
{
    work *w = arg;
    w->k->dot_rows(TOP, w->row, J, w->a, w->y, J, w->out);
}

static void run_transpose(void *arg)
{
    work *w = arg;
    w->k->transpose(1024, 16, w->z, 16, w->y, 1024);
}

BENCH(speed_of_rows_given_by_places)
{
    const hgi_kernels *k;
    uint64_t seed = 1;
    for (int i = 0; (k = hgi_kernels_at(i)) != NULL; i++) {
        fence index, value;
        work w = {.k = k, .top = top_new(TOP, TOP + 128, &index, &value)};
        w.z = fence_random(WIDE, &seed, -1, 1).p;
        w.y = fence_random(LIST_ROWS * J, &seed, -1, 1).p;
        w.a = fence_random(J, &seed, -1, 1).p;
        w.out = fence_new(J).p;
        w.row = calloc(TOP, sizeof *w.row);
        w.start[1] = TOP;
        for (int j = 0; j < TOP; j++) w.row[j] = (int32_t)pick_int(&seed, 0, 511);
        double ns = 1e9;
        printf("  %-7s 32 of 16384 %6.0f  sum of 32 rows %5.0f  32 products %5.0f  "
               "1024 x 16 transposed %5.0f ns\n",
               k->name, ns * seconds_of(run_top, &w), ns * seconds_of(run_sum, &w),
               ns * seconds_of(run_dot, &w), ns * seconds_of(run_transpose, &w));
        free(w.row);
    }
}
