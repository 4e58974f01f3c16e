// SPDX-License-Identifier: MIT
/* A whole file in memory, for the small ones: configurations, headers, texts.         */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_CAPACITY 4096
#define LARGEST_HINT (1 << 26)

/* Read to the end whatever the file says of its size: a pipe says nothing and a growing
 * file lies.                                                                          */
static hg_status read_all(hg_ctx *ctx, FILE *f, const char *name, size_t hint,
                          size_t limit, char **data, size_t *size)
{
    size_t cap = hint, len = 0;
    char *s = hgi_alloc(&ctx->mem, cap);
    hg_status status = HG_OK;
    if (s == NULL) return hgi_fail_mem(ctx, cap, name);
    for (;;) {
        len += fread(s + len, 1, cap - 1 - len, f);
        if (len < cap - 1) break;
        if (len > limit) break;
        char *grown = hgi_realloc(&ctx->mem, s, 2 * cap);
        if (grown == NULL) {
            status = hgi_fail_mem(ctx, 2 * cap, name);
            goto done;
        }
        s = grown;
        cap *= 2;
    }
    if (ferror(f)) {
        status = hgi_fail_io(ctx, name, "read", errno);
    } else if (len > limit) {
        status = hgi_fail(ctx, HG_EFORMAT, "%s: over %zu bytes, more than this can be",
                          name, limit);
    }
done:
    if (status != HG_OK) {
        hgi_free(&ctx->mem, s);
        return status;
    }
    s[len] = '\0';
    *data = s;
    *size = len;
    return HG_OK;
}

hg_status hgi_read_file(hg_ctx *ctx, const char *path, size_t limit, char **data,
                        size_t *size)
{
    *data = NULL;
    *size = 0;
    bool is_stdin = strcmp(path, "-") == 0;
    const char *name = is_stdin ? "standard input" : path;
    FILE *f = is_stdin ? stdin : fopen(path, "rbe");
    if (f == NULL) return hgi_fail_io(ctx, name, "open", errno);
    size_t hint = FIRST_CAPACITY;
    struct stat st;
    hg_status status = HG_OK;
    if (fstat(fileno(f), &st) == 0) {
        if (S_ISDIR(st.st_mode)) status = hgi_fail_io(ctx, name, "read", EISDIR);
        /* A file that lies about its size gets a bounded first buffer.  One byte for the
         * NUL, one to see the end without growing.                                    */
        if (S_ISREG(st.st_mode) && st.st_size > 0) {
            hint = st.st_size < LARGEST_HINT ? (size_t)st.st_size : LARGEST_HINT;
            hint = (hint < limit ? hint : limit) + 2;
        }
    }
    if (status == HG_OK) status = read_all(ctx, f, name, hint, limit, data, size);
    if (!is_stdin) fclose(f);
    return status;
}

size_t hgi_read_head(const char *path, void *head, size_t n)
{
    struct stat st;
    ssize_t got = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not wait */
    if (fd < 0) return 0;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) got = read(fd, head, n);
    close(fd);
    return got > 0 ? (size_t)got : 0;
}
