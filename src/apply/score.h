// SPDX-License-Identifier: MIT
/* Anomaly scores: the table of kinds, and taking rows to scores.
 *
 *     rows -> net -> (x, z, y, r) of a chunk -> a kind's score of each row
 *
 *     n rows   d values of a row as the net sees them   k of its code   c columns
 *     x [n,d] rows, scaled    z [n,k] codes    y [n,d] reconstructions, scaled
 *     r [n,c] how far each column is from its reconstruction: x - y of a number, of a word
 *             the root of -log p (see model/table.h); NaN where nothing was observed
 *
 * A kind is one file, score_<name>.c, that exports one const table listed once in
 * hgi_score_kinds[].  What it learns from normal rows is a few tensors of doubles, which
 * the
 * model file keeps.  Its score of a row depends on that row alone, so that a row has the
 * same score in any file, chunk, thread or session.  HIGHER IS MORE ABNORMAL. */
#ifndef HGI_SCORE_H
#define HGI_SCORE_H

#include "apply/apply.h"
#include "model/detector.h"
#include "model/loss.h"

/* A row's score is held within this, so that it is a number in every file. */
#define HGI_SCORE_MOST 3.4028234663852886e38

/* Of draws of codes: one for all models, so that a file need not keep it. */
#define HGI_SCORE_SEED 1

typedef struct hgi_score_rows {
    const hgi_kernels *kernels;
    int64_t n, d, k, c;
    int64_t height,
        width;       /* of a row that is an image, whose channels are side by side; 0 */
    int64_t samples; /* of each row's code, side by side: so many rows of z, y and r */
    double trimmed;  /* for fit(): share of the rows that was left out before */
    const hgi_loss *loss;    /* of the net */
    const hg_schema *schema; /* of a table: which values are of which column, or NULL */
    const void *prepared;    /* what the kind's prepare() made */
    const hgi_real *x, *z, *y, *r;
} hgi_score_rows;

typedef struct hgi_score_kind {
    const char *name, *brief;
    /* Draws of a row's code, which must be one that is drawn; 0: its mean.  Every row gets
     * the same draws. */
    int64_t samples;
    bool images; /* rows must be such */
    /* Learn from normal rows that the net was trained on, all of them in memory: a sample
     * where there are very many.  What it made before a failure is freed by the caller. */
    hg_status (*fit)(hg_ctx *ctx, const hgi_score_rows *rows, hgi_score_state *out);
    /* What score() takes for granted of a state that comes from a file: NULL, or what of
     * it is wrong.  rows has the sizes d, k and c. */
    const char *(*check)(const hgi_score_state *s, const hgi_score_rows *rows);
    /* What score() uses beside the state, made once for many rows, from hgi_alloc();
     * release() takes it back, also NULL and what a failure left; NULL: hgi_free().
     * prepare NULL: nothing. */
    hg_status (*prepare)(hg_ctx *ctx, const hgi_score_state *s,
                         const hgi_score_rows *rows, void **out);
    void (*release)(const hgi_mem *mem, void *prepared);
    /* Doubles of scratch that score() wants for n rows; NULL: none. */
    int64_t (*scratch)(const hgi_score_state *s, const hgi_score_rows *rows);
    /* The scores of rows->n rows; allocates nothing.  What is not finite counts as the
     * highest score. */
    void (*score)(const hgi_score_state *s, const hgi_score_rows *rows, double *scratch,
                  double *score);
} hgi_score_kind;
extern const hgi_score_kind *const hgi_score_kinds[]; /* NULL-ended; the first: default */
/* HG_EUNKNOWN with the nearest word. */
hg_status hgi_score_find(hg_ctx *ctx, const char *name, const hgi_score_kind **out);

/* The sizes that score() meets, without rows; n is the most of a chunk. */
hgi_score_rows hgi_score_sizes(const hgi_score_kind *kind, const hg_model *m);
hg_status hgi_score_prepare(hg_ctx *ctx, const hgi_score_kind *kind,
                            const hgi_score_state *s, const hgi_score_rows *rows,
                            void **out);
void hgi_score_release(const hgi_mem *mem, const hgi_score_kind *kind, void *prepared);
/* HG_EINVAL when the kind wants a code that is drawn or rows that are images, and the model
 * has none. */
hg_status hgi_score_fits(hg_ctx *ctx, const hgi_score_kind *kind, const hg_model *m);
/* The same of rows, before a model is trained on them. */
hg_status hgi_score_suits(hg_ctx *ctx, const hgi_score_kind *kind,
                          const hg_dataset *data);
/* Columns of a model's rows. */
int64_t hgi_score_columns(const hg_model *m);
/* r of n rows of x, and of y with `samples` rows for each; x of a table are targets: NaN
 * where a value is missing. */
void hgi_score_errors(const hg_model *m, int64_t n, int64_t samples, const hgi_real *x,
                      const hgi_real *y, hgi_real *r);
/* The kind of a model's detector, after everything that its nets' states must be was
 * checked.  Errors: HG_EINVAL the model has no detector; HG_EFORMAT, HG_EUNKNOWN. */
hg_status hgi_score_open(hg_ctx *ctx, const hg_model *m, const hgi_score_kind **out);

/* ---- a net over rows -------------------------------------------------------------- */

/* One net over the rows of a window; `take` gets each chunk, in any order, from any worker:
 * rows at .. at + rows->n - 1 of the window. */
typedef struct hgi_score_pass {
    hgi_feed feed;
    hgi_infer infer;
    hgi_real *r;      /* [workers, losses of a chunk, c] */
    hgi_real *target; /* [workers, HGI_INFER_ROWS, d] of a table, or NULL */
    int64_t c, each, samples;
    const hgi_score_kind *kind;
    const void *prepared;
    void (*take)(void *arg, const hgi_score_rows *rows, int64_t at, int worker);
    void *arg;
} hgi_score_pass;
/* quiet: clipped rows are not counted and told of, another pass does. */
hg_status hgi_score_pass_open(hg_ctx *ctx, const hg_model *m, const hg_dataset *like,
                              const hgi_rows *window, const hgi_score_kind *kind,
                              bool quiet, hgi_score_pass *p);
hg_status hgi_score_pass_run(hgi_score_pass *p);
void hgi_score_pass_close(hgi_score_pass *p, hg_status status, int64_t rows);

/* All nets of a detector over windows of rows: scores are means over the nets. */
typedef struct hgi_scoring {
    hg_ctx *ctx;
    const hg_model *model;
    const hgi_score_kind *kind;
    struct hgi_scoring_net *net; /* [nets] */
    int64_t nets;                /* opened */
    double *scratch;             /* [workers, each] */
    int64_t each;
    double *out; /* the window's scores go here */
    float *raw;  /* a row, to count its gaps; NULL where they do not matter */
} hgi_scoring;
/* Rows like `like`, through a window that the caller moves. */
hg_status hgi_scoring_open(hg_ctx *ctx, const hg_model *m, const hg_dataset *like,
                           const hgi_rows *window, hgi_scoring *s);
/* score [window->n] */
hg_status hgi_scoring_window(hgi_scoring *s, int64_t n, double *score);
void hgi_scoring_close(hgi_scoring *s, hg_status status, int64_t rows);
/* All rows of a dataset: score [rows]. */
hg_status hgi_score_all(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                        double *score);
/* The mean of `nets` sums, as a score is kept. */
double hgi_score_settle(double sum, int64_t nets);

#endif
