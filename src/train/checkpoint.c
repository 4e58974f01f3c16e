// SPDX-License-Identifier: MIT
/* Checkpoints: the exact state of a run, in the model file's container format.
 *
 * DIR/checkpoint.safetensors holds weights, moments, best and last good weights,
 * counters, partial sums, schedule and history, with the configuration, the model's
 * text and the data's hashes.  Going on from it gives the same bits as a run that was
 * never stopped, so anything that would change the bits is refused by name.  The number of
 * epochs may change where the schedule does not look at it. */
#define _GNU_SOURCE
#include "train/trainer.h"

#include "model/container.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

enum { COUNTERS = 6, NUMBERS = 6, PATH = 4096 };
#define KIND HGI_CHECKPOINT_KIND " 2"
#define EPOCHS "epochs="

static hg_status file_path(const hgi_trainer *t, char path[PATH])
{
    int n = snprintf(path, PATH, "%s/checkpoint.safetensors", t->checkpoint);
    if (n < 0 || n >= PATH)
        return hgi_fail(t->ctx, HG_EINVAL, "checkpoint: the path is too long");
    return HG_OK;
}

static void pack_numbers(const hgi_trainer *t, int64_t counters[COUNTERS],
                         double numbers[NUMBERS])
{
    const hgi_counters *a = &t->at;
    const int64_t c[COUNTERS] = {a->epoch,      a->step,       a->t,
                                 a->best_epoch, a->bad_epochs, t->schedule.bad};
    const double n[NUMBERS] = {a->best, a->recon,           a->penalty,
                               a->kl,   t->schedule.factor, t->schedule.best};
    memcpy(counters, c, sizeof c);
    memcpy(numbers, n, sizeof n);
}

static void unpack_numbers(hgi_trainer *t, const int64_t *c, const double *n)
{
    t->at = (hgi_counters){c[0], c[1], c[2], c[3], c[4], n[0], n[1], n[2], n[3], 0};
    t->schedule.bad = c[5];
    t->schedule.factor = n[4];
    t->schedule.best = n[5];
}

/* The blocks of weights, in the order of the file; NULL ones are left out. */
typedef struct named {
    const char *name;
    hgi_real *data;
    int64_t count;
} named;

static int64_t list_blocks(const hgi_trainer *t, named out[6])
{
    const hgi_net *net = &t->m->net;
    const named all[6] = {
        {"theta", t->m->theta, net->params},
        {"state", t->m->state, net->states},
        {"moment1", t->moment1, net->params},
        {"moment2", t->moment2, net->params},
        {"best", t->best, net->params + net->states},
        {"good", t->good, net->params + net->states},
    };
    int64_t n = 0;
    for (int i = 0; i < 6; i++)
        if (all[i].data != NULL && all[i].count > 0) out[n++] = all[i];
    return n;
}

static void hash_text(uint64_t train, uint64_t valid, char out[40])
{
    snprintf(out, 40, "%016" PRIx64 " %016" PRIx64, train, valid);
}

static hg_status put_texts(hgi_trainer *t, hgi_container *c)
{
    char hash[40];
    hgi_text config;
    hash_text(t->train_hash, t->valid_hash, hash);
    hgi_text_init(&config, &t->ctx->mem);
    hg_status status = hgi_config_print(t->cfg, &config);
    if (status == HG_OK && !hgi_text_ok(&config))
        status = hgi_fail_mem(t->ctx, 1024, "the checkpoint's texts");
    if (status == HG_OK) status = hgi_container_put_text(c, "kind", KIND);
    if (status == HG_OK)
        status = hgi_container_put_text(c, "config", config.s != NULL ? config.s : "");
    if (status == HG_OK) status = hgi_container_put_text(c, "model", t->m->text);
    if (status == HG_OK) status = hgi_container_put_text(c, "data", hash);
    if (status == HG_OK) status = hgi_container_put_text(c, "kernels", t->k->name);
    hgi_text_free(&config);
    return status;
}

hg_status hgi_checkpoint_prepare(hgi_trainer *t)
{
    char path[PATH];
    if (*t->checkpoint == '\0') return HG_OK;
    HGI_TRY(file_path(t, path));
    if (mkdir(t->checkpoint, 0777) != 0 && errno != EEXIST)
        return hgi_fail(t->ctx, HG_EIO, "%s: cannot make this folder: %s", t->checkpoint,
                        strerror(errno));
    return hgi_check_writable(t->ctx, path);
}

hg_status hgi_checkpoint_write(hgi_trainer *t)
{
    hg_status status = HG_OK;
    hgi_container *c = NULL;
    char path[PATH];
    int64_t counters[COUNTERS];
    double numbers[NUMBERS];
    named block[6];
    double *history = NULL;
    HGI_GOTO(file_path(t, path));
    HGI_GOTO(hgi_container_new(t->ctx, &c));
    HGI_GOTO(put_texts(t, c));
    pack_numbers(t, counters, numbers);
    HGI_GOTO(
        hgi_container_put(c, "counters", HGI_DT_I64, 1, (int64_t[]){COUNTERS}, counters));
    HGI_GOTO(
        hgi_container_put(c, "numbers", HGI_DT_F64, 1, (int64_t[]){NUMBERS}, numbers));
    if (hgi_pretrain_asked(t->cfg))
        HGI_GOTO(hgi_container_put(c, "pretrained", HGI_DT_I64, 1, (int64_t[]){1},
                                   &t->at.levels));
    HGI_GOTO(hgi_history_put(t->ctx, t->m, c, &history));
    int64_t n = list_blocks(t, block);
    for (int64_t i = 0; i < n; i++)
        HGI_GOTO(
            hgi_container_put_real(c, block[i].name, 1, &block[i].count, block[i].data));
    HGI_GOTO(hgi_container_write(c, path));
    t->last_checkpoint = hgi_now();
done:
    hgi_container_free(&c);
    hgi_free(&t->ctx->mem, history);
    return status;
}

/* ---- reading --------------------------------------------------------------------- */

static const char *next_line(const char *p)
{
    p += strcspn(p, "\n");
    return *p == '\n' ? p + 1 : p;
}

/* The line of `text` with the same name before '=' as `line`, or NULL. */
static const char *same_option(const char *text, const char *line)
{
    size_t n = strcspn(line, "=\n") + 1;
    for (; *text != '\0'; text = next_line(text))
        if (strncmp(text, line, n) == 0) return text;
    return NULL;
}

/* The first option of `a` that `b` lacks or has otherwise, as an error.  a_is, b_is:
 * whose they are. */
static hg_status compare_config(hgi_trainer *t, const char *path, const char *a,
                                const char *a_is, const char *b, const char *b_is)
{
    for (; *a != '\0'; a = next_line(a)) {
        if (strncmp(a, EPOCHS, strlen(EPOCHS)) == 0) continue; /* see check_epochs() */
        const char *other = same_option(b, a);
        int na = (int)strcspn(a, "\n"),
            nb = other != NULL ? (int)strcspn(other, "\n") : 0;
        if (other != NULL && na == nb && memcmp(a, other, (size_t)na) == 0) continue;
        if (other == NULL)
            return hgi_fail(
                t->ctx, HG_EMISMATCH,
                "%s: the configuration changed: %s has '%.*s', %s does not set it", path,
                a_is, na, a, b_is);
        return hgi_fail(t->ctx, HG_EMISMATCH,
                        "%s: the configuration changed: %s has '%.*s', %s has '%.*s'",
                        path, a_is, na, a, b_is, nb, other);
    }
    return HG_OK;
}

static hg_status compare_both_ways(hgi_trainer *t, const char *path, const char *was,
                                   const char *is)
{
    static const char then[] = "the checkpoint", now[] = "this run";
    HGI_TRY(compare_config(t, path, was, then, is, now));
    return compare_config(t, path, is, now, was, then);
}

/* More or fewer epochs are the same run to its first difference, its end, unless the
 * schedule shapes the rates over the whole run.  Every configuration says epochs.      */
static hg_status check_epochs(hgi_trainer *t, const char *path, const char *was)
{
    const char *line = same_option(was, EPOCHS);
    const char *schedule = t->schedule.kind->name;
    int64_t epochs;
    if (line == NULL || !hgi_parse_int(line + strlen(EPOCHS),
                                       strcspn(line, "\n") - strlen(EPOCHS), &epochs))
        return hgi_fail(t->ctx, HG_EFORMAT, "%s: its configuration has no epochs", path);
    if (epochs == t->epochs || !t->schedule.kind->by_total) return HG_OK;
    return hgi_fail(
        t->ctx, HG_EMISMATCH,
        "%s: the configuration changed: the checkpoint has 'epochs=%lld', this "
        "run has 'epochs=%lld', and schedule %s goes by the number of epochs",
        path, (long long)epochs, (long long)t->epochs, schedule);
}

static hg_status check_texts(hgi_trainer *t, const hgi_container *c, const char *path)
{
    const char *kind = hgi_container_text(c, "kind"),
               *config = hgi_container_text(c, "config");
    const char *model = hgi_container_text(c, "model"),
               *data = hgi_container_text(c, "data");
    const char *kernels = hgi_container_text(c, "kernels");
    if (kind == NULL && hgi_container_text(c, "hourglass") != NULL)
        return hgi_fail(t->ctx, HG_EFORMAT, "%s: a model, expected a checkpoint", path);
    if (kind == NULL || strcmp(kind, KIND) != 0 || config == NULL || model == NULL ||
        data == NULL || kernels == NULL)
        return hgi_fail(t->ctx, HG_EFORMAT,
                        "%s: not an hourglass checkpoint (expected \"%s\")", path, KIND);
    char hash[40];
    hgi_text now;
    hash_text(t->train_hash, t->valid_hash, hash);
    hgi_text_init(&now, &t->ctx->mem);
    hg_status status = hgi_config_print(t->cfg, &now);
    if (status == HG_OK && !hgi_text_ok(&now))
        status = hgi_fail_mem(t->ctx, 1024, "the configuration's text");
    if (status == HG_OK)
        status = compare_both_ways(t, path, config, now.s != NULL ? now.s : "");
    hgi_text_free(&now);
    HGI_TRY(status);
    HGI_TRY(check_epochs(t, path, config));
    if (memcmp(data, hash, 16) != 0)
        return hgi_fail(t->ctx, HG_EMISMATCH,
                        "%s: the training data changed: %s is not what the "
                        "checkpoint was trained on",
                        path, t->train->name);
    if (strcmp(data, hash) != 0)
        return hgi_fail(t->ctx, HG_EMISMATCH, "%s: the validation data changed", path);
    if (strcmp(model, t->m->text) != 0)
        return hgi_fail(t->ctx, HG_EMISMATCH,
                        "%s: the model changed: the checkpoint has another "
                        "net than this configuration makes",
                        path);
    if (strcmp(kernels, t->k->name) != 0)
        hgi_log(t->ctx, HG_LOG_WARNING,
                "%s: was trained with the %s kernels, this run has %s: the "
                "last bits may differ",
                path, kernels, t->k->name);
    return HG_OK;
}

static bool counters_make_sense(const hgi_trainer *t)
{
    const hgi_counters *a = &t->at;
    return a->epoch >= 0 && a->step >= 0 && a->step <= t->per_epoch &&
           a->t == a->epoch * t->per_epoch + a->step && a->best_epoch >= 0 &&
           a->best_epoch <= a->epoch && a->bad_epochs >= 0 && a->bad_epochs <= a->epoch &&
           a->levels >= 0;
}

static hg_status read_blocks(hgi_trainer *t, const hgi_container *c)
{
    named block[6];
    t->good = t->copy[1];
    int64_t n = list_blocks(t, block);
    for (int64_t i = 0; i < n; i++) {
        const void *data;
        HGI_TRY(
            hgi_container_need(c, block[i].name, HGI_DT_F32, 1, &block[i].count, &data));
        const float *from = data;
        for (int64_t k = 0; k < block[i].count; k++) block[i].data[k] = (hgi_real)from[k];
    }
    return HG_OK;
}

hg_status hgi_checkpoint_read(hgi_trainer *t, bool *found)
{
    hg_status status = HG_OK;
    hgi_container *c = NULL;
    char path[PATH];
    struct stat st;
    const void *counters, *numbers;
    *found = false;
    HGI_TRY(file_path(t, path));
    if (stat(path, &st) != 0 && errno == ENOENT) return HG_OK;
    HGI_GOTO(hgi_container_read(t->ctx, path, &c));
    HGI_GOTO(check_texts(t, c, path));
    HGI_GOTO(hgi_container_need(c, "counters", HGI_DT_I64, 1, (int64_t[]){COUNTERS},
                                &counters));
    HGI_GOTO(
        hgi_container_need(c, "numbers", HGI_DT_F64, 1, (int64_t[]){NUMBERS}, &numbers));
    unpack_numbers(t, counters, numbers);
    if (hgi_pretrain_asked(t->cfg)) {
        const void *levels;
        HGI_GOTO(
            hgi_container_need(c, "pretrained", HGI_DT_I64, 1, (int64_t[]){1}, &levels));
        memcpy(&t->at.levels, levels, sizeof t->at.levels);
    }
    if (!counters_make_sense(t))
        HGI_GOTO(
            hgi_fail(t->ctx, HG_EFORMAT, "%s: its counters contradict each other", path));
    if (t->at.epoch > t->epochs || (t->at.epoch == t->epochs && t->at.step > 0))
        HGI_GOTO(hgi_fail(
            t->ctx, HG_EMISMATCH,
            "%s: the checkpoint is in epoch %lld, expected at most %lld, the "
            "epochs of this run",
            path, (long long)t->at.epoch + (t->at.step > 0), (long long)t->epochs));
    HGI_GOTO(read_blocks(t, c));
    HGI_GOTO(hgi_history_get(t->ctx, c, t->m));
    t->have_good = t->at.epoch > 0;
    *found = true;
done:
    hgi_container_free(&c);
    return status;
}
