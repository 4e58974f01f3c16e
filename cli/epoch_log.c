// SPDX-License-Identifier: MIT
/* The training log: each line is whole and on disk's way before the next epoch begins. */
#include "epoch_log.h"

#include "json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A log is not worth a training: it is said once, and the run goes on. */
static void failed(cli_epoch_log *log)
{
    if (!log->failed) cli_say("warning: %s: %s", log->path, strerror(errno));
    log->failed = true;
}

/* A line that is no epoch counts as later than all: it is cut off. */
static int64_t epoch_of(const char *line, size_t n)
{
    json_t *object = json_loadb(line, n, 0, NULL);
    const json_t *epoch = json_object_get(object, "epoch");
    int64_t e = json_is_integer(epoch) ? (int64_t)json_integer_value(epoch) : INT64_MAX;
    json_decref(object);
    return e;
}

/* The log of a run that goes on at epoch `first`: cut off in place before the first line
 * that is trained again or was cut short, so that a crash here loses no line.          */
static FILE *open_resumed(const char *path, int64_t first)
{
    struct stat s;
    if (stat(path, &s) != 0 || !S_ISREG(s.st_mode)) return fopen(path, "wb");
    FILE *f = fopen(path, "r+b");
    char *line = NULL;
    size_t room = 0;
    off_t end = 0;
    ssize_t n;
    while (f != NULL && (n = getline(&line, &room, f)) > 0) {
        if (line[n - 1] != '\n' || epoch_of(line, (size_t)n) >= first) break;
        end += n;
    }
    free(line);
    if (f == NULL || (fseeko(f, end, SEEK_SET) == 0 && ftruncate(fileno(f), end) == 0))
        return f;
    int error = errno;
    fclose(f);
    errno = error;
    return NULL;
}

static bool open_log(cli_epoch_log *log, int64_t first)
{
    if (strcmp(log->path, "-") == 0)
        log->f = stdout;
    else
        log->f = log->resume ? open_resumed(log->path, first) : fopen(log->path, "wb");
    if (log->f == NULL) failed(log);
    return log->f != NULL;
}

static json_t *epoch_json(const hg_progress *p)
{
    json_t *o = json_object();
    json_object_set_new(o, "epoch", json_integer(p->epoch));
    json_object_set_new(o, "loss", cli_json_real(p->loss));
    /* NaN, the only number unlike itself: there was no validation. */
    if (p->val_loss == p->val_loss)
        json_object_set_new(o, "val_loss", cli_json_real(p->val_loss));
    json_object_set_new(o, "recon", cli_json_real(p->recon));
    json_object_set_new(o, "penalty", cli_json_real(p->penalty));
    if (p->kl == p->kl) json_object_set_new(o, "kl", cli_json_real(p->kl));
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
    /* Flushed at each line: who watches a log wants the epoch that has ended. */
    if (text == NULL || fprintf(log->f, "%s\n", text) < 0 || fflush(log->f) != 0)
        failed(log);
    free(text);
}

void cli_epoch_log_close(cli_epoch_log *log)
{
    if (log->f != NULL && log->f != stdout && fclose(log->f) != 0) failed(log);
    log->f = NULL;
}
