// SPDX-License-Identifier: MIT
/* Eigenvectors, orthonormal rows and Cholesky's factor: see linear.h.
 *
 * hgi_eigen works on rows throughout: the transformations are gathered as rows of one
 * matrix, whose elements lie side by side, so that the inner loops are vectors' sums. */
#include "base/linear.h"

#include <float.h>
#include <math.h>
#include <string.h>

double hgi_dot(int64_t n, const double *a, const double *b)
{
    double s = 0;
    for (int64_t i = 0; i < n; i++) s += a[i] * b[i];
    return s;
}

void hgi_add(int64_t n, double f, const double *x, double *y)
{
    for (int64_t i = 0; i < n; i++) y[i] += f * x[i];
}

/* ---- symmetric eigenvalues ------------------------------------------------------- */

/* Row i of a from n - 1 down to 1: the reflection that clears a[i][0 .. i-2].  v = the
 * scaled row, p = A v / h, and A -= v q^T + q v^T with q = p - (v.p / 2h) v.  Row i keeps
 * v; d[i] keeps h (0: nothing to clear); e[i] is the off-diagonal element. */
static void reflect(int64_t n, double *a, int64_t i, double *d, double *e)
{
    double *v = a + i * n, scale = 0, h;
    for (int64_t k = 0; k < i; k++) scale += fabs(v[k]);
    d[i] = 0;
    e[i] = v[i - 1];
    if (i < 2 || scale <= 0) return;
    for (int64_t k = 0; k < i; k++) v[k] /= scale;
    h = hgi_dot(i, v, v);
    double g = v[i - 1] > 0 ? -sqrt(h) : sqrt(h);
    e[i] = scale * g;
    h -= v[i - 1] * g;
    v[i - 1] -= g;
    /* p = A v, A's lower triangle read by rows. */
    for (int64_t j = 0; j < i; j++) e[j] = 0;
    for (int64_t j = 0; j < i; j++) {
        const double *row = a + j * n;
        e[j] += hgi_dot(j + 1, row, v);
        hgi_add(j, v[j], row, e);
    }
    for (int64_t j = 0; j < i; j++) e[j] /= h;
    double half = hgi_dot(i, v, e) / (2 * h);
    hgi_add(i, -half, v, e);
    for (int64_t j = 0; j < i; j++) {
        double *row = a + j * n;
        hgi_add(j + 1, -v[j], e, row);
        hgi_add(j + 1, -e[j], v, row);
    }
    d[i] = h;
}

/* Tridiagonal form: d the diagonal, e[1 ..] beside it; rows of a become Q^T, the
 * transformation: a row-major Q^T has the basis vectors as rows. */
static void tridiagonal(int64_t n, double *a, double *d, double *e)
{
    for (int64_t i = n - 1; i > 0; i--) reflect(n, a, i, d, e);
    d[0] = 0;
    e[0] = 0;
    /* Build the product of the reflections from the smallest on: it fills the leading
     * i x i block, which the reflections after it have not yet touched. */
    for (int64_t i = 0; i < n; i++) {
        double *v = a + i * n, h = d[i];
        if (h > 0)
            for (int64_t j = 0; j < i; j++) {
                double *row = a + j * n;
                hgi_add(i, -hgi_dot(i, v, row) / h, v, row);
            }
        d[i] = v[i];
        v[i] = 1;
        for (int64_t j = 0; j < i; j++) v[j] = a[j * n + i] = 0;
    }
}

/* One implicit QL sweep on the block l .. m, with Wilkinson's shift.  Rotations mix rows
 * i and i + 1 of q. */
static void sweep(int64_t n, int64_t l, int64_t m, double *d, double *e, double *q)
{
    double g = (d[l + 1] - d[l]) / (2 * e[l]), r = hypot(g, 1);
    double s = 1, c = 1, p = 0;
    g = d[m] - d[l] + e[l] / (g + copysign(r, g));
    for (int64_t i = m - 1; i >= l; i--) {
        double f = s * e[i], b = c * e[i];
        r = hypot(f, g);
        e[i + 1] = r;
        if (r <= 0) { /* underflow: the block falls apart here */
            d[i + 1] -= p;
            e[m] = 0;
            return;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - p;
        r = (d[i] - g) * s + 2 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
        double *lower = q + i * n, *upper = lower + n;
        for (int64_t k = 0; k < n; k++) {
            double u = upper[k], w = lower[k];
            upper[k] = s * w + c * u;
            lower[k] = c * w - s * u;
        }
    }
    d[l] -= p;
    e[l] = g;
    e[m] = 0;
}

static bool diagonal(int64_t n, double *d, double *e, double *q)
{
    for (int64_t i = 1; i < n; i++) e[i - 1] = e[i];
    e[n - 1] = 0;
    for (int64_t l = 0; l < n; l++) {
        /* Some two sweeps an eigenvalue are usual; 60 are never seen with finite
         * numbers. */
        for (int tries = 0;; tries++) {
            int64_t m = l;
            while (m < n - 1 && fabs(e[m]) > DBL_EPSILON * (fabs(d[m]) + fabs(d[m + 1])))
                m++;
            if (m == l) break;
            if (tries == 60) return false;
            sweep(n, l, m, d, e, q);
        }
    }
    return true;
}

static void swap_rows(int64_t n, double *a, double *b)
{
    for (int64_t i = 0; i < n; i++) {
        double t = a[i];
        a[i] = b[i];
        b[i] = t;
    }
}

/* Descending, and each vector with its largest component positive: eigenvectors have no
 * sign, and results that can be compared need one. */
static void arrange(int64_t n, double *a, double *value)
{
    for (int64_t i = 0; i < n; i++) {
        int64_t best = i, top = 0;
        for (int64_t j = i + 1; j < n; j++)
            if (value[j] > value[best]) best = j;
        if (best != i) {
            swap_rows(n, a + i * n, a + best * n);
            swap_rows(1, value + i, value + best);
        }
        double *v = a + i * n;
        for (int64_t k = 1; k < n; k++)
            if (fabs(v[k]) > fabs(v[top])) top = k;
        if (v[top] < 0)
            for (int64_t k = 0; k < n; k++) v[k] = -v[k];
    }
}

bool hgi_eigen(int64_t n, double *a, double *value, double *work)
{
    if (n < 1) return true;
    for (int64_t i = 0; i < n * n; i++)
        if (!isfinite(a[i])) return false;
    tridiagonal(n, a, value, work);
    if (!diagonal(n, value, work, a)) return false;
    arrange(n, a, value);
    return true;
}

/* ---- orthonormal rows ------------------------------------------------------------ */

/* Take what rows before hold out of `row`; the length that is left. */
static double reject(int64_t count, int64_t d, const double *q, double *row)
{
    for (int64_t j = 0; j < count; j++)
        hgi_add(d, -hgi_dot(d, q + j * d, row), q + j * d, row);
    return sqrt(hgi_dot(d, row, row));
}

void hgi_orthonormal_rows(int64_t p, int64_t d, double *q)
{
    int64_t axis = 0; /* the next one to try where a row depends on those before */
    for (int64_t i = 0; i < p; i++) {
        double *row = q + i * d, was = sqrt(hgi_dot(d, row, row));
        double left = reject(i, d, q, row);
        while (!(left > 1e-10 * was) || !(left > 0)) {
            memset(row, 0, (size_t)d * sizeof *row);
            row[axis++ % d] = was = 1;
            left = reject(i, d, q, row);
        }
        for (int64_t k = 0; k < d; k++) row[k] /= left;
        left = reject(i, d, q, row);
        for (int64_t k = 0; k < d; k++) row[k] /= left;
    }
}

/* ---- Cholesky -------------------------------------------------------------------- */

bool hgi_cholesky(int64_t n, double *a)
{
    for (int64_t i = 0; i < n; i++) {
        double *row = a + i * n;
        for (int64_t j = 0; j < i; j++)
            row[j] = (row[j] - hgi_dot(j, row, a + j * n)) / a[j * n + j];
        double left = row[i] - hgi_dot(i, row, row);
        if (!(left > 0) || !isfinite(left)) return false;
        row[i] = sqrt(left);
    }
    return true;
}

void hgi_solve_lower(int64_t n, const double *l, double *b)
{
    for (int64_t i = 0; i < n; i++)
        b[i] = (b[i] - hgi_dot(i, l + i * n, b)) / l[i * n + i];
}

void hgi_solve_upper(int64_t n, const double *l, double *b)
{
    for (int64_t i = n - 1; i >= 0; i--) {
        b[i] /= l[i * n + i];
        hgi_add(i, -b[i], l + i * n, b);
    }
}
