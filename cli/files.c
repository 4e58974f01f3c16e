// SPDX-License-Identifier: MIT
/* Contexts, data, models and outputs, as the command line names them.                  */
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void log_line(void *user, hg_log_level level, const char *line)
{
    const cli *c = user;
    if (level == HG_LOG_WARNING)
        cli_say("warning: %s", line);
    else if (cli_has(c, "verbose"))
        cli_say("%s", line);
}

int cli_context(cli *c)
{
    if (c->ctx != NULL) return CLI_OK;
    int64_t threads = 0;
    const char *word = cli_get(c, "threads");
    if (word == NULL || strcmp(word, "all") != 0) {
        int code = cli_get_int(c, "threads", 1, 4096, &threads);
        if (code != CLI_OK) return code;
    }
    hg_ctx_options o = {.size = sizeof(o), .threads = (int)threads};
    o.cpu = cli_get(c, "cpu");
    if (o.cpu != NULL && strcmp(o.cpu, "best") == 0) o.cpu = NULL;
    o.log = log_line;
    o.log_user = c;
    hg_status status = hg_ctx_new(&o, &c->ctx);
    if (status == HG_OK) return CLI_OK;
    if (status == HG_EUNKNOWN)
        return cli_usage_error("cpu: '%s' is not known; known: ref, avx2, avx512, neon",
                               o.cpu);
    if (status == HG_EUNAVAILABLE)
        cli_say("cpu: %s is not in this build or not on this machine", o.cpu);
    else
        cli_say("%s", hg_strerror(status));
    return CLI_FAILED;
}

/* One character, by itself or by its name. */
static int read_character(cli *c, const char *name, char *out)
{
    const char *text = cli_get(c, name);
    if (text == NULL) return CLI_OK;
    if (strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0)
        *out = '\t';
    else if (strcmp(text, "comma") == 0)
        *out = ',';
    else if (strcmp(text, "semicolon") == 0)
        *out = ';';
    else if (text[0] != '\0' && text[1] == '\0')
        *out = text[0];
    else
        return cli_usage_error("%s: '%s' is not one character", name, text);
    return CLI_OK;
}

int cli_read_data_options(cli *c, hg_data_options *out)
{
    *out = (hg_data_options){.size = sizeof(*out)};
    out->format = cli_get(c, "format");
    out->drop = cli_get(c, "drop");
    out->shape = cli_get(c, "shape");
    out->drop_non_numeric = cli_has(c, "drop-non-numeric");
    out->header = cli_has(c, "header") - cli_has(c, "no-header");
    if (cli_has(c, "header") && cli_has(c, "no-header"))
        return cli_usage_error("header: --header and --no-header exclude each other");
    out->columns = cli_get(c, "columns");
    int code = cli_get_int(c, "limit", 1, INT64_MAX, &out->limit);
    if (code == CLI_OK) code = read_character(c, "delimiter", &out->delimiter);
    if (code == CLI_OK) code = read_character(c, "decimal", &out->decimal);
    return code;
}

int cli_open_data(cli *c, const char *path, hg_dataset **out)
{
    hg_data_options o;
    int code = cli_read_data_options(c, &o);
    if (code == CLI_OK) code = cli_context(c);
    if (code != CLI_OK) return code;
    hg_status status = hg_dataset_open(c->ctx, path, &o, out);
    if (status == HG_OK) return CLI_OK;
    cli_failed(c);
    /* A wrong word of --format is the command line's fault, not the file's. */
    return status == HG_EUNKNOWN || status == HG_EINVAL ? CLI_USAGE : CLI_FAILED;
}

int cli_open_model(cli *c, const char *path, hg_model **out)
{
    int code = cli_context(c);
    if (code != CLI_OK) return code;
    return hg_model_load(c->ctx, path, out) == HG_OK ? CLI_OK : cli_failed(c);
}

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
    static const char *const others[] = {"output", "log", "plot"};
    const char *valid = cli_get(c, "valid");
    int named = 0;
    for (int i = 0; i < c->arg_count; i++)
        if (same_file(path, c->args[i])) return "it is an input of this command";
    if (valid != NULL && same_file(path, valid)) return "it is an input of this command";
    for (int i = 0; i < 3; i++) {
        const char *other = cli_get(c, others[i]);
        named += other != NULL && strcmp(other, path) == 0;
    }
    return named > 1 ? "two outputs have this name" : NULL;
}

int cli_check_output(const cli *c, const char *path)
{
    struct stat s;
    if (strcmp(path, "-") == 0) return CLI_OK;
    if (path[0] == '\0') return cannot_write("''", "no name");
    const char *why = clash(c, path);
    if (why != NULL) return cli_usage_error("%s: cannot write: %s", path, why);
    if (stat(path, &s) == 0) {
        if (S_ISDIR(s.st_mode)) return cannot_write(path, "a folder");
        return access(path, W_OK) == 0 ? CLI_OK : cannot_write(path, strerror(errno));
    }
    if (errno != ENOENT) return cannot_write(path, strerror(errno));
    char *folder = cli_strdup(path);
    char *slash = strrchr(folder, '/');
    if (slash != NULL) slash[slash == folder ? 1 : 0] = '\0';
    const char *where = slash != NULL ? folder : ".";
    int code =
        access(where, W_OK | X_OK) == 0 ? CLI_OK : cannot_write(path, strerror(errno));
    free(folder);
    return code;
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
    return cli_usage_error("to: unknown format '%s'%s%s%s", format,
                           near != NULL ? "; did you mean '"
                                        : "; see hourglass list writers",
                           near != NULL ? near : "", near != NULL ? "'?" : "");
}
