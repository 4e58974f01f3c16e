// SPDX-License-Identifier: MIT
/* Steps of a series as they arrive.
 *
 * A group has a ring of its last `window` steps.  What breaks a series in a file breaks it
 * here: time that goes back, or on by more than `gap` median steps of training rows. */
#include "apply/steps.h"

#include "data/schema.h"

#include <math.h>
#include <string.h>

typedef struct track {
    char *name;
    float *ring;          /* [window, channels] */
    int64_t filled, next; /* steps in it; where the next one goes */
    double time;          /* of the last step, NaN: none yet */
} track;

struct hgi_steps {
    hgi_mem mem;
    const hgi_windows *s;
    track *track; /* [room] */
    int64_t tracks, room, last;
    int64_t *slot; /* [slots] number + 1, by name */
    uint64_t slots;
    hgi_date_form form;
    bool timed, dates; /* a time has come; it was a date */
};

hg_status hgi_steps_new(hg_ctx *ctx, const hgi_windows *s, hgi_steps **out)
{
    hgi_steps *p = *out = hgi_calloc(&ctx->mem, 1, sizeof *p);
    if (p == NULL) return hgi_fail_mem(ctx, sizeof *p, "steps of a series");
    p->mem = ctx->mem;
    p->s = s;
    p->last = -1;
    p->form = s->dates == 2 ? HGI_DATE_MDY : HGI_DATE_DMY;
    return HG_OK;
}

void hgi_steps_free(hgi_steps **steps)
{
    if (*steps == NULL) return;
    hgi_steps *p = *steps;
    hgi_mem mem = p->mem;
    for (int64_t i = 0; i < p->tracks; i++) {
        hgi_free(&mem, p->track[i].name);
        hgi_free(&mem, p->track[i].ring);
    }
    hgi_free(&mem, p->track);
    hgi_free(&mem, p->slot);
    hgi_free(&mem, p);
    *steps = NULL;
}

const char *hgi_steps_group(const hgi_steps *p)
{
    return p->last >= 0 && p->s->group != NULL ? p->track[p->last].name : NULL;
}

/* ---- groups -------------------------------------------------------------------------- */

static uint64_t place_of(const hgi_steps *p, const char *name, size_t n)
{
    uint64_t at = hgi_hash(HGI_HASH_INIT, name, n) & (p->slots - 1);
    for (; p->slot[at] != 0; at = (at + 1) & (p->slots - 1)) {
        const char *have = p->track[p->slot[at] - 1].name;
        if (strlen(have) == n && memcmp(have, name, n) == 0) break;
    }
    return at;
}

static hg_status grow(hg_ctx *ctx, hgi_steps *p)
{
    if (p->tracks < p->room) return HG_OK;
    const int64_t room = p->room == 0 ? 4 : 2 * p->room;
    track *more = hgi_realloc(&p->mem, p->track, (size_t)room * sizeof *more);
    if (more == NULL) return hgi_fail_mem(ctx, (size_t)room * sizeof *more, "groups");
    p->track = more;
    int64_t *slot = hgi_calloc(&p->mem, (size_t)(4 * room), sizeof *slot);
    if (slot == NULL) return hgi_fail_mem(ctx, (size_t)(4 * room) * 8, "groups");
    hgi_free(&p->mem, p->slot);
    p->slot = slot;
    p->slots = (uint64_t)(4 * room);
    p->room = room;
    for (int64_t i = 0; i < p->tracks; i++)
        slot[place_of(p, p->track[i].name, strlen(p->track[i].name))] = i + 1;
    return HG_OK;
}

static hg_status find(hg_ctx *ctx, hgi_steps *p, const char *name, size_t n, track **out)
{
    HGI_TRY(grow(ctx, p));
    const uint64_t at = place_of(p, name, n);
    if (p->slot[at] == 0) {
        if (p->tracks == HGI_STEPS_GROUPS)
            return hgi_fail(ctx, HG_ERANGE, "more than %d groups", (int)HGI_STEPS_GROUPS);
        size_t values = (size_t)(p->s->window * p->s->channels);
        track t = {.name = hgi_strndup(&p->mem, name, n),
                   .ring = hgi_alloc(&p->mem, values * sizeof *t.ring),
                   .time = (double)NAN};
        if (t.name == NULL || t.ring == NULL) {
            hgi_free(&p->mem, t.name);
            hgi_free(&p->mem, t.ring);
            return hgi_fail_mem(ctx, values * sizeof *t.ring, "a group's window");
        }
        p->track[p->tracks++] = t;
        p->slot[at] = p->tracks;
    }
    p->last = p->slot[at] - 1;
    *out = &p->track[p->last];
    return HG_OK;
}

bool hgi_steps_break(hgi_steps *p, const char *name, size_t n)
{
    if (p->tracks == 0) return name == NULL;
    if (name == NULL) {
        for (int64_t i = 0; i < p->tracks; i++) p->track[i].filled = 0;
        return true;
    }
    const int64_t number = p->slot[place_of(p, name, n)];
    if (number > 0) p->track[number - 1].filled = 0;
    return number > 0;
}

/* ---- time ---------------------------------------------------------------------------- */

static hg_status read_time(hg_ctx *ctx, hgi_steps *p, const hgi_arrival *s, double *out)
{
    hgi_date_form form;
    bool timed, ok;
    bool number = hgi_parse_double(s->time, s->time_n, s->point, out) && isfinite(*out);
    if (!p->timed) p->dates = p->s->dates > 0 || !number;
    ok = !p->dates ? number
                   : hgi_date_parse(s->time, s->time_n, p->form, out, &form, &timed);
    if (ok) {
        p->timed = true;
        return HG_OK;
    }
    char shown[40];
    size_t n = s->time_n < sizeof shown ? s->time_n : sizeof shown - 1;
    memcpy(shown, s->time, n);
    shown[n] = '\0';
    hgi_one_line(shown);
    return hgi_fail(ctx, HG_EFORMAT, "time is '%s', expected a %s", shown,
                    p->dates ? "date" : "number");
}

/* Says why, where windows begin anew. */
static bool breaks(const hgi_steps *p, double by, char *note, size_t n)
{
    const double most = p->s->gap * p->s->step;
    const char *unit = p->dates ? " seconds" : "";
    if (by < 0)
        snprintf(note, n, "time goes back by %.10g%s: windows begin anew", -by, unit);
    else if (most > 0 && by > most)
        snprintf(
            note, n,
            "time goes on by %.10g%s, over %g median steps of %g: windows begin anew", by,
            unit, p->s->gap, p->s->step);
    else
        return false;
    return true;
}

/* ---- a step -------------------------------------------------------------------------- */

static void copy_window(const hgi_windows *s, const track *t, float *x)
{
    const size_t old = (size_t)((s->window - t->next) * s->channels);
    const size_t new = (size_t)(t->next * s->channels);
    memcpy(x, t->ring + new, old * sizeof *x);
    memcpy(x + old, t->ring, new * sizeof *x);
}

hg_status hgi_steps_take(hg_ctx *ctx, hgi_steps *p, const hgi_arrival *step, float *x,
                         bool *whole, char *note, size_t note_n)
{
    const hgi_windows *s = p->s;
    double time = (double)NAN;
    track *t = NULL;
    *whole = false;
    note[0] = '\0';
    if (step->time != NULL) HGI_TRY(read_time(ctx, p, step, &time));
    HGI_TRY(find(ctx, p, step->group != NULL ? step->group : "", step->group_n, &t));
    if (t->filled > 0 && breaks(p, time - t->time, note, note_n)) t->filled = 0;
    t->time = time;
    if (t->filled == 0) t->next = 0;
    memcpy(t->ring + t->next * s->channels, step->values,
           (size_t)s->channels * sizeof *t->ring);
    t->next = (t->next + 1) % s->window;
    t->filled += t->filled < s->window;
    *whole = t->filled == s->window;
    if (*whole) copy_window(s, t, x);
    return HG_OK;
}
