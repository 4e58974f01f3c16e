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

/* Where a line stands in a run: the levels of pretraining first, then the epochs of the
 * whole net, which have no level.                                                      */
typedef struct place {
    int64_t level, epoch;
} place;

static place place_of(const hg_progress *p)
{
    return (place){p->stage != NULL ? p->level : INT64_MAX, p->epoch};
}

static bool is_before(place a, place b)
{
    return a.level < b.level || (a.level == b.level && a.epoch < b.epoch);
}

/* A line that is no epoch counts as later than all: it is cut off. */
static place place_in(const char *line, size_t n)
{
    json_t *object = json_loadb(line, n, 0, NULL);
    const json_t *epoch = json_object_get(object, "epoch");
    const json_t *level = json_object_get(object, "level");
    place at = {INT64_MAX, INT64_MAX};
    if (json_is_integer(epoch)) at.epoch = (int64_t)json_integer_value(epoch);
    if (json_is_integer(level)) at.level = (int64_t)json_integer_value(level);
    json_decref(object);
    return at;
}

/* The log of a run that goes on at `first`: cut off in place before the first line
 * that is trained again or was cut short, so that a crash here loses no line.          */
static FILE *open_resumed(const char *path, place first)
{
    struct stat s;
    if (stat(path, &s) != 0 || !S_ISREG(s.st_mode)) return fopen(path, "wb");
    FILE *f = fopen(path, "r+b");
    char *line = NULL;
    size_t room = 0;
    off_t end = 0;
    ssize_t n;
    while (f != NULL && (n = getline(&line, &room, f)) > 0) {
        if (line[n - 1] != '\n' || !is_before(place_in(line, (size_t)n), first)) break;
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

static bool open_log(cli_epoch_log *log, place first)
{
    if (strcmp(log->path, "-") == 0)
        log->f = stdout;
    else
        log->f = log->resume ? open_resumed(log->path, first) : fopen(log->path, "wb");
    if (log->f == NULL) failed(log);
    return log->f != NULL;
}

/* NaN, the only number unlike itself, is left out: it was not measured. */
static void set_known(json_t *o, const char *name, double x)
{
    if (x == x) json_object_set_new(o, name, cli_json_real(x));
}

static json_t *epoch_json(const hg_progress *p)
{
    json_t *o = json_object();
    if (p->stage != NULL) {
        json_object_set_new(o, "stage", json_string(p->stage));
        json_object_set_new(o, "level", json_integer(p->level));
    }
    json_object_set_new(o, "epoch", json_integer(p->epoch));
    json_object_set_new(o, "loss", cli_json_real(p->loss));
    set_known(o, "val_loss", p->val_loss);
    json_object_set_new(o, "recon", cli_json_real(p->recon));
    json_object_set_new(o, "penalty", cli_json_real(p->penalty));
    set_known(o, "kl", p->kl);
    set_known(o, "dead_units", p->dead);
    set_known(o, "free_energy", p->free_energy);
    set_known(o, "val_free_energy", p->val_free_energy);
    set_known(o, "pseudo_likelihood", p->pseudo_likelihood);
    json_object_set_new(o, "lr", cli_json_real(p->lr));
    json_object_set_new(o, "seconds", cli_json_real(p->seconds));
    json_object_set_new(o, "rows_per_second", cli_json_real(p->rows_per_second));
    return o;
}

void cli_epoch_log_write(cli_epoch_log *log, const hg_progress *p)
{
    if (log->path == NULL || log->failed) return;
    if (log->f == NULL && !open_log(log, place_of(p))) return;
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
