// SPDX-License-Identifier: MIT
/* Rows in order, a block at a time: what every reader gives, and what is made of it.
 *
 *     source -> reader's open() -> hgi_blocks -> block, block, ...       (one pass)
 *                                      |
 *                                hgi_blocks_collect -> hg_dataset        (many passes)
 *                                                      in memory, or held in a file
 *
 * A reader is streamable by being a reader: open() reads the header and says what a row is,
 * next() gives the rows that follow.  Two things it may offer beside: load(), all rows at
 * once where that is faster, and a place: rows that lie one after another in a plain file
 * can be read there again in any order, and are not copied.
 * Rows without a place that do not fit memory go to a file without a name
 * (hgi_tempfile) as they are held, u8 or float.                                        */
#ifndef HGI_BLOCKS_H
#define HGI_BLOCKS_H

#include "data/array.h"
#include "data/stats.h"

#include <sys/types.h>
#include <time.h>

typedef struct hgi_blocks hgi_blocks;

/* Of what a block's rows were made, where options ask for bad rows to be left out, or for
 * texts that name rows.                                                                */
typedef struct hgi_records {
    int64_t count;      /* rows, and records that are none because they are bad         */
    int64_t *bad, bads; /* numbers of these, from 0, ascending                          */
    int64_t room;       /* for bad */
    hgi_text id;        /* a text for each record, with its NUL, one behind the other   */
    bool named;         /* there are such texts */
} hgi_records;

struct hgi_blocks {
    hg_ctx *ctx;
    hgi_source *source; /* borrowed; it must outlive the stream                        */
    hgi_source
        *inner; /* one that the reader opened in it, closed with the stream; or NULL */
    /* What a row is: name, format, type, shape, columns; and the rows that the last
     * hgi_blocks_next() gave: block->rows of them, the first of which is row `first`.  */
    hg_dataset *block;
    int64_t first;
    const hgi_records *records; /* of those rows; NULL: there is nothing to tell; also
                                 * behind the last row there may be some that are bad   */
    int64_t rows; /* in all; -1: only the end will tell                                */
    int64_t room; /* rows that block->owned has memory for                             */
    bool lends;   /* next() points block->data at memory of the reader's instead       */
    bool eager;   /* what is wrong in a block fails its next(), not the end's          */
    bool late;    /* columns can still fall away at the end: see end()                 */
    bool gaps;    /* NaN is a missing value, or a note that fix() understands           */
    double guess; /* rows likely, -1: nothing is known; for storage                    */

    /* The reader's. */
    void *state;
    /* The next n rows, at most `room`, to block->owned, or lent; 0 at the end.         */
    hg_status (*next)(hgi_blocks *s, int64_t *n);
    /* All of them to block, which then has its memory; NULL: there is no faster way.   */
    hg_status (*load)(hgi_blocks *s);
    /* After the last row, when late: place[k] becomes the place of the k-th value that a
     * row has so far, or -1; block's shape and columns are brought up to date.         */
    hg_status (*end)(hgi_blocks *s, int64_t *place);
    /* Before that all rows are shown to look(), n at a time, if it is not NULL; behind it
     * fix() says what the k-th value of a row becomes, if it is not NULL.              */
    hg_status (*look)(hgi_blocks *s, const float *rows, int64_t n);
    float (*fix)(const hgi_blocks *s, int64_t k, float v);
    void (*close)(hgi_blocks *s);
    bool placed; /* rows are array.dim[0] of them from byte `at` of the source's file  */
    hgi_array array;
    int64_t at;

    /* blocks.c's. */
    hgi_stats stats;
    float bad; /* the first value that is not finite                                   */
};

/* Find the reader, read the header.  Errors: as hg_dataset_open.                       */
hg_status hgi_blocks_open(hg_ctx *ctx, hgi_source *source, const hg_data_options *o,
                          hgi_blocks *out);
/* The next block into s->block; its rows are 0 at the end.  Errors: EFORMAT, ENONFINITE,
 * ERANGE with the place; EIO, also when the file has changed.                          */
hg_status hgi_blocks_next(hgi_blocks *s);
void hgi_blocks_close(hgi_blocks *s);
/* All the rest as a dataset.  most: bytes of rows to keep in memory, more go to a file.
 * The stream is done with then.                                                        */
hg_status hgi_blocks_collect(hgi_blocks *s, int64_t most, hg_dataset **out);
/* The same, where the options say.                                                     */
hg_status hgi_dataset_from_blocks(hgi_blocks *s, const hg_data_options *o,
                                  hg_dataset **out);
/* Labels of the whole file's rows, from o, for conditional models; nothing without them. */
hg_status hgi_blocks_label(hgi_blocks *s, const hg_data_options *o);
/* Rows of a block: a megabyte or so, but enough to share between threads.              */
int64_t hgi_block_rows(const hg_ctx *ctx, const hg_dataset *like);

/* ---- rows that are held in a file --------------------------------------------------- */

struct hgi_held {
    hgi_mem mem;
    int fd;
    int64_t at;      /* of row 0 in the file                                            */
    hgi_array array; /* how the values are stored, C order                              */
    int64_t row;     /* bytes of a row in the file                                      */
    int64_t step;    /* from one row to the next: less than a row where rows overlap    */
    bool in_place;   /* they are what a block holds                                     */
    bool nameless;   /* nobody else can change it                                       */
    int64_t size;    /* of the file, and when it was written, as it was opened          */
    struct timespec written;
};

/* The descriptor is the held rows' own from a success on.                              */
hg_status hgi_held_new(hg_ctx *ctx, const char *name, int fd, int64_t at,
                       const hgi_array *a, bool nameless, struct hgi_held **out);
/* As rows of u8 or float are held in a file without a name.                            */
void hgi_held_plain(const hg_dataset *d, hgi_array *out);
void hgi_held_free(struct hgi_held **held);

/* ---- some rows in memory ------------------------------------------------------------ */

/* Rows of a dataset, or of a stream, to look at: those of a dataset in memory lie where
 * they lie, others are copied into the window.  Rows asked for are rows `at`, at + 1, ...
 * of `rows`.                                                                           */
typedef struct hgi_rows {
    const hg_dataset *data; /* NULL: of a stream */
    hgi_blocks *blocks;
    const hg_dataset *rows;
    int64_t at, n;
    int64_t first;      /* their number in the data, when they are neighbours           */
    int64_t room;       /* rows at a time                                               */
    hg_dataset *own;    /* copies, or NULL                                              */
    unsigned char *raw; /* rows as the file has them, when that differs                 */
} hgi_rows;

/* room 0: as many as hgi_block_rows(), all of them when they are in memory.            */
hg_status hgi_rows_open(hg_ctx *ctx, const hg_dataset *d, int64_t room, hgi_rows *out);
void hgi_rows_blocks(hgi_blocks *s, hgi_rows *out);
void hgi_rows_close(hgi_rows *w);
/* The rows behind the last ones; n is 0 behind the end.  Errors: HG_EIO.               */
hg_status hgi_rows_next(hg_ctx *ctx, hgi_rows *w);
/* Back to the start, for another pass over a dataset.                                  */
void hgi_rows_rewind(hgi_rows *w);
/* Rows first .. first+n-1; n at most `room`.                                           */
hg_status hgi_rows_range(hg_ctx *ctx, hgi_rows *w, int64_t first, int64_t n);
/* Rows index[0..n-1], in this order, of a dataset that is held in a file.              */
hg_status hgi_rows_gather(hg_ctx *ctx, hgi_rows *w, const int64_t *index, int64_t n);

/* A warning for each column of rows to train on that counts or dates them.             */
hg_status hgi_tell_counters(hg_ctx *ctx, const hg_dataset *d);

#endif
