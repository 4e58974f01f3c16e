// SPDX-License-Identifier: MIT
/* Small dense linear algebra in double: for matrices of statistics (covariances of data
 * and of codes), a few thousand wide at the most.  Matrices are square and row-major; no
 * call allocates, fails on memory or uses more than one thread, so that results depend on
 * nothing but the numbers.  Products over data rows are the kernels' business, not ours. */
#ifndef HGI_LINEAR_H
#define HGI_LINEAR_H

#include "base/base.h"

double hgi_dot(int64_t n, const double *a, const double *b);
/* y += f x */
void hgi_add(int64_t n, double f, const double *x, double *y);
/* All eigenvalues of a symmetric a [n,n], descending, with unit eigenvectors as the ROWS
 * of a: value[i] belongs to a[i*n ..].  work [n] doubles.  The sign of a vector is that
 * which makes its largest component positive.  False when it does not converge, which
 * takes numbers that are not finite.
 * Source: Householder's tridiagonal form, then implicit QL (Golub & Van Loan, Matrix
 * Computations, 4th ed., 8.3). */
bool hgi_eigen(int64_t n, double *a, double *value, double *work);
/* Make rows of q [p,d] orthonormal, in order (Gram-Schmidt, each row twice: "twice is
 * enough", Parlett).  A row that depends on those before becomes a unit vector that does
 * not; p <= d. */
void hgi_orthonormal_rows(int64_t p, int64_t d, double *q);
/* a = L L^T in place, the lower triangle; what is above it is left.  False when a is not
 * positive definite. */
bool hgi_cholesky(int64_t n, double *a);
/* b = L^-1 b: the squared length of the result is Mahalanobis's distance. */
void hgi_solve_lower(int64_t n, const double *l, double *b);
/* b = L^-T b. */
void hgi_solve_upper(int64_t n, const double *l, double *b);

#endif
