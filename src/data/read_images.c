// SPDX-License-Identifier: MIT
/* Pictures as rows: a PNG or JPEG file, or a folder of them.
 *
 *     list of files -> heads of all -> one shape, type and number of rows  (open)
 *     next pictures -> decoded by all threads -> rows of a block           (next)
 *
 * Heads come first, so that what does not fit together is told before anything is decoded,
 * with the file that differs and the option that helps.  A block is as many whole pictures
 * as it has room for; a picture with more tiles than that is decoded once and given in
 * parts.  Pictures of over ALONE pixels are decoded one after another: several at once
 * could take more memory than there is.
 * Nothing in a file is trusted: its size in pixels is held against a limit before it is
 * decoded, and what the decoder then finds against its head.                           */
#include "base/team.h"
#include "data/blocks.h"
#include "data/formats.h"
#include "data/pictures.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_PIXELS INT64_C(100000000)
#define ALONE INT64_C(8000000)
/* A file larger than this is no picture under any limit. */
#define MOST_BYTES (INT64_C(1) << 31)

/* One picture on its way to rows. */
typedef struct task {
    int64_t item;
    unsigned char *to;
    hg_status status;
    char why[HGI_WHY];
} task;

typedef struct images {
    hg_ctx *ctx;
    struct hgi_pictures *p;
    unsigned char *bytes; /* of a single picture, which may have come from a pipe */
    int64_t n, most;
    int64_t shape[2];
    bool u8, skip, given; /* given: the block has p */
    int64_t row;          /* bytes of a row */
    int64_t item;         /* the next to decode */
    int64_t part;         /* rows of it that were given, when `open` */
    hgi_area open;
    int64_t kept; /* pictures that were given */
    int64_t rows; /* of all */
    task *tasks;
    int64_t room;
    int64_t skipped;
    char first[HG_MESSAGE_MAX]; /* why the first was left out */
} images;

/* ---- one file --- */

typedef struct loaded {
    unsigned char *p;
    int64_t n;
    bool owned;
} loaded;

/* Never waits: a pipe or a device that is called like a picture is none. */
static hg_status open_file(const images *m, int64_t item, hgi_picture_bytes *out,
                           char why[HGI_WHY])
{
    char path[8192];
    struct stat st;
    hgi_pictures_path(m->p, &m->p->item[item], path, sizeof path);
    out->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (out->fd < 0) {
        snprintf(why, HGI_WHY, "cannot open: %s", strerror(errno));
        return HG_EIO;
    }
    if (fstat(out->fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= MOST_BYTES) {
        out->size = (int64_t)st.st_size;
        return HG_OK;
    }
    snprintf(why, HGI_WHY, "not a file, or over %lld bytes", (long long)MOST_BYTES);
    close(out->fd);
    return HG_EFORMAT;
}

static hg_status look(const images *m, int64_t item, hgi_picture_head *out,
                      char why[HGI_WHY])
{
    hgi_picture_bytes b = {.fd = -1, .p = m->bytes, .size = m->n};
    if (m->bytes == NULL) HGI_TRY(open_file(m, item, &b, why));
    hg_status status = hgi_picture_look(&b, out, why);
    if (b.fd >= 0) close(b.fd);
    return status;
}

static hg_status load(const images *m, int64_t item, loaded *out, char why[HGI_WHY])
{
    hgi_picture_bytes b = {.fd = -1};
    *out = (loaded){.p = m->bytes, .n = m->n};
    if (m->bytes != NULL) return HG_OK;
    HGI_TRY(open_file(m, item, &b, why));
    out->n = b.size;
    out->p = hgi_alloc(&m->ctx->mem, (size_t)hgi_max(b.size, 1));
    out->owned = true;
    int error = out->p != NULL ? hgi_read_at(b.fd, out->p, (size_t)b.size, 0) : 0;
    close(b.fd);
    if (out->p == NULL) return HG_ENOMEM;
    if (error == 0) return HG_OK;
    snprintf(why, HGI_WHY, "cannot be read: %s",
             error > 0 ? strerror(error) : "it was cut short");
    return HG_EIO;
}

static bool same_head(const hgi_picture_head *a, const hgi_picture_head *b)
{
    return a->kind == b->kind && a->height == b->height && a->width == b->width &&
           a->channels == b->channels && a->bits == b->bits && a->turn == b->turn;
}

/* The picture's area, ready to be cut into rows. */
static hg_status prepare(const images *m, int64_t item, hgi_area *out, char why[HGI_WHY])
{
    const hgi_mem *mem = &m->ctx->mem;
    const hgi_picture_item *it = &m->p->item[item];
    hgi_picture_head head;
    hgi_pixels px = {.p = NULL};
    loaded file = {.p = NULL};
    *out = (hgi_area){.owned = NULL};
    snprintf(why, HGI_WHY, "out of memory");
    hg_status status = load(m, item, &file, why);
    if (status == HG_OK) {
        hgi_picture_bytes b = {.fd = -1, .p = file.p, .size = file.n};
        status = hgi_picture_look(&b, &head, why);
    }
    if (status == HG_OK && !same_head(&head, &it->head)) {
        snprintf(why, HGI_WHY, "changed while it was read");
        status = HG_EIO;
    }
    if (status == HG_OK)
        status = hgi_picture_decode(mem, file.p, (size_t)file.n, &head,
                                    m->p->how.prep.channels, &px, why);
    if (file.owned) hgi_free(mem, file.p);
    if (status == HG_OK) status = hgi_prep_run(mem, &m->p->how.prep, &px, m->u8, out);
    hgi_free(mem, px.p);
    if (status == HG_OK) return HG_OK;
    hgi_free(mem, out->owned);
    out->owned = NULL;
    return status;
}

static void cut_rows(const images *m, const hgi_area *a, int64_t first, int64_t n,
                     unsigned char *to)
{
    for (int64_t i = 0; i < n; i++) {
        int64_t at[2];
        hgi_prep_corner(&m->p->how.prep, a->size, first + i, at);
        hgi_area_row(a, at, m->shape, to + i * m->row);
    }
}

/* ---- all heads --- */

typedef struct looking {
    images *m;
    atomic_int_fast64_t bad; /* the first that failed */
} looking;

static void look_at_item(void *arg, int64_t i, int worker)
{
    looking *l = arg;
    char why[HGI_WHY];
    (void)worker;
    if (look(l->m, i, &l->m->p->item[i].head, why) == HG_OK) return;
    l->m->p->item[i].head.kind = HGI_PICTURE_NONE;
    int_fast64_t seen = atomic_load(&l->bad);
    while (i < seen && !atomic_compare_exchange_weak(&l->bad, &seen, i)) {}
}

static hg_status bad_picture(const images *m, int64_t item, hg_status status,
                             const char *why)
{
    char path[8192];
    hgi_pictures_path(m->p, &m->p->item[item], path, sizeof path);
    return hgi_fail(m->ctx, status, "%.800s: %s", path, why);
}

/* Leave item i out, or fail because of it. */
static hg_status leave_out(images *m, int64_t item, hg_status status, const char *why)
{
    hg_status failed = bad_picture(m, item, status, why);
    if (!m->skip || status == HG_ENOMEM || status == HG_EUNAVAILABLE) return failed;
    if (m->skipped++ == 0) snprintf(m->first, sizeof m->first, "%s", m->ctx->message);
    return HG_OK;
}

static hg_status look_at_all(images *m)
{
    struct hgi_pictures *p = m->p;
    looking l = {.m = m};
    hgi_team *team;
    atomic_init(&l.bad, INT64_MAX);
    hgi_stage stage = {look_at_item, &l, p->count};
    HGI_TRY(hgi_ctx_team(m->ctx, &team));
    if (p->count >= INT64_C(1) << 31)
        return hgi_fail(m->ctx, HG_ERANGE, "%s: over 2^31 pictures", p->root);
    if (p->count > 1)
        hgi_team_run(team, &stage, 1);
    else
        look_at_item(&l, 0, 0);
    int64_t kept = 0;
    for (int64_t i = (int64_t)atomic_load(&l.bad); i < p->count; i++) {
        char why[HGI_WHY] = "changed while it was read";
        if (p->item[i].head.kind != HGI_PICTURE_NONE) continue;
        hgi_picture_head head;
        hg_status status = look(m, i, &head, why);
        HGI_TRY(leave_out(m, i, status != HG_OK ? status : HG_EIO, why));
    }
    for (int64_t i = 0; i < p->count; i++)
        if (p->item[i].head.kind != HGI_PICTURE_NONE) p->item[kept++] = p->item[i];
    p->count = kept;
    return HG_OK;
}

static hg_status check_built_in(const images *m, int64_t i)
{
    bool png = m->p->item[i].head.kind == HGI_PICTURE_PNG;
    if ((png ? hgi_png_version() : hgi_jpeg_version()) != NULL) return HG_OK;
    return bad_picture(m, i, HG_EUNAVAILABLE,
                       png ? "PNG is not built in: install libpng-dev and rebuild"
                           : "JPEG is not built in: install libjpeg-dev and rebuild");
}

/* A size that is within the limit, and its area; else the item is left out.            */
static hg_status measure(images *m, int64_t i, bool *fits)
{
    hgi_picture_item *it = &m->p->item[i];
    char why[HGI_WHY];
    *fits = false;
    HGI_TRY(check_built_in(m, i));
    if (it->head.height > m->most / it->head.width) {
        snprintf(why, sizeof why,
                 "%lldx%lld pixels, over the limit of %lld (max-pixels sets another)",
                 (long long)it->head.height, (long long)it->head.width,
                 (long long)m->most);
        return leave_out(m, i, HG_ERANGE, why);
    }
    if (!hgi_prep_area(&m->p->how.prep, it->head.height, it->head.width, m->most,
                       it->area, why))
        return leave_out(m, i, HG_ESHAPE, why);
    *fits = true;
    return HG_OK;
}

/* All rows have one shape: without an option that makes it so, all pictures must.      */
static hg_status check_shape(images *m, int64_t i)
{
    const hgi_picture_item *it = &m->p->item[i];
    int64_t shape[2];
    char path[8192], why[HGI_WHY + 200];
    hgi_prep_shape(&m->p->how.prep, it->area, shape);
    if (i == 0) memcpy(m->shape, shape, sizeof shape);
    if (shape[0] == m->shape[0] && shape[1] == m->shape[1]) return HG_OK;
    hgi_pictures_path(m->p, it, path, sizeof path);
    snprintf(why, sizeof why,
             "%lldx%lld (height x width), the first (%.150s) is %lldx%lld",
             (long long)shape[0], (long long)shape[1], m->p->item[0].path,
             (long long)m->shape[0], (long long)m->shape[1]);
    return hgi_fail(m->ctx, HG_ESHAPE,
                    "%.600s: %s; bring all to one size with resize, crop or tile "
                    "(--resize 64x64)",
                    path, why);
}

/* Shape and type that all have in common, and the rows of each. */
static hg_status settle(images *m, int64_t limit)
{
    struct hgi_pictures *p = m->p;
    int64_t kept = 0, total = 0;
    bool colour = false;
    p->how.bits = 8;
    for (int64_t i = 0; i < p->count; i++) {
        bool fits;
        HGI_TRY(measure(m, i, &fits));
        if (!fits) continue;
        if (kept < i) p->item[kept] = p->item[i];
        HGI_TRY(check_shape(m, kept));
        hgi_picture_item *it = &p->item[kept++];
        it->first = total;
        it->rows = hgi_prep_tiles(&p->how.prep, it->area);
        if (limit > 0) it->rows = hgi_min(it->rows, limit - total);
        total += it->rows;
        colour = colour || it->head.channels == 3;
        if (it->head.bits == 16) p->how.bits = 16;
        if (limit > 0 && total == limit) break;
    }
    p->count = kept;
    m->rows = total;
    m->u8 = p->how.bits == 8;
    if (p->how.prep.channels == 0) p->how.prep.channels = colour ? 3 : 1;
    if (kept > 0) return HG_OK;
    return hgi_fail(m->ctx, HG_EFORMAT, "no picture could be read; the first: %.900s",
                    m->first);
}

/* ---- options --- */

static hg_status read_size(hg_ctx *ctx, const char *name, const char *text, bool one,
                           int64_t out[2])
{
    if (text == NULL || hgi_prep_size(text, one, out)) return HG_OK;
    return hgi_fail(ctx, HG_EINVAL, "%s '%s': expected height and width like 64x48%s",
                    name, text, one ? ", or one number" : "");
}

static hg_status read_colour(hg_ctx *ctx, const char *word, int *channels)
{
    static const char *const words[] = {"grey", "gray", "colour", "color"};
    if (word == NULL) return HG_OK;
    for (int i = 0; i < HGI_COUNT(words); i++) {
        if (strcmp(word, words[i]) != 0) continue;
        *channels = i < 2 ? 1 : 3;
        return HG_OK;
    }
    return hgi_fail(ctx, HG_EINVAL, "colour '%s': expected grey or colour", word);
}

/* What the caller says; what he leaves open, as the model's pictures were read. */
static hg_status read_options(images *m, const hg_data_options *o)
{
    hg_ctx *ctx = m->ctx;
    hgi_prep *prep = &m->p->how.prep;
    bool own = o->resize != NULL || o->crop != NULL || o->tile != NULL;
    if (o->pictures != NULL) *prep = o->pictures->prep;
    if (own) *prep = (hgi_prep){.channels = prep->channels};
    m->skip = o->skip_bad != 0;
    m->most = o->max_pixels > 0 ? o->max_pixels : MOST_PIXELS;
    HGI_TRY(read_colour(ctx, o->colour, &prep->channels));
    HGI_TRY(read_size(ctx, "resize", o->resize, true, prep->resize));
    HGI_TRY(read_size(ctx, "crop", o->crop, false, prep->crop));
    HGI_TRY(read_size(ctx, "tile", o->tile, false, prep->tile));
    if (o->stride != NULL && prep->tile[0] == 0)
        return hgi_fail(ctx, HG_EINVAL, "stride: is one of tiles; give tile, too");
    if (prep->tile[0] > 0 && prep->stride[0] == 0)
        memcpy(prep->stride, prep->tile, sizeof prep->stride);
    HGI_TRY(read_size(ctx, "stride", o->stride, true, prep->stride));
    if (prep->tile[0] > 0 && prep->stride[1] == 0) prep->stride[1] = prep->stride[0];
    if (prep->stride[0] <= prep->tile[0] && prep->stride[1] <= prep->tile[1])
        return HG_OK;
    return hgi_fail(ctx, HG_EINVAL,
                    "stride %lldx%lld: larger than the tile of %lldx%lld, which would "
                    "leave pixels out",
                    (long long)prep->stride[0], (long long)prep->stride[1],
                    (long long)prep->tile[0], (long long)prep->tile[1]);
}

/* ---- the stream --- */

static void run_task(task *t, images *m)
{
    hgi_area area;
    const hgi_picture_item *it = &m->p->item[t->item];
    t->status = prepare(m, t->item, &area, t->why);
    if (t->status != HG_OK) return;
    cut_rows(m, &area, 0, it->rows, t->to);
    hgi_free(&m->ctx->mem, area.owned);
}

static bool large(const images *m, int64_t item)
{
    const hgi_picture_head *h = &m->p->item[item].head;
    return h->height * h->width > ALONE;
}

static void run_item(void *arg, int64_t i, int worker)
{
    images *m = arg;
    (void)worker;
    if (!large(m, m->tasks[i].item)) run_task(&m->tasks[i], m);
}

/* Memory that decoding one takes, at the most: pixels, turned or as libpng gives them, and
 * as floats.                                                                           */
static hg_status check_large(const images *m, int64_t item)
{
    const hgi_picture_item *it = &m->p->item[item];
    double pixels = (double)it->head.height * (double)it->head.width;
    double value = it->head.bits == 16 ? 2 : 1;
    double bytes = pixels * m->p->how.prep.channels * (2 * value + (m->u8 ? 0 : 4));
    char path[600];
    hgi_pictures_path(m->p, it, path, sizeof path);
    return large(m, item) ? hgi_check_memory(m->ctx, bytes, path) : HG_OK;
}

/* A picture that was given, where those that were left out leave no gap. */
static void keep(images *m, int64_t item, int64_t *at)
{
    struct hgi_pictures *p = m->p;
    if (m->kept < item) p->item[m->kept] = p->item[item];
    p->item[m->kept].first = *at;
    *at += p->item[m->kept++].rows;
}

/* Whole pictures, as many as there is room for.  *n rows of them came. */
static hg_status next_pictures(hgi_blocks *s, images *m, int64_t *n)
{
    unsigned char *block = s->block->owned;
    hgi_team *team;
    int64_t count = 0, rows = 0, first = s->first, filled = 0;
    HGI_TRY(hgi_ctx_team(m->ctx, &team));
    for (; m->item < m->p->count && count < m->room; m->item++, count++) {
        int64_t more = m->p->item[m->item].rows;
        if (rows + more > s->room) break;
        m->tasks[count] = (task){.item = m->item, .to = block + rows * m->row};
        rows += more;
    }
    hgi_stage stage = {run_item, m, count};
    if (count > 1)
        hgi_team_run(team, &stage, 1);
    else
        run_item(m, 0, 0);
    for (int64_t i = 0; i < count; i++) {
        task *t = &m->tasks[i];
        if (large(m, t->item)) {
            HGI_TRY(check_large(m, t->item));
            run_task(t, m);
        }
        if (t->status != HG_OK) {
            HGI_TRY(leave_out(m, t->item, t->status, t->why));
            continue;
        }
        int64_t bytes = m->p->item[t->item].rows * m->row;
        if (block + filled < t->to) memmove(block + filled, t->to, (size_t)bytes);
        filled += bytes;
        keep(m, t->item, &first);
    }
    *n = filled / m->row;
    return HG_OK;
}

/* A part of the picture that is open, or of the next, which has more rows than a block. */
static hg_status next_part(hgi_blocks *s, images *m, int64_t *n)
{
    int64_t at = s->first;
    char why[HGI_WHY];
    if (m->open.owned == NULL) {
        HGI_TRY(check_large(m, m->item));
        hg_status status = prepare(m, m->item, &m->open, why);
        if (status != HG_OK) {
            *n = 0;
            return leave_out(m, m->item++, status, why);
        }
        keep(m, m->item++, &at);
        m->part = 0;
    }
    *n = hgi_min(s->room, m->p->item[m->kept - 1].rows - m->part);
    cut_rows(m, &m->open, m->part, *n, s->block->owned);
    m->part += *n;
    if (m->part < m->p->item[m->kept - 1].rows) return HG_OK;
    hgi_free(&m->ctx->mem, m->open.owned);
    m->open.owned = NULL;
    return HG_OK;
}

/* How many were left out is said once, at the end. */
static hg_status at_the_end(images *m)
{
    m->p->count = m->kept;
    if (m->kept == 0)
        return hgi_fail(m->ctx, HG_EFORMAT, "no picture could be read; the first: %.900s",
                        m->first);
    if (m->skipped > 0)
        hgi_log(m->ctx, HG_LOG_WARNING,
                "%lld of %lld pictures could not be read and were left out; the first: "
                "%.800s",
                (long long)m->skipped, (long long)(m->kept + m->skipped), m->first);
    m->skipped = 0;
    return HG_OK;
}

static hg_status make_tasks(hgi_blocks *s, images *m)
{
    if (m->tasks != NULL) return HG_OK;
    m->room = hgi_min(s->room, m->p->count);
    m->tasks = hgi_calloc(&m->ctx->mem, (size_t)m->room, sizeof *m->tasks);
    return m->tasks != NULL
               ? HG_OK
               : hgi_fail_mem(m->ctx, (size_t)m->room * sizeof *m->tasks, "pictures");
}

static hg_status next(hgi_blocks *s, int64_t *n)
{
    images *m = s->state;
    HGI_TRY(make_tasks(s, m));
    *n = 0;
    while (*n == 0) {
        if (m->open.owned == NULL && m->item == m->p->count) return at_the_end(m);
        if (m->open.owned != NULL || m->p->item[m->item].rows > s->room)
            HGI_TRY(next_part(s, m, n));
        else
            HGI_TRY(next_pictures(s, m, n));
    }
    return HG_OK;
}

static void close_images(hgi_blocks *s)
{
    images *m = s->state;
    const hgi_mem *mem = &s->ctx->mem;
    if (m == NULL) return;
    hgi_free(mem, m->open.owned);
    hgi_free(mem, m->tasks);
    hgi_free(mem, m->bytes);
    if (!m->given) hgi_pictures_free(&m->p);
    hgi_free(mem, m);
    s->state = NULL;
}

/* ---- opening --- */

/* All bytes of a source; a pipe says nothing of its length. */
static hg_status read_source(images *m, hgi_source *s)
{
    int64_t left = hgi_source_exact(s) ? hgi_source_left(s) : -1;
    int64_t room = left >= 0 ? left + 1 : 1 << 20;
    size_t got = 1;
    if (room > MOST_BYTES)
        return hgi_fail(m->ctx, HG_EFORMAT, "%s: over %lld bytes, no picture",
                        hgi_source_path(s), (long long)MOST_BYTES);
    while (got > 0) {
        unsigned char *p = hgi_realloc(&m->ctx->mem, m->bytes, (size_t)room);
        if (p == NULL) return hgi_fail_mem(m->ctx, (size_t)room, "a picture");
        m->bytes = p;
        HGI_TRY(hgi_source_read(s, p + m->n, (size_t)(room - m->n), &got));
        m->n += (int64_t)got;
        if (m->n == room) room *= 2;
        if (room > 2 * MOST_BYTES)
            return hgi_fail(m->ctx, HG_EFORMAT, "%s: over %lld bytes, no picture",
                            hgi_source_path(s), (long long)MOST_BYTES);
    }
    return HG_OK;
}

/* "png and jpeg, 8 bits, 3 classes" */
static hg_status describe(hgi_blocks *s, const images *m)
{
    const struct hgi_pictures *p = m->p;
    bool kind[3] = {false};
    char text[96], classes[32] = "";
    for (int64_t i = 0; i < p->count; i++) kind[p->item[i].head.kind] = true;
    if (p->classes > 0)
        snprintf(classes, sizeof classes, ", %lld class%s", (long long)p->classes,
                 p->classes == 1 ? "" : "es");
    snprintf(text, sizeof text, "%s%s%s %d bits %s%s", kind[HGI_PICTURE_PNG] ? "png" : "",
             kind[HGI_PICTURE_PNG] && kind[HGI_PICTURE_JPEG] ? " and " : "",
             kind[HGI_PICTURE_JPEG] ? "jpeg" : "", p->how.bits,
             p->how.prep.channels == 1 ? "grey" : "colour", classes);
    hgi_free(&s->ctx->mem, s->block->stored);
    s->block->stored = hgi_strdup(&s->ctx->mem, text);
    return s->block->stored != NULL ? HG_OK
                                    : hgi_fail_mem(s->ctx, sizeof text, "a type's name");
}

static hg_status open_images(hgi_blocks *s, const hg_data_options *o)
{
    hg_ctx *ctx = s->ctx;
    const char *name = hgi_source_path(s->source);
    images *m = hgi_calloc(&ctx->mem, 1, sizeof *m);
    if (m == NULL) return hgi_fail_mem(ctx, sizeof *m, "pictures");
    m->ctx = ctx;
    s->state = m;
    s->next = next;
    s->close = close_images;
    if (hgi_source_is_folder(s->source)) {
        HGI_TRY(hgi_pictures_list(ctx, name, &m->p));
    } else {
        HGI_TRY(hgi_pictures_one(ctx, name, &m->p));
        HGI_TRY(read_source(m, s->source));
    }
    HGI_TRY(read_options(m, o));
    HGI_TRY(look_at_all(m));
    HGI_TRY(settle(m, o->limit));
    int64_t shape[3] = {m->shape[0], m->shape[1], m->p->how.prep.channels};
    HGI_TRY(hgi_dataset_take(ctx, name, "images", m->u8 ? HG_U8 : HG_F32, m->rows,
                             shape[2] == 1 ? 2 : 3, shape, NULL, &s->block));
    s->block->pictures = m->p;
    s->block->pictures_owned = m->given = true;
    m->row = hgi_dataset_row_bytes(s->block);
    /* One that cannot be decoded is known when its turn comes. */
    s->rows = m->skip ? -1 : m->rows;
    s->guess = (double)m->rows;
    return describe(s, m);
}

/* Content alone decides: an ending may lie. */
static int probe(const unsigned char *head, size_t n, const char *path)
{
    (void)path;
    return hgi_picture_kind_of(head, n) != HGI_PICTURE_NONE ? 2 : 0;
}

const hgi_reader hgi_reader_images = {
    "images", "PNG and JPEG pictures: a file, or a folder whose folders are classes",
    probe, open_images};
