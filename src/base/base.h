// SPDX-License-Identifier: MIT
/* The floor everything stands on: status, messages, memory, files, numbers.
 *
 * Rules kept by every room above.  Outside data (files, arguments) gives a
 * status and a one-line message; a programmer's error is an assert.  Nothing
 * here prints, exits or aborts.  All memory comes from hgi_alloc(), so that a
 * caller's allocator sees every block and a test can fail each of them.      */
#ifndef HGI_BASE_H
#define HGI_BASE_H

#include <hourglass.h>

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The number type of weights and activations.  The library is float; the test
 * build -DHGI_F64 makes the same sources double, on the reference kernels, so
 * that finite differences can check every gradient to 1e-6.                  */
#ifdef HGI_F64
typedef double hgi_real;
#else
typedef float hgi_real;
#endif

#define HGI_COUNT(a) ((int64_t)(sizeof(a) / sizeof((a)[0])))
#define HGI_ALIGN 64

static inline int64_t hgi_min(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t hgi_max(int64_t a, int64_t b) { return a > b ? a : b; }
static inline int64_t hgi_ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

struct hgi_team;
struct hgi_kernels;

/* Where memory comes from: copied by value into each object that outlives the
 * context it was made with.                                                   */
typedef struct hgi_mem {
    hg_allocator hook;
} hgi_mem;

/* One thread at a time uses a context; models and datasets can be shared.    */
struct hg_ctx {
    hgi_mem mem;
    hg_log_fn log;
    void *log_user;
    int threads;
    struct hgi_team *team;             /* made at first use, see team.h        */
    const struct hgi_kernels *kernels; /* never NULL                          */
    const struct hgi_kernels *bf16;    /* products in bf16; NULL: none here   */
    int64_t memory_limit; /* bytes there are to be had, for tests; 0: ask the system    */
    char message[HG_MESSAGE_MAX]; /* of the last failure, "" before one  */
    char fact[256];               /* value of the last hg_info()         */
};

/* ---- status ------------------------------------------------------------- */

/* Set the message of this failure and return `status`, so that callers write
 * return hgi_fail(ctx, HG_EFORMAT, "%s: 3 bytes, expected at least 8", path); */
hg_status hgi_fail(hg_ctx *ctx, hg_status status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The last message again behind a place or a name: "net.yaml:3:5: " and what it said.  */
hg_status hgi_fail_before(hg_ctx *ctx, hg_status status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* HG_ENOMEM with "out of memory: wanted N bytes for WHAT".                    */
hg_status hgi_fail_mem(hg_ctx *ctx, size_t bytes, const char *what);
/* HG_EIO with "PATH: cannot ACTION: reason of this errno".                    */
hg_status hgi_fail_io(hg_ctx *ctx, const char *path, const char *action, int error);
/* A name from outside may hold a newline or an escape sequence; a message is one line and
 * must be safe to print: control characters become '?'.  Bytes over 0x7f pass: they are
 * UTF-8 in sane files.                                                        */
void hgi_one_line(char *s);
/* Send a line to the caller's log hook; nothing happens without a hook.       */
void hgi_log(hg_ctx *ctx, hg_log_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#define HGI_TRY(expr)                                                                    \
    do {                                                                                 \
        hg_status hgi_try_status = (expr);                                               \
        if (hgi_try_status != HG_OK) return hgi_try_status;                              \
    } while (0)
/* The same inside a function with a `done:` label and a variable `status`.    */
#define HGI_GOTO(expr)                                                                   \
    do {                                                                                 \
        status = (expr);                                                                 \
        if (status != HG_OK) goto done;                                                  \
    } while (0)

/* ---- memory: 64-byte aligned, NULL on failure or size 0 ------------------- */

void *hgi_alloc(const hgi_mem *mem, size_t bytes);           /* contents undefined */
void *hgi_calloc(const hgi_mem *mem, size_t n, size_t size); /* zeroed, overflow-safe */
/* Grow or shrink; on failure NULL and p stays as it was.  p may be NULL.      */
void *hgi_realloc(const hgi_mem *mem, void *p, size_t bytes);
void hgi_free(const hgi_mem *mem, void *p); /* accepts NULL */
char *hgi_strdup(const hgi_mem *mem, const char *s);
char *hgi_strndup(const hgi_mem *mem, const char *s, size_t n);
/* *out = a * b; false when it does not fit.                                   */
bool hgi_mul_size(size_t a, size_t b, size_t *out);

/* Bytes that this process can still take, by what the machine and its control groups have;
 * INT64_MAX where that is not known.                                          */
int64_t hgi_memory_left(const hg_ctx *ctx);
/* HG_ENOMEM with "WHAT: 3.6 TiB of memory needed, 22.1 GiB left on this machine".      */
hg_status hgi_check_memory(hg_ctx *ctx, double bytes, const char *what);

/* A text that grows.  A failed append is remembered and told by hgi_text_ok(),
 * so that a writer checks once at its end.  Free with hgi_text_free().        */
typedef struct hgi_text {
    hgi_mem mem;
    char *s; /* NUL-ended, or NULL while empty */
    size_t len, cap;
    bool failed;
} hgi_text;
void hgi_text_init(hgi_text *t, const hgi_mem *mem);
void hgi_text_add(hgi_text *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void hgi_text_add_bytes(hgi_text *t, const void *p, size_t n);
static inline bool hgi_text_ok(const hgi_text *t) { return !t->failed; }
void hgi_text_free(hgi_text *t);

/* The length of the UTF-8 sequence at s, 0 when it is malformed.  Overlong forms,
 * surrogates and code points over 10FFFF are refused (RFC 3629, section 4).   */
size_t hgi_utf8_length(const unsigned char *s);
/* A byte of Windows-1252, which Latin-1 is a part of, as UTF-8: 1 to 3 bytes, no NUL.  */
size_t hgi_utf8_of_1252(unsigned char byte, char out[3]);

/* ---- numbers, whatever the locale ----------------------------------------- */

/* Parse a whole decimal number "[+-]digits[point digits][e[+-]digits]", also
 * nan, inf and infinity in any case, correctly rounded.  Digits may be missing on one
 * side of the point; what is too large becomes inf.  Exactly n bytes must be
 * consumed, else false.  `point` is '.' or ','.                               */
bool hgi_parse_double(const char *s, size_t n, char point, double *out);
bool hgi_parse_int(const char *s, size_t n, int64_t *out);
/* The shortest text that reads back as the same float / double; nan and inf as
 * "nan", "inf", "-inf".  Returns the length, < HGI_NUMBER_MAX.                */
#define HGI_NUMBER_MAX 32
int hgi_format_float(char out[HGI_NUMBER_MAX], float x);
int hgi_format_double(char out[HGI_NUMBER_MAX], double x);

/* "199.2 KiB"; returns out.                                                   */
const char *hgi_bytes_text(char out[HGI_NUMBER_MAX], double bytes);

/* The entry of names[0..n-1] nearest to `word` by edit distance, or NULL when
 * none is near enough to suggest (distance over a third of the word, at least 2). */
const char *hgi_nearest(const char *word, const char *const *names, int64_t n);

/* ---- files ----------------------------------------------------------------- */

/* Writes beside the target and renames, so that a reader sees the old file or the
 * whole new one.  A symbolic link's target is replaced and the link kept.
 * Devices and pipes are written directly; "-" is stdout.
 * Use: open, write..., then commit or abort (abort after commit does nothing). */
typedef struct hgi_outfile {
    hg_ctx *ctx;
    FILE *f;
    char *path, *temp; /* temp NULL when written directly */
    bool loose;        /* set it for one of many files: not waited for on its own */
    hg_status status;  /* the first failure, returned again by commit */
    int error;         /* its errno */
} hgi_outfile;
hg_status hgi_outfile_open(hg_ctx *ctx, const char *path, hgi_outfile *o);
void hgi_outfile_write(hgi_outfile *o, const void *p, size_t n);
hg_status hgi_outfile_commit(hgi_outfile *o); /* flush, fsync, rename, close */
void hgi_outfile_abort(hgi_outfile *o);

/* Read a whole file of at most `limit` bytes ("-" is stdin); a directory, a missing
 * or unreadable file and one over the limit are errors that name it.  A NUL is
 * added after the last byte.  *data is freed with hgi_free(&ctx->mem).        */
hg_status hgi_read_file(hg_ctx *ctx, const char *path, size_t limit, char **data,
                        size_t *size);
/* Up to n first bytes of a plain file; 0 of what is none or cannot be read, which reading
 * it will tell.                                                               */
size_t hgi_read_head(const char *path, void *head, size_t n);
/* What a file seems to be, for messages; false: unknown.                      */
typedef struct hgi_looks {
    const char *is;      /* "a PNG image" */
    const char *instead; /* what its owner can do to have data, or NULL */
    bool foreign_text;   /* it is text, and yet no CSV */
} hgi_looks;
bool hgi_looks_like(const unsigned char *head, size_t n, hgi_looks *out);
/* Fails now, with the reason, if hgi_outfile_open(path) would fail later.      */
hg_status hgi_check_writable(hg_ctx *ctx, const char *path);

/* A file without a name, for reading and writing; close(2) takes it away.     */
hg_status hgi_tempfile(hg_ctx *ctx, int *fd);
/* All n bytes at a place of a file: 0, an errno, or HGI_CUT_SHORT when the file ends
 * before.  Any thread.                                                        */
#define HGI_CUT_SHORT (-1)
int hgi_read_at(int fd, void *p, size_t n, int64_t at);
int hgi_write_at(int fd, const void *p, size_t n, int64_t at);

/* 64-bit FNV-1a, chained: start with hash = HGI_HASH_INIT.                     */
#define HGI_HASH_INIT UINT64_C(0xcbf29ce484222325)
uint64_t hgi_hash(uint64_t hash, const void *p, size_t n);

/* Whoever waits for long work may look on, and end it.  NULL: nobody does. */
typedef struct hgi_watch {
    int (*look)(void *user, double share); /* of the work, 0 to 1; not 0: stop */
    void *user;
} hgi_watch;
static inline bool hgi_watch_stops(const hgi_watch *w, double share)
{
    return w != NULL && w->look(w->user, share) != 0;
}

#endif
