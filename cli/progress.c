// SPDX-License-Identifier: MIT
/* The progress line.  Its parts are dropped from the right, and the bar shrinks, until the
 * line fits the terminal: a line that wraps could not be drawn over.                   */
#include "progress.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BAR_MAX = 30, BAR_MIN = 8 };

double cli_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void cli_progress_start(cli_progress *p, bool quiet, bool every)
{
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    bool dumb = term == NULL || term[0] == '\0' || strcmp(term, "dumb") == 0;
    *p = (cli_progress){
        .quiet = quiet, .every = every, .val_loss = (double)NAN, .gap = (double)NAN};
    p->terminal = !dumb && isatty(STDERR_FILENO);
    p->colour = p->terminal && (no_color == NULL || no_color[0] == '\0');
}

/* "146k" */
static void format_rate(char out[CLI_NUMBER], double x)
{
    if (x >= 1e6)
        snprintf(out, CLI_NUMBER, "%.3gM", x / 1e6);
    else if (x >= 1e4)
        snprintf(out, CLI_NUMBER, "%.0fk", x / 1e3);
    else
        snprintf(out, CLI_NUMBER, "%.0f", x);
}

/* "2h 05m", "3m 20s", "12s" */
static void format_time(char out[CLI_NUMBER], double seconds)
{
    if (!(seconds >= 0) || seconds > 1e8) {
        snprintf(out, CLI_NUMBER, "?");
        return;
    }
    long s = lround(seconds);
    if (s >= 3600)
        snprintf(out, CLI_NUMBER, "%ldh %02ldm", s / 3600, s / 60 % 60);
    else if (s >= 60)
        snprintf(out, CLI_NUMBER, "%ldm %02lds", s / 60, s % 60);
    else
        snprintf(out, CLI_NUMBER, "%lds", s);
}

/* One character stands for more than a step: the last is shown under way (>). */
static void draw_bar(const cli_progress *p, const hg_progress *now, int width)
{
    double done = now->steps > 0 ? (double)now->step / (double)now->steps : 0;
    int full = (int)(done * width);
    fputs(p->colour ? " [\033[36m" : " [", stderr);
    for (int i = 0; i < width; i++) fputc(i < full ? '=' : i == full ? '>' : ' ', stderr);
    fputs(p->colour ? "\033[0m]" : "]", stderr);
}

/* Of pretraining, which layer first. */
static int epoch_words(char *out, size_t n, const hg_progress *now)
{
    return snprintf(out, n, "%s%sepoch %lld/%lld", now->stage != NULL ? now->stage : "",
                    now->stage != NULL ? ", " : "", (long long)now->epoch,
                    (long long)now->epochs);
}

/* A line an epoch, where none can be redrawn. */
static void print_epoch(const hg_progress *now)
{
    char epoch[128];
    epoch_words(epoch, sizeof(epoch), now);
    fprintf(stderr, "%s - loss: %.4f", epoch, now->loss);
    if (!isnan(now->val_loss)) fprintf(stderr, " - val_loss: %.4f", now->val_loss);
    if (!isnan(now->free_energy))
        fprintf(stderr, " - free energy: %.2f", now->free_energy);
    if (!isnan(now->val_free_energy))
        fprintf(stderr, ", validation %.2f", now->val_free_energy);
    if (!isnan(now->pseudo_likelihood))
        fprintf(stderr, " - log pseudo-likelihood: %.2f", now->pseudo_likelihood);
    if (!isnan(now->dead)) fprintf(stderr, " - dead: %.1f %%", 100 * now->dead);
    fprintf(stderr, " - %.0f rows/s\n", now->rows_per_second);
}

static void draw(cli_progress *p, const hg_progress *now)
{
    char epoch[128], parts[4][64], rate[CLI_NUMBER], left[CLI_NUMBER];
    int used = epoch_words(epoch, sizeof(epoch), now);
    format_rate(rate, now->rows_per_second);
    format_time(left, now->seconds_left);
    snprintf(parts[0], sizeof(parts[0]), "  loss %.5g", now->loss);
    parts[1][0] = '\0';
    if (!isnan(p->gap))
        snprintf(parts[1], sizeof(parts[1]), "  free energy gap %.3g", p->gap);
    else if (!isnan(p->val_loss))
        snprintf(parts[1], sizeof(parts[1]), "  val_loss %.5g", p->val_loss);
    snprintf(parts[2], sizeof(parts[2]), "  %s rows/s", rate);
    snprintf(parts[3], sizeof(parts[3]), "  %s left", left);
    /* The last column stays free: some terminals wrap as soon as it is written. */
    int width = cli_width(stderr, 80) - 1, fit = 0;
    while (fit < 4 && used + (int)strlen(parts[fit]) <= width)
        used += (int)strlen(parts[fit++]);
    /* The bar gets what the words leave, and goes first when there is little. */
    int bar = width - used - 3;
    fprintf(stderr, "\r%.*s", width, epoch);
    if (bar >= BAR_MIN) draw_bar(p, now, bar < BAR_MAX ? bar : BAR_MAX);
    for (int i = 0; i < fit; i++) fputs(parts[i], stderr);
    fputs("\033[K", stderr);
    fflush(stderr);
    p->drawn = cli_now();
}

void cli_progress_step(cli_progress *p, const hg_progress *now)
{
    /* Ten times a second is smooth, and costs training nothing. */
    if (p->quiet || !p->terminal || cli_now() - p->drawn < 0.1) return;
    draw(p, now);
}

void cli_progress_epoch(cli_progress *p, const hg_progress *now)
{
    bool last = now->epoch >= now->epochs;
    p->val_loss = now->val_loss;
    p->gap = now->val_free_energy - now->free_energy;
    if (now->stage != NULL && last) p->val_loss = p->gap = (double)NAN;
    if (p->quiet) return;
    /* Short epochs would flicker: they are drawn when their turn comes, the last
     * always. */
    if (p->terminal) {
        if (p->every || last || cli_now() - p->drawn >= 0.1) draw(p, now);
        if (p->every) fputc('\n', stderr);
        return;
    }
    print_epoch(now);
}

void cli_progress_part(cli_progress *p, const char *what, double done)
{
    if (p->quiet || !p->terminal || cli_now() - p->drawn < 0.1) return;
    int width = cli_width(stderr, 80) - 1;
    fprintf(stderr, "\r%.*s %3.0f %%\033[K", width - 6, what, 100 * done);
    fflush(stderr);
    p->drawn = cli_now();
}

void cli_progress_end(cli_progress *p)
{
    if (!p->quiet && p->terminal && p->drawn > 0 && !p->every) fputc('\n', stderr);
    p->drawn = 0;
}
