// SPDX-License-Identifier: MIT
/* The training log: each line is whole and on disk's way before the next epoch begins.   */
#include "epoch_log.h"

#include "json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void failed(cli_epoch_log *log)
{
    if (!log->failed) cli_say("warning: %s: %s", log->path, strerror(errno));
    log->failed = true;
}

static int64_t epoch_of(const char *line, size_t n)
{
    json_t *object = json_loadb(line, n, 0, NULL);
    const json_t *epoch = json_object_get(object, "epoch");
    int64_t e = json_is_integer(epoch) ? (int64_t)json_integer_value(epoch) : INT64_MAX;
    json_decref(object);
    return e;
}

/* The lines of the log whose epoch is before `first`, as one text to free. */
static char *earlier_lines(const char *path, int64_t first)
{
    struct stat s;
    FILE *in = stat(path, &s) == 0 && S_ISREG(s.st_mode) ? fopen(path, "rb") : NULL;
    char *kept = NULL, *line = NULL;
    size_t len = 0, room = 0;
    ssize_t n;
    while (in != NULL && (n = getline(&line, &room, in)) > 0) {
        /* A line that was cut short has no epoch and goes. */
        if (line[n - 1] != '\n' || epoch_of(line, (size_t)n) >= first) continue;
        kept = cli_grow(kept, len + (size_t)n + 1, 1);
        memcpy(kept + len, line, (size_t)n + 1);
        len += (size_t)n;
    }
    if (in != NULL) fclose(in);
    free(line);
    return kept;
}

static bool open_log(cli_epoch_log *log, int64_t first)
{
    char *kept = log->resume ? earlier_lines(log->path, first) : NULL;
    log->f = strcmp(log->path, "-") == 0 ? stdout : fopen(log->path, "wb");
    if (log->f != NULL && kept != NULL) fputs(kept, log->f);
    free(kept);
    if (log->f == NULL) failed(log);
    return log->f != NULL;
}

static json_t *epoch_json(const hg_progress *p)
{
    json_t *o = json_object();
    json_object_set_new(o, "epoch", json_integer(p->epoch));
    json_object_set_new(o, "loss", cli_json_real(p->loss));
    if (p->val_loss == p->val_loss)
        json_object_set_new(o, "val_loss", cli_json_real(p->val_loss));
    json_object_set_new(o, "recon", cli_json_real(p->recon));
    json_object_set_new(o, "penalty", cli_json_real(p->penalty));
    json_object_set_new(o, "lr", cli_json_real(p->lr));
    json_object_set_new(o, "seconds", cli_json_real(p->seconds));
    json_object_set_new(o, "rows_per_second", cli_json_real(p->rows_per_second));
    return o;
}

void cli_epoch_log_write(cli_epoch_log *log, const hg_progress *p)
{
    if (log->path == NULL || log->failed) return;
    if (log->f == NULL && !open_log(log, p->epoch)) return;
    json_t *o = epoch_json(p);
    /* 9 digits give a float back exactly, which is what a loss is good for. */
    size_t flags = JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(9) | JSON_COMPACT;
    char *text = json_dumps(o, flags);
    json_decref(o);
    if (text == NULL || fprintf(log->f, "%s\n", text) < 0 || fflush(log->f) != 0)
        failed(log);
    free(text);
}

void cli_epoch_log_close(cli_epoch_log *log)
{
    if (log->f != NULL && log->f != stdout && fclose(log->f) != 0) failed(log);
    log->f = NULL;
}
