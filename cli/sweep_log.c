// SPDX-License-Identifier: MIT
/* Lines of a sweep's log: each is whole and on disk's way before the next training. */
#include "sweep_log.h"

#include "json.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { KEY = 20 };

static const char *key_of(const hg_sweep_point *p, char out[KEY])
{
    snprintf(out, KEY, "%016" PRIx64, p->key);
    return out;
}

/* A log is not worth a sweep: it is said once, and the trainings go on. */
static void failed(cli_sweep_log *log)
{
    if (!log->failed) cli_say("warning: %s: %s", log->path, strerror(errno));
    log->failed = true;
}

/* Lines that are none of a sweep, or were cut short, are of no use and no harm.  True: the
 * last one has no end. */
static bool read_lines(cli_sweep_log *log, FILE *f)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    bool cut = false;
    while ((n = getline(&line, &room, f)) > 0) {
        cut = line[n - 1] != '\n';
        json_t *o = json_loadb(line, (size_t)n, 0, NULL);
        const char *key = json_string_value(json_object_get(o, "key"));
        if (key != NULL) json_object_set(log->before, key, o);
        json_decref(o);
    }
    free(line);
    return cut;
}

int cli_sweep_log_open(cli_sweep_log *log, const char *path, bool resume)
{
    *log = (cli_sweep_log){.path = path, .before = json_object()};
    if (path == NULL && resume)
        return cli_usage_error("sweep: --resume from which log? name it with --log FILE");
    if (path == NULL) return CLI_OK;
    FILE *f = resume ? fopen(path, "rb") : NULL;
    bool cut = false;
    if (f != NULL) {
        cut = read_lines(log, f);
        fclose(f);
    }
    log->f = strcmp(path, "-") == 0 ? stdout : fopen(path, resume ? "ab" : "wb");
    if (log->f != NULL && cut) fputc('\n', log->f);
    if (log->f != NULL) return CLI_OK;
    cli_say("%s: cannot write: %s", path, strerror(errno));
    return CLI_FAILED;
}

void cli_sweep_log_write(cli_sweep_log *log, const hg_sweep_point *p)
{
    char key[KEY];
    if (log->f == NULL || log->failed) return;
    json_t *o = json_object();
    json_object_set_new(o, "settings", cli_json_text(p->settings));
    json_object_set_new(o, "key", json_string(key_of(p, key)));
    json_object_set_new(o, "code", json_integer(p->code));
    json_object_set_new(o, "parameters", json_integer(p->parameters));
    json_object_set_new(o, "mse", cli_json_real(p->mse));
    json_object_set_new(o, "sse_per_row", cli_json_real(p->sse_per_row));
    json_object_set_new(o, "bce", cli_json_real(p->bce));
    json_object_set_new(o, "loss", cli_json_real(p->loss));
    json_object_set_new(o, "train_loss", cli_json_real(p->train_loss));
    json_object_set_new(o, "pca_mse", cli_json_real(p->pca_mse));
    json_object_set_new(o, "seconds", cli_json_real(p->seconds));
    json_object_set_new(o, "late_gain", cli_json_real(p->late_gain));
    if (p->note != NULL) json_object_set_new(o, "note", cli_json_text(p->note));
    /* 17 digits give the double back exactly. */
    char *text =
        json_dumps(o, JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(17) | JSON_COMPACT);
    json_decref(o);
    if (text == NULL || fprintf(log->f, "%s\n", text) < 0 || fflush(log->f) != 0)
        failed(log);
    free(text);
}

static double number_of(const json_t *o, const char *name)
{
    const json_t *x = json_object_get(o, name);
    return json_is_number(x) ? json_number_value(x) : (double)NAN;
}

/* One that diverged is tried again: its line has no error. */
bool cli_sweep_log_known(const cli_sweep_log *log, hg_sweep_point *p)
{
    char key[KEY];
    const json_t *o = json_object_get(log->before, key_of(p, key));
    if (o == NULL || isnan(number_of(o, "mse"))) return false;
    p->mse = number_of(o, "mse");
    p->sse_per_row = number_of(o, "sse_per_row");
    p->bce = number_of(o, "bce");
    p->loss = number_of(o, "loss");
    p->train_loss = number_of(o, "train_loss");
    p->seconds = number_of(o, "seconds");
    p->late_gain = number_of(o, "late_gain");
    return true;
}

void cli_sweep_log_close(cli_sweep_log *log)
{
    if (log->f != NULL && log->f != stdout && fclose(log->f) != 0) failed(log);
    json_decref(log->before);
    *log = (cli_sweep_log){.path = NULL};
}
