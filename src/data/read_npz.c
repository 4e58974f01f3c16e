// SPDX-License-Identifier: MIT
/* NPZ, NumPy's archive of arrays: a ZIP file with a member "NAME.npy" for each array.
 *
 * One array is read, as a source in the archive that goes through the NPY reader.  Which
 * one follows from its name or from what is there; nothing is unpacked but that.
 *
 * An archive is not trusted.  Only stored and deflated members are read, without passwords;
 * a member that claims more than deflate can make of its bytes (1032 times as much, zlib's
 * technical notes) is refused before a byte is read, and what the array's header asks for
 * is held against the member's size by the array reader, before memory is asked for.
 * libzip compares size and checksum with what comes.
 * Source: NumPy, numpy.lib.format; PKWARE, APPNOTE.TXT.                                */
#include "data/blocks.h"
#include "data/formats.h"

#include <string.h>

/* Many files are ZIP archives; this one begins with an array, or has no member at all.  The
 * header of the first has the length of its name at byte 26, the name at 30.           */
static int probe(const unsigned char *head, size_t n, const char *path)
{
    size_t end = strlen(path), len = n > 30 ? (size_t)(head[26] | head[27] << 8) : 0;
    if (n < 4 || head[0] != 'P' || head[1] != 'K') return 0;
    if (memcmp(head + 2, "\5\6", 2) == 0) return 2;
    if (memcmp(head + 2, "\3\4", 2) != 0) return 0;
    if (end >= 4 && memcmp(path + end - 4, ".npz", 4) == 0) return 2;
    bool npy = len > 4 && len <= n - 30 && memcmp(head + 26 + len, ".npy", 4) == 0;
    return npy ? 2 : 0;
}

#if HG_WITH_ZIP

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#define MOST_INFLATED 1032
/* Members whose headers are looked at when no name says which is meant, and arrays that a
 * message names.                                                                       */
enum { LOOKED_AT = 1000, SHOWN = 12 };

const char *hgi_zip_version(void) { return LIBZIP_VERSION; }

typedef struct archive {
    hg_ctx *ctx;
    const char *path;
    zip_t *zip;
    uint64_t bytes; /* of the file */
} archive;

/* A member while it is read; it owns the archive, which nobody else needs then.        */
typedef struct member {
    hg_ctx *ctx;
    char *path;
    zip_t *zip; /* NULL: it stays the caller's */
    zip_file_t *file;
} member;

/* ---- the archive --- */

/* A copy of what cannot be gone back in: a pipe, gzip, memory. */
static hg_status spool(hg_ctx *ctx, hgi_source *s, int *fd)
{
    hg_status status = HG_OK;
    const size_t room = 256 * 1024;
    size_t got = 0;
    int64_t at = 0;
    char *part = hgi_alloc(&ctx->mem, room);
    if (part == NULL) return hgi_fail_mem(ctx, room, "an archive");
    HGI_GOTO(hgi_tempfile(ctx, fd));
    do {
        HGI_GOTO(hgi_source_read(s, part, room, &got));
        int error = hgi_write_at(*fd, part, got, at);
        if (error != 0)
            HGI_GOTO(hgi_fail_io(ctx, hgi_source_path(s), "keep in a file", error));
        at += (int64_t)got;
    } while (got == room);
done:
    hgi_free(&ctx->mem, part);
    return status;
}

static hg_status zip_failed(hg_ctx *ctx, const char *path, zip_error_t *e)
{
    bool memory = zip_error_code_zip(e) == ZIP_ER_MEMORY;
    bool system = zip_error_code_zip(e) == ZIP_ER_READ;
    return memory ? hgi_fail_mem(ctx, 4096, "an archive")
                  : hgi_fail(ctx, system ? HG_EIO : HG_EFORMAT,
                             "%s: not a ZIP archive that can be read: %s", path,
                             zip_error_strerror(e));
}

static hg_status open_archive(hg_ctx *ctx, hgi_source *s, archive *out)
{
    hg_status status = HG_OK;
    struct stat file;
    int64_t at;
    int code = 0, fd = -1, place = hgi_source_place(s, &at);
    *out = (archive){.ctx = ctx, .path = hgi_source_path(s)};
    if (place >= 0 && at == 0) {
        fd = dup(place);
        if (fd < 0) HGI_GOTO(hgi_fail_io(ctx, out->path, "open", errno));
    } else {
        HGI_GOTO(spool(ctx, s, &fd));
    }
    if (fstat(fd, &file) != 0) HGI_GOTO(hgi_fail_io(ctx, out->path, "read", errno));
    out->bytes = (uint64_t)file.st_size;
    /* It takes the descriptor on success only. */
    out->zip = zip_fdopen(fd, 0, &code);
    if (out->zip != NULL) {
        fd = -1;
    } else {
        zip_error_t e;
        zip_error_init_with_code(&e, code);
        status = zip_failed(ctx, out->path, &e);
        zip_error_fini(&e);
    }
done:
    if (fd >= 0) close(fd);
    return status;
}

/* ---- a member --- */

static hg_status read_member(void *user, void *p, size_t n, size_t *got)
{
    member *m = user;
    zip_int64_t r = zip_fread(m->file, p, n);
    if (r < 0) {
        zip_error_t *e = zip_file_get_error(m->file);
        return zip_error_code_zip(e) == ZIP_ER_MEMORY
                   ? hgi_fail_mem(m->ctx, n, "unpacking")
                   : hgi_fail(m->ctx, HG_EFORMAT, "%s: damaged in the archive: %s",
                              m->path, zip_error_strerror(e));
    }
    *got = (size_t)r;
    return HG_OK;
}

static void close_member(void *user)
{
    member *m = user;
    hgi_mem mem = m->ctx->mem;
    if (m->file != NULL) zip_fclose(m->file);
    if (m->zip != NULL) zip_discard(m->zip);
    hgi_free(&mem, m->path);
    hgi_free(&mem, m);
}

/* What is claimed of it, before a byte of it is read. */
static hg_status check_member(const archive *a, const zip_stat_t *st)
{
    const zip_uint64_t wanted =
        ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_NAME;
    char name[64];
    hgi_shown(st->name, strlen(st->name), name, sizeof name);
    if ((st->valid & wanted) != wanted)
        return hgi_fail(a->ctx, HG_EFORMAT, "%s: '%s': its size is not known", a->path,
                        name);
    if ((st->valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 &&
        st->encryption_method != ZIP_EM_NONE)
        return hgi_fail(a->ctx, HG_EFORMAT, "%s: '%s' is encrypted", a->path, name);
    if (st->comp_method != ZIP_CM_STORE && st->comp_method != ZIP_CM_DEFLATE)
        return hgi_fail(a->ctx, HG_EFORMAT,
                        "%s: '%s': compression method %d, expected 0 (stored) or 8 "
                        "(deflated)",
                        a->path, name, (int)st->comp_method);
    uint64_t most = st->comp_size <= a->bytes ? st->comp_size : 0;
    if (st->comp_method == ZIP_CM_DEFLATE) most = (most + 1) * MOST_INFLATED;
    if (st->size > most)
        return hgi_fail(a->ctx, HG_EFORMAT,
                        "%s: '%s' claims %llu bytes from %llu, in an archive of %llu",
                        a->path, name, (unsigned long long)st->size,
                        (unsigned long long)st->comp_size, (unsigned long long)a->bytes);
    return HG_OK;
}

/* Member `index` as a source "a.npz:X", which takes the archive with it when `take`.   */
static hg_status open_member(archive *a, zip_uint64_t index, bool take, hgi_source **out)
{
    hg_status status = HG_OK;
    zip_stat_t st;
    char name[300], shown[200];
    *out = NULL;
    zip_stat_init(&st);
    if (zip_stat_index(a->zip, index, ZIP_FL_ENC_RAW, &st) != 0)
        return zip_failed(a->ctx, a->path, zip_get_error(a->zip));
    HGI_TRY(check_member(a, &st));
    member *m = hgi_calloc(&a->ctx->mem, 1, sizeof *m);
    if (m == NULL) return hgi_fail_mem(a->ctx, sizeof *m, "an archive");
    m->ctx = a->ctx;
    hgi_shown(st.name, strlen(st.name) - 4, shown, sizeof shown);
    snprintf(name, sizeof name, ":%s", shown);
    size_t n = strlen(a->path) + strlen(name) + 1;
    m->path = hgi_alloc(&a->ctx->mem, n);
    if (m->path == NULL) HGI_GOTO(hgi_fail_mem(a->ctx, n, "a path"));
    snprintf(m->path, n, "%s%s", a->path, name);
    m->file = zip_fopen_index(a->zip, index, 0);
    if (m->file == NULL) HGI_GOTO(zip_failed(a->ctx, a->path, zip_get_error(a->zip)));
    const hgi_origin origin = {read_member, close_member, m};
    HGI_GOTO(hgi_source_from_origin(a->ctx, m->path, &origin, (int64_t)st.size, out));
    if (take) {
        m->zip = a->zip;
        a->zip = NULL;
    }
done:
    if (status != HG_OK) close_member(m);
    return status;
}

/* ---- which array --- */

/* The array's name is the member's without ".npy"; NULL when it is no array.           */
static const char *array_name(const archive *a, int64_t i, size_t *n)
{
    const char *name = zip_get_name(a->zip, (zip_uint64_t)i, ZIP_FL_ENC_RAW);
    *n = name != NULL ? strlen(name) : 0;
    if (*n < 5 || memcmp(name + *n - 4, ".npy", 4) != 0) return NULL;
    *n -= 4;
    return name;
}

/* Its place, -1 when there is none; *times counts those of this name: a second one could
 * be what another program reads.                                                       */
static int64_t find(const archive *a, const char *word, int *times)
{
    size_t n;
    int64_t found = -1;
    *times = 0;
    for (int64_t i = 0; i < zip_get_num_entries(a->zip, 0); i++) {
        const char *name = array_name(a, i, &n);
        if (name == NULL || n != strlen(word) || memcmp(name, word, n) != 0) continue;
        found = i;
        ++*times;
    }
    return found;
}

/* Its header.  HG_EFORMAT and the like for an array that no reader here takes.         */
static hg_status look_at(archive *a, int64_t i, hgi_array *out)
{
    hgi_source *s;
    HGI_TRY(open_member(a, (zip_uint64_t)i, false, &s));
    hg_status status = hgi_npy_header(a->ctx, s, out);
    hgi_source_close(&s);
    return status;
}

/* "X 1000x20 f64, y 1000 i64, names (not numbers)" */
static hg_status describe(archive *a, hgi_text *t)
{
    size_t n;
    int64_t shown = 0, all = 0;
    for (int64_t i = 0; i < zip_get_num_entries(a->zip, 0); i++) {
        const char *name = array_name(a, i, &n);
        hgi_array array;
        char word[64];
        if (name == NULL) continue;
        if (++all > SHOWN) continue;
        hgi_shown(name, n, word, sizeof word);
        hgi_text_add(t, "%s%s ", shown++ > 0 ? ", " : "", word);
        hg_status status = look_at(a, i, &array);
        if (status == HG_ENOMEM) return status;
        if (status != HG_OK) hgi_text_add(t, "(not numbers)");
        for (int k = 0; k < array.rank && status == HG_OK; k++)
            hgi_text_add(t, "%s%lld", k > 0 ? "x" : "", (long long)array.dim[k]);
        if (status == HG_OK) hgi_text_add(t, " %s", hgi_cell_name(array.cell));
    }
    if (all > SHOWN) hgi_text_add(t, " and %lld more", (long long)(all - SHOWN));
    if (all == 0) hgi_text_add(t, "no arrays (members that end in .npy)");
    return hgi_text_ok(t) ? HG_OK : hgi_fail_mem(a->ctx, t->len, "a list of arrays");
}

/* The error that says what is there. */
static hg_status say_which(archive *a, const char *what, const char *word)
{
    hgi_text t;
    char shown[64] = "";
    hgi_text_init(&t, &a->ctx->mem);
    hg_status status = describe(a, &t);
    if (word != NULL) hgi_shown(word, strlen(word), shown, sizeof shown);
    if (status == HG_OK)
        status = hgi_fail(a->ctx, word != NULL ? HG_EUNKNOWN : HG_EFORMAT,
                          "%s: %s%s; it has %.700s", a->path, what, shown, t.s);
    hgi_text_free(&t);
    return status;
}

/* The only array that has rows of several values, or the only one at all.              */
static hg_status only_one(archive *a, int64_t *out)
{
    size_t n;
    int64_t all = 0, wide = 0, looked = 0;
    for (int64_t i = 0; i < zip_get_num_entries(a->zip, 0); i++) {
        if (array_name(a, i, &n) == NULL) continue;
        if (all++ == 0) *out = i;
    }
    if (all == 1) return HG_OK;
    if (all == 0) return say_which(a, "no data", NULL);
    for (int64_t i = 0; i < zip_get_num_entries(a->zip, 0); i++) {
        hgi_array array;
        if (array_name(a, i, &n) == NULL) continue;
        if (++looked > LOOKED_AT) break;
        hg_status status = look_at(a, i, &array);
        if (status == HG_ENOMEM || status == HG_EIO) return status;
        if (status != HG_OK || array.rank < 2) continue;
        if (wide++ == 0) *out = i;
    }
    if (wide == 1 && looked <= LOOKED_AT) return HG_OK;
    return say_which(a, "several arrays, name one: --array NAME", NULL);
}

static hg_status pick(archive *a, const char *word, int64_t *out)
{
    static const char *const usual[] = {"X", "x", "data"};
    int times = 0;
    if (word != NULL) {
        *out = find(a, word, &times);
        if (*out < 0) return say_which(a, "no array ", word);
    } else {
        *out = -1;
        for (int k = 0; k < HGI_COUNT(usual) && *out < 0; k++)
            *out = find(a, usual[k], &times);
        if (*out < 0) return only_one(a, out);
    }
    if (times < 2) return HG_OK;
    size_t n;
    const char *name = array_name(a, *out, &n);
    char shown[64];
    hgi_shown(name, n, shown, sizeof shown);
    return hgi_fail(a->ctx, HG_EFORMAT, "%s: %d arrays are named %s, expected one",
                    a->path, times, shown);
}

static hg_status open_npz(hgi_blocks *s, const hg_data_options *o)
{
    hg_status status = HG_OK;
    archive a;
    int64_t index;
    HGI_GOTO(open_archive(s->ctx, s->source, &a));
    HGI_GOTO(pick(&a, o->array, &index));
    HGI_GOTO(open_member(&a, (zip_uint64_t)index, true, &s->inner));
    s->source = s->inner;
    HGI_GOTO(hgi_reader_npy.open(s, o));
    s->block->format = "npz";
done:
    if (a.zip != NULL) zip_discard(a.zip);
    return status;
}

#else

const char *hgi_zip_version(void) { return NULL; }

static hg_status open_npz(hgi_blocks *s, const hg_data_options *o)
{
    (void)o;
    return hgi_fail(s->ctx, HG_EUNAVAILABLE,
                    "%s: NPZ is not built in: install libzip-dev and rebuild",
                    hgi_source_path(s->source));
}

#endif

const hgi_reader hgi_reader_npz = {
    "npz", "a NumPy archive, one array of it: --array NAME, or FILE.npz:NAME", probe,
    open_npz};
