// SPDX-License-Identifier: MIT
/* Files that are there whole or not at all: written beside the target, then renamed.
 *
 * A process that is killed, or a disk that fills up, leaves the old file as it was (and
 * at worst a file .hourglass-* beside it).  What is no regular file (a device, a pipe,
 * standard output) cannot be renamed over and is written directly.                    */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define STDOUT_NAME "standard output"
#define MAX_LINKS 32
#define MAX_PATH 4096
#define TEMP_TRIES 100

/* What stands at a path decides how it is written.                                    */
enum target { TARGET_FAILED, TARGET_STDOUT, TARGET_DIRECT, TARGET_RENAME };

/* Follow symbolic links by hand, since the last may point to a file that is not there
 * yet, which realpath() refuses.  0 or an errno.                                      */
static int follow_links(const char *path, char out[MAX_PATH])
{
    if (strlen(path) >= MAX_PATH) return ENAMETOOLONG;
    strcpy(out, path);
    for (int i = 0; i < MAX_LINKS; i++) {
        char link[MAX_PATH];
        ssize_t n = readlink(out, link, sizeof link - 1);
        if (n < 0) return 0; /* not a link, or nothing there: open() will tell */
        link[n] = '\0';
        char *slash = link[0] == '/' ? NULL : strrchr(out, '/');
        size_t dir = slash != NULL ? (size_t)(slash + 1 - out) : 0;
        if (dir + (size_t)n >= MAX_PATH) return ENAMETOOLONG;
        strcpy(out + dir, link);
    }
    return ELOOP;
}

/* Classify, and fill real[] with the path of what will be written and *st with what it
 * replaces (mode 0: nothing).                                                         */
static enum target classify(hg_ctx *ctx, const char *path, char real[MAX_PATH],
                            struct stat *st)
{
    memset(st, 0, sizeof *st);
    if (strcmp(path, "-") == 0) return TARGET_STDOUT;
    int error = path[0] == '\0' ? ENOENT : follow_links(path, real);
    if (error == 0 && stat(real, st) != 0) {
        if (errno == ENOENT && real[strlen(real) - 1] != '/') return TARGET_RENAME;
        error = errno == ENOENT ? EISDIR : errno;
    }
    if (error == 0 && S_ISDIR(st->st_mode)) error = EISDIR;
    /* Renaming over a file does not ask whether that file may be written.             */
    if (error == 0 && access(real, W_OK) != 0) error = errno;
    if (error != 0) {
        hgi_fail_io(ctx, path, "write", error);
        return TARGET_FAILED;
    }
    return S_ISREG(st->st_mode) ? TARGET_RENAME : TARGET_DIRECT;
}

/* Make an empty file with an unused name in the folder of real: its descriptor and its
 * name, or -1.  open() and not mkstemp(): a new file gets its mode from the umask.    */
static int create_beside(const char *real, char temp[MAX_PATH + 64])
{
    const char *slash = strrchr(real, '/');
    int dir = slash != NULL ? (int)(slash + 1 - real) : 0;
    for (int i = 0; i < TEMP_TRIES; i++) {
        struct timespec t;
        clock_gettime(CLOCK_REALTIME, &t);
        snprintf(temp, MAX_PATH + 64, "%.*s.hourglass-%lx-%lx%lx", dir, real,
                 (long)getpid(), (long)t.tv_sec, (long)t.tv_nsec);
        int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST) return fd;
    }
    return -1;
}

/* The new file takes over mode and, where we may give it away, owner of the old.      */
static int keep_attributes(int fd, const struct stat *old)
{
    struct stat st;
    if (old->st_mode == 0) return 0;
    if (fstat(fd, &st) != 0) return -1;
    if ((st.st_uid != old->st_uid || st.st_gid != old->st_gid) &&
        fchown(fd, old->st_uid, old->st_gid) != 0 && errno != EPERM)
        return -1;
    return fchmod(fd, old->st_mode & 07777);
}

static int open_temp(hgi_outfile *o, const char *real, const struct stat *old)
{
    char temp[MAX_PATH + 64];
    int fd = create_beside(real, temp);
    if (fd < 0) return -1;
    int error = keep_attributes(fd, old) != 0 ? errno : 0;
    if (error == 0) {
        o->temp = hgi_strdup(&o->ctx->mem, temp);
        if (o->temp != NULL) return fd;
        error = ENOMEM;
    }
    close(fd);
    unlink(temp);
    errno = error;
    return -1;
}

static void release(hgi_outfile *o)
{
    if (o->f != NULL) fclose(o->f);
    if (o->temp != NULL) unlink(o->temp);
    hgi_free(&o->ctx->mem, o->temp);
    hgi_free(&o->ctx->mem, o->path);
    o->f = NULL;
    o->temp = o->path = NULL;
}

hg_status hgi_outfile_open(hg_ctx *ctx, const char *path, hgi_outfile *o)
{
    *o = (hgi_outfile){.ctx = ctx};
    char real[MAX_PATH] = STDOUT_NAME;
    struct stat old;
    enum target target = classify(ctx, path, real, &old);
    if (target == TARGET_FAILED) return HG_EIO;
    int fd = -1;
    o->path = hgi_strdup(&ctx->mem, real);
    if (o->path == NULL) {
        errno = ENOMEM;
    } else if (target == TARGET_STDOUT) {
        fflush(stdout); /* what was printed so far stands before what is written */
        fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
    } else if (target == TARGET_DIRECT) {
        fd = open(real, O_WRONLY | O_CLOEXEC);
    } else {
        fd = open_temp(o, real, &old);
    }
    o->f = fd >= 0 ? fdopen(fd, "wb") : NULL;
    if (o->f != NULL) return HG_OK;
    int error = errno;
    if (fd >= 0) close(fd);
    release(o);
    if (error == ENOMEM) return hgi_fail_mem(ctx, sizeof real, "writing a file");
    return hgi_fail_io(ctx, path, "write", error);
}

static void fail_write(hgi_outfile *o, int error)
{
    if (o->status == HG_OK) o->error = error;
    o->status = hgi_fail_io(o->ctx, o->path, "write", o->error);
}

void hgi_outfile_write(hgi_outfile *o, const void *p, size_t n)
{
    if (o->status != HG_OK || n == 0) return;
    if (fwrite(p, 1, n, o->f) != n) fail_write(o, errno);
}

hg_status hgi_outfile_commit(hgi_outfile *o)
{
    if (o->f == NULL) return o->status;
    if (o->status == HG_OK && fflush(o->f) != 0) fail_write(o, errno);
    /* On the disk before the name points to it, else a power cut leaves an empty file. */
    bool wait = o->temp != NULL && !o->loose;
    if (o->status == HG_OK && wait && fsync(fileno(o->f)) != 0) fail_write(o, errno);
    int closed = fclose(o->f);
    o->f = NULL;
    if (o->status == HG_OK && closed != 0) fail_write(o, errno);
    if (o->status == HG_OK && o->temp != NULL) {
        if (rename(o->temp, o->path) != 0) {
            fail_write(o, errno);
        } else {
            hgi_free(&o->ctx->mem, o->temp);
            o->temp = NULL;
        }
    }
    /* The message again: the context may have been used since the write that failed.  */
    if (o->status != HG_OK) fail_write(o, o->error);
    release(o);
    return o->status;
}

void hgi_outfile_abort(hgi_outfile *o)
{
    if (o->path != NULL) release(o);
}

hg_status hgi_check_writable(hg_ctx *ctx, const char *path)
{
    char real[MAX_PATH];
    struct stat old;
    enum target target = classify(ctx, path, real, &old);
    if (target == TARGET_FAILED) return HG_EIO;
    /* Opening a pipe would wait for its reader; for a device the right to write was
     * asked.  For a file, only trying tells (full folder, read-only file system).      */
    if (target != TARGET_RENAME) return HG_OK;
    hgi_outfile o;
    HGI_TRY(hgi_outfile_open(ctx, path, &o));
    hgi_outfile_abort(&o);
    return HG_OK;
}
