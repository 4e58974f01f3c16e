// SPDX-License-Identifier: MIT
/* Rows as PNG files: one picture to a file, several to a folder.
 *
 * A row that was a picture, or the tiles that were one, gets that picture's name, below the
 * same folder of a class; other rows are numbered.  16 bits where the pictures had them.
 * White is 255 where rows are bytes or came from pictures, and 1 where all values lie in
 * [0,1]; other rows are no pictures.                                                   */
#include "data/formats.h"
#include "data/pictures.h"
#include "data/stitch.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

struct hgi_save_pictures {
    hg_ctx *ctx;
    const hg_dataset *like;
    char *path; /* of the file, or of the folder */
    bool folder;
    float white;
    hgi_stitch whole; /* of the tiles so far */
    int64_t tiles;
    hgi_text text;
    uint16_t *wide; /* a picture's values */
    int64_t room;
};

static bool is_folder(const char *path)
{
    struct stat st;
    size_t n = strlen(path);
    return (n > 0 && path[n - 1] == '/') || (stat(path, &st) == 0 && S_ISDIR(st.st_mode));
}

/* Height, width and channels of a row. */
static hg_status check_shape(hg_ctx *ctx, const char *path, const hg_dataset *d)
{
    bool picture =
        d->rank == 2 || (d->rank == 3 && (d->shape[2] == 1 || d->shape[2] == 3));
    if (picture && d->shape[0] < INT32_MAX && d->shape[1] < INT32_MAX) return HG_OK;
    return hgi_fail(ctx, HG_ESHAPE,
                    "%s: rows of %lld values in %d dimension%s are no pictures, expected "
                    "HEIGHTxWIDTH, x1 or x3 (shape says it)",
                    path, (long long)d->features, d->rank, d->rank == 1 ? "" : "s");
}

static hg_status find_white(hg_ctx *ctx, const char *path, const hg_dataset *d,
                            float *out)
{
    *out = d->white;
    if (*out > 0) return HG_OK;
    *out = d->pictures != NULL || d->type == HG_U8 ? 255 : 1;
    if (*out > 1 || (d->min >= 0 && d->max <= 1)) return HG_OK;
    *out = 255;
    if (d->min >= 0 && d->max <= 255) return HG_OK;
    return hgi_fail(ctx, HG_ERANGE,
                    "%s: values from %g to %g are no pixels, expected 0 to 255 or 0 to 1",
                    path, d->min, d->max);
}

/* One file is one picture. */
static hg_status check_one(const struct hgi_save_pictures *s, int64_t rows)
{
    const struct hgi_pictures *p = s->like->pictures;
    if (s->folder || rows == 1 || (p != NULL && p->count == 1 && rows >= 0)) return HG_OK;
    char count[32] = "some";
    if (rows >= 0) snprintf(count, sizeof count, "%lld", (long long)rows);
    return hgi_fail(s->ctx, HG_EINVAL,
                    "%s: %s rows, and a PNG file is one picture; name a folder, like %s/",
                    s->path, count, s->path);
}

/* Nobody wants the originals gone. */
static hg_status check_not_source(const struct hgi_save_pictures *s)
{
    struct stat a, b;
    const struct hgi_pictures *p = s->like->pictures;
    if (!s->folder || p == NULL || p->root == NULL || stat(p->root, &a) != 0 ||
        stat(s->path, &b) != 0 || a.st_dev != b.st_dev || a.st_ino != b.st_ino)
        return HG_OK;
    return hgi_fail(s->ctx, HG_EINVAL,
                    "%s: the folder that the pictures come from; name another", s->path);
}

static hg_status make_folder(hg_ctx *ctx, const char *path)
{
    struct stat st;
    if (mkdir(path, 0777) == 0 || (stat(path, &st) == 0 && S_ISDIR(st.st_mode)))
        return HG_OK;
    return hgi_fail_io(ctx, path, "make the folder", errno);
}

hg_status hgi_save_pictures_open(hg_ctx *ctx, const char *path, const hg_dataset *like,
                                 int64_t rows, struct hgi_save_pictures **out)
{
    hg_status status = HG_OK;
    float white;
    size_t n = strlen(path);
    *out = NULL;
    if (hgi_png_version() == NULL)
        return hgi_fail(ctx, HG_EUNAVAILABLE,
                        "%s: PNG is not built in: install libpng-dev and rebuild", path);
    HGI_TRY(check_shape(ctx, path, like));
    HGI_TRY(find_white(ctx, path, like, &white));
    struct hgi_save_pictures *s = hgi_calloc(&ctx->mem, 1, sizeof *s);
    if (s == NULL) return hgi_fail_mem(ctx, sizeof *s, "pictures");
    s->ctx = ctx;
    s->like = like;
    s->white = white;
    s->folder = is_folder(path);
    hgi_text_init(&s->text, &ctx->mem);
    while (s->folder && n > 1 && path[n - 1] == '/') n--;
    s->path = hgi_strndup(&ctx->mem, path, n);
    if (s->path == NULL) HGI_GOTO(hgi_fail_mem(ctx, n, "a path"));
    HGI_GOTO(check_one(s, rows));
    if (s->folder) HGI_GOTO(make_folder(ctx, s->path));
    HGI_GOTO(check_not_source(s));
    *out = s;
done:
    if (status != HG_OK) hgi_save_pictures_close(&s);
    return status;
}

void hgi_save_pictures_close(struct hgi_save_pictures **save)
{
    struct hgi_save_pictures *s = *save;
    if (s == NULL) return;
    hgi_mem mem = s->ctx->mem;
    hgi_stitch_free(&mem, &s->whole);
    hgi_text_free(&s->text);
    hgi_free(&mem, s->wide);
    hgi_free(&mem, s->path);
    hgi_free(&mem, s);
    *save = NULL;
}

/* ---- a file --- */

/* Folders of the name, below the one that is there. */
static hg_status make_folders(hg_ctx *ctx, char *path, size_t from)
{
    for (char *p = strchr(path + from, '/'); p != NULL; p = strchr(p + 1, '/')) {
        *p = '\0';
        hg_status status = make_folder(ctx, path);
        *p = '/';
        if (status != HG_OK) return status;
    }
    return HG_OK;
}

/* What a picture is to be called; the ending is .png, whatever it was. */
static hg_status file_name(const struct hgi_save_pictures *s,
                           const hgi_picture_item *item, int64_t row, char *out, size_t n)
{
    int used;
    if (!s->folder) {
        used = snprintf(out, n, "%s", s->path);
    } else if (item == NULL) {
        used = snprintf(out, n, "%s/%06lld.png", s->path, (long long)row + 1);
    } else {
        const char *name = item->path, *slash = strrchr(name, '/');
        if (s->like->pictures->root == NULL && slash != NULL) name = slash + 1;
        const char *end = strrchr(name, '.');
        bool png = end != NULL && strcasecmp(end, ".png") == 0;
        used = snprintf(out, n, "%s/%s%s", s->path, name, png ? "" : ".png");
    }
    if (used < 0 || (size_t)used >= n)
        return hgi_fail(s->ctx, HG_EIO, "%.900s: names too long", s->path);
    return s->folder ? make_folders(s->ctx, out, strlen(s->path) + 1) : HG_OK;
}

/* Values of the row's units to 8 or 16 bits, rounded; both in room for 16. */
static void quantise(const struct hgi_save_pictures *s, const float *x, int64_t n,
                     int bits)
{
    const float most = bits == 16 ? 65535 : 255, factor = most / s->white;
    unsigned char *narrow = (unsigned char *)s->wide;
    for (int64_t i = 0; i < n; i++) {
        float v = x[i] * factor + 0.5f;
        v = v > 0 ? v : 0; /* also of a NaN */
        v = v < most ? v : most;
        if (bits == 16)
            s->wide[i] = (uint16_t)v;
        else
            narrow[i] = (unsigned char)v;
    }
}

static hg_status write_picture(struct hgi_save_pictures *s, const float *x,
                               const int64_t size[2], const char *path)
{
    const hg_dataset *d = s->like;
    char why[HGI_WHY];
    hgi_outfile f;
    hgi_pixels px = {.height = size[0],
                     .width = size[1],
                     .channels = d->rank == 3 ? (int)d->shape[2] : 1,
                     .bits = d->pictures != NULL ? d->pictures->how.bits : 8};
    int64_t n = px.height * px.width * px.channels;
    if (n > s->room) {
        hgi_free(&s->ctx->mem, s->wide);
        s->wide = hgi_alloc(&s->ctx->mem, (size_t)n * sizeof *s->wide);
        s->room = s->wide != NULL ? n : 0;
        if (s->wide == NULL) return hgi_fail_mem(s->ctx, (size_t)n, "a picture");
    }
    quantise(s, x, n, px.bits);
    px.p = s->wide;
    hgi_text_free(&s->text);
    hgi_text_init(&s->text, &s->ctx->mem);
    hg_status status = hgi_png_encode(&px, &s->text, why);
    if (status != HG_OK) return hgi_fail(s->ctx, status, "%.700s: %s", path, why);
    HGI_TRY(hgi_outfile_open(s->ctx, path, &f));
    f.loose = s->folder; /* the disk takes thousands together sooner than one by one */
    hgi_outfile_write(&f, s->text.s, s->text.len);
    return hgi_outfile_commit(&f);
}

/* A tile; the picture is written with its last one. */
static hg_status add_tile(struct hgi_save_pictures *s, const hgi_picture_item *item,
                          int64_t row, const float *x, const char *path)
{
    const hg_dataset *d = s->like;
    const hgi_prep *prep = &d->pictures->how.prep;
    int64_t tile = row - item->first;
    if (tile == 0) {
        hgi_stitch_free(&s->ctx->mem, &s->whole);
        HGI_TRY(hgi_stitch_begin(s->ctx, item->area, prep->channels, &s->whole));
    }
    /* Rows of a split may begin in the middle of a picture. */
    if (s->whole.sum == NULL) return HG_OK;
    hgi_stitch_add(&s->whole, prep, tile, x);
    if (tile + 1 < item->rows) return HG_OK;
    hgi_stitch_end(&s->whole);
    hg_status status = write_picture(s, s->whole.sum, item->area, path);
    hgi_stitch_free(&s->ctx->mem, &s->whole);
    return status;
}

hg_status hgi_save_pictures_row(struct hgi_save_pictures *s, int64_t row, const float *x)
{
    const hg_dataset *d = s->like;
    char path[PATH_MAX];
    const hgi_picture_item *item = NULL;
    if (d->order != NULL && d->pictures != NULL) row = d->order[row];
    if (d->pictures != NULL) item = hgi_pictures_of(d->pictures, row);
    HGI_TRY(file_name(s, item, row, path, sizeof path));
    if (item != NULL && d->pictures->how.prep.tile[0] > 0)
        return add_tile(s, item, row, x, path);
    return write_picture(s, x, d->shape, path);
}

hg_status hgi_save_pictures_whole(struct hgi_save_pictures *s,
                                  const hgi_picture_item *item, const float *x,
                                  const int64_t size[2])
{
    char path[PATH_MAX];
    HGI_TRY(file_name(s, item, item->first, path, sizeof path));
    return write_picture(s, x, size, path);
}

/* The table's row: the rest of it is above, because a picture is not a piece of a file. */
const hgi_writer hgi_writer_png = {
    .name = "png",
    .brief = "PNG pictures: a file for one row, a folder (OUT/) for several",
    .endings = ".png /",
    .value_bytes = 1};
