// SPDX-License-Identifier: MIT
/* Bytes from a file, a pipe, memory or an archive, gunzipped on the fly.
 *
 * One buffer of 256 kB holds what came from the system.  Large reads of plain files and
 * all of inflate's output go straight to the reader's memory, so that loading needs the
 * data themselves and little more.  zlib's own memory comes from hgi_alloc() too.
 * Source of the gzip format: RFC 1952; several members in a row are one stream.        */
#include "data/data.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define BUFFER ((size_t)256 * 1024)
#define HEAD 512
/* Deflate cannot shrink by more than this (zlib's technical notes: 1032:1).            */
#define MOST_INFLATED 1032

struct hgi_source {
    hg_ctx *ctx;
    char *path;
    int fd; /* -1: bytes of memory, or all was read   */
    bool close_fd;
    bool folder;   /* no bytes at all */
    bool sized;    /* a regular file: how long it is, is known       */
    int64_t start; /* sized: where in the file reading began         */
    int64_t size;  /* sized: bytes from there to the end, when opened */
    int64_t come;  /* bytes that came from the system                */
    int64_t taken; /* compressed bytes that inflate has used */
    int64_t given; /* bytes that it made of them             */
    unsigned char *in;
    size_t in_len, in_pos;
    bool in_owned;
    hgi_origin origin; /* of bytes that something else gives, or zeros */
    bool gzip, z_live, z_end;
    z_stream z;
    unsigned char head[HEAD]; /* gzip: inflated for peek, not yet read */
    size_t head_len, head_pos;
};

const char *hgi_source_path(const hgi_source *s) { return s->path; }

bool hgi_source_is_folder(const hgi_source *s) { return s->folder; }

/* Only then is a wrong length an error before the data are read. */
bool hgi_source_exact(const hgi_source *s) { return !s->gzip && s->sized; }

int hgi_source_place(const hgi_source *s, int64_t *at)
{
    *at = s->start + s->come - (int64_t)(s->in_len - s->in_pos);
    return hgi_source_exact(s) && s->in_owned ? s->fd : -1;
}

bool hgi_source_again(const hgi_source *s) { return s->close_fd && s->sized; }

/* Bytes still in the file, by what it was when it was opened. */
static int64_t unread(const hgi_source *s) { return hgi_max(0, s->size - s->come); }

int64_t hgi_source_left(const hgi_source *s)
{
    if (!s->sized) return -1;
    int64_t raw = unread(s) + (int64_t)(s->in_len - s->in_pos), all;
    if (!s->gzip) return raw;
    /* One more longest match may wait inside inflate, its input long consumed.         */
    if (__builtin_mul_overflow(raw + 1, MOST_INFLATED, &all)) return INT64_MAX;
    return all + (int64_t)(s->head_len - s->head_pos);
}

int64_t hgi_source_guess(const hgi_source *s)
{
    int64_t left = hgi_source_left(s);
    if (left < 0 || !s->gzip || s->taken == 0) return left;
    double ratio = (double)s->given / (double)s->taken;
    double raw = (double)(unread(s) + (int64_t)(s->in_len - s->in_pos));
    return hgi_min(left, (int64_t)(ratio * raw));
}

/* zlib's 40 kB are counted, and can fail in a test, like all other memory. */
static voidpf z_alloc(voidpf opaque, uInt items, uInt size)
{
    return hgi_alloc(opaque, (size_t)items * size);
}

static void z_free(voidpf opaque, voidpf p) { hgi_free(opaque, p); }

void hgi_source_close(hgi_source **source)
{
    if (source == NULL || *source == NULL) return;
    hgi_source *s = *source;
    hgi_mem mem = s->ctx->mem;
    if (s->z_live) inflateEnd(&s->z);
    if (s->close_fd) close(s->fd);
    if (s->origin.close != NULL) s->origin.close(s->origin.user);
    if (s->in_owned) hgi_free(&mem, s->in);
    hgi_free(&mem, s->path);
    hgi_free(&mem, s);
    *source = NULL;
}

/* One read(2), again when a signal cut in. */
static hg_status read_file(hgi_source *s, void *p, size_t n, size_t *got)
{
    ssize_t r;
    do {
        r = read(s->fd, p, n);
    } while (r < 0 && errno == EINTR);
    if (r < 0)
        return hgi_fail(s->ctx, HG_EIO, "%s: cannot read: %s", s->path, strerror(errno));
    *got = (size_t)r;
    return HG_OK;
}

/* Some bytes from where they come from.  0 of them: the end.                           */
static hg_status read_some(hgi_source *s, void *p, size_t n, size_t *got)
{
    *got = 0;
    if (s->origin.read != NULL) {
        HGI_TRY(s->origin.read(s->origin.user, p, n, got));
    } else if (s->fd >= 0) {
        HGI_TRY(read_file(s, p, n, got));
    } else {
        return HG_OK;
    }
    s->come += (int64_t)*got;
    if (*got > 0 || !s->sized || s->come == s->size) return HG_OK;
    return hgi_fail(s->ctx, HG_EIO,
                    "%s: %s while it was read: %lld bytes, had %lld at the start",
                    s->path, s->come < s->size ? "was cut short" : "grew",
                    (long long)s->come, (long long)s->size);
}

/* More bytes into the empty or partly filled buffer; *got 0 at the end.                */
static hg_status fill(hgi_source *s, size_t *got)
{
    *got = 0;
    if (!s->in_owned) return HG_OK;
    if (s->in_pos == s->in_len) s->in_pos = s->in_len = 0;
    HGI_TRY(read_some(s, s->in + s->in_len, BUFFER - s->in_len, got));
    s->in_len += *got;
    return HG_OK;
}

/* What is buffered first; a large rest then goes past the buffer, a small one through. */
static hg_status read_plain(hgi_source *s, unsigned char *p, size_t n, size_t *got)
{
    while (*got < n) {
        size_t have = s->in_len - s->in_pos, want = n - *got, now;
        if (have > 0) {
            now = have < want ? have : want;
            memcpy(p + *got, s->in + s->in_pos, now);
            s->in_pos += now;
        } else if (want >= BUFFER) {
            HGI_TRY(read_some(s, p + *got, want, &now));
            if (now == 0) return HG_OK;
        } else {
            HGI_TRY(fill(s, &now));
            if (now == 0) return HG_OK;
            continue;
        }
        *got += now;
    }
    return HG_OK;
}

/* After the end of a member: another one follows, or the stream ends here.             */
static hg_status next_member(hgi_source *s)
{
    size_t got = 0;
    while (s->in_owned && s->in_len - s->in_pos < 2) {
        if (s->in_pos > 0) memmove(s->in, s->in + s->in_pos, s->in_len - s->in_pos);
        s->in_len -= s->in_pos;
        s->in_pos = 0;
        HGI_TRY(fill(s, &got));
        if (got == 0) break;
    }
    const unsigned char *p = s->in + s->in_pos;
    if (s->in_pos == s->in_len) {
        s->z_end = true;
        return HG_OK;
    }
    if (s->in_len - s->in_pos < 2 || p[0] != 0x1f || p[1] != 0x8b) {
        return hgi_fail(s->ctx, HG_EFORMAT, "%s: bytes after the end of the gzip stream",
                        s->path);
    }
    inflateReset(&s->z);
    return HG_OK;
}

/* zlib says what is wrong in its own words; the place is how far it came. */
static hg_status inflate_failed(hgi_source *s, int rc)
{
    if (rc == Z_MEM_ERROR) return hgi_fail_mem(s->ctx, BUFFER, "gunzipping");
    return hgi_fail(s->ctx, HG_EFORMAT, "%s: damaged gzip data after %lld bytes: %s",
                    s->path, (long long)s->taken,
                    s->z.msg != NULL ? s->z.msg : "bad stream");
}

/* Inflate to where the reader wants it.  The end of a member is seen only by a read beyond
 * it, and so is a wrong checksum: a reader asks for one more byte when it has all. */
static hg_status read_gzip(hgi_source *s, unsigned char *p, size_t n, size_t *got)
{
    while (*got < n && !s->z_end) {
        if (s->in_pos == s->in_len) {
            size_t more;
            HGI_TRY(fill(s, &more));
            if (more == 0) {
                return hgi_fail(s->ctx, HG_EFORMAT,
                                "%s: the gzip stream is cut off after %lld bytes",
                                s->path, (long long)s->taken);
            }
        }
        size_t room = n - *got, have = s->in_len - s->in_pos;
        s->z.next_in = s->in + s->in_pos;
        s->z.avail_in = (uInt)(have < BUFFER ? have : BUFFER);
        s->z.next_out = p + *got;
        s->z.avail_out = (uInt)(room < UINT32_MAX / 2 ? room : UINT32_MAX / 2);
        uInt in = s->z.avail_in, out = s->z.avail_out;
        int rc = inflate(&s->z, Z_NO_FLUSH);
        s->in_pos += in - s->z.avail_in;
        s->taken += in - s->z.avail_in;
        s->given += out - s->z.avail_out;
        *got += out - s->z.avail_out;
        if (rc == Z_STREAM_END) {
            HGI_TRY(next_member(s));
        } else if (rc != Z_OK && rc != Z_BUF_ERROR) {
            return inflate_failed(s, rc);
        }
    }
    return HG_OK;
}

hg_status hgi_source_read(hgi_source *s, void *p, size_t n, size_t *got)
{
    *got = 0;
    if (!s->gzip) return read_plain(s, p, n, got);
    size_t have = s->head_len - s->head_pos;
    *got = have < n ? have : n;
    if (*got > 0) memcpy(p, s->head + s->head_pos, *got);
    s->head_pos += *got;
    return read_gzip(s, p, n, got);
}

/* Valid before the first read only: that is when a format is told. */
const unsigned char *hgi_source_peek(hgi_source *s, size_t *n)
{
    const unsigned char *p = s->gzip ? s->head + s->head_pos : s->in + s->in_pos;
    size_t have = s->gzip ? s->head_len - s->head_pos : s->in_len - s->in_pos;
    *n = have < HEAD ? have : HEAD;
    return p;
}

/* ---- opening ------------------------------------------------------------------------- */

/* Look at the first bytes; start inflate when they are gzip's.                         */
static hg_status look(hgi_source *s)
{
    size_t got = 1;
    while (s->in_len < HEAD && got > 0) HGI_TRY(fill(s, &got));
    if (s->in_len < 2 || s->in[0] != 0x1f || s->in[1] != 0x8b) return HG_OK;
    s->z.zalloc = z_alloc;
    s->z.zfree = z_free;
    s->z.opaque = &s->ctx->mem;
    int rc =
        inflateInit2(&s->z, 15 + 16); /* largest window, gzip's header and checksum */
    if (rc != Z_OK) return inflate_failed(s, rc);
    s->z_live = s->gzip = true;
    return read_gzip(s, s->head, HEAD, &s->head_len);
}

/* As for bytes in memory: nothing to read from the system. */
static hg_status source_new(hg_ctx *ctx, const char *name, hgi_source **out)
{
    hgi_source *s = hgi_calloc(&ctx->mem, 1, sizeof *s);
    *out = NULL;
    if (s == NULL) return hgi_fail_mem(ctx, sizeof *s, "reading");
    s->ctx = ctx;
    s->fd = -1;
    s->path = hgi_strdup(&ctx->mem, name);
    if (s->path == NULL) {
        hgi_source_close(&s);
        return hgi_fail_mem(ctx, strlen(name) + 1, "a path");
    }
    *out = s;
    return HG_OK;
}

hg_status hgi_source_from_memory(hg_ctx *ctx, const char *name, const void *bytes,
                                 size_t n, hgi_source **out)
{
    HGI_TRY(source_new(ctx, name, out));
    hgi_source *s = *out;
    s->in =
        (unsigned char *)(uintptr_t)bytes; /* never written: in_owned is false        */
    s->in_len = n;
    s->sized = true;
    s->size = s->come = (int64_t)n;
    hg_status status = look(s);
    if (status != HG_OK) hgi_source_close(out);
    return status;
}

/* The buffer is the source's from its first moment, so that look() can fill it. */
static hg_status take_buffer(hgi_source *s)
{
    s->in = hgi_alloc(&s->ctx->mem, BUFFER);
    s->in_owned = true;
    return s->in != NULL ? HG_OK : hgi_fail_mem(s->ctx, BUFFER, "a read buffer");
}

hg_status hgi_source_from_origin(hg_ctx *ctx, const char *name, const hgi_origin *origin,
                                 int64_t size, hgi_source **out)
{
    hg_status status = HG_OK;
    HGI_TRY(source_new(ctx, name, out));
    hgi_source *s = *out;
    HGI_GOTO(take_buffer(s));
    s->origin = *origin;
    s->sized = true;
    s->size = size;
    HGI_GOTO(look(s));
done:
    if (status != HG_OK) {
        s->origin.close = NULL; /* it stays the caller's */
        hgi_source_close(out);
    }
    return status;
}

static hg_status open_file(hgi_source *s, const char *path)
{
    struct stat st;
    bool in = strcmp(path, "-") == 0;
    s->fd = in ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (s->fd < 0) {
        return hgi_fail(s->ctx, HG_EIO, "%s: cannot open: %s", path, strerror(errno));
    }
    s->close_fd = !in;
    if (fstat(s->fd, &st) != 0) {
        return hgi_fail(s->ctx, HG_EIO, "%s: cannot read: %s", path, strerror(errno));
    }
    if (S_ISDIR(st.st_mode)) {
        close(s->fd);
        s->fd = -1;
        s->close_fd = false;
        s->folder = true;
        return HG_OK;
    }
    if (S_ISREG(st.st_mode) && st.st_size > 0) {
        /* Standard input may be a file that a shell has read some of. */
        off_t at = in ? lseek(s->fd, 0, SEEK_CUR) : 0;
        s->sized = at >= 0 && at <= st.st_size;
        s->start = s->sized ? (int64_t)at : 0;
        s->size = s->sized ? (int64_t)(st.st_size - at) : 0;
    }
    return HG_OK;
}

hg_status hgi_source_open(hg_ctx *ctx, const char *path, hgi_source **out)
{
    hg_status status = HG_OK;
    hgi_source *s;
    HGI_TRY(source_new(ctx, strcmp(path, "-") == 0 ? "stdin" : path, out));
    s = *out;
    HGI_GOTO(take_buffer(s));
    HGI_GOTO(open_file(s, path));
    HGI_GOTO(look(s));
done:
    if (status != HG_OK) hgi_source_close(out);
    return status;
}
