// SPDX-License-Identifier: MIT
/* hg_dataset_save: which writer, and writing aside.                                    */
#include "data/data.h"
#include "data/formats.h"

#include <string.h>

const hgi_writer *const hgi_writers[] = {&hgi_writer_npy, &hgi_writer_csv,
                                         &hgi_writer_idx, NULL};

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

static hg_status find_writer(hg_ctx *ctx, const char *path, const char *format,
                             const hgi_writer **out)
{
    const char *names[WRITERS];
    char all[128];
    size_t len = 0;
    for (int i = 0; i < WRITERS; i++) {
        const hgi_writer *w = hgi_writers[i];
        names[i] = w->name;
        *out = w;
        if (format != NULL && strcmp(format, w->name) == 0) return HG_OK;
        if (format == NULL && claims(w->endings, path)) return HG_OK;
        for (const char *p = w->endings; *p != '\0' && len + 8 < sizeof all; p++) {
            if (p == w->endings && i > 0) len += (size_t)sprintf(all + len, ", ");
            if (*p == ' ')
                len += (size_t)sprintf(all + len, ", ");
            else
                all[len++] = *p;
        }
        all[len] = '\0';
    }
    if (format == NULL && strcmp(path, "-") == 0) {
        *out = &hgi_writer_csv;
        return HG_OK;
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

/* The writer is found before a file is touched; a failed write leaves the old file. */
hg_status hg_dataset_save(hg_ctx *ctx, const hg_dataset *data, const char *path,
                          const char *format)
{
    const hgi_writer *w;
    hgi_outfile f;
    HGI_TRY(find_writer(ctx, path, format, &w));
    HGI_TRY(hgi_outfile_open(ctx, path, &f));
    hg_status status = w->write(ctx, data, &f);
    if (status == HG_OK) return hgi_outfile_commit(&f);
    hgi_outfile_abort(&f);
    return status;
}
