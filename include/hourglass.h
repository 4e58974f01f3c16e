// SPDX-License-Identifier: MIT
/* hourglass: train, look at and ship autoencoders.  The one public header.
 *
 *     hg_ctx *ctx;  hg_dataset *data;  hg_config *cfg;  hg_model *model;
 *     hg_ctx_new(NULL, &ctx);
 *     hg_dataset_open(ctx, "train-images-idx3-ubyte.gz", NULL, &data);
 *     hg_config_new(ctx, &cfg);
 *     hg_config_preset(cfg, "keras-dense");
 *     hg_train(ctx, cfg, data, NULL, NULL, &model);
 *     hg_model_save(ctx, model, "model.safetensors");
 *
 * Every call that can fail returns HG_OK (0) or a negative hg_status, and leaves a
 * one-line reason in hg_message(ctx).  X_new/open/load(..., X **out) set *out to NULL
 * on failure.  X_free(X **) accepts NULL and sets the pointer to NULL.  The caller owns
 * every buffer it passes; the library borrows it for the call, except where a
 * comment says that it is kept.  The library never prints, exits or aborts, has no
 * global state, installs no signal handler and does not depend on the locale.
 *
 * Threads  A context serves one thread at a time.  Datasets, configurations (while
 *          not being changed) and models are read-only after they are made: any
 *          number of contexts, each in its own thread, may use one at once.
 * Shapes   n rows; d_in features of a row; d_code values of a code.  Row-major. */
#ifndef HOURGLASS_H
#define HOURGLASS_H

#include <stddef.h>
#include <stdint.h>

#define HG_VERSION_MAJOR 0
#define HG_VERSION_MINOR 1
#define HG_VERSION_PATCH 0
#define HG_VERSION_NUMBER                                                                \
    (HG_VERSION_MAJOR * 10000 + HG_VERSION_MINOR * 100 + HG_VERSION_PATCH)

#if defined(__GNUC__)
#define HG_API __attribute__((visibility("default")))
#define HG_WARN_UNUSED __attribute__((warn_unused_result))
#else
#define HG_API
#define HG_WARN_UNUSED
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ======== Status ========================================================= */

/* name, value, text of hg_strerror() */
#define HG_STATUS_MAP(X)                                                                 \
    X(OK, 0, "no error")                                                                 \
    X(ENOMEM, -1, "out of memory")                                                       \
    X(EIO, -2, "cannot read or write")                                                   \
    X(EFORMAT, -3, "malformed file")                                                     \
    X(EVERSION, -4, "file from a newer version")                                         \
    X(ESHAPE, -5, "shapes do not fit")                                                   \
    X(ENONFINITE, -6, "not a finite number")                                             \
    X(ERANGE, -7, "value out of range")                                                  \
    X(EINVAL, -8, "invalid argument")                                                    \
    X(EUNKNOWN, -9, "unknown word")                                                      \
    X(EMISMATCH, -10, "data or configuration changed")                                   \
    X(ECANCELED, -11, "canceled by the caller")                                          \
    X(EDIVERGED, -12, "training diverged")                                               \
    X(EUNAVAILABLE, -13, "not in this build or not on this machine")

typedef enum hg_status {
#define HG_STATUS_ROW(name, value, text) HG_##name = value,
    HG_STATUS_MAP(HG_STATUS_ROW)
#undef HG_STATUS_ROW
} hg_status;

/* The kind of error in a few words; never NULL.  Any thread. */
HG_API const char *hg_strerror(hg_status status);
/* "0.1.0", and 100 as a number (major*10000 + minor*100 + patch).  Any thread. */
HG_API const char *hg_version(void);
HG_API int hg_version_number(void);

/* ======== Context ======================================================== */

typedef struct hg_ctx hg_ctx;
#define HG_MESSAGE_MAX 1024

/* Where all of the library's memory comes from.  alloc returns NULL when there is
 * none; both may be called from the library's own threads at once. */
typedef struct hg_allocator {
    void *(*alloc)(void *user, size_t bytes);
    void (*free)(void *user, void *p);
    void *user;
} hg_allocator;

typedef enum hg_log_level { HG_LOG_WARNING = 0, HG_LOG_INFO = 1 } hg_log_level;
/* A line without its newline; valid during the call. */
typedef void (*hg_log_fn)(void *user, hg_log_level level, const char *line);

typedef struct hg_ctx_options {
    size_t size;     /* sizeof(hg_ctx_options), so that it can grow */
    int threads;     /* 0: as many as this process may use */
    const char *cpu; /* "ref", "avx2", "avx512", "amx" or "neon" at the most; NULL: best */
    hg_allocator allocator; /* zeros: malloc and free */
    hg_log_fn log;          /* NULL: warnings are dropped */
    void *log_user;
} hg_ctx_options;

/* Make a context; options may be NULL for the defaults.
 * Errors   HG_ENOMEM; HG_EINVAL size or threads; HG_EUNKNOWN cpu; HG_EUNAVAILABLE when
 *          this machine lacks it.  There is no context to hold a message then.
 * Threads  any. */
HG_API hg_status hg_ctx_new(const hg_ctx_options *options, hg_ctx **out) HG_WARN_UNUSED;
HG_API void hg_ctx_free(hg_ctx **ctx);
/* The last failure of this context in one line: file, place, expected, found.
 * Never NULL; valid until the next call with this context. */
HG_API const char *hg_message(const hg_ctx *ctx);

/* One fact about the build or the machine ("version", "cpu", "kernels", "threads",
 * "yaml", "cairo", ...).  false-like 0 after the last. */
typedef struct hg_fact {
    const char *name;
    const char *value;
} hg_fact;
HG_API int hg_info(const hg_ctx *ctx, int index, hg_fact *out);
/* The rows of a table, by its name: "layers", "codes", "activations", "losses",
 * "optimizers", "schedules", "presets", "readers", "writers", "scales", "corruptions",
 * "plots", "metrics", "findings", "scores", "rules", "detection".  name = the word,
 * value = one line about it.  0 after the last and for an unknown table;
 * hg_list(NULL, i, out) lists the tables. */
HG_API int hg_list(const char *table, int index, hg_fact *out);

/* ======== Data =========================================================== */

typedef struct hg_dataset hg_dataset;
/* What the columns of a table are: see "Tables" below. */
typedef struct hg_schema hg_schema;
/* How pictures become rows: size, cut, colours. */
typedef struct hg_pictures hg_pictures;

typedef enum hg_type { HG_F32 = 0, HG_U8 = 1 } hg_type;

/* How to read a file.  Zero-initialise, set size, change what is needed. */
typedef struct hg_data_options {
    size_t size;
    const char *format;   /* a row of hg_list("readers"), NULL: told by content */
    char delimiter;       /* CSV; 0: comma, semicolon or tab, told by content */
    char decimal;         /* CSV; '.' or ','; 0: that of schema's file, else '.' */
    int header;           /* CSV; 0: detected, 1: there is one, -1: there is none */
    const char *drop;     /* CSV; column names, separated by commas, to leave out */
    const char *columns;  /* CSV; only these, in this order */
    int drop_non_numeric; /* CSV; leave out columns with text instead of refusing */
    int64_t limit;        /* at most this many rows; 0: all */
    const char *shape;    /* shape of a row, "28x28x1"; NULL: as in the file */
    int stream;           /* 1: rows stay in a file, -1: in memory, 0: by their size */
    int strict; /* 1: refuse words and missing values instead of making a table; 2: the
                   same, because a model of numbers alone is to read them */
    int table;  /* CSV, arrays of floats; a table also when complete: later rows may have
                   gaps */
    /* CSV; column names, separated by commas, whose kind is known */
    const char *numeric, *categorical, *boolean, *date;
    const char *rename;        /* CSV; "old=new,old=new", before all other names */
    int64_t categories;        /* CSV; most words of a column, more share one; 0: 256 */
    const hg_schema *schema;   /* CSV; read the columns of this one, found by their names;
                                it must outlive the dataset */
    int ignore_extra;          /* with schema: other columns are no error */
    int allow_missing_columns; /* with schema, of a table: columns that the file lacks are
                                  a missing value in each row, and a warning */
    const char *array; /* NPZ; which array; NULL: X, x, data, the only one, or the only
                             one of two or more dimensions */
    const hg_dataset *labels; /* a class for each row, as hg_dataset_set_labels(); NULL */
    /* PNG and JPEG, files and folders.  Sizes are "HEIGHTxWIDTH". */
    const char *resize; /* to this size; one number: the shorter side becomes that */
    const char *crop;   /* then what lies around the centre */
    const char *tile;   /* then cut into rows of this size */
    const char *stride; /* from tile to tile; NULL: the tile, so that none overlap; to a
                           model of a series rows from window to window, NULL: its own */
    const char *colour; /* "grey" or "colour"; NULL: colour where one picture has it */
    int64_t max_pixels; /* of a picture, or it is refused; 0: 100 million */
    int skip_bad; /* leave out pictures, or rows of CSV, that cannot be read; a warning
                     says which and how many */
    const hg_pictures *pictures; /* read as these were: see hg_model_pictures(); what is
                                    named above comes first; other formats: no effect */
    const char *id; /* CSV; a column that names rows: no value of them, unless schema has
                       it; hg_score_file() writes its texts, as they are, before scores */
} hg_data_options;

/* Read a file; "-" is standard input, "a.npz:y" array y of an archive.  8-bit data stay
 * 8-bit.
 * Memory   rows that would take over half of what there is stay in a file and are read
 *          in blocks: all results are the same.  docs/large-files.md says in which file.
 * Errors   HG_EIO missing, unreadable, a directory; HG_EFORMAT hostile or truncated,
 *          with the place; HG_ENONFINITE Inf, and with strict missing values and NaN
 *          (else they make a table, of an array with a warning), with row and column;
 *          HG_ERANGE a number that no float holds; HG_ESHAPE shape does not
 *          fit, or no rows; HG_EUNKNOWN format or column; HG_EINVAL; HG_ENOMEM;
 *          HG_EUNAVAILABLE rows cannot stay there.  Later calls: HG_EIO when it changed.
 * Threads  one per ctx. */
HG_API hg_status hg_dataset_open(hg_ctx *ctx, const char *path,
                                 const hg_data_options *options,
                                 hg_dataset **out) HG_WARN_UNUSED;

/* The caller's own memory as a dataset.  Strides are in bytes, may be negative, and
 * cover any layout: column-major, every second row, one channel of an image. */
typedef struct hg_view {
    size_t size;      /* sizeof(hg_view) */
    const void *data; /* element 0 of row 0; kept, not copied: it must outlive
                                the dataset and stay unchanged */
    hg_type type;
    int64_t rows;
    int rank;                /* 1 to 3: dimensions of a row */
    int64_t shape[3];        /* features; or height, width; or height, width, channels */
    int64_t row_stride;      /* 0: packed rows */
    int64_t stride[3];       /* of each dimension; all 0: packed, row-major */
    const char *name;        /* for messages; NULL: "memory" */
    const hg_schema *schema; /* the columns' kinds; NaN is a missing value then; must
                                outlive the dataset */
} hg_view;
/* Errors   HG_EINVAL, HG_ESHAPE; HG_ENONFINITE with row and column; HG_ENOMEM. */
HG_API hg_status hg_dataset_view(hg_ctx *ctx, const hg_view *view,
                                 hg_dataset **out) HG_WARN_UNUSED;

/* Give each row of `data` a class, for conditional models: labels has one number a row; or
 * one word, as a table or as hg_dataset_labels() gives it: then classes have names, and are
 * told by them whatever else a file has.  Rows that are pictures in folders have their
 * folders' names without this call.
 * Memory   copied.  Errors  HG_ESHAPE; HG_ERANGE a row without a label; HG_ENOMEM. */
HG_API hg_status hg_dataset_set_labels(hg_ctx *ctx, hg_dataset *data,
                                       const hg_dataset *labels) HG_WARN_UNUSED;

/* Rows with the class of each as one more column of this name, as a table: for a file.
 * Memory   *out refers to nothing.
 * Errors   HG_EINVAL the rows have no classes, or a column is called so; HG_ENOMEM. */
HG_API hg_status hg_dataset_with_classes(hg_ctx *ctx, const hg_dataset *data,
                                         const char *name,
                                         hg_dataset **out) HG_WARN_UNUSED;

/* Split at random: about fraction * rows go to *second, the rest to *first.  Same seed,
 * same rows.  Each side has at least one row.  Both refer to `data`, which must outlive
 * them.  Errors  HG_ERANGE fraction outside (0,1) or fewer than 2 rows; HG_ENOMEM. */
HG_API hg_status hg_dataset_split(hg_ctx *ctx, const hg_dataset *data, double fraction,
                                  uint64_t seed, hg_dataset **first,
                                  hg_dataset **second) HG_WARN_UNUSED;
HG_API void hg_dataset_free(hg_dataset **data);

/* ---- Tables ---- */

/* The schema of a table: of each column its kind and words, and how a net has it.  A CSV
 * file with words or missing values is a table; its dataset has one float a cell: the
 * number; of a word its number in the list of words, or their count for "another word";
 * 1 or 0; days since the first date's; NaN where a value is missing.  docs/tables.md.
 * NULL for data and models of numbers alone, which need none.  Belongs to its owner. */
HG_API const hg_schema *hg_dataset_schema(const hg_dataset *data);
HG_API int64_t hg_schema_columns(const hg_schema *schema);
typedef struct hg_column_info {
    size_t size;
    const char *name;        /* "" where the file has no header */
    const char *kind;        /* "numeric", "category", "boolean" or "date" */
    int64_t words;           /* of a category or boolean, else 0 */
    int64_t first, features; /* values of a net's row that are this column's */
    double missing; /* share of the training rows without a value; of a model's schema */
} hg_column_info;
/* Set info->size before the call.  Errors  HG_EINVAL size, no such column. */
HG_API hg_status hg_schema_column(const hg_schema *schema, int64_t column,
                                  hg_column_info *info);
/* By its number, the most frequent first; of a boolean that for 0, then for 1; or NULL. */
HG_API const char *hg_schema_word(const hg_schema *schema, int64_t column, int64_t word);
/* The text of a value as it stands in a file: number, word, date, or nothing.  At most n
 * bytes with the NUL; returns how many the whole text has. */
HG_API int64_t hg_schema_text(const hg_schema *schema, int64_t column, float value,
                              char *out, size_t n);
/* Cells of a column that had a word which the schema the data were read by lacks. */
HG_API int64_t hg_dataset_unseen(const hg_dataset *data, int64_t column);

/* ---- Time series: windows of rows ---- */

typedef struct hg_window_options {
    size_t size;
    int64_t window; /* rows of a window, 2 or more */
    int64_t stride; /* rows from one window to the next; 0: 1, or what makes 20,000 windows,
                       and a quarter of a window when a model of them scores */
    const double *time; /* [rows] when each row was, in any unit; NULL: evenly spaced */
    double gap;         /* a step over so many median steps is a gap; 0: 3 */
    const char *time_name; /* the column of it, which a model remembers; or NULL */
    int cover;             /* 1: also the last window of each run of rows */
    const int64_t *group; /* [rows] rows of one number are one series, wherever they stand
                              (many machines in one file); NULL: all are */
    const char *group_name; /* as time_name */
    int dates;              /* what hg_read_times() said of time */
} hg_window_options;
/* The windows of a series as rows, one behind the other: a window has its rows' values,
 * the first row's first.  A run of rows ends where time makes a gap or goes back, and in
 * front of a row with a missing value; no window reaches over such a place, and none has
 * rows of two groups.
 * Shapes   a row of *out is [window, channels], or [window] of one channel.
 * Memory   windows overlap in the series, which must outlive *out.  Nothing is copied, but
 *          the rows of groups that alternate.
 * Errors   HG_ESHAPE no run is as long as a window; HG_ERANGE window, stride or gap;
 *          HG_EMISMATCH a column of words; HG_ENONFINITE time; HG_EINVAL a split or other
 *          windows; HG_ENOMEM. */
HG_API hg_status hg_dataset_windows(hg_ctx *ctx, const hg_dataset *series,
                                    const hg_window_options *options,
                                    hg_dataset **out) HG_WARN_UNUSED;
/* The row of the series that window `index` begins with, from 0; -1: there is none. */
HG_API int64_t hg_dataset_window_row(const hg_dataset *windows, int64_t index);
typedef struct hg_window_place {
    size_t size;
    int64_t first, last;   /* rows of the series, from 0 */
    const char *from, *to; /* their times as the file has them; of hg_series_open() alone,
                              else NULL */
    const char *group;     /* likewise */
} hg_window_place;
/* 0 after the last window, and when out->size is not set.  Texts live as long as the
 * dataset. */
HG_API int hg_dataset_window_place(const hg_dataset *windows, int64_t index,
                                   hg_window_place *out);
/* A column of a CSV file in full precision: numbers as they are, dates (ISO 8601 and what
 * tables take) as seconds since 1970.  options: delimiter, decimal, header, limit.
 * Shapes   time [rows], as many as the file's dataset has; *dates (may be NULL): 1 where
 *          they were dates, 2 where the month comes first in them: 3/31/2024.
 * Errors   as hg_dataset_open; HG_ESHAPE other rows; HG_EUNKNOWN column. */
HG_API hg_status hg_read_times(hg_ctx *ctx, const char *path,
                               const hg_data_options *options, const char *column,
                               int64_t rows, double *time, int *dates) HG_WARN_UNUSED;
/* Of each row the number of its text in a column of a CSV file: 0, 1, 2, ... in the order
 * in which texts come.  group [rows].  Errors  as hg_read_times. */
HG_API hg_status hg_read_groups(hg_ctx *ctx, const char *path,
                                const hg_data_options *options, const char *column,
                                int64_t rows, int64_t *group) HG_WARN_UNUSED;
/* Rows of one CSV file, read by options, to those of another, as labels are: by a column of
 * the same name in both, each of whose texts names one row, the same ones in both files,
 * where they stand in another order.
 * Shapes   place [rows], rows of either: the row of `other` for each of data; 0, 1, 2, ...
 *          where there is no such column; column [n]: its name, or "".
 * Errors   of reading; HG_EINVAL; HG_ENOMEM. */
HG_API hg_status hg_rows_join(hg_ctx *ctx, const char *data,
                              const hg_data_options *options, const char *other,
                              int64_t rows, int64_t *place, char *column,
                              size_t n) HG_WARN_UNUSED;

typedef struct hg_data_info {
    size_t size;
    const char *name;   /* path or view's name */
    const char *format; /* "idx", "npy", "csv", "memory", ... */
    hg_type type;       /* as held in memory */
    const char *stored; /* as in the file: "u8", "f64 fortran", ... */
    int64_t rows, features;
    int rank;
    int64_t shape[3];
    double min, max, mean; /* over all values */
    const char *held;      /* where the rows are: "memory", "file", "copy" (in a file) */
} hg_data_info;
/* Fill *info; set info->size before the call.  Strings live as long as the dataset. */
HG_API hg_status hg_dataset_info(hg_ctx *ctx, const hg_dataset *data, hg_data_info *info);
HG_API int64_t hg_dataset_rows(const hg_dataset *data);
HG_API int64_t hg_dataset_features(const hg_dataset *data);
/* Column's name, or NULL where the columns have none. */
HG_API const char *hg_dataset_column(const hg_dataset *data, int64_t feature);
/* Of rows that are pictures, or their tiles: the picture's path below its folder, which
 * lives as long as the dataset; NULL for other rows. */
HG_API const char *hg_dataset_row_name(const hg_dataset *data, int64_t row);
/* Where in that picture, behind resize and crop, the row's upper left pixel lies, from 0.
 * Returns 0, and nothing is set, where the row is of no picture. */
HG_API int hg_dataset_row_place(const hg_dataset *data, int64_t row, int64_t *top,
                                int64_t *left);
/* The folders that pictures lay in are their classes, in the order of their names; NULL
 * behind the last. */
HG_API const char *hg_dataset_class(const hg_dataset *data, int64_t index);
/* The class of each row, [n, 1], as labels: words, numbered as above, that need no data.
 * Errors   HG_EINVAL the rows have no classes; HG_ENOMEM. */
HG_API hg_status hg_dataset_labels(hg_ctx *ctx, const hg_dataset *data,
                                   hg_dataset **out) HG_WARN_UNUSED;
/* Copy rows first .. first+n-1 as stored (not scaled).  x [n, d_in] written.  HG_ERANGE. */
HG_API hg_status hg_dataset_read(hg_ctx *ctx, const hg_dataset *data, int64_t first,
                                 int64_t n, float *x) HG_WARN_UNUSED;
/* Write the data to a file: format is a row of hg_list("writers"), or NULL to go by
 * the ending (.npy; .csv; .idx or ubyte; "-" writes CSV).  u8 stays u8 in NPY
 * and IDX.  Written aside and renamed.
 * Errors   HG_EIO (with the reason), HG_EUNKNOWN format or ending, HG_ENOMEM. */
HG_API hg_status hg_dataset_save(hg_ctx *ctx, const hg_dataset *data, const char *path,
                                 const char *format) HG_WARN_UNUSED;
/* From file to file ("-": standard input or output).  From CSV to CSV each cell stays the
 * text that it is, be it 007, a date or an identifier; but numbers get a point where
 * options->decimal is ','.  All else is hg_dataset_open() and hg_dataset_save().
 * options->strict, drop_non_numeric and skip_bad ask for rows that are read: so they are
 * numbers, even from CSV to CSV.  *rows (may be NULL): how many.
 * Errors   as of both. */
HG_API hg_status hg_convert_file(hg_ctx *ctx, const char *in,
                                 const hg_data_options *options, const char *out,
                                 const char *format, int64_t *rows) HG_WARN_UNUSED;

/* ======== Configuration ================================================== */

/* What to train and how: a list of named options, the same on the command line
 * (--batch-size 64), in a config file (batch_size: 64) and here. */
typedef struct hg_config hg_config;

HG_API hg_status hg_config_new(hg_ctx *ctx, hg_config **out) HG_WARN_UNUSED;
HG_API void hg_config_free(hg_config **cfg);
/* Set one option from text; '-' and '_' in names are the same.  Later calls override
 * earlier ones of the same option; "preset" is hg_config_preset().
 * Errors   HG_EUNKNOWN name, with the nearest right one; HG_EINVAL, HG_ERANGE value. */
HG_API hg_status hg_config_set(hg_config *cfg, const char *name,
                               const char *value) HG_WARN_UNUSED;
/* The value as text, or NULL when it was not set and has no default. */
HG_API const char *hg_config_get(const hg_config *cfg, const char *name);
/* Set what a preset of hg_list("presets") names, but for options that have been set by
 * their own names: those win, whether set before it or behind it.  It replaces what another
 * preset set.  Errors  HG_EUNKNOWN name; HG_EINVAL; HG_ENOMEM. */
HG_API hg_status hg_config_preset(hg_config *cfg, const char *name) HG_WARN_UNUSED;
/* Set everything that a YAML file names.  Errors name file, line and word. */
HG_API hg_status hg_config_load(hg_config *cfg, const char *path) HG_WARN_UNUSED;

typedef struct hg_option {
    const char *name;     /* with '-' */
    const char *argument; /* "N", "F", "WORD", "FILE", "LINES"; NULL: a flag */
    const char *initial;  /* default as text, NULL: none */
    const char *help;     /* one line */
    const char *group;    /* "model", "data", "training", "output", ... */
    const char *alias;    /* another name that is understood, NULL: none */
} hg_option;
/* The index-th option; 0 after the last. */
HG_API int hg_config_option(int index, hg_option *out);

/* ======== Models ========================================================= */

typedef struct hg_model hg_model;

HG_API void hg_model_free(hg_model **model);
/* Load from a safetensors file; nothing in it is trusted and no code is run.
 * Errors   HG_EIO, HG_EFORMAT with the place, HG_EVERSION, HG_ENOMEM. */
HG_API hg_status hg_model_load(hg_ctx *ctx, const char *path,
                               hg_model **out) HG_WARN_UNUSED;
/* Written aside and renamed.  Errors  HG_EIO, HG_ENOMEM. */
HG_API hg_status hg_model_save(hg_ctx *ctx, const hg_model *model,
                               const char *path) HG_WARN_UNUSED;

typedef struct hg_model_info {
    size_t size;
    int64_t inputs, code, parameters;
    int64_t layers; /* rows of hg_model_layer() */
    int64_t flops;  /* of reconstructing one row; a multiply-add counts 2 */
    int rank;
    int64_t shape[3]; /* of an input row */
    const char *loss, *scale;
    const char *text; /* the model as config text; lives as long as the model */
    /* "gaussian:0.5", drawn "epoch" or "once"; both NULL when it trained on clean rows */
    const char *corrupt, *redraw;
    const char *note; /* a warning: the code is no smaller than a row; else NULL */
    int64_t trained_rows, epochs; /* epochs actually run */
    uint64_t seed;
    int64_t steps; /* of an epoch cut short, after which these are the weights; else 0 */
    double keep_clean; /* share of the rows that it was shown without corruption */
    int64_t features;  /* of a row in the net: of a table more than inputs, its columns */
    /* Of loss gaussian, in scaled units: the standard deviation of an output, of one for
     * each feature the root mean square; 0: the loss has none.  How it was learnt: "one",
     * "feature"; NULL: it is fixed. */
    double sigma;
    const char *learnt_sigma;
    int64_t classes; /* that a conditional model knows; else 0 */
    int64_t indices; /* of codebook entries that a row's code is; else 0 */
} hg_model_info;
/* Of a model that was trained on windows of a series: what they were. */
typedef struct hg_series_info {
    size_t size;
    int64_t window, stride, channels;
    double gap;        /* in median steps */
    const char *time;  /* column of the time, or NULL; belongs to the model */
    double step;       /* the median step of the training rows' time; 0: not known */
    const char *group; /* column of the group, or NULL; belongs to the model */
} hg_series_info;
/* 1: *info is set; 0: the model is of rows, or info->size is not set. */
HG_API int hg_model_series(const hg_model *model, hg_series_info *info);
/* The windows of a file's series as a model of windows takes them, which knows the columns,
 * the stride (unless options say one) and what a gap is; the last window of each run is
 * among them.  A dataset for
 * all that takes rows.  A file without the column of the group is one group.
 * Memory   *out owns all that it needs.
 * Errors   HG_EINVAL the model is of rows; as hg_dataset_open, hg_read_times and
 *          hg_dataset_windows. */
HG_API hg_status hg_series_open(hg_ctx *ctx, const hg_model *model, const char *path,
                                const hg_data_options *options,
                                hg_dataset **out) HG_WARN_UNUSED;
/* Of a model that was trained on a table; of one of numbers whose columns have names these
 * alone, so that other files can be read by it; else NULL.  Belongs to the model. */
HG_API const hg_schema *hg_model_schema(const hg_model *model);
HG_API hg_status hg_model_get_info(hg_ctx *ctx, const hg_model *model,
                                   hg_model_info *info);
/* The label of a conditional model's index-th class, ascending; 0 after the last. */
HG_API int hg_model_class(const hg_model *model, int64_t index, double *label);
/* Its name, where classes are words; else NULL.  Lives as long as the model. */
HG_API const char *hg_model_class_name(const hg_model *model, int64_t index);
/* The label of the class that a text names: its word, or its label as a number.
 * Errors   HG_EINVAL the model has no classes; HG_ERANGE none is called so. */
HG_API hg_status hg_model_find_class(hg_ctx *ctx, const hg_model *model, const char *text,
                                     double *label) HG_WARN_UNUSED;

/* How the pictures that it learnt from became rows, for hg_data_options.pictures;
 * NULL where it learnt from none.  Lives as long as the model. */
HG_API const hg_pictures *hg_model_pictures(const hg_model *model);

typedef struct hg_layer_info {
    size_t size;
    const char *part; /* "input", "encoder", "code" or "decoder" */
    const char *line; /* the layer as one would type it */
    int rank;
    int64_t shape[3];   /* of its output for one row */
    int64_t parameters; /* trained; a tied weight counts once, where it is stored */
    int64_t flops;      /* of its forward pass for one row */
} hg_layer_info;
HG_API hg_status hg_model_layer(hg_ctx *ctx, const hg_model *model, int64_t index,
                                hg_layer_info *out);

/* Memory that a model's arithmetic takes, in bytes; none of it is taken by asking. */
typedef struct hg_memory {
    size_t size;
    int64_t weights;
    /* Activations and their gradients of one batch, and of as many rows; memory is used
     * again when what is there is read no more.  In training on one thread: each other one
     * has the buffers of a chunk more, at most 64 rows. */
    int64_t training, inference;
} hg_memory;
/* Fill *out for `rows` rows together; set out->size before the call.
 * Errors   HG_EINVAL; HG_ERANGE rows < 1; HG_ENOMEM. */
HG_API hg_status hg_model_memory(hg_ctx *ctx, const hg_model *model, int64_t rows,
                                 hg_memory *out);

/* The loss after each epoch, from index 0; 0 after the last.  NaN: not measured. */
typedef struct hg_epoch {
    size_t size;
    int64_t epoch; /* 1-based */
    double loss, recon, penalty, val_loss, lr;
} hg_epoch;
HG_API int hg_model_history(const hg_model *model, int64_t index, hg_epoch *out);

/* ======== Training ======================================================= */

typedef struct hg_progress {
    size_t size;
    int64_t epoch, epochs;       /* 1-based epoch under way or just ended */
    int64_t step, steps;         /* steps of this epoch: done, all */
    double loss, recon, penalty; /* running mean over the epoch's rows so far */
    double kl;                   /* likewise; NaN for codes that have none */
    double val_loss;             /* on_epoch only, NaN without validation data */
    double best;                 /* lowest monitored loss so far, NaN before the first */
    double lr;
    double seconds; /* spent in this epoch */
    double rows_per_second;
    double seconds_left; /* of the whole run, estimated */
    int improved;        /* on_epoch: this epoch is the best so far */
    double dead;         /* share of code units that are dead; NaN where not counted */
    /* Of pretraining: "level 2 of 4, 1000-500" and 2; NULL and 0 while the whole net
     * trains.  In pretraining epoch, epochs, step and steps are the level's, and recon is
     * its squared error a value (rbm) or its own loss (stacked). */
    const char *stage;
    int64_t level;
    /* RBMs, on_epoch only, else NaN; nats a row, of a few hundred rows.  A free energy is
     * known up to a constant: what validation has above training is over-fitting.  The
     * pseudo-likelihood is estimated, a logarithm, for binary visible units. */
    double free_energy, val_free_energy, pseudo_likelihood;
} hg_progress;

/* Called from hg_train's thread.  Not 0: stop after the current step. */
typedef struct hg_callbacks {
    size_t size;
    int (*on_step)(void *user, const hg_progress *p);
    int (*on_epoch)(void *user, const hg_progress *p);
    void *user;
} hg_callbacks;

/* Train a model.
 * Shapes   train [n, d_in]; valid [any, d_in] or NULL ("valid-split" then applies).
 * Memory   *out belongs to the caller.
 * Errors   HG_EINVAL, HG_ERANGE, HG_ESHAPE before any work; HG_ECANCELED: *out is the best
 *          model so far, the exact state is in the checkpoint folder if one was named;
 *          HG_EDIVERGED: a loss was not finite, the message names epoch, step and layer,
 *          *out has the last good weights (NULL when no epoch ended); HG_EMISMATCH: resume
 *          with other data or configuration; HG_EIO: a checkpoint was not written or rows
 *          not read, *out as with HG_ECANCELED when steps were done; HG_ENOMEM.
 * Threads  one per ctx; ctx's team works inside the call.  Same seed, same bits, for any
 *          number of threads.
 * Source   Adam: Kingma & Ba, arXiv:1412.6980; initialisation: Glorot & Bengio 2010. */
HG_API hg_status hg_train(hg_ctx *ctx, const hg_config *cfg, const hg_dataset *train,
                          const hg_dataset *valid, const hg_callbacks *callbacks,
                          hg_model **out) HG_WARN_UNUSED;
/* Everything hg_train does before the first step: checks, shapes, initial weights. */
HG_API hg_status hg_train_dry_run(hg_ctx *ctx, const hg_config *cfg,
                                  const hg_dataset *train, const hg_dataset *valid,
                                  hg_model **out) HG_WARN_UNUSED;

/* Fit a principal component analysis, as a model: a linear encoder and decoder that no
 * other pair of that code size beats in squared error on these rows.  Codes are the scores
 * of the components, the one of the largest variance first.
 * Shapes   data [n, d_in]; share [code] or NULL: of the variance, each component's.
 * Units    of the scaled rows; cfg gives code and scale, and nothing else of it counts.
 * Memory   *out belongs to the caller.  d_in up to 4096 takes a matrix of d_in by d_in
 *          doubles; wider rows are passed over some 20 times instead.
 * Errors   HG_EINVAL code is not set; HG_ERANGE code > d_in; HG_ENONFINITE; HG_ENOMEM.
 * Threads  one per ctx; same bits for any number of threads.
 * Source   Eckart & Young, Psychometrika 1, 1936; Golub & Van Loan, 8.2. */
HG_API hg_status hg_pca(hg_ctx *ctx, const hg_config *cfg, const hg_dataset *data,
                        double *share, hg_model **out) HG_WARN_UNUSED;

/* One training of a sweep.  NaN: not measured. */
typedef struct hg_sweep_point {
    size_t size;
    int64_t index, points;              /* 0-based; how many there are in all */
    const char *settings;               /* "code=8 loss=mse" */
    const char *note;                   /* why it diverged; NULL: it did not */
    int64_t code, parameters;           /* of the model */
    double mse, sse_per_row, bce, loss; /* of the validation rows, as in hg_evaluate */
    double train_loss;                  /* of the last epoch */
    double pca_mse; /* of PCA with as many numbers, fitted to the training rows */
    double seconds;
    /* What the last fifth of the epochs took off its loss, by validation rows if training
     * had any, as a part of it: over some hundredths more epochs would still gain. */
    double late_gain;
    int best;     /* the lowest mse so far */
    uint64_t key; /* of the training: its configuration and its rows */
} hg_sweep_point;

typedef struct hg_sweep_callbacks {
    size_t size;
    /* Called when a training has ended, with its model (NULL when it diverged), which lives
     * until the call returns.  Return 0 to go on. */
    int (*on_point)(void *user, const hg_sweep_point *point, const hg_model *model);
    void *user;
    const hg_callbacks *training; /* of each training; NULL: none */
    /* Called before a training; NULL: nobody.  1: one of this key was made before, and its
     * numbers, mse to train_loss and seconds, are filled in: it is not made again, and
     * on_point is not called. */
    int (*known)(void *user, hg_sweep_point *point);
} hg_sweep_callbacks;

/* Train a model for each combination of settings, all on the same rows, and measure each
 * on rows kept apart, beside PCA with the same code size.
 * axes     `count` texts "code=2,4,8,...,128": an option of the configuration and its
 *          values, separated by ',' or by ';' where a value has commas; all tried first.
 * valid    the rows to judge by; NULL: the share valid-split of the training rows, else a
 *          tenth.  Never used to stop early unless cfg asks for that.
 * Errors   HG_EUNKNOWN, HG_EINVAL, HG_ERANGE axes; as hg_train, with the settings in
 *          front; a training that diverges is a point with a note.  HG_ECANCELED: *out has
 *          the points so far, or is NULL without any.
 * Threads  as hg_train. */
typedef struct hg_sweep hg_sweep;
HG_API hg_status hg_sweep_run(hg_ctx *ctx, const hg_config *cfg, const char *const *axes,
                              int64_t count, const hg_dataset *train,
                              const hg_dataset *valid,
                              const hg_sweep_callbacks *callbacks,
                              hg_sweep **out) HG_WARN_UNUSED;
/* The index-th point; set out->size before the call; 0 after the last. */
HG_API int hg_sweep_at(const hg_sweep *sweep, int64_t index, hg_sweep_point *out);
HG_API void hg_sweep_free(hg_sweep **sweep);

/* ======== Using a model ================================================== */

/* Map rows to their codes, codes to rows, rows to their reconstructions.
 * Shapes   x, y [n, d_in]; z [n, d_code]; float32, row-major.
 * Units    x and y as in the training file: the stored scaler is applied and undone.
 * Memory   no overlap; the first call on a context may allocate.
 * Errors   HG_ESHAPE n < 1; HG_ENONFINITE with row and column, or with the row whose
 *          result is beyond 32-bit floats (huge codes); HG_ERANGE x outside the
 *          range a bce model was trained on, when out-of-range is "refuse" (default:
 *          clipped, and a warning in the log counts the rows); HG_ENOMEM.
 * Threads  one per ctx; the model may be shared. */
HG_API hg_status hg_encode(hg_ctx *ctx, const hg_model *model, const float *x, int64_t n,
                           float *z) HG_WARN_UNUSED;
HG_API hg_status hg_decode(hg_ctx *ctx, const hg_model *model, const float *z, int64_t n,
                           float *y) HG_WARN_UNUSED;
HG_API hg_status hg_reconstruct(hg_ctx *ctx, const hg_model *model, const float *x,
                                int64_t n, float *y) HG_WARN_UNUSED;
/* The same from dataset to dataset.  *out belongs to the caller and refers to nothing.
 * Errors   also HG_ESHAPE when data's features are not what the model (or, for decode, its
 *          code) has; HG_EMISMATCH when both name their columns, and otherwise. */
HG_API hg_status hg_encode_dataset(hg_ctx *ctx, const hg_model *model,
                                   const hg_dataset *data,
                                   hg_dataset **out) HG_WARN_UNUSED;
/* Of a vector-quantised code: which entry of the codebook each part of a row is, 0-based,
 * [n, parts].  Errors  also HG_EINVAL for other codes. */
HG_API hg_status hg_encode_indices(hg_ctx *ctx, const hg_model *model,
                                   const hg_dataset *data,
                                   hg_dataset **out) HG_WARN_UNUSED;
/* Of a code that is drawn: "mean", "logvar" (of the variance) or "sample", a draw, the same
 * for a row each time.  Errors  also HG_EUNKNOWN what; HG_EINVAL for other codes. */
HG_API hg_status hg_encode_part(hg_ctx *ctx, const hg_model *model,
                                const hg_dataset *data, const char *what,
                                hg_dataset **out) HG_WARN_UNUSED;
HG_API hg_status hg_decode_dataset(hg_ctx *ctx, const hg_model *model,
                                   const hg_dataset *codes,
                                   hg_dataset **out) HG_WARN_UNUSED;
/* The rows that numbers of codebook entries stand for, as hg_encode_indices() gives them;
 * hg_decode_dataset() takes them, too, where they cannot be codes: not as many a row.
 * Errors   also HG_ERANGE a number that is no entry, with its place; HG_EINVAL as there. */
HG_API hg_status hg_decode_indices(hg_ctx *ctx, const hg_model *model,
                                   const hg_dataset *indices,
                                   hg_dataset **out) HG_WARN_UNUSED;
HG_API hg_status hg_reconstruct_dataset(hg_ctx *ctx, const hg_model *model,
                                        const hg_dataset *data,
                                        hg_dataset **out) HG_WARN_UNUSED;

/* Rows of a table with what is missing filled in by the model, and the rest as it was. */
HG_API hg_status hg_impute_dataset(hg_ctx *ctx, const hg_model *model,
                                   const hg_dataset *data,
                                   hg_dataset **out) HG_WARN_UNUSED;

/* The same from file to file ("-": standard input or output), in blocks: neither has to fit
 * in memory.  verb: "encode", "logvar", "sample", "indices", "decode",
 * "decode-indices", "reconstruct" or "impute"; a table is read by the model's schema, where
 * options name none; of a model of a series codes are those of windows, with their places
 * in CSV, and a reconstruction is the series, of each row the mean over its windows, of a
 * row in none nothing; corrupt: noise on the rows first, a chain or "own", or NULL; *rows
 * (may be NULL): how many were written.
 * Errors   as of opening, mapping and saving; HG_EUNKNOWN verb.  A file is there whole or
 *          not at all; standard output has what came before the error. */
HG_API hg_status hg_map_file(hg_ctx *ctx, const hg_model *model, const char *verb,
                             const char *in, const hg_data_options *options,
                             const char *out, const char *format, const char *corrupt,
                             int64_t *rows) HG_WARN_UNUSED;

/* What evaluate measures; docs/metrics.md has each formula. */
typedef struct hg_metrics hg_metrics;
typedef struct hg_metric {
    const char *name; /* "loss", "mse", "bce", "psnr", "mean_activity", ... */
    const char *unit; /* "", "dB", "rows", ... */
    double value;
    const char *help;
} hg_metric;
HG_API hg_status hg_evaluate(hg_ctx *ctx, const hg_model *model, const hg_dataset *data,
                             hg_metrics **out) HG_WARN_UNUSED;
/* Zero-initialise, set size, change what is needed. */
typedef struct hg_evaluate_options {
    size_t size;
    const hg_dataset *target; /* as for hg_evaluate_pair() */
    int64_t iwae; /* draws of a row's code for the bound of log p(x); 0: not measured */
    const char *binarise; /* the option's word; NULL: as the model was trained */
    int pca;              /* 1: also of PCA with as many numbers, for hg_metrics_pca() */
    const hg_dataset *train; /* rows that PCA is fitted to; NULL: each half of the input is
                                measured by components fitted to the other half */
} hg_evaluate_options;
/* Errors   as hg_evaluate_pair(); HG_EINVAL also iwae where the code is not drawn or the
 *          loss no likelihood of these rows; HG_ERANGE iwae, rows that cannot be drawn. */
HG_API hg_status hg_evaluate_with(hg_ctx *ctx, const hg_model *model,
                                  const hg_dataset *input,
                                  const hg_evaluate_options *options,
                                  hg_metrics **out) HG_WARN_UNUSED;
/* The same for a denoising model: `input` goes through it, and what comes out is held
 * against row by row of `target`, the clean rows; input_mse and input_psnr are the input's
 * own.  target NULL: the input itself.  Errors  also HG_ESHAPE, not as many rows. */
HG_API hg_status hg_evaluate_pair(hg_ctx *ctx, const hg_model *model,
                                  const hg_dataset *input, const hg_dataset *target,
                                  hg_metrics **out) HG_WARN_UNUSED;
/* Rows with noise on them, as a denoising model is shown them, in the units of the data;
 * chain as of the option "corrupt", or NULL for the model's own.  The noise of a row
 * follows from the model's seed and the row's number: the same as in validation.
 * Errors   HG_EINVAL the model has no corruption and chain is NULL; HG_EUNKNOWN,
 *          HG_ERANGE chain; as hg_reconstruct_dataset otherwise. */
HG_API hg_status hg_corrupt_dataset(hg_ctx *ctx, const hg_model *model,
                                    const hg_dataset *data, const char *chain,
                                    hg_dataset **out) HG_WARN_UNUSED;
HG_API int hg_metrics_at(const hg_metrics *metrics, int index, hg_metric *out);
/* NaN when there is no such metric. */
HG_API double hg_metrics_get(const hg_metrics *metrics, const char *name);
/* What PCA with as many numbers as the code reaches on the same rows, part of `metrics`.
 * NULL where it was not asked for; where the code is as large as a row, over 512 or over
 * half the rows that PCA is fitted to; for rows of over 4096 values; and where the model
 * saw rows as they are not: with a target, binarised or clipped. */
HG_API const hg_metrics *hg_metrics_pca(const hg_metrics *metrics);
/* Numbers of each latent, "kl_per_latent" or "mean_variance": how many, 0 when there are
 * none; *values live as long as the metrics. */
HG_API int64_t hg_metrics_list(const hg_metrics *metrics, const char *name,
                               const double **values);
HG_API void hg_metrics_free(hg_metrics **metrics);

/* What is wrong with a model, told from a sample of rows: collapsed or dead codes,
 * over-fitting, a copy instead of a code, outputs that cannot reach the rows, rows unlike
 * the training rows, PCA with less error at the same code size.
 * data     rows that it should rebuild, best not those of training
 * train    the training rows, for PCA; NULL: PCA is fitted to half of `data`
 * Errors   HG_ESHAPE features; as hg_reconstruct; HG_ENOMEM.
 * Threads  one per ctx. */
typedef struct hg_doctor hg_doctor;
HG_API hg_status hg_doctor_new(hg_ctx *ctx, const hg_model *model, const hg_dataset *data,
                               const hg_dataset *train, hg_doctor **out) HG_WARN_UNUSED;
/* The index-th finding: a name ("over-fitting") and one line of what was seen and what to
 * try; 0 after the last.  The strings live as long as the doctor. */
HG_API int hg_doctor_at(const hg_doctor *doctor, int index, hg_fact *out);
HG_API void hg_doctor_free(hg_doctor **doctor);

/* What codes know of labels that the model never saw, beside PCA's codes and the rows
 * themselves: shares of right answers, in [0,1]. */
typedef struct hg_probe {
    size_t size;
    int64_t classes, train_rows, rows; /* learnt from, judged by */
    double knn_code, knn_pca, knn_raw; /* 5 nearest neighbours, the nearer on a tie */
    double linear_code, linear_pca, linear_raw; /* multinomial logistic regression */
    /* Set by the caller, may be NULL: what is being done ("nearest neighbours of codes")
     * and the share of it, 0 to 1.  Not 0: stop, HG_ECANCELED. */
    int (*on_progress)(void *user, const char *what, double share);
    void *user;
} hg_probe;
/* Classify rows by their codes.  Numbers of PCA are NaN where it has no such code size.
 * labels   one value a row, any whole or broken number: each different one is a class
 * train    rows to learn from, with their labels; both NULL: every second row of data
 * Errors   HG_EINVAL size, or one of train and train_labels alone; HG_ESHAPE rows,
 *          labels; HG_ERANGE fewer than 2 or more than 1000 classes, or a label that the
 *          training rows do not have; as hg_encode; HG_ENOMEM.
 * Threads  one per ctx; same numbers for any number of threads.
 * Source   logistic regression with C = 1 as scikit-learn's, columns centred and in one
 *          unit: docs/metrics.md. */
HG_API hg_status hg_probe_run(hg_ctx *ctx, const hg_model *model, const hg_dataset *train,
                              const hg_dataset *train_labels, const hg_dataset *data,
                              const hg_dataset *labels, hg_probe *out) HG_WARN_UNUSED;

/* ======== Making new rows ================================================== */

typedef struct hg_mixture_options {
    size_t size;
    int64_t components;     /* 0: as many as BIC finds best, up to `most` */
    int64_t most;           /* 0: 64 */
    const char *covariance; /* "full", "diagonal"; NULL: the better by BIC */
    int64_t rows;           /* at most so many, at random; 0: 10,000 */
    uint64_t seed;          /* of the choice of rows and of the start */
    /* May be NULL: what is being done ("mixture: 12 components, full") and the share of it,
     * 0 to 1, a guess.  Not 0: stop, HG_ECANCELED. */
    int (*on_progress)(void *user, const char *what, double share);
    void *user;
} hg_mixture_options;

/* Fit a mixture of normal distributions to the codes of rows, and keep it in the model, so
 * that codes can be drawn from it: any autoencoder generates then, and after
 * hg_model_save() without the data.  options may be NULL.  One fitted before is replaced.
 * Bits, and entries of a codebook, have a mixture of independent choices instead: in each
 * component every place has a probability for each of its values.
 * Memory   rows times components doubles, and the codes.
 * Errors   HG_ERANGE more components than rows, or than 4096; HG_EUNKNOWN covariance;
 *          HG_EINVAL; as hg_encode_dataset; HG_ENOMEM.  Then the model is as it was.
 * Threads  one per ctx; nobody else may use the model meanwhile.  Same bits, any threads.
 * Source   Dempster, Laird & Rubin 1977; Schwarz 1978. */
HG_API hg_status hg_mixture_fit(hg_ctx *ctx, hg_model *model, const hg_dataset *data,
                                const hg_mixture_options *options) HG_WARN_UNUSED;

typedef struct hg_mixture_info {
    size_t size;
    int64_t components;
    const char *covariance; /* "full" or "diagonal"; "none": of bits or entries */
    int64_t rows;           /* fitted on */
    double log_likelihood;  /* of their codes: nats, mean over rows */
    double bic;             /* -2 log-likelihood + parameters log rows */
} hg_mixture_info;
/* Fill *info; set info->size before the call.  Errors  HG_EINVAL the model has none. */
HG_API hg_status hg_mixture_get_info(hg_ctx *ctx, const hg_model *model,
                                     hg_mixture_info *info);

typedef struct hg_sample_options {
    size_t size;
    const char *from;   /* codes from the "prior", a standard normal distribution, or the
                           "mixture"; NULL: the prior of a variational model, the mixture of
                           any other */
    double temperature; /* factor on standard deviations: below 1 nearer to the typical;
                           0: 1 */
    int draw;           /* 1: outputs of a bce model as drawn pixels, black or white; else
                           their means */
    uint64_t seed;
    int labelled; /* 1: all of the class `label`; 0: of a conditional model the classes in
                     turn, sample i being of class i modulo their number */
    double label;
} hg_sample_options;

/* Draw n codes and decode them.  options may be NULL.
 * Shapes   *rows [n, d_in]; *codes [n, d_code], which may be NULL.
 * Units    rows as in the training file.
 * Memory   *rows and *codes belong to the caller and refer to nothing.
 * Errors   HG_EINVAL the model has no mixture, draw without a bce loss, or the prior for
 *          bits or entries of a codebook; HG_ERANGE n or temperature; HG_EUNKNOWN from;
 *          HG_ENONFINITE a decoded row; HG_ENOMEM.
 * Threads  one per ctx; the model may be shared.  Row i depends on the seed and i alone. */
HG_API hg_status hg_sample(hg_ctx *ctx, const hg_model *model, int64_t n,
                           const hg_sample_options *options, hg_dataset **rows,
                           hg_dataset **codes) HG_WARN_UNUSED;

/* Rows on the way from one to another: `steps` codes from that of row `from` of the data to
 * that of row `to`, both ends included, decoded.  path is "linear" (also NULL): on the
 * straight line; or "spherical": directions turn at an even rate and lengths change evenly,
 * which keeps to where a standard normal prior has its mass.  Codes in one line with the
 * origin have no arc between them: then it is the straight line.  Bits that differ change
 * one after the other; vectors of a codebook are its nearest to those on the line.
 * Shapes   *rows [steps, d_in]; *codes [steps, d_code], which may be NULL.
 * Errors   HG_ERANGE from, to, steps < 2; HG_EUNKNOWN path; as hg_encode_dataset.
 * Source   Shoemake, "Animating rotation with quaternion curves", SIGGRAPH 1985. */
HG_API hg_status hg_interpolate(hg_ctx *ctx, const hg_model *model,
                                const hg_dataset *data, int64_t from, int64_t to,
                                int64_t steps, const char *path, hg_dataset **rows,
                                hg_dataset **codes) HG_WARN_UNUSED;

/* ======== Sessions: rows as they come ===================================== */

/* A model made ready for a stream of single rows.  All memory is taken, and threads are
 * started, when it is made: a call allocates nothing, and by one thread takes no lock. */
typedef struct hg_session hg_session;

typedef struct hg_session_options {
    size_t size;
    int64_t rows;      /* that go through the model together, 1 to 64; 0: 1.  A call with
                          more is cut, so this is a matter of speed and memory */
    const char *error; /* what hg_session_error() gives: "mse" (also NULL), or "loss",
                          the model's own reconstruction loss */
    const char *weights; /* of fully connected layers: "f32" (also NULL), or rounded to
                            "bf16" (8 bits of fraction, half the memory to read) or
                            "int8" (with each layer's input; a quarter) */
    int threads;  /* 1 to 64 that share the layers of a net large enough for it; 0: 1, the
                    caller.  The others belong to the session; they wait for the next row
                    without sleeping for some microseconds, then sleep.  Same bits */
    int labelled; /* 1: of a conditional model: all rows are of the class `label` */
    double label;
    int64_t explain; /* causes of a row at the most that hg_session_explain() is asked for;
                        0: it is not */
} hg_session_options;

/* Make a session; options may be NULL for the defaults.
 * Memory   the model must outlive the session, the context need not.
 * Errors   HG_EINVAL size; HG_ERANGE rows or threads; HG_EUNKNOWN words; HG_ENOMEM.
 * Threads  one per ctx.  A session serves one thread at a time; any number of sessions,
 *          each in its own thread, may share a model and their context. */
HG_API hg_status hg_session_new(hg_ctx *ctx, const hg_model *model,
                                const hg_session_options *options,
                                hg_session **out) HG_WARN_UNUSED;
HG_API void hg_session_free(hg_session **session);
/* The last failure of this session in one line, "" before one.  Never NULL. */
HG_API const char *hg_session_message(const hg_session *session);

/* As hg_encode, hg_decode and hg_reconstruct, with the same bits if weights are f32.
 * Shapes   x, y [n, d_in]; z [n, d_code]; float32, row-major.
 * Units    x and y as in the training file.  Values outside a bce model's range are
 *          clipped, and the rows counted in hg_session_info.
 * Memory   no overlap.
 * Errors   HG_EINVAL a NULL; HG_ESHAPE n < 1; HG_ENONFINITE with row and column, or with
 *          the row whose result is beyond 32-bit floats; HG_ERANGE, when out-of-range is
 *          "refuse", with the row.  The reason is in hg_session_message().
 * Threads  one per session. */
HG_API hg_status hg_session_encode(hg_session *session, const float *x, int64_t n,
                                   float *z) HG_WARN_UNUSED;
HG_API hg_status hg_session_decode(hg_session *session, const float *z, int64_t n,
                                   float *y) HG_WARN_UNUSED;
HG_API hg_status hg_session_reconstruct(hg_session *session, const float *x, int64_t n,
                                        float *y) HG_WARN_UNUSED;
/* How far each row is from its reconstruction.  error [n] written.
 * Units    of the scaled rows, mean over features: the mean over rows is the mse, or the
 *          recon, of hg_evaluate (not drawn, where a code is random). */
HG_API hg_status hg_session_error(hg_session *session, const float *x, int64_t n,
                                  double *error) HG_WARN_UNUSED;

/* Scores of rows by the model's detector, score [n]; see hg_score().  Compare one with
 * hg_decide()'s threshold, or ask hg_p_value().
 * Errors   also HG_EINVAL when the model has no detector. */
HG_API hg_status hg_session_score(hg_session *session, const float *x, int64_t n,
                                  double *score) HG_WARN_UNUSED;

/* Why a row has its score: its causes as of hg_explain(), at most `most` of them and of
 * options.explain into cause [most]; *causes: how many.  Set the size of each.  Texts live
 * until the next explanation.  Takes as long as some hundred rows.
 * Errors   HG_EINVAL options.explain is 0, a size is not set; as hg_session_score. */
struct hg_cause;
HG_API hg_status hg_session_explain(hg_session *session, const float *x,
                                    struct hg_cause *cause, int64_t most,
                                    int64_t *causes) HG_WARN_UNUSED;

typedef struct hg_session_info {
    size_t size;
    const char *kernels; /* "avx512", ... */
    const char *weights; /* "f32", "bf16" or "int8" */
    int64_t rows;        /* that go through together */
    int64_t bytes;       /* memory that it holds */
    int64_t clipped;     /* rows so far that had values outside the range */
    int threads;         /* the caller included */
} hg_session_info;
/* Fill *info; set info->size before the call.  Errors  HG_EINVAL. */
HG_API hg_status hg_session_get_info(const hg_session *session, hg_session_info *info);

/* What narrow weights cost on all rows of data: the mean loss of both, and the mean and the
 * largest of a row's distance, as a part of its f32 loss, or where losses can be below 0 of
 * the mean size of those; set out->size before the call.  rounded: of the model's
 * parameters, those that are narrow: weights of dense layers, but for those before and
 * behind a topk code, whose rows are read by few places.
 * Errors   as hg_session_new, hg_evaluate and hg_session_error. */
typedef struct hg_session_cost {
    size_t size;
    int64_t rows;
    double f32, narrow, mean, largest;
    int64_t rounded, parameters;
} hg_session_cost;
HG_API hg_status hg_session_compare(hg_ctx *ctx, const hg_model *model,
                                    const hg_dataset *data, const char *weights,
                                    hg_session_cost *out) HG_WARN_UNUSED;

/* ======== Anomaly detection ============================================== */

/* A detector is a part of a model: how a score is made of a row, its code and its
 * reconstruction, and the scores of calibration rows, which no net was trained on and which
 * every later score is judged by.  It is in the model's file.  Several nets of one shape,
 * an ensemble, may share a detector: a score is then the mean of theirs.
 *
 * A HIGHER SCORE IS MORE ABNORMAL, everywhere.  A row's score depends on that row alone. */

/* Rows to hold apart by: one value for each row of the data, any number. */
typedef struct hg_detector_options {
    size_t size;
    const hg_dataset *group; /* rows with one value stay on one side; NULL: each its own */
    const hg_dataset *time;  /* train on the earlier, calibrate with the latest; NULL: at
                                random.  Not both */
} hg_detector_options;

/* Train a model with a detector: hold the share `calibrate` of the rows apart, train on the
 * others, `ensemble` times with one seed after the other, learn what the score needs, and
 * score the rows held apart.  With `trim` the rows with the highest scores are left out and
 * all is done again, for data that are not all normal.  The options of cfg of the group
 * "detection" say how; options may be NULL.
 * Errors   as hg_train and hg_detector_fit; HG_ESHAPE group or time have other rows;
 *          HG_ERANGE too few rows to hold any apart.  HG_ECANCELED: *out, if there is one,
 *          is the model so far with a detector of that one net; HG_EDIVERGED: without one.
 * Threads  as hg_train; same bits for any number of threads. */
HG_API hg_status hg_detector_train(hg_ctx *ctx, const hg_config *cfg,
                                   const hg_dataset *data, const hg_dataset *valid,
                                   const hg_detector_options *options,
                                   const hg_callbacks *callbacks,
                                   hg_model **out) HG_WARN_UNUSED;

/* Give a trained model a detector, or another one; its nets stay.
 * train        rows that it was trained on; score learns from 20,000 of them at the most
 * calibration  rows like them that it was not trained on
 * score        a row of hg_list("scores"); NULL: the first
 * Errors   HG_EUNKNOWN score; as hg_reconstruct_dataset; HG_ENOMEM.  Then the model is as
 *          it was.
 * Threads  one per ctx; nobody else may use the model meanwhile. */
HG_API hg_status hg_detector_fit(hg_ctx *ctx, hg_model *model, const hg_dataset *train,
                                 const hg_dataset *calibration,
                                 const char *score) HG_WARN_UNUSED;

/* Put other rows in the place of a detector's calibration rows: for another machine,
 * another site.  What was learnt stays, and so does the rule, if it was set.
 * Errors   HG_EINVAL no detector; as hg_score_dataset; HG_ENOMEM.  Then the model is as it
 *          was.
 * Threads  one per ctx; nobody else may use the model meanwhile. */
HG_API hg_status hg_detector_calibrate(hg_ctx *ctx, hg_model *model,
                                       const hg_dataset *calibration) HG_WARN_UNUSED;

/* What is an anomaly.  Any rule can be asked for when scores are there: none needs the
 * model to be trained again.
 *
 *     "threshold"      a score above value
 *     "false-alarms"   a score that the share value of normal rows exceeds
 *     "quantile"       the same with 1 - value
 *     "contamination"  the share value of the rows at hand, those with the highest scores
 *     "fdr"            as many of the rows at hand as can be called anomalies if at most
 *                      the share value of what is called one is to be normal, on average
 *
 * A share r below 1 / (calibration rows + 1) is not known from the calibration rows, and is
 * taken from a tail fitted to their highest scores (decision.extrapolated), down to a
 * twentieth of that; below, or without a tail, it is refused.
 * Source   conformal p-values: Vovk et al. 2005, Bates et al. 2023; tail: Siffer et al.
 *          2017; fdr: Benjamini & Hochberg 1995. */
typedef struct hg_rule {
    size_t size;
    const char *kind; /* a row of hg_list("rules") */
    double value;
} hg_rule;
/* value from text: "0.01", "1/1000", "1%".  Errors  HG_EUNKNOWN kind; HG_EINVAL text;
 * HG_ERANGE. */
HG_API hg_status hg_rule_parse(hg_ctx *ctx, const char *kind, const char *text,
                               hg_rule *out);
/* The rule when none is asked for; until it is set, false-alarms 1/100 (or as few as there
 * are calibration rows for).  Errors  HG_EINVAL no detector; as hg_rule_parse; HG_ENOMEM.
 * */
HG_API hg_status hg_detector_set_rule(hg_ctx *ctx, hg_model *model, const hg_rule *rule);

typedef struct hg_detector_info {
    size_t size;
    const char *score; /* its kind */
    int64_t nets, calibration_rows;
    double lowest, median, highest; /* of the calibration scores */
    double finest; /* share of false alarms that calibration rows alone can promise */
    double tail_from, tail_shape, tail_scale; /* generalised Pareto; NaN without a tail */
    int64_t tail_rows;
    hg_rule rule;         /* when none is asked for */
    int64_t trimmed_rows; /* rows that calibrated too, but whose scores were left out as
                             the highest: see option trim */
} hg_detector_info;
/* Set info->size before the call.  Errors  HG_EINVAL the model has no detector. */
HG_API hg_status hg_detector_get_info(hg_ctx *ctx, const hg_model *model,
                                      hg_detector_info *info);

/* PCA with as many numbers as the model's code and the same kind of score, fitted when the
 * detector was trained, and judged by rows that were held apart: normal rows against the
 * same rows with a tenth of their values taken from others.  A net that does not beat it is
 * not worth its training. */
typedef struct hg_beside {
    size_t size;
    int64_t components;
    double roc_auc, pca_roc_auc;
    double low, high; /* of their difference: 95 % of paired resamples */
    double error,
        pca_error;      /* mean square of rows held apart; NaN: all components, words */
    const char *winner; /* "model", "PCA", or NULL: neither by more than chance */
    char text[192];     /* the same in one line */
} hg_beside;
/* 1 and *out, or 0: there is none, or out->size is not set. */
HG_API int hg_detector_beside(const hg_model *model, hg_beside *out);

/* Scores of rows.
 * Shapes   x [n, d_in]; score [n], one for each row.
 * Units    x as in the training file.  Scores are numbers that a float holds.
 * Errors   HG_EINVAL no detector; HG_EFORMAT its file was tampered with; as
 *          hg_reconstruct, but a reconstruction beyond floats is the highest score.
 * Threads  one per ctx; the model may be shared.  Same bits as hg_session_score. */
HG_API hg_status hg_score(hg_ctx *ctx, const hg_model *model, const float *x, int64_t n,
                          double *score) HG_WARN_UNUSED;
HG_API hg_status hg_score_dataset(hg_ctx *ctx, const hg_model *model,
                                  const hg_dataset *data, double *score) HG_WARN_UNUSED;

typedef struct hg_decision {
    size_t size;
    double threshold; /* anomalies are the rows with a score above it */
    double rate; /* share of normal rows that are above it; 0: fewer than can be told */
    int extrapolated;  /* the fitted tail decides, not calibration rows alone */
    int64_t anomalies; /* of the rows at hand */
} hg_decision;
/* What a rule says of n rows by their scores; anomaly [n] becomes 0 or 1, and may be NULL.
 * rule NULL: the model's own.  n 0: the threshold alone, of a rule that needs no rows.
 * Set decision->size before the call.
 * Errors   HG_EINVAL no detector; HG_ERANGE too few calibration rows, with the number that
 *          is wanted; HG_EUNKNOWN; HG_ENOMEM. */
HG_API hg_status hg_decide(hg_ctx *ctx, const hg_model *model, const hg_rule *rule,
                           const double *score, int64_t n, unsigned char *anomaly,
                           hg_decision *decision) HG_WARN_UNUSED;
/* The conformal p-value of a score: (1 + calibration scores that are as high or higher) /
 * (1 + calibration rows).  A normal row's is p or less with probability p at the most.  NaN
 * without a detector.  Allocates nothing; any thread. */
HG_API double hg_p_value(const hg_model *model, double score);

/* ---- Rows as they arrive ---- */

/* Lines of CSV, one at a time, for a model: a first line that is a header says where the
 * model's columns are; every other is a row, by the same rules as a file's.  For a model of
 * a series a line is one step, and the row is the window that ends with it: the last steps
 * of its group, none of them bad or behind a gap in time. */
typedef struct hg_lines hg_lines;

/* options: delimiter, decimal, header, columns, drop, rename and ignore_extra, as for a
 * file; NULL: none.  name: what messages call the text; NULL: "line".
 * Memory   the model must outlive *out, the context need not.
 * Errors   HG_EINVAL, HG_ENOMEM. */
HG_API hg_status hg_lines_new(hg_ctx *ctx, const hg_model *model,
                              const hg_data_options *options, const char *name,
                              hg_lines **out) HG_WARN_UNUSED;
HG_API void hg_lines_free(hg_lines **lines);
/* The next line: n bytes, with or without its line end.
 * Shapes   x [values], of hg_lines_info; *row: 1 when there is a row; 0 when the line was
 *          blank or the header; -1 when it was a step that no whole window ends with.
 * Memory   allocates nothing once the first row is there, of each group.
 * Errors   HG_EFORMAT another number of columns, no number, an open quote; HG_ENONFINITE a
 *          missing value that the model has no place for; HG_ERANGE too long, or a number
 *          that no float holds.  The line is then left out, and the next one can be read.
 *          HG_EMISMATCH, HG_EUNKNOWN the header does not fit the model: so will no line.
 *          The reason, with the line's number, is in hg_lines_message().
 * Threads  one at a time. */
HG_API hg_status hg_lines_read(hg_lines *lines, const char *text, size_t n, float *x,
                               int *row) HG_WARN_UNUSED;
/* The last failure in one line, "" before one.  Never NULL. */
HG_API const char *hg_lines_message(const hg_lines *lines);
typedef struct hg_lines_info {
    size_t size;
    int64_t values;           /* of a row */
    int64_t longest;          /* bytes of a line at the most */
    int64_t lines, rows, bad; /* so far; bad: those that gave an error */
    int64_t unseen;           /* words that the schema lacks, texts that are no dates */
    int header;               /* 1: a header was there */
    int open;                 /* 0: the columns are not known yet, or do not fit */
    const char *id;           /* options' id of the last line, id_bytes long, as it is */
    int64_t id_bytes;         /* there; 0: none.  Until the next line is read. */
    int64_t gaps;             /* of a series: times that windows began anew */
    const char *note;         /* why, or what else is said once, of the last line; "" */
    const char *group;        /* the last line's, also of a bad one whose text names it;
                                 or NULL */
} hg_lines_info;
/* Set info->size before the call.  Errors  HG_EINVAL. */
HG_API hg_status hg_lines_get_info(const hg_lines *lines, hg_lines_info *info);

/* A rule applied to scores in the order in which they come, for a stream without an end.
 * Rules with a threshold are that threshold.  "fdr" is LORD++: each score is judged when it
 * comes, at a level that shrinks while nothing is found and grows with each discovery, so
 * that of all that has been called an anomaly so far at most that share is normal, on
 * average.  It holds for p-values that do not depend on each other; scores of neighbouring
 * rows that do are promised nothing.
 * Source   Ramdas, Yang, Wainwright, Jordan: Online control of the false discovery rate
 *          with decaying memory, NeurIPS 2017. */
typedef struct hg_alarm hg_alarm;
/* rule NULL: the model's own.  Errors  as hg_decide, without rows. */
HG_API hg_status hg_alarm_new(hg_ctx *ctx, const hg_model *model, const hg_rule *rule,
                              hg_alarm **out) HG_WARN_UNUSED;
HG_API void hg_alarm_free(hg_alarm **alarm);
/* 1: an anomaly.  Allocates nothing; some microseconds at the most. */
HG_API int hg_alarm_next(hg_alarm *alarm, double score);
typedef struct hg_alarm_info {
    size_t size;
    int64_t rows, anomalies; /* so far */
    double threshold;        /* of the rule; NaN for fdr */
    double level;            /* the share of normal rows that are called anomalies, now */
    int extrapolated;        /* the fitted tail decides, or has decided */
} hg_alarm_info;
HG_API hg_status hg_alarm_get_info(const hg_alarm *alarm, hg_alarm_info *info);

/* The shortest text that reads back as the same float, in any locale; returns its length,
 * the NUL not counted. */
HG_API int hg_number_text(float value, char out[32]);

/* Have the rows changed since the model was made?  Their scores beside the calibration
 * scores: the two-sample Kolmogorov-Smirnov test. */
typedef struct hg_drift {
    size_t size;
    int64_t rows;    /* scored */
    double distance; /* largest difference of the two distribution functions, 0 to 1 */
    double p_value;  /* of a distance as large, were the rows like the calibration rows */
    double above;    /* share of the rows that score above the calibration rows' median */
    int alarm;       /* 1: p_value below 1/1000 and distance over 1/10 */
} hg_drift;
/* Set drift->size before the call.  Scores in any order, of rows that were not chosen by
 * their scores; rows that depend on each other (a series) raise more alarms than that.
 * Errors   HG_EINVAL no detector, n < 1. */
HG_API hg_status hg_score_drift(hg_ctx *ctx, const hg_model *model, const double *score,
                                int64_t n, hg_drift *drift) HG_WARN_UNUSED;

typedef struct hg_score_file_options {
    size_t size;
    const hg_rule *rule;         /* NULL: the model's own */
    int score, p_value, anomaly; /* 1: has a column of this name; all 0: score alone */
    const char *format;          /* of the output; NULL: by its ending */
    hg_drift *drift;             /* filled in, its size set; NULL: not asked for */
    int points;       /* of a series: a score for each row, see hg_score_points() */
    int64_t *skipped; /* input's skip_bad: rows that have no score; NULL: not asked for */
    int tiles;        /* of pictures cut into tiles: a score for each tile */
} hg_score_file_options;
/* For each row of a series the mean score of the windows that it is in, NaN where it is in
 * none.  Of what is above the median calibration score in a window a row has as much as its
 * own error says, the row with the largest all of it, so that rows around a fault do not
 * score as the fault does; none scores higher than the mean.  model NULL: the mean itself.
 * windows: hg_dataset_windows(), score: hg_score_dataset(), one for each of them; point
 * [rows] of the series.
 * Errors   HG_ESHAPE too few rows; HG_EINVAL no windows, or not the model's; as
 *          hg_score_dataset. */
HG_API hg_status hg_score_points(hg_ctx *ctx, const hg_model *model,
                                 const hg_dataset *windows, const double *score,
                                 int64_t rows, double *point) HG_WARN_UNUSED;
/* Scores of the rows of a dataset to scores of its pictures, where the model is one of
 * tiles: the highest of a picture's.  Such a detector is calibrated by them, so rules,
 * p-values and drift are about pictures.  Elsewhere each row is what they are about.
 * score [rows] by hg_score_dataset(); picture, which may be score, and first, the first
 * row of each or NULL [at most rows].  Returns how many; 0 where an argument is NULL. */
HG_API int64_t hg_picture_scores(const hg_model *model, const hg_dataset *data,
                                 const double *score, double *picture, int64_t *first);
/* Score a file's rows to a file ("-": standard input or output), in blocks: neither has to
 * fit in memory.  A model of a series gives a score for each window, with columns start and
 * end (times as the file has them, or numbers of rows from 1), and the group's where the
 * model knows groups, as CSV.  CSV of pictures begins with a column file, and with tiles
 * top and left; without, the rows of a model of tiles are pictures.  A rule about the rows
 * at hand, or pictures, keep their scores until the end.  *rows and *decision may be NULL.
 * With input's skip_bad rows that cannot be read keep their place: their cells are empty
 * (NaN where not CSV), and *rows does not count them; pictures are left out.  With input's
 * id the output is CSV.
 * Errors   as of opening, scoring, deciding and saving. */
HG_API hg_status hg_score_file(hg_ctx *ctx, const hg_model *model, const char *in,
                               const hg_data_options *input, const char *out,
                               const hg_score_file_options *options, int64_t *rows,
                               hg_decision *decision) HG_WARN_UNUSED;

typedef struct hg_heatmap_options {
    size_t size;
    double scale; /* what has the last colour; 0: the highest score of the run, not below
                   * twice the threshold */
    int plain;    /* 1: the picture's own size, without the scale of colours beside it */
    const hg_rule *rule; /* where alarms begin; NULL: the model's own */
    double *threshold;   /* filled in: from where on colours are those of an alarm; NaN:
                          * nothing is called, or the model has no detector; or NULL */
} hg_heatmap_options;
/* Where pictures are not as the model expects them: for each, a map of the error laid over
 * it in grey, as a PNG of its name in `folder`; NULL: none.  Tiles are laid together, where
 * they overlap by the highest; the map is smoothed.  Of a detector with the score `image`
 * it is the map that this score is taken from, in its units, and the threshold is the
 * rule's; of other models, which need no detector, it is the difference in steps of 0 to
 * 255, and the threshold that of the picture with the least error of those that are called
 * (at least the median of the others).  Colours begin anew there, however high the scale
 * ends: what is called is seen.
 * score [rows] or NULL: of each row's picture, that of the hundredth of its pixels with the
 * largest errors, of tiles the highest; *scale, or NULL: what has the last colour.
 * Errors   HG_EINVAL the rows are no pictures; HG_EUNAVAILABLE no libpng; as hg_reconstruct
 *          and hg_dataset_save; HG_ENOMEM.
 * Threads  one per ctx. */
HG_API hg_status hg_heatmaps(hg_ctx *ctx, const hg_model *model, const hg_dataset *data,
                             const char *folder, const hg_heatmap_options *options,
                             double *score, double *scale) HG_WARN_UNUSED;

/* ---- How well scores tell anomalies ---- */

/* The label of a row that nobody has looked at: it is left out of what labels judge. */
enum { HG_UNLABELLED = 2 };
/* Labels of rows as 0, normal, and 1, an anomaly; HG_UNLABELLED where a row has none.
 * Without words the labels must be 0 and 1 (or yes and no) themselves; normal: these words
 * (or numbers), separated by commas, are the normal ones and all others anomalies; anomaly:
 * the other way round.  label [rows].
 * Errors   HG_ESHAPE not one value a row; HG_EINVAL both words; HG_ERANGE another label
 *          than 0 and 1, or no row has any; HG_EUNKNOWN a word that no row has. */
HG_API hg_status hg_labels_read(hg_ctx *ctx, const hg_dataset *labels, const char *normal,
                                const char *anomaly, unsigned char *label) HG_WARN_UNUSED;

/* Scores beside labels: measures with intervals, curves. */
typedef struct hg_detection hg_detection;
typedef struct hg_detection_options {
    size_t size;
    double threshold;  /* anomalies are above it; NaN: no measures that need one */
    int64_t resamples; /* of the bootstrap; 0: 1000; -1: none, no intervals */
    uint64_t seed; /* of the resamples; the same for two detections: they are paired */
} hg_detection_options;
/* score, label [n]; label is 0, 1 or HG_UNLABELLED, which does not count.  The bootstrap
 * draws rows with replacement, normal and anomalous ones apart; an interval holds 95 % of
 * what the resamples give.
 * Errors   HG_ERANGE no anomaly, or no normal row; HG_ENONFINITE score; HG_ENOMEM.
 * Threads  same bits for any number of threads. */
HG_API hg_status hg_detection_new(hg_ctx *ctx, const double *score,
                                  const unsigned char *label, int64_t n,
                                  const hg_detection_options *options,
                                  hg_detection **out) HG_WARN_UNUSED;
HG_API void hg_detection_free(hg_detection **detection);
typedef struct hg_detection_measure {
    size_t size;
    const char *name, *help; /* a row of hg_list("detection") */
    double value;
    double low, high; /* NaN without resamples */
} hg_detection_measure;
/* The index-th measure; 0 after the last, and when out->size is not set. */
HG_API int hg_detection_at(const hg_detection *detection, int index,
                           hg_detection_measure *out);
HG_API double hg_detection_get(const hg_detection *detection, const char *name);
/* a - b of one measure, with its interval over paired resamples: low > 0: a is better, if
 * chance is all that parts these rows from others.
 * Errors   HG_EUNKNOWN name; HG_EINVAL of other rows, seeds or resamples. */
HG_API hg_status hg_detection_compare(hg_ctx *ctx, const hg_detection *a,
                                      const hg_detection *b, const char *name,
                                      hg_detection_measure *out) HG_WARN_UNUSED;
/* The detector to beat: PCA with as many numbers as the model's code, the same scaling and
 * kind of score, fitted to four fifths of these rows, which should be the model's training
 * rows, and calibrated with the rest.
 * Errors   HG_EINVAL no detector; as hg_pca and hg_detector_fit. */
HG_API hg_status hg_detector_pca(hg_ctx *ctx, const hg_model *model,
                                 const hg_dataset *train, hg_model **out) HG_WARN_UNUSED;
/* Scores by such detectors without training rows, score [rows]: each half of the rows is
 * scored by PCA fitted to the normal rows of the other half, label [rows], 0: normal.
 * It has seen labels, which the model has not.
 * Errors   HG_ERANGE too few normal rows, or rows too wide; as hg_detector_pca. */
HG_API hg_status hg_detector_pca_scores(hg_ctx *ctx, const hg_model *model,
                                        const hg_dataset *data,
                                        const unsigned char *label,
                                        double *score) HG_WARN_UNUSED;
/* kind: "roc", "pr", or "scores" (a histogram of normal and anomalous rows' scores); path
 * ends in .png, .svg or .pdf.  Errors  as hg_plot_loss; HG_EUNKNOWN kind. */
struct hg_plot_options;
HG_API hg_status hg_plot_detection(hg_ctx *ctx, const hg_detection *detection,
                                   const char *kind, const char *path,
                                   const struct hg_plot_options *options) HG_WARN_UNUSED;

/* ---- Why a row is an anomaly ---- */

/* For each of some rows: the columns without whose values the row would score like a normal
 * one, and what these values were expected to be.  Of windows of a series: channels, and in
 * which of their steps; of images: regions. */
typedef struct hg_explanation hg_explanation;
typedef struct hg_explain_options {
    size_t size;
    int64_t columns;              /* at most so many of a row; 0: 5 */
    const hg_data_options *input; /* of a CSV file: how it was read, to read again what was
                                   * found, and the `id` that is to name rows; or NULL */
} hg_explain_options;
/* row [n]: numbers of rows of data, from 0.
 * Memory   *out keeps what it says, not data.
 * Errors   HG_ERANGE row; HG_EINVAL id of windows, or with skip_bad; as hg_score_dataset.
 * Threads  one per ctx; same bits for any number of threads. */
HG_API hg_status hg_explain(hg_ctx *ctx, const hg_model *model, const hg_dataset *data,
                            const int64_t *row, int64_t n,
                            const hg_explain_options *options,
                            hg_explanation **out) HG_WARN_UNUSED;
HG_API void hg_explanation_free(hg_explanation **explanation);
typedef struct hg_explained_row {
    size_t size;
    int64_t row; /* from 0 */
    double score, p_value;
    double left;   /* the score with all of its causes as expected */
    double normal; /* the median score of calibration rows */
    int64_t causes;
    /* Of a window of a series: its rows, from 0, else -1; as in hg_window_place. */
    int64_t first, last;
    const char *from, *to, *group, *id; /* id: as options' input names it, or NULL */
    const char *file;                   /* of a picture: its name, as of its score */
} hg_explained_row;
typedef struct hg_cause {
    size_t size;
    int64_t column;
    const char *name;       /* "column 3" where columns have no names */
    double found, expected; /* in the units of the data; words as their number */
    const char *found_text, *expected_text; /* as a file has them; found, with `input`, as
                                             * it stands in this one */
    double share; /* of the score over `normal` that goes when this value, too, is as
                     expected */
    double left;  /* the score then */
    /* Of a window of a series, else -1: the column is a channel, and the cause is what it
     * did in rows first to last, most of all in row `peak`, whose values are found and
     * expected.  Times as in hg_window_place. */
    int64_t first, last, peak;
    const char *from, *to, *at;
    /* Of an image whose pixels have no names, else width is 0: the rectangle around pixels
     * that hang together, counted from 0 in the picture as it was resized and cropped; and
     * of these the one that is farthest off: found and expected are its values in one
     * channel, `column` of the row, the texts have those of up to three. */
    int64_t x, y, width, height, at_x, at_y;
} hg_cause;
/* 0 after the last, and when out->size is not set.  Texts are the explanation's. */
HG_API int hg_explanation_row(const hg_explanation *explanation, int64_t index,
                              hg_explained_row *out);
HG_API int hg_explanation_cause(const hg_explanation *explanation, int64_t index,
                                int64_t cause, hg_cause *out);
/* Write it to a file ("-": standard output): format is "text", "json" or "html" (one page
 * without links to anything); NULL: by the path's ending, or text.
 * Errors   HG_EIO; HG_EUNKNOWN format; HG_ENOMEM. */
HG_API hg_status hg_explanation_save(hg_ctx *ctx, const hg_explanation *explanation,
                                     const char *path, const char *format) HG_WARN_UNUSED;

/* ======== How fast a model is ============================================== */

typedef struct hg_bench hg_bench;

typedef struct hg_bench_options {
    size_t size;
    int64_t rows;          /* that go through together; 0: 256 */
    int train;             /* 1: backward and weight gradients too */
    const char *precision; /* of matrix products: "f32" (also NULL) or "bf16" */
} hg_bench_options;

/* Time each layer on random rows, and the machine's limits beside it: the least of many
 * runs, on the context's threads.  Takes a second or so.
 * Memory   the model must outlive *out.
 * Errors   HG_EINVAL size; HG_ERANGE rows; HG_EUNKNOWN, HG_EUNAVAILABLE; HG_ENOMEM.
 * Threads  one per ctx. */
HG_API hg_status hg_bench_new(hg_ctx *ctx, const hg_model *model,
                              const hg_bench_options *options,
                              hg_bench **out) HG_WARN_UNUSED;
HG_API void hg_bench_free(hg_bench **bench);

typedef struct hg_bench_layer {
    size_t size;
    const char *part, *line;  /* as in hg_layer_info */
    double forward, backward; /* seconds for all rows; backward NaN without training */
    double gflops, gbytes;    /* a second: computed; read and written at the least */
    double fraction;          /* of what the machine can do */
    const char *bound;        /* what limits it: "products" or "memory" */
} hg_bench_layer;
/* The index-th layer; 0 after the last, and when out->size is not set. */
HG_API int hg_bench_at(const hg_bench *bench, int index, hg_bench_layer *out);

typedef struct hg_bench_machine {
    size_t size;
    const char *kernels, *precision;
    int threads;
    int64_t rows;
    double clock;         /* GHz, measured */
    double gflops;        /* of matrix products in cache, all threads */
    double near_gbytes;   /* a second, read and written, within 512 KiB a thread, */
    double cache_gbytes;  /* within 4 MiB a thread, */
    double memory_gbytes; /* and beyond */
} hg_bench_machine;
/* Errors  HG_EINVAL out->size is not set. */
HG_API hg_status hg_bench_get_machine(const hg_bench *bench, hg_bench_machine *out);

/* ======== Pictures ======================================================= */

typedef struct hg_plot_options {
    size_t size;
    const char *title; /* NULL: a fitting one; "": none */
    int dark;          /* light on dark */
    int width;         /* pixels (points for SVG and PDF); 0: fitting */
    int64_t items;     /* grid: pairs, filters: units; 0: fitting */
    int64_t columns;   /* 0: fitting */
    uint64_t seed;     /* grid: 0 takes the first rows, else a random sample */
    const char *loss;  /* loss: its name for the axis, "bce"; NULL: not known */
    /* manifold, traversal: of a conditional model, 1: what the class `label` decodes to;
     * 0: the row's own, and for a manifold the first */
    int labelled;
    double label;
} hg_plot_options;

/* A curve of training and validation loss.  n epochs; path ends in .png, .svg or .pdf.
 * Errors   HG_EINVAL n < 1 or an unknown ending; HG_EIO; HG_EUNAVAILABLE: no cairo. */
HG_API hg_status hg_plot_loss(hg_ctx *ctx, const hg_epoch *epochs, int64_t n,
                              const char *path,
                              const hg_plot_options *options) HG_WARN_UNUSED;
/* A sweep's mse against the code size, or against the first option that has numbers where
 * all codes have one size; a line for each combination of the others, and PCA's.
 * Errors   also HG_EINVAL no option of the sweep has numbers. */
HG_API hg_status hg_plot_sweep(hg_ctx *ctx, const hg_sweep *sweep, const char *path,
                               const hg_plot_options *options) HG_WARN_UNUSED;
/* Originals over reconstructions, with the noisy rows between for a denoising model; images
 * as images, other rows as curves. */
HG_API hg_status hg_plot_grid(hg_ctx *ctx, const hg_model *model, const hg_dataset *data,
                              const char *path,
                              const hg_plot_options *options) HG_WARN_UNUSED;
/* The scores of a series over time, of each row as hg_score_points() has it; the rule's
 * threshold (rule NULL: the model's own), and the spans above it.
 * Errors   also HG_EINVAL the model is not of a series; as hg_score_file. */
HG_API hg_status hg_plot_series(hg_ctx *ctx, const hg_model *model, const char *in,
                                const hg_data_options *input, const hg_rule *rule,
                                const char *path,
                                const hg_plot_options *options) HG_WARN_UNUSED;
/* Rows of a model's kind, samples or the steps between two: images as images, other rows as
 * curves; options->items at the most. */
HG_API hg_status hg_plot_rows(hg_ctx *ctx, const hg_model *model, const hg_dataset *rows,
                              const char *path,
                              const hg_plot_options *options) HG_WARN_UNUSED;
/* Codes as points: a code of two values as it is, a longer one by its two principal
 * components, whose share of the variance the axes say.  Points that lie far from almost
 * all others are left out, and the title counts them.  labels, one value or word a row,
 * colour the points; or NULL.  options->items points at the most (0: 5000), chosen by seed.
 * Errors   HG_ESHAPE not one label a row; HG_ERANGE more than 20 different ones; as
 *          hg_encode_dataset. */
HG_API hg_status hg_plot_latent(hg_ctx *ctx, const hg_model *model,
                                const hg_dataset *data, const hg_dataset *labels,
                                const char *path,
                                const hg_plot_options *options) HG_WARN_UNUSED;
/* What the codes of a plane decode to: options->columns (0: 20) tiles a side, at quantiles
 * of the normal distribution for a variational model, of the codes of data for any other
 * (else data may be NULL).  Errors  HG_EINVAL not a code of two values, one of bits or of
 * a codebook, or no data. */
HG_API hg_status hg_plot_manifold(hg_ctx *ctx, const hg_model *model,
                                  const hg_dataset *data, const char *path,
                                  const hg_plot_options *options) HG_WARN_UNUSED;
/* What each value of a code does: row `row` of the data with one value of its code changed,
 * from -3 to 3 for a variational model, between the 1 % and 99 % quantiles of the data's
 * codes for any other; a line for each value, what changes the row most first.
 * options->items lines (0: 10) of options->columns steps (0: 11); bits have two.
 * Errors   also HG_EINVAL vectors of a codebook, whose values do not change alone. */
HG_API hg_status hg_plot_traversal(hg_ctx *ctx, const hg_model *model,
                                   const hg_dataset *data, int64_t row, const char *path,
                                   const hg_plot_options *options) HG_WARN_UNUSED;
/* What each code unit paints (decoder) or looks for (encoder): part is "encoder" or
 * "decoder".  Errors  also HG_EINVAL when the part does not touch the pixels directly. */
HG_API hg_status hg_plot_filters(hg_ctx *ctx, const hg_model *model, const char *part,
                                 const char *path,
                                 const hg_plot_options *options) HG_WARN_UNUSED;

#ifdef __cplusplus
}
#endif
#endif
