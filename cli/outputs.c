// SPDX-License-Identifier: MIT
/* Can the outputs of a command be written?  Asked before the work, not after it.
 *
 * A training of hours that ends in "cannot write" is lost, so what the library will do at
 * the end is tried at the start: a file is written beside its place and renamed, so its
 * folder must take a new file; a device must take a write.  The disk can still fill up
 * meanwhile, which nobody can know.                                                    */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static bool same_file(const char *a, const char *b)
{
    struct stat x, y;
    if (stat(a, &x) != 0 || stat(b, &y) != 0) return false;
    return S_ISREG(x.st_mode) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int cannot_write(const char *path, const char *why)
{
    cli_say("%s: cannot write: %s", path, why);
    return CLI_FAILED;
}

/* Arguments are inputs, and so is --valid; the outputs of one command differ, too.     */
static const char *clash(const cli *c, const char *path)
{
    static const char *const others[] = {"output", "log", "plot", "codes"};
    const char *valid = cli_get(c, "valid"), *fit = cli_get(c, "fit");
    int named = 0;
    for (int i = 0; i < c->arg_count; i++)
        if (same_file(path, c->args[i])) return "it is an input of this command";
    if (valid != NULL && same_file(path, valid)) return "it is an input of this command";
    if (fit != NULL && same_file(path, fit)) return "it is an input of this command";
    for (int i = 0; i < 4; i++) {
        const char *other = cli_get(c, others[i]);
        named += other != NULL && strcmp(other, path) == 0;
    }
    return named > 1 ? "two outputs have this name" : NULL;
}

/* Make a file in the folder and take it away again: only this tells.  Permissions do not,
 * since root has them all, even where there is nothing to write to (/proc, a read-only
 * disk).                                                                               */
static int try_folder(const char *path, const char *folder)
{
    char name[PATH_MAX];
    struct stat s;
    if (stat(folder, &s) != 0) {
        int error = errno;
        const char *what = error == ENOENT ? "there is no folder"
                           : error == ENOTDIR
                               ? "a file stands where a folder is needed in"
                               : strerror(error);
        cli_say("%s: cannot write: %s '%s'", path, what, folder);
        return CLI_FAILED;
    }
    if (!S_ISDIR(s.st_mode)) {
        cli_say("%s: cannot write: '%s' is a file, expected a folder", path, folder);
        return CLI_FAILED;
    }
    int n = snprintf(name, sizeof(name), "%s/.hourglass-%ld-try", folder, (long)getpid());
    if (n < 0 || n >= (int)sizeof(name))
        return cannot_write(path, strerror(ENAMETOOLONG));
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        cli_say("%s: cannot write: the folder '%s' takes no new file (%s)", path, folder,
                strerror(errno));
        return CLI_FAILED;
    }
    close(fd);
    unlink(name);
    return CLI_OK;
}

static int try_folder_of(const char *path, const char *file)
{
    char *folder = cli_strdup(file);
    char *slash = strrchr(folder, '/');
    /* "/x" lies in "/". */
    if (slash != NULL) slash[slash == folder ? 1 : 0] = '\0';
    int code = try_folder(path, slash != NULL ? folder : ".");
    free(folder);
    return code;
}

/* Nothing of no bytes: a device that will refuse (/dev/full) refuses this, too.        */
static int try_device(const char *path)
{
    int fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    int error = fd < 0 || write(fd, "", 0) < 0 ? errno : 0;
    if (fd >= 0) close(fd);
    return error == 0 ? CLI_OK : cannot_write(path, strerror(error));
}

/* beside: it will be written beside and renamed, as all but a log are.                 */
static int check(const cli *c, const char *path, bool beside)
{
    struct stat s;
    char real[PATH_MAX];
    if (strcmp(path, "-") == 0) return CLI_OK;
    if (path[0] == '\0') return cannot_write("''", "the name is empty");
    const char *why = clash(c, path);
    if (why != NULL) return cli_usage_error("%s: cannot write: %s", path, why);
    if (stat(path, &s) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) return try_folder_of(path, path);
        return cannot_write(path, strerror(errno));
    }
    if (S_ISDIR(s.st_mode))
        return cannot_write(path, "it is a folder, expected the name of a file");
    if (access(path, W_OK) != 0) return cannot_write(path, strerror(errno));
    if (S_ISCHR(s.st_mode)) return try_device(path);
    if (!S_ISREG(s.st_mode) || !beside) return CLI_OK;
    /* The file's own folder, not that of a link to it. */
    return try_folder_of(path, realpath(path, real) != NULL ? real : path);
}

int cli_check_output(const cli *c, const char *path) { return check(c, path, true); }

/* A folder may be there, or is to be made; files in it are written as any other.       */
int cli_check_rows(const cli *c, const char *path, const char *format)
{
    struct stat s;
    bool png = format == NULL || strcmp(format, "png") == 0;
    size_t n = strlen(path);
    bool there = stat(path, &s) == 0 && S_ISDIR(s.st_mode);
    if (!png || n == 0 || (!there && path[n - 1] != '/'))
        return cli_check_output(c, path);
    if (there) return try_folder(path, path);
    char *name = cli_strdup(path);
    while (n > 1 && name[n - 1] == '/') name[--n] = '\0';
    int code = try_folder_of(path, name);
    free(name);
    return code;
}

/* An empty file, or one whose first line is one of a log; that a crash cut short, too. */
static bool may_be_log(const char *path)
{
    static const char *const starts[] = {"{\"epoch\":", "{\"stage\":", "{\"settings\":"};
    char head[16] = "";
    FILE *f = fopen(path, "rb");
    if (f == NULL) return true; /* what it is will be told by writing it */
    size_t n = fread(head, 1, sizeof(head) - 1, f);
    fclose(f);
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
        if (strncmp(head, starts[i], strlen(starts[i])) == 0) return true;
    return n == 0;
}

int cli_check_log(const cli *c, const char *path)
{
    struct stat s;
    int code = check(c, path, false);
    if (code != CLI_OK || cli_has(c, "force") || strcmp(path, "-") == 0) return code;
    if (stat(path, &s) != 0 || !S_ISREG(s.st_mode) || may_be_log(path)) return CLI_OK;
    return cli_usage_error(
        "%s: cannot write: it is there, and no log of a training; --force replaces it",
        path);
}

/* A name mistyped by a word is often that of the data: only a model, or nothing at all, is
 * replaced unasked.                                                                    */
int cli_check_model(const cli *c, const char *path)
{
    struct stat s;
    hg_model *model = NULL;
    int code = cli_check_output(c, path);
    if (code != CLI_OK || cli_has(c, "force") || strcmp(path, "-") == 0) return code;
    if (stat(path, &s) != 0 || !S_ISREG(s.st_mode) || s.st_size == 0) return CLI_OK;
    hg_status status = hg_model_load(c->ctx, path, &model);
    hg_model_free(&model);
    if (status != HG_EFORMAT) return CLI_OK;
    return cli_usage_error(
        "%s: cannot write: it is there, and no model; --force replaces it", path);
}

int cli_check_picture(const cli *c, const char *path)
{
    hg_fact f;
    const char *end = strrchr(path, '.');
    if (end == NULL || (strcasecmp(end, ".png") != 0 && strcasecmp(end, ".svg") != 0 &&
                        strcasecmp(end, ".pdf") != 0))
        return cli_usage_error("%s: expected a name that ends in .png, .svg or .pdf",
                               path);
    for (int i = 0; hg_info(c->ctx, i, &f); i++)
        if (strcmp(f.name, "cairo") == 0 && strncmp(f.value, "not ", 4) == 0) {
            cli_say("%s: cairo is %s", path, f.value);
            return CLI_FAILED;
        }
    return cli_check_output(c, path);
}

int cli_check_format(const char *format)
{
    const char *names[32];
    int n = 0;
    hg_fact f;
    if (format == NULL) return CLI_OK;
    for (int i = 0; n < 32 && hg_list("writers", i, &f); i++) {
        if (strcmp(f.name, format) == 0) return CLI_OK;
        names[n++] = f.name;
    }
    const char *near = cli_nearest(format, names, n);
    return cli_usage_error("--to: unknown format '%s'%s%s%s", format,
                           near != NULL ? "; did you mean '"
                                        : "; see hourglass list writers",
                           near != NULL ? near : "", near != NULL ? "'?" : "");
}
