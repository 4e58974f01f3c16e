// SPDX-License-Identifier: MIT
/* Datasets: rows in memory or held in a file, told where they came from.  And the reader
 * table.
 *
 * A reader is one file, src/data/read_<name>.c, that exports one const table listed
 * once in hgi_readers[].  Readers trust nothing in a file: every length is checked before
 * it is used, and sizes are bounded by what is really there before memory is asked for.
 * Rows that are held in a file come to memory by windows: see blocks.h.                */
#ifndef HGI_DATA_H
#define HGI_DATA_H

#include "data/schema.h"
#include "data/series.h"

#define HGI_MAX_RANK 3

struct hg_dataset {
    hgi_mem mem;
    char *name;         /* path or view's name, for messages                         */
    const char *format; /* reader's name, "memory", "split", "codes", ...             */
    char *stored;       /* "u8", "f64 fortran", ...                                   */
    hg_type type;
    int64_t rows, features;
    int rank;
    int64_t shape[HGI_MAX_RANK]; /* of a row; product = features                      */
    /* Element (r, c): data + order(r)*row_stride + offset(c), bytes, where order(r) is
     * order[r] or r, and offset(c) is c*sizeof or from stride[] when not packed.      */
    const unsigned char *data; /* NULL: the rows are held in a file                     */
    int64_t row_stride;
    int64_t stride[HGI_MAX_RANK];
    bool packed;           /* features of a row are contiguous, row-major               */
    int64_t *order;        /* owned, or NULL: row r is stored at r                      */
    void *owned;           /* block to free with the dataset, or NULL                   */
    struct hgi_held *held; /* where the rows are when they are not in memory            */
    bool holds;            /* held is this dataset's own: a split borrows               */
    char **columns;        /* [features], or NULL                                       */
    void *columns_owned;   /* the one block that holds them, or NULL: a split borrows   */
    char decimal;          /* how a CSV file was read: '.', ',', or 0: nobody said      */
    const char *renamed;   /* "old=new,...": where columns_owned is; or NULL            */
    hg_schema *schema;     /* of a table, whose values it explains; NULL: numbers alone,
                        * none of them missing                                         */
    bool may_gap;    /* NaN is a missing value: rows that have one make a table       */
    bool table;      /* ... and so do complete ones                                   */
    bool modelled;   /* a model of numbers alone reads it: NaN is refused for that    */
    bool schema_own; /* else a window's, a split's or a caller's                      */
    int64_t *unseen; /* [features] words that the caller's schema lacks, or NULL      */
    double min, max, mean; /* over all values, found while reading                     */
    float *labels; /* [labelled] a class for each row, owned, or NULL                  */
    int64_t labelled; /* rows; of a block of a file those of the whole file            */
    struct hgi_names
        *label_names; /* that labels are numbers of; NULL: labels are numbers */
    /* The pictures that rows were made of, or NULL; owned but by a split.              */
    struct hgi_pictures *pictures;
    bool pictures_owned;
    float white; /* the value of a white pixel; 0: it follows from the rest             */
    hgi_windows *series; /* rows are windows of one, whose starts are order[]; or NULL  */
    bool series_own;     /* else a split's                                              */
    hg_dataset *base; /* owned: what data, columns and such are borrowed from; or NULL */
};

/* Behind a message of a missing value: what a model of complete numbers could do.      */
#define HGI_GAP_ADVICE                                                                   \
    "; the model was trained on complete numbers: fill it, or train with --table for a " \
    "model that takes gaps"
/* Do these options come from a model of numbers, none of which may be missing?         */
bool hgi_reads_numbers(const hg_data_options *o);

/* The first of n columns that two tables call differently, or -1: also when one of them
 * has no names, which may be anything.                                                 */
int64_t hgi_columns_differ(char *const *a, char *const *b, int64_t n);
/* Rows are counted from 1 in every message, and so are columns and pixels.            */

/* Of rows in memory: a window's, or a dataset's that is not held.                      */
/* Row r as float (not scaled): features values.  Any type, stride and order.          */
void hgi_dataset_row(const hg_dataset *d, int64_t r, float *out);
/* Features first .. first+n-1 of it, for loops with a small buffer of their own.       */
void hgi_dataset_part(const hg_dataset *d, int64_t r, int64_t first, int64_t n,
                      float *out);
/* Row r in place when it is packed u8 / f32, else NULL: the fast paths.               */
const uint8_t *hgi_dataset_row_u8(const hg_dataset *d, int64_t r);
const float *hgi_dataset_row_f32(const hg_dataset *d, int64_t r);
static inline int64_t hgi_dataset_row_bytes(const hg_dataset *d)
{
    return d->features * (d->type == HG_U8 ? 1 : (int64_t)sizeof(float));
}
/* Hash of shape and values, independent of how they are stored.  Errors: HG_EIO.       */
hg_status hgi_dataset_hash(hg_ctx *ctx, const hg_dataset *d, uint64_t *out);
/* "column 3 ("age")" or "pixel (3,4)" into out; the same behind "row 17, ".            */
void hgi_dataset_feature(const hg_dataset *d, int64_t c, char *out, size_t n);
void hgi_dataset_place(const hg_dataset *d, int64_t r, int64_t c, char *out, size_t n);
/* A new float dataset that owns rows*features values, zeroed, shape given.  Call
 * hgi_dataset_check() once they are filled in.                                         */
hg_status hgi_dataset_new(hg_ctx *ctx, const char *name, const char *format, int64_t rows,
                          int rank, const int64_t *shape, float **values,
                          hg_dataset **out);

/* Rows index[0..n-1] of data, which must outlive *out; index is copied.  n >= 1.       */
hg_status hgi_dataset_pick(hg_ctx *ctx, const hg_dataset *data, const int64_t *index,
                           int64_t n, hg_dataset **out);
/* Packed rows in `block` (hgi_alloc'ed), which the dataset owns from a success on.     */
hg_status hgi_dataset_take(hg_ctx *ctx, const char *name, const char *format,
                           hg_type type, int64_t rows, int rank, const int64_t *shape,
                           void *block, hg_dataset **out);
/* The error for `count` values that are not finite, the first at this position.        */
hg_status hgi_dataset_not_finite(hg_ctx *ctx, const hg_dataset *d, int64_t position,
                                 float value, int64_t count);
/* Labels of rows: numbers, or the numbers of their names (see names.h).                */
typedef struct hgi_labels {
    const char *from; /* whose they are, for messages                                   */
    const float *value;
    int64_t count;
    struct hgi_names *names; /* NULL: they are numbers                                  */
} hgi_labels;
/* Of a dataset that has one value or word a row, values to be given back with
 * hgi_labels_free().  Errors: HG_ESHAPE not one value a row; HG_ERANGE one without.    */
hg_status hgi_labels_read(hg_ctx *ctx, const hg_dataset *labels, hgi_labels *out);
void hgi_labels_free(const hgi_mem *mem, hgi_labels *l);
/* They are copied; the caller has checked that they are as many as rows.              */
hg_status hgi_dataset_label(hg_ctx *ctx, hg_dataset *d, const hgi_labels *l);
/* The dataset's own; count 0: it has none.                                             */
hgi_labels hgi_dataset_labels(const hg_dataset *d);
/* Find min, max and mean.  Errors: HG_ENONFINITE with the place and the count.         */
hg_status hgi_dataset_check(hg_ctx *ctx, hg_dataset *d);
/* A text as a message can show it: one line, at most `n` bytes with its NUL.           */
void hgi_shown(const char *text, size_t len, char *out, size_t n);

/* ---- readers ------------------------------------------------------------------ */

/* A source of bytes: a file or stdin, gunzipped on the fly when it is gzip.           */
typedef struct hgi_source hgi_source;
hg_status hgi_source_open(hg_ctx *ctx, const char *path, hgi_source **out);
void hgi_source_close(hgi_source **s);
/* Up to 512 first bytes without consuming them.                                       */
const unsigned char *hgi_source_peek(hgi_source *s, size_t *n);
/* It names a folder, which has no bytes. */
bool hgi_source_is_folder(const hgi_source *s);
/* Read up to n bytes; *got < n only at the end.  Errors: HG_EIO, HG_EFORMAT (bad gzip). */
hg_status hgi_source_read(hgi_source *s, void *p, size_t n, size_t *got);
/* Bytes left, exact for a plain file, an upper bound (times 1032) for gzip, -1 for a pipe:
 * to bound what a header asks for before memory is allocated.                          */
int64_t hgi_source_left(const hgi_source *s);
/* hgi_source_left() is exact, not a bound.                                             */
bool hgi_source_exact(const hgi_source *s);
/* Bytes that are likely left, to size storage with; -1 when nothing is known.          */
int64_t hgi_source_guess(const hgi_source *s);
/* The descriptor of a plain file, which stays the source's, and where its next byte is; -1
 * when there is none: gzip, a pipe, memory.                                            */
int hgi_source_place(const hgi_source *s, int64_t *at);
/* The caller's bytes as a source; they must outlive it.                                */
hg_status hgi_source_from_memory(hg_ctx *ctx, const char *name, const void *bytes,
                                 size_t n, hgi_source **out);
/* Bytes that something else gives, a member of an archive.  read: 1 to n of them, 0 at the
 * end; close gives back `user`, which is the source's from a success on.  size: how many
 * there will be; it is held against those that come.                                   */
typedef struct hgi_origin {
    hg_status (*read)(void *user, void *p, size_t n, size_t *got);
    void (*close)(void *user);
    void *user;
} hgi_origin;
hg_status hgi_source_from_origin(hg_ctx *ctx, const char *name, const hgi_origin *origin,
                                 int64_t size, hgi_source **out);
/* A file that its path opens once more. */
bool hgi_source_again(const hgi_source *s);
/* "stdin" for "-".                                                                     */
const char *hgi_source_path(const hgi_source *s);

struct hgi_blocks;
typedef struct hgi_reader {
    const char *name; /* "idx", "npy", "csv": word for --format                        */
    const char *brief;
    /* How sure, from the first bytes and the path's ending: 0 no, 1 perhaps (ending or
     * plain text), 2 yes (magic number).                                              */
    int (*probe)(const unsigned char *head, size_t n, const char *path);
    /* Read the header, say what a row is, and who gives the rows: see blocks.h.  What was
     * taken before a failure is given back by the stream's close.                     */
    hg_status (*open)(struct hgi_blocks *s, const hg_data_options *o);
} hgi_reader;
extern const hgi_reader *const hgi_readers[]; /* NULL-ended */
/* A caller's options, perhaps of an older version, or NULL, as this version's.         */
hg_status hgi_data_options_read(hg_ctx *ctx, const hg_data_options *options,
                                hg_data_options *out);
/* The source that a path names.  "a.npz:y" is array y of a.npz, where no file has the whole
 * name: then o->array becomes the end of `path`.                                       */
hg_status hgi_data_source(hg_ctx *ctx, const char *path, hg_data_options *o,
                          hgi_source **out);
/* hg_dataset_open() of a source that is open already.                                  */
hg_status hgi_dataset_from_source(hg_ctx *ctx, hgi_source *s, const hg_data_options *o,
                                  hg_dataset **out);

/* A writer makes bytes of rows, a block at a time; save.c brings them to the file.     */
typedef struct hgi_writer {
    const char *name, *brief;
    const char *endings; /* of paths that get it without --format: ".idx ubyte"         */
    /* What stands before the rows: like has type, shape and columns, rows how many there
     * will be.  counted: that number is part of it, and not of its length.             */
    hg_status (*head)(hg_ctx *ctx, const hg_dataset *like, int64_t rows, hgi_text *out);
    bool counted;
    /* Bytes that a value takes at the most, with what is around it.                    */
    int64_t value_bytes;
    /* A row as it stands in the file; returns behind its end.  Any thread.  NULL: a row is
     * a file of its own, and save_pictures.c writes it.                                */
    char *(*row)(const hg_dataset *like, const float *row, char *out);
    /* Bytes of a row of a table at the most; NULL: as of rows of numbers.              */
    int64_t (*table_bytes)(const hg_schema *s);
} hgi_writer;
extern const hgi_writer *const hgi_writers[]; /* NULL-ended */

/* A file of rows while it is written: open, rows..., close.                            */
typedef struct hgi_save {
    hg_ctx *ctx;
    const hgi_writer *writer;
    const hg_dataset *like;
    int64_t rows, written; /* rows -1: not known before the end                         */
    hgi_outfile f;
    bool open;
    struct hgi_save_pictures *pictures; /* instead of a file                            */
    char *text; /* pieces of a block, as they go to the file                            */
    float *row; /* [workers][features]                                                  */
} hgi_save;
/* like has type, shape and columns and must outlive it.  rows -1 needs
 * hgi_save_can_count().  Errors: as hg_dataset_save.                                   */
hg_status hgi_save_open(hg_ctx *ctx, const char *path, const char *format,
                        const hg_dataset *like, int64_t rows, hgi_save *out);
/* Rows first .. first+n-1 of d, which are in memory.                                   */
hg_status hgi_save_rows(hgi_save *s, const hg_dataset *d, int64_t first, int64_t n);
/* Can a file in this format be written there when the number of rows is known last?  Also
 * true when the format is not known: opening it says so.                               */
bool hgi_save_can_count(const char *path, const char *format);
/* The file is there if status is HG_OK and nothing fails now; else all is as it was.   */
hg_status hgi_save_close(hgi_save *s, hg_status status);

/* ---- scaling -------------------------------------------------------------------- */

typedef enum hgi_scale_kind {
    HGI_SCALE_NONE, /* x                                                               */
    HGI_SCALE_UNIT, /* x / 255, for data in 0..255                                     */
    HGI_SCALE_MINMAX, /* (x - min) / (max - min), per column, fitted                    */
    HGI_SCALE_STANDARD, /* (x - mean) / std, biased as scikit-learn's, per column, fitted */
    HGI_SCALE_LOG /* standard, of logarithms where a column has a long tail             */
} hgi_scale_kind;

/* scaled = (x - shift[c]) * scale[c]; a constant column has scale 1.  A bent column has
 * asinh(x / bend[c]) for x, see scale_log.c.                                           */
typedef struct hgi_scaler {
    hgi_scale_kind kind;
    int64_t features;
    bool uniform;  /* every column has the same pair: shift[0], scale[0]               */
    double *shift; /* [features]; kept as double in the model file's tensors           */
    double *scale; /* [features]                                                       */
    double *bend;  /* [features], 0: the column is not bent; NULL: none is             */
    double
        *inverse; /* [features] 1 / scale: a multiplication takes a fifth of a division */
    hgi_real *shift_r, *scale_r; /* the same as the kernels take them                  */
    hg_schema *schema; /* of a table, owned: features are those it makes of a row      */
} hgi_scaler;
/* Values of a raw row.                                                                 */
static inline int64_t hgi_scaler_raw(const hgi_scaler *s)
{
    return s->schema != NULL ? s->schema->columns : s->features;
}
/* Is 1 a standard deviation? */
static inline bool hgi_scaler_standard(const hgi_scaler *s)
{
    return s->kind == HGI_SCALE_STANDARD || s->kind == HGI_SCALE_LOG;
}
/* A value of column c, bent alone, and back: in between lies the line of shift and scale.
 * What comes back of a bent column is a float, however large u is.                     */
double hgi_bent(const hgi_scaler *s, int64_t c, double v);
double hgi_unbent(const hgi_scaler *s, int64_t c, double u);
/* The whole way.                                                                       */
double hgi_scale_value(const hgi_scaler *s, int64_t c, double v);
double hgi_unscale_value(const hgi_scaler *s, int64_t c, double u);
/* Bent columns of x [features], which the kernels have scaled as if they were not, from
 * raw; s->bend is not NULL.                                                            */
void hgi_scale_bent(const hgi_scaler *s, const float *raw, hgi_real *x);
/* word NULL or "auto": images (rank >= 2 or 8-bit) with values in 0..255 and any over 1
 * -> unit; all in [0,1] -> none; anything else -> standard.  Fitted on `rows` only.    */
hg_status hgi_scaler_fit(hg_ctx *ctx, const char *word, const hg_dataset *rows,
                         hgi_scaler *out);
/* From what a model file holds; NULL arrays for the kinds that are not fitted.
 * Errors: HG_EFORMAT when a number is not finite or a scale not positive.              */
hg_status hgi_scaler_make(hg_ctx *ctx, hgi_scale_kind kind, int64_t features,
                          const double *shift, const double *scale, hgi_scaler *out);
/* Of a scaler that is made as log, whose columns are straight before; false when a number
 * is not usable.                                                                       */
bool hgi_scaler_set_bend(hgi_scaler *s, const double *bend);
/* With its schema. */
hg_status hgi_scaler_copy(hg_ctx *ctx, const hgi_scaler *from, hgi_scaler *out);
/* Neither shift nor scale, to be filled in; then they are rounded for the kernels.     */
hg_status hgi_scaler_blank(hg_ctx *ctx, hgi_scale_kind kind, int64_t features,
                           hgi_scaler *out);
void hgi_scaler_settle(hgi_scaler *s);
void hgi_scaler_free(const hgi_mem *mem, hgi_scaler *s);
/* Rows of y [rows, features] back to the units of the data, hgi_scaler_raw() each.     */
void hgi_scaler_undo(const hgi_scaler *s, int64_t rows, const hgi_real *y, float *out);
/* Values in 0..255 for a model of values in 0..1, or the other way round (apart.c).    */
typedef enum hgi_apart {
    HGI_ALIKE,
    HGI_NO_BYTES,  /* in 0..1, of a model of bytes                                     */
    HGI_TOO_SMALL, /* in 0..1, of a model of far larger values                         */
    HGI_TOO_LARGE  /* in 0..255, of a model of values in 0..1                          */
} hgi_apart;
/* Do rows that a scaler was fitted to lie in [0,1] as they are?                        */
bool hgi_are_shares(const hgi_scaler *s, const hg_dataset *rows);
/* shares: what hgi_are_shares() said; then `rows` rows with these ends, of bytes or not. */
hgi_apart hgi_scaler_apart(const hgi_scaler *s, bool shares, double min, double max,
                           int64_t rows, bool bytes);
hgi_apart hgi_apart_rows(const hgi_scaler *s, bool shares, const hg_dataset *rows);
/* "values lie in ..., those of training in ...", or NULL when they are alike.          */
const char *hgi_apart_text(hgi_apart apart);
/* That, as a warning about rows of this name; nothing when they are alike.             */
void hgi_warn_apart(hg_ctx *ctx, const char *name, hgi_apart apart);
/* The kinds in the order of hgi_scale_kind; name == NULL ends.                         */
typedef struct hgi_scale_row {
    const char *name, *brief;
} hgi_scale_row;
extern const hgi_scale_row hgi_scales[];
const char *hgi_scale_name(hgi_scale_kind kind);
bool hgi_scale_find(const char *word, hgi_scale_kind *out);
/* Smallest and largest scaled value over a dataset, to choose the loss.  A value beyond 0
 * or 1 by rounding alone counts as 0 or 1, because hgi_batch_fill() clips it.          */
#define HGI_ROUNDING 1e-6
hg_status hgi_scaled_range(hg_ctx *ctx, const hg_dataset *d, const hgi_scaler *s,
                           double *lo, double *hi);

/* ---- batches -------------------------------------------------------------------- */

/* What to do with scaled values outside [lo, hi] (a bce model's [0,1]).                */
typedef struct hgi_range {
    bool check; /* false: anything goes                                              */
    bool clip;  /* true: clip and count; false: refuse                               */
    double lo, hi;
} hgi_range;

/* Write rows index[0..n-1] of d (or first.. when index is NULL), scaled, to x [n, d_in]; of
 * a table as a net's input: gaps are nothing (see expand.h).
 * clipped[i] (may be NULL) is set to 1 when row i of the batch had a value clipped.
 * Returns the first i whose row has a value outside when !clip, else -1.  Cannot fail.
 * Values outside by rounding alone (HGI_ROUNDING) are clipped and not counted.
 * `scratch` holds features floats, used for strided rows.                              */
int64_t hgi_batch_fill(const struct hgi_kernels *k, const hg_dataset *d,
                       const hgi_scaler *s, const hgi_range *range, const int64_t *index,
                       int64_t first, int64_t n, float *scratch, hgi_real *x,
                       unsigned char *clipped);
/* Ask for these rows, which are to be filled in soon, without waiting for them; rows that
 * do not lie in one piece are left alone.                                              */
void hgi_batch_ask(const hg_dataset *d, const int64_t *index, int64_t n);
/* The same of one row of floats, whatever it is part of; *outside: a value was outside the
 * range.  Returns false when a scaled value is not finite.                             */
bool hgi_batch_row(const struct hgi_kernels *k, const hgi_scaler *s,
                   const hgi_range *range, const float *src, hgi_real *x, bool *outside);

#endif
