// SPDX-License-Identifier: MIT
/* Files without a name, for what is too large for memory, and reads at a place.
 *
 * Such a file is gone with its last descriptor, whatever happens to the process.  It lies
 * in $TMPDIR, else in /var/tmp: /tmp is often memory, which is what there is too little of.
 * Reading by pread(2) and not by mmap(2): a file that is cut short meanwhile then gives
 * fewer bytes, which is an error to report, and not a signal.                          */
#define _GNU_SOURCE
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_PATH 4096

/* Where the file system knows no nameless files, a named one loses its name at once.   */
static int open_nameless(const char *folder)
{
#ifdef O_TMPFILE
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0) return fd;
#endif
    char path[MAX_PATH];
    int n = snprintf(path, sizeof path, "%s/.hourglass-XXXXXX", folder);
    if (n < 0 || n >= (int)sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int named = mkostemp(path, O_CLOEXEC);
    if (named >= 0) unlink(path);
    return named;
}

hg_status hgi_tempfile(hg_ctx *ctx, int *fd)
{
    const char *folder = getenv("TMPDIR");
    if (folder == NULL || *folder == '\0') folder = "/var/tmp";
    *fd = open_nameless(folder);
    if (*fd >= 0) return HG_OK;
    int error = errno;
    return hgi_fail(ctx, HG_EIO, "%s: cannot make a file for rows (set TMPDIR): %s",
                    folder, strerror(error));
}

int hgi_read_at(int fd, void *p, size_t n, int64_t at)
{
    for (size_t done = 0; done < n;) {
        ssize_t r = pread(fd, (char *)p + done, n - done, (off_t)(at + (int64_t)done));
        if (r == 0) return HGI_CUT_SHORT;
        if (r < 0 && errno != EINTR) return errno;
        if (r > 0) done += (size_t)r;
    }
    return 0;
}

int hgi_write_at(int fd, const void *p, size_t n, int64_t at)
{
    for (size_t done = 0; done < n;) {
        ssize_t r =
            pwrite(fd, (const char *)p + done, n - done, (off_t)(at + (int64_t)done));
        if (r < 0 && errno != EINTR) return errno;
        if (r > 0) done += (size_t)r;
    }
    return 0;
}
