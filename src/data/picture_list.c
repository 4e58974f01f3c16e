// SPDX-License-Identifier: MIT
/* Which pictures a folder has.
 *
 * A file is a picture by the ending of its name, because opening every file of a large
 * folder to look is slow; what it is then is told by its content.  Names are compared byte
 * by byte, so that the order of rows does not depend on the locale, and a folder's files
 * stand together.  Hidden files and folders (".DS_Store", "._a.png") are not looked at. */
#include "data/names.h"
#include "data/pictures.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { DEPTH = 12 }; /* of folders in folders */

typedef struct walk {
    hg_ctx *ctx;
    struct hgi_pictures *p;
    char path[PATH_MAX]; /* of the folder under way */
    size_t root;         /* length of the part that is not stored, with its '/' */
    dev_t device[DEPTH]; /* of the folders above: a link to one of them goes round */
    ino_t number[DEPTH];
} walk;

static bool is_picture(const char *name)
{
    static const char *const endings[] = {".png", ".jpg", ".jpeg", ".jpe", ".jfif"};
    const char *end = strrchr(name, '.');
    for (int i = 0; end != NULL && i < HGI_COUNT(endings); i++)
        if (strcasecmp(end, endings[i]) == 0) return true;
    return false;
}

static hg_status add_item(walk *w)
{
    struct hgi_pictures *p = w->p;
    if (p->count == p->room) {
        int64_t more = hgi_max(64, 2 * p->room);
        hgi_picture_item *item =
            hgi_realloc(&p->mem, p->item, (size_t)more * sizeof *item);
        if (item == NULL)
            return hgi_fail_mem(w->ctx, (size_t)more * sizeof *item, "a list of files");
        p->item = item;
        p->room = more;
    }
    /* The text moves while it grows: its place until then. */
    p->item[p->count++] = (hgi_picture_item){.first = (int64_t)p->text.len, .label = -1};
    hgi_text_add_bytes(&p->text, w->path + w->root, strlen(w->path + w->root) + 1);
    return hgi_text_ok(&p->text) ? HG_OK
                                 : hgi_fail_mem(w->ctx, p->text.len, "a list of files");
}

static hg_status walk_folder(walk *w, int depth);

/* w->path has the entry's name. */
static hg_status take_entry(walk *w, int depth)
{
    struct stat st;
    const char *name = strrchr(w->path, '/') + 1;
    if (stat(w->path, &st) != 0) return HG_OK; /* a link to nothing, or gone meanwhile */
    if (S_ISDIR(st.st_mode)) return walk_folder(w, depth + 1);
    if (S_ISREG(st.st_mode) && is_picture(name)) return add_item(w);
    if (w->p->others++ == 0)
        hgi_shown(name, strlen(name), w->p->other, sizeof w->p->other);
    return HG_OK;
}

static hg_status read_entries(walk *w, DIR *dir, int depth)
{
    size_t n = strlen(w->path);
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        if (e->d_name[0] == '.') continue;
        if (n + 1 + strlen(e->d_name) >= sizeof w->path)
            return hgi_fail(w->ctx, HG_EIO, "%.900s: names too long", w->path);
        snprintf(w->path + n, sizeof w->path - n, "/%s", e->d_name);
        HGI_TRY(take_entry(w, depth));
        w->path[n] = '\0';
    }
    return HG_OK;
}

static hg_status walk_folder(walk *w, int depth)
{
    struct stat st;
    if (depth >= DEPTH)
        return hgi_fail(w->ctx, HG_EFORMAT, "%.900s: folders in folders, more than %d",
                        w->path, DEPTH);
    if (stat(w->path, &st) != 0) return hgi_fail_io(w->ctx, w->path, "read", errno);
    for (int i = 0; i < depth; i++)
        if (w->device[i] == st.st_dev && w->number[i] == st.st_ino) return HG_OK;
    w->device[depth] = st.st_dev;
    w->number[depth] = st.st_ino;
    DIR *dir = opendir(w->path);
    if (dir == NULL) return hgi_fail_io(w->ctx, w->path, "read", errno);
    hg_status status = read_entries(w, dir, depth);
    closedir(dir);
    return status;
}

/* ---- order and classes --- */

/* As strcmp(3), with '/' before all else: what lies in a folder stays together. */
static int by_path(const void *a, const void *b)
{
    const unsigned char *x = (const unsigned char *)((const hgi_picture_item *)a)->path;
    const unsigned char *y = (const unsigned char *)((const hgi_picture_item *)b)->path;
    while (*x == *y && *x != '\0') {
        x++;
        y++;
    }
    int c = *x == '/'    ? 1
            : *x == '\0' ? 0
                         : *x + 1,
        d = *y == '/'    ? 1
            : *y == '\0' ? 0
                         : *y + 1;
    return c - d;
}

/* The class of a path: the folder it lies in below the root, "." for the root itself.  */
static size_t class_length(const char *path)
{
    const char *slash = strchr(path, '/');
    return slash != NULL ? (size_t)(slash - path) : 0;
}

static bool same_class(const char *a, const char *b)
{
    size_t n = class_length(a);
    return n == class_length(b) && memcmp(a, b, n) == 0;
}

static hg_status name_class(hg_ctx *ctx, struct hgi_pictures *p, const char *path)
{
    size_t n = class_length(path);
    char *name = n > 0 ? hgi_strndup(&p->mem, path, n) : hgi_strdup(&p->mem, ".");
    char **grown = hgi_realloc(&p->mem, p->class_name,
                               (size_t)(p->classes + 1) * sizeof *p->class_name);
    if (grown != NULL) p->class_name = grown;
    if (name == NULL || grown == NULL) {
        hgi_free(&p->mem, name);
        return hgi_fail_mem(ctx, n, "the names of classes");
    }
    p->class_name[p->classes++] = name;
    return HG_OK;
}

/* Items of a folder are neighbours; those of the root lie between the folders.         */
static hg_status find_classes(hg_ctx *ctx, struct hgi_pictures *p)
{
    int64_t root = -1, foldered = 0;
    for (int64_t i = 0; i < p->count; i++) foldered += class_length(p->item[i].path) > 0;
    for (int64_t i = 0; i < p->count && foldered > 0; i++) {
        hgi_picture_item *it = &p->item[i];
        bool top = class_length(it->path) == 0;
        if (top && root >= 0) {
            it->label = root;
        } else if (!top && i > 0 && same_class(it->path, p->item[i - 1].path)) {
            it->label = p->item[i - 1].label;
        } else {
            HGI_TRY(name_class(ctx, p, it->path));
            it->label = p->classes - 1;
            if (top) root = it->label;
        }
    }
    return HG_OK;
}

/* ---- lists --- */

void hgi_pictures_free(struct hgi_pictures **pictures)
{
    struct hgi_pictures *p = *pictures;
    if (p == NULL) return;
    hgi_mem mem = p->mem;
    for (int64_t i = 0; i < p->classes; i++) hgi_free(&mem, p->class_name[i]);
    hgi_free(&mem, p->class_name);
    hgi_free(&mem, p->item);
    hgi_free(&mem, p->root);
    hgi_text_free(&p->text);
    hgi_free(&mem, p);
    *pictures = NULL;
}

static hg_status list_new(hg_ctx *ctx, struct hgi_pictures **out)
{
    struct hgi_pictures *p = hgi_calloc(&ctx->mem, 1, sizeof *p);
    *out = p;
    if (p == NULL) return hgi_fail_mem(ctx, sizeof *p, "a list of files");
    p->mem = ctx->mem;
    hgi_text_init(&p->text, &ctx->mem);
    return HG_OK;
}

static hg_status list_folder(walk *w, const char *folder)
{
    struct hgi_pictures *p = w->p;
    size_t n = strlen(folder);
    while (n > 1 && folder[n - 1] == '/') n--;
    if (n + 2 >= sizeof w->path)
        return hgi_fail(w->ctx, HG_EIO, "%.900s: names too long", folder);
    p->root = hgi_strndup(&p->mem, folder, n);
    if (p->root == NULL) return hgi_fail_mem(w->ctx, n, "a path");
    memcpy(w->path, p->root, n + 1);
    w->root = n + 1;
    HGI_TRY(walk_folder(w, 0));
    if (p->count == 0 && p->others == 0)
        return hgi_fail(w->ctx, HG_EFORMAT, "%s: an empty folder, expected pictures",
                        folder);
    if (p->count == 0)
        return hgi_fail(w->ctx, HG_EFORMAT,
                        "%s: no PNG or JPEG pictures in this folder, %lld other file%s, "
                        "one is %s",
                        folder, (long long)p->others, p->others == 1 ? "" : "s",
                        p->other);
    for (int64_t i = 0; i < p->count; i++) p->item[i].path = p->text.s + p->item[i].first;
    qsort(p->item, (size_t)p->count, sizeof *p->item, by_path);
    return find_classes(w->ctx, p);
}

hg_status hgi_pictures_list(hg_ctx *ctx, const char *folder, struct hgi_pictures **out)
{
    HGI_TRY(list_new(ctx, out));
    walk *w = hgi_calloc(&ctx->mem, 1, sizeof *w);
    hg_status status = w != NULL ? HG_OK : hgi_fail_mem(ctx, sizeof *w, "a folder");
    if (status == HG_OK) {
        w->ctx = ctx;
        w->p = *out;
        status = list_folder(w, folder);
    }
    hgi_free(&ctx->mem, w);
    if (status != HG_OK) hgi_pictures_free(out);
    return status;
}

hg_status hgi_pictures_one(hg_ctx *ctx, const char *path, struct hgi_pictures **out)
{
    HGI_TRY(list_new(ctx, out));
    struct hgi_pictures *p = *out;
    p->item = hgi_calloc(&p->mem, 1, sizeof *p->item);
    hgi_text_add_bytes(&p->text, path, strlen(path) + 1);
    if (p->item == NULL || !hgi_text_ok(&p->text)) {
        hgi_pictures_free(out);
        return hgi_fail_mem(ctx, strlen(path), "a path");
    }
    p->item[0] = (hgi_picture_item){.path = p->text.s, .label = -1};
    p->count = p->room = 1;
    return HG_OK;
}

/* The last one that begins at or before the row. */
const hgi_picture_item *hgi_pictures_of(const struct hgi_pictures *p, int64_t stored)
{
    int64_t lo = 0, hi = p->count;
    while (hi - lo > 1) {
        int64_t mid = lo + (hi - lo) / 2;
        if (p->item[mid].first <= stored)
            lo = mid;
        else
            hi = mid;
    }
    return &p->item[lo];
}

void hgi_pictures_path(const struct hgi_pictures *p, const hgi_picture_item *i, char *out,
                       size_t n)
{
    if (p->root == NULL)
        snprintf(out, n, "%s", i->path);
    else
        snprintf(out, n, "%s/%s", p->root, i->path);
}

/* ---- of a dataset -- */

static const hgi_picture_item *item_of(const hg_dataset *d, int64_t row)
{
    if (d->pictures == NULL || row < 0 || row >= d->rows) return NULL;
    return hgi_pictures_of(d->pictures, d->order != NULL ? d->order[row] : row);
}

const char *hg_dataset_row_name(const hg_dataset *data, int64_t row)
{
    const hgi_picture_item *item = item_of(data, row);
    return item != NULL ? item->path : NULL;
}

int hg_dataset_row_place(const hg_dataset *data, int64_t row, int64_t *top, int64_t *left)
{
    const hgi_picture_item *item = item_of(data, row);
    int64_t at[2] = {0, 0};
    if (item == NULL) return 0;
    const int64_t stored = data->order != NULL ? data->order[row] : row;
    hgi_prep_corner(&data->pictures->how.prep, item->area, stored - item->first, at);
    *top = at[0];
    *left = at[1];
    return 1;
}

const char *hg_dataset_class(const hg_dataset *data, int64_t index)
{
    const struct hgi_pictures *p = data->pictures;
    return p != NULL && index >= 0 && index < p->classes ? p->class_name[index] : NULL;
}

static hg_status class_names(hg_ctx *ctx, const struct hgi_pictures *p, hgi_names **out)
{
    HGI_TRY(hgi_names_new(ctx, p->classes, out));
    for (int64_t i = 0; i < p->classes; i++)
        HGI_TRY(hgi_names_set(ctx, *out, i, p->class_name[i]));
    return HG_OK;
}

hg_status hgi_pictures_label(hg_ctx *ctx, hg_dataset *d)
{
    hg_dataset *labels = NULL;
    if (d->pictures == NULL || d->pictures->classes == 0) return HG_OK;
    for (int64_t r = 0; r < d->rows; r++)
        if (item_of(d, r)->label < 0) return HG_OK;
    HGI_TRY(hg_dataset_labels(ctx, d, &labels));
    hg_status status = hg_dataset_set_labels(ctx, d, labels);
    hg_dataset_free(&labels);
    return status;
}

hg_status hg_dataset_labels(hg_ctx *ctx, const hg_dataset *data, hg_dataset **out)
{
    const int64_t one = 1;
    float *values;
    *out = NULL;
    if (data->pictures == NULL || data->pictures->classes == 0)
        return hgi_fail(ctx, HG_EINVAL,
                        "%s: no classes; they are folders with pictures in one folder",
                        data->name);
    HGI_TRY(
        hgi_dataset_new(ctx, data->name, "classes", data->rows, 1, &one, &values, out));
    for (int64_t r = 0; r < data->rows; r++) values[r] = (float)item_of(data, r)->label;
    hg_status status = hgi_dataset_check(ctx, *out);
    if (status == HG_OK) status = class_names(ctx, data->pictures, &(*out)->label_names);
    if (status != HG_OK) hg_dataset_free(out);
    return status;
}
