// SPDX-License-Identifier: MIT
/* Files of rows: which writer, blocks of rows to bytes on all threads, writing aside.
 *
 * A block is cut into pieces of rows; each is made text by one thread into a place of its
 * own, and the pieces go to the file in order.  Threads of the team flush denormals, so
 * rows that have any are made text by the caller's thread.                             */
#include "base/team.h"
#include "data/blocks.h"
#include "data/csv.h"
#include "data/formats.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* Bytes of text that a thread makes at a time. */
#define PIECE ((int64_t)64 * 1024)
enum { PIECES = 4, PIECES_MOST = 64 }; /* for each thread; at the most */

const hgi_writer *const hgi_writers[] = {&hgi_writer_npy, &hgi_writer_csv,
                                         &hgi_writer_idx, &hgi_writer_png, NULL};

#define WRITERS (HGI_COUNT(hgi_writers) - 1)

/* Does path end in one of the words of `endings`?                                      */
static bool claims(const char *endings, const char *path)
{
    size_t len = strlen(path);
    while (*endings != '\0') {
        size_t n = strcspn(endings, " ");
        if (len >= n && memcmp(path + len - n, endings, n) == 0) return true;
        endings += n;
        endings += *endings == ' ';
    }
    return false;
}

/* The row of the table, or NULL. */
static const hgi_writer *writer_of(const char *path, const char *format)
{
    for (int i = 0; i < WRITERS; i++) {
        const hgi_writer *w = hgi_writers[i];
        if (format != NULL ? strcmp(format, w->name) == 0 : claims(w->endings, path))
            return w;
    }
    if (format == NULL && strcmp(path, "-") == 0) return &hgi_writer_csv;
    struct stat st;
    bool folder = format == NULL && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    return folder ? &hgi_writer_png : NULL;
}

/* Only in a regular file can the number of rows be put in at the end. */
bool hgi_save_can_count(const char *path, const char *format)
{
    struct stat st;
    const hgi_writer *w = writer_of(path, format);
    if (w == NULL || !w->counted) return true;
    return strcmp(path, "-") != 0 && (stat(path, &st) != 0 || S_ISREG(st.st_mode));
}

static hg_status find_writer(hg_ctx *ctx, const char *path, const char *format,
                             const hgi_writer **out)
{
    const char *names[WRITERS];
    char all[128];
    size_t len = 0;
    *out = writer_of(path, format);
    if (*out != NULL) return HG_OK;
    for (int i = 0; i < WRITERS; i++) {
        const hgi_writer *w = hgi_writers[i];
        names[i] = w->name;
        for (const char *p = w->endings; *p != '\0' && len + 8 < sizeof all; p++) {
            if (p == w->endings && i > 0) len += (size_t)sprintf(all + len, ", ");
            if (*p == ' ')
                len += (size_t)sprintf(all + len, ", ");
            else
                all[len++] = *p;
        }
        all[len] = '\0';
    }
    if (format == NULL) {
        return hgi_fail(ctx, HG_EUNKNOWN, "%s: unknown ending, expected one of %s", path,
                        all);
    }
    const char *near = hgi_nearest(format, names, WRITERS);
    return hgi_fail(ctx, HG_EUNKNOWN, "format '%s': there is no such writer; %s%s%s",
                    format, near != NULL ? "did you mean '" : "there are ",
                    near != NULL ? near : all, near != NULL ? "'?" : "");
}

/* ---- rows ---------------------------------------------------------------------------- */

typedef struct pieces {
    const hgi_save *s;
    const hg_dataset *d;
    int64_t first, n, each; /* rows; of a piece */
    int64_t room;           /* bytes for a piece */
    size_t *length;         /* 0: the caller has to make it */
} pieces;

static bool has_denormal(const float *x, int64_t n)
{
    bool found = false;
    for (int64_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        found = found || ((bits & 0x7f800000u) == 0 && (bits & 0x007fffffu) != 0);
    }
    return found;
}

/* Piece i; by a thread of the team, nothing that it would change. */
static void make_piece(const pieces *p, int64_t i, float *row, bool flushes)
{
    char *start = p->s->text + i * p->room, *out = start;
    int64_t end = hgi_min((i + 1) * p->each, p->n);
    p->length[i] = 0;
    for (int64_t r = i * p->each; r < end; r++) {
        hgi_dataset_row(p->d, p->first + r, row);
        if (flushes && has_denormal(row, p->d->features)) return;
        out = p->s->writer->row(p->s->like, row, out);
    }
    p->length[i] = (size_t)(out - start);
}

static void run_piece(void *arg, int64_t item, int worker)
{
    const pieces *p = arg;
    make_piece(p, item, p->s->row + worker * p->s->like->features, true);
}

/* Bytes of a row at the most; it has been seen that this fits. */
static int64_t row_bytes(const hgi_save *s)
{
    const hg_dataset *d = s->like;
    bool table = d->schema != NULL && s->writer->table_bytes != NULL;
    return table ? s->writer->table_bytes(d->schema)
                 : d->features * s->writer->value_bytes;
}

/* A file each: what a picture takes is its compression, not the file. */
static hg_status save_pictures(hgi_save *s, const hg_dataset *d, int64_t first, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        hgi_dataset_row(d, first + i, s->row);
        HGI_TRY(hgi_save_pictures_row(s->pictures, s->written++, s->row));
    }
    return HG_OK;
}

hg_status hgi_save_rows(hgi_save *s, const hg_dataset *d, int64_t first, int64_t n)
{
    if (s->pictures != NULL) return save_pictures(s, d, first, n);
    size_t length[PIECES_MOST];
    int64_t at_once = hgi_min(PIECES_MOST, PIECES * (int64_t)s->ctx->threads);
    pieces p = {
        .s = s, .d = d, .each = hgi_max(1, PIECE / row_bytes(s)), .length = length};
    p.room = p.each * row_bytes(s);
    for (int64_t done = 0; done < n; done += p.n) {
        p.first = first + done;
        p.n = hgi_min(n - done, at_once * p.each);
        hgi_stage stage = {run_piece, &p, hgi_ceil_div(p.n, p.each)};
        if (stage.items > 1) {
            hgi_team *team;
            HGI_TRY(hgi_ctx_team(s->ctx, &team));
            hgi_team_run(team, &stage, 1);
        } else {
            make_piece(&p, 0, s->row, false);
        }
        for (int64_t i = 0; i < stage.items; i++) {
            if (length[i] == 0) make_piece(&p, i, s->row, false);
            hgi_outfile_write(&s->f, s->text + i * p.room, length[i]);
        }
        HGI_TRY(s->f.status);
    }
    s->written += n;
    return HG_OK;
}

/* ---- a file -------------------------------------------------------------------------- */

static hg_status write_head(hgi_save *s, int64_t rows, size_t *length)
{
    hgi_text head;
    hgi_text_init(&head, &s->ctx->mem);
    hg_status status = s->writer->head(s->ctx, s->like, rows, &head);
    if (status == HG_OK && !hgi_text_ok(&head))
        status = hgi_fail_mem(s->ctx, head.len, "the head of a file");
    if (status == HG_OK) hgi_outfile_write(&s->f, head.s, head.len);
    *length = head.len;
    hgi_text_free(&head);
    return status;
}

static hg_status make_room(hgi_save *s)
{
    size_t text, values, features = (size_t)s->like->features;
    size_t workers = (size_t)s->ctx->threads;
    size_t at_once = PIECES * workers < PIECES_MOST ? PIECES * workers : PIECES_MOST;
    if (!hgi_mul_size(features, (size_t)s->writer->value_bytes, &text))
        text = SIZE_MAX / 2;
    else
        text = (size_t)row_bytes(s);
    if (!hgi_mul_size(text + (size_t)PIECE, at_once, &text)) text = SIZE_MAX;
    if (!hgi_mul_size(features * sizeof *s->row, workers, &values)) values = SIZE_MAX;
    s->text = hgi_alloc(&s->ctx->mem, text);
    s->row = hgi_alloc(&s->ctx->mem, values);
    if (s->text != NULL && s->row != NULL) return HG_OK;
    return hgi_fail_mem(s->ctx, text, "rows to write");
}

/* The writer is found before a file is touched; a failed write leaves the old file. */
hg_status hgi_save_open(hg_ctx *ctx, const char *path, const char *format,
                        const hg_dataset *like, int64_t rows, hgi_save *out)
{
    hg_status status = HG_OK;
    size_t length;
    *out = (hgi_save){.ctx = ctx, .like = like, .rows = rows};
    HGI_TRY(find_writer(ctx, path, format, &out->writer));
    if (out->writer->row == NULL)
        HGI_GOTO(hgi_save_pictures_open(ctx, path, like, rows, &out->pictures));
    HGI_GOTO(make_room(out));
    if (out->pictures != NULL) return HG_OK;
    HGI_GOTO(hgi_outfile_open(ctx, path, &out->f));
    out->open = true;
    HGI_GOTO(write_head(out, hgi_max(rows, 0), &length));
done:
    return status == HG_OK ? HG_OK : hgi_save_close(out, status);
}

/* The head once more, now that its number is known: it is as long as it was. */
static hg_status count_rows(hgi_save *s)
{
    size_t length;
    if (s->rows >= 0 || !s->writer->counted) return HG_OK;
    if (s->f.status == HG_OK && fseek(s->f.f, 0, SEEK_SET) != 0)
        return hgi_fail_io(s->ctx, s->f.path, "write", errno);
    return write_head(s, s->written, &length);
}

hg_status hgi_save_close(hgi_save *s, hg_status status)
{
    const hgi_mem *mem = &s->ctx->mem;
    if (s->open && status == HG_OK) status = count_rows(s);
    if (s->open && status == HG_OK)
        status = hgi_outfile_commit(&s->f);
    else if (s->open)
        hgi_outfile_abort(&s->f);
    hgi_save_pictures_close(&s->pictures);
    hgi_free(mem, s->text);
    hgi_free(mem, s->row);
    *s = (hgi_save){.ctx = s->ctx};
    return status;
}

/* Can cells be copied, and is nothing asked of them? */
static bool copies(const hg_data_options *o, hgi_source *source, const char *out,
                   const char *format)
{
    size_t n;
    const unsigned char *head = hgi_source_peek(source, &n);
    bool asks = o->strict || o->drop_non_numeric || o->skip_bad || o->table || o->shape ||
                o->numeric || o->categorical || o->boolean || o->date || o->schema;
    if (asks || writer_of(out, format) != &hgi_writer_csv || o->array != NULL)
        return false;
    if (hgi_source_is_folder(source)) return false;
    if (o->format != NULL) return strcmp(o->format, "csv") == 0;
    return hgi_reads_as_csv(head, n, hgi_source_path(source));
}

hg_status hg_convert_file(hg_ctx *ctx, const char *in, const hg_data_options *options,
                          const char *out, const char *format, int64_t *rows)
{
    hg_status status;
    hg_data_options o;
    hgi_source *source;
    hg_dataset *data = NULL;
    int64_t n = 0;
    if (in == NULL || out == NULL)
        return hgi_fail(ctx, HG_EINVAL, "two paths are needed");
    HGI_TRY(hgi_data_options_read(ctx, options, &o));
    HGI_TRY(hgi_data_source(ctx, in, &o, &source));
    if (copies(&o, source, out, format)) {
        HGI_GOTO(hgi_csv_copy(ctx, source, &o, out, &n));
    } else {
        HGI_GOTO(hgi_dataset_from_source(ctx, source, &o, &data));
        HGI_GOTO(hg_dataset_save(ctx, data, out, format));
        n = data->rows;
    }
    if (rows != NULL) *rows = n;
done:
    hg_dataset_free(&data);
    hgi_source_close(&source);
    return status;
}

hg_status hg_dataset_save(hg_ctx *ctx, const hg_dataset *data, const char *path,
                          const char *format)
{
    hg_status status;
    hgi_save s;
    hgi_rows w;
    HGI_TRY(hgi_save_open(ctx, path, format, data, data->rows, &s));
    HGI_GOTO(hgi_rows_open(ctx, data, 0, &w));
    do {
        status = hgi_rows_next(ctx, &w);
        if (status == HG_OK) status = hgi_save_rows(&s, w.rows, w.at, w.n);
    } while (status == HG_OK && w.n > 0);
    hgi_rows_close(&w);
done:
    return hgi_save_close(&s, status);
}
