// SPDX-License-Identifier: MIT
/* score --follow: a line comes, its score goes out, before the next is waited for.
 *
 * Nothing is buffered on the way out, and nothing allocated for a row: what a row takes is
 * the parsing of its text, the net, and one write.  A line that cannot be read is told of
 * and gives "nan" in each column, so that rows keep their places.  So does a blank line,
 * which a file's reader passes over: who waits for an answer to each line would wait for
 * ever, and who sets the answers beside the lines would have the wrong ones below it.  */
#define _GNU_SOURCE
#include "follow.h"

#include "interrupt.h"
#include "json.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const cli_option cli_follow_options[] = {
    {"follow", 0, NULL, NULL, "CSV: a score for each line as it arrives", "stream", NULL,
     false},
    {"class", 0, "LABEL", NULL, "with --follow, conditional models: the rows' class",
     "stream", NULL, false},
    {"max-bad", 0, "N", NULL, "with --follow: fail behind more than N bad lines",
     "stream", NULL, false},
    {0},
};

/* Scores that are looked at for drift at a time. */
enum { ROOM = 256 * 1024, MOST_TEXT = 256, DRIFT_ROWS = 1000 };

typedef struct stream {
    cli *c;
    const cli_follow_job *job;
    hg_session *session;
    hg_lines *lines;
    hg_alarm *alarm;
    int64_t rows, bad, blank, most_bad, limit;
    float *x;          /* a row of the net */
    int64_t window;    /* lines of it; 1 but for a series */
    const char *group; /* the name of a column of groups, or NULL */
    char *line;        /* as it goes out: a group's name may be as long as what came in */
    int in, out;
    const char *name;
    char *text; /* [room] */
    char *row;  /* a row with its id, as it is written; NULL: ids are not asked for */
    size_t row_bytes, row_room; /* of the id in it */
    size_t room, from, len;
    double recent[DRIFT_ROWS];
    int64_t recent_rows;
    bool skipping; /* the rest of a line that is too long */
    bool json, stop;
} stream;

/* ---- out ----------------------------------------------------------------------------- */

static int put(const stream *s, const char *text, size_t n)
{
    while (n > 0) {
        ssize_t some = write(s->out, text, n);
        if (some < 0 && errno == EINTR) continue;
        if (some < 0) {
            cli_say("%s: cannot write: %s", s->job->output, strerror(errno));
            return CLI_FAILED;
        }
        text += some;
        n -= (size_t)some;
    }
    return CLI_OK;
}

/* The id of the row that is written next: as a cell, or as a member of its object. */
static void take_id(stream *s, const char *id, size_t n)
{
    char *to = s->row;
    if (s->json) {
        char *copy = cli_alloc(n + 1, 1);
        if (n > 0) memcpy(copy, id, n);
        json_t *text = cli_json_text(copy);
        to += sprintf(to, "{\"id\":");
        to += json_dumpb(text, to, s->row_room - 8, JSON_ENCODE_ANY);
        *to++ = ',';
        json_decref(text);
        free(copy);
    } else {
        bool quotes = false;
        for (size_t i = 0; i < n; i++)
            quotes = quotes || strchr(",\"\r;\t ", id[i]) != NULL;
        if (quotes) *to++ = '"';
        for (size_t i = 0; i < n; i++) {
            if (id[i] == '"') *to++ = '"';
            *to++ = id[i];
        }
        if (quotes) *to++ = '"';
        *to++ = ',';
    }
    s->row_bytes = (size_t)(to - s->row);
}

/* The id goes in front, in one piece with the rest, which is n bytes. */
static int put_with_id(const stream *s, const char *text, size_t n)
{
    if (s->row == NULL) return put(s, text, n);
    /* The object has been opened before the id. */
    if (s->json) text++, n--;
    memcpy(s->row + s->row_bytes, text, n);
    return put(s, s->row, s->row_bytes + n);
}

/* The group in front of a row's numbers; returns behind it. */
static char *put_group(const stream *s, const char *group, char *to)
{
    const size_t n = group != NULL ? strlen(group) : 0;
    if (s->json) {
        json_t *word = cli_json_text(group);
        char *shown = json_dumps(word, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
        to += sprintf(to, ",\"group\":%s", shown != NULL ? shown : "null");
        free(shown);
        json_decref(word);
        return to;
    }
    const bool quotes = n > 0 && strpbrk(group, ",\"") != NULL;
    if (quotes) *to++ = '"';
    for (size_t i = 0; i < n; i++) {
        if (group[i] == '"') *to++ = '"';
        *to++ = group[i];
    }
    if (quotes) *to++ = '"';
    *to++ = ',';
    return to;
}

static int put_header(stream *s)
{
    const cli_follow_job *j = s->job;
    char *to = s->line;
    const char *id = cli_get(s->c, "id");
    if (s->json) return CLI_OK;
    if (s->row != NULL) take_id(s, id, strlen(id));
    if (s->group != NULL) to = put_group(s, s->group, to);
    to += sprintf(to, "%s%s%s%s%s\n", j->score ? "score" : "",
                  j->score && j->p_value ? "," : "", j->p_value ? "p_value" : "",
                  (j->score || j->p_value) && j->anomaly ? "," : "",
                  j->anomaly ? "anomaly" : "");
    return put_with_id(s, s->line, (size_t)(to - s->line));
}

/* score NaN: the line was bad, or no window ends with it. */
static int put_row(const stream *s, const hg_lines_info *at, double score, double p,
                   int anomaly)
{
    const cli_follow_job *j = s->job;
    char *to = s->line, number[32];
    const char *none = s->json ? "null" : "nan";
    bool bad = isnan(score);
    if (s->json) to += sprintf(to, "{\"line\":%lld", (long long)at->lines);
    if (s->group != NULL) to = put_group(s, at->group, to);
#define PUT(wanted, name, value)                                                         \
    if (wanted) to += sprintf(to, s->json ? ",\"%s\":%s" : "%.0s%s,", name, value)
    PUT(j->score, "score", bad ? none : (hg_number_text((float)score, number), number));
    PUT(j->p_value, "p_value", bad ? none : (hg_number_text((float)p, number), number));
    PUT(j->anomaly, "anomaly", bad ? none : anomaly ? "1" : "0");
#undef PUT
    if (s->json) to++; /* the others have a comma too many */
    to[-1] = s->json ? '}' : '\n';
    if (s->json) *to++ = '\n';
    return put_with_id(s, s->line, (size_t)(to - s->line));
}

/* ---- a line -------------------------------------------------------------------------- */

static int bad_line(stream *s, const char *place, const char *reason)
{
    hg_lines_info info = {.size = sizeof(info)};
    cli_say("%s%s", place, reason);
    s->bad++;
    if (hg_lines_get_info(s->lines, &info) == HG_OK && info.header && !info.open)
        return CLI_FAILED;
    if (s->bad > s->most_bad) {
        cli_say("%s: %lld bad line%s, at most %lld were to be left out", s->name,
                (long long)s->bad, cli_s(s->bad), (long long)s->most_bad);
        return CLI_FAILED;
    }
    return put_row(s, &info, (double)NAN, 0, 0);
}

/* Nothing is wrong with it, so it is counted apart and nothing is said. */
static bool is_blank(const char *text, size_t n)
{
    size_t i = 0;
    while (i < n && strchr(" \t\r\n", text[i]) != NULL && text[i] != '\0') i++;
    return i == n;
}

/* Said each time, so that whoever looks at the last lines sees whether it goes on.  The
 * windows of a series that end with neighbouring lines are nearly the same: of those one in
 * `window` counts. */
static void watch_drift(stream *s, double score)
{
    hg_drift d = {.size = sizeof(d)};
    if (s->rows % s->window != 0) return;
    s->recent[s->recent_rows++] = score;
    if (s->recent_rows < DRIFT_ROWS) return;
    s->recent_rows = 0;
    if (hg_score_drift(s->c->ctx, s->job->model, s->recent, DRIFT_ROWS, &d) != HG_OK ||
        !d.alarm)
        return;
    cli_say("warning: %s: the scores have drifted: of the last %d, %.0f %% are above the "
            "median of the calibration scores (distance %.2f)",
            s->name, (int)DRIFT_ROWS, 100 * d.above, d.distance);
}

static int take_line(stream *s, const char *text, size_t n)
{
    hg_lines_info info = {.size = sizeof(info)};
    int row;
    double score;
    hg_status status = hg_lines_read(s->lines, text, n, s->x, &row);
    const bool blank = status == HG_OK && row == 0 && is_blank(text, n);
    if (status == HG_OK && row == 0 && !blank) return CLI_OK; /* the header */
    (void)hg_lines_get_info(s->lines, &info);
    if (s->row != NULL) take_id(s, info.id, (size_t)info.id_bytes);
    if (status != HG_OK) return bad_line(s, "", hg_lines_message(s->lines));
    if (blank) {
        s->blank++;
        return put_row(s, &info, (double)NAN, 0, 0);
    }
    s->rows++;
    s->stop = s->rows == s->limit;
    if (info.note[0] != '\0') cli_say("%s", info.note);
    if (row < 0) return put_row(s, &info, (double)NAN, 0, 0);
    status = hg_session_score(s->session, s->x, 1, &score);
    if (status != HG_OK) {
        char place[64];
        snprintf(place, sizeof(place), "%.30s:%lld: ", s->name, (long long)info.lines);
        s->rows--;
        return bad_line(s, place, hg_session_message(s->session));
    }
    watch_drift(s, score);
    double p = s->job->p_value ? hg_p_value(s->job->model, score) : 0;
    int anomaly = s->alarm != NULL && hg_alarm_next(s->alarm, score);
    return put_row(s, &info, score, p, anomaly);
}

/* All whole lines that are there; at the end also what has no line end. */
static int take_lines(stream *s, bool end)
{
    int code = CLI_OK;
    while (code == CLI_OK && !s->stop && s->from < s->len) {
        const char *p = s->text + s->from;
        size_t left = s->len - s->from;
        const char *stop = memchr(p, '\n', left);
        size_t n = stop != NULL ? (size_t)(stop - p) + 1 : left;
        bool whole = stop != NULL || end, full = s->from == 0 && s->len == s->room;
        if (!whole && !full) break;
        /* Too long a line goes to the reader once, which counts it and says so. */
        if (!s->skipping) code = take_line(s, p, n);
        s->skipping = !whole;
        s->from += n;
    }
    memmove(s->text, s->text + s->from, s->len - s->from);
    s->len -= s->from;
    s->from = 0;
    return code;
}

static int run_stream(stream *s)
{
    for (int code = put_header(s); code != CLI_OK || !s->stop;) {
        if (code != CLI_OK) return code;
        if (!cli_interrupt_wait(s->in)) return 128 + cli_interrupted();
        ssize_t n = read(s->in, s->text + s->len, s->room - s->len);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            cli_say("%s: cannot read: %s", s->name, strerror(errno));
            return CLI_FAILED;
        }
        s->len += (size_t)n;
        code = take_lines(s, n == 0);
        if (n == 0) return code;
    }
    return CLI_OK;
}

/* ---- start and end ------------------------------------------------------------------- */

static int open_files(stream *s)
{
    const cli_follow_job *j = s->job;
    if (strcmp(j->input, "-") != 0) s->in = open(j->input, O_RDONLY | O_CLOEXEC);
    if (s->in < 0) {
        cli_say("%s: cannot read: %s", j->input, strerror(errno));
        return CLI_FAILED;
    }
    if (strcmp(j->output, "-") != 0)
        s->out = open(j->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (s->out >= 0) return CLI_OK;
    cli_say("%s: cannot write: %s", j->output, strerror(errno));
    return CLI_FAILED;
}

static int prepare(stream *s)
{
    cli *c = s->c;
    const cli_follow_job *j = s->job;
    hg_data_options o;
    hg_lines_info info = {.size = sizeof(info)};
    int code = cli_read_data_options(c, &o);
    s->limit = o.limit;
    s->most_bad = INT64_MAX;
    if (code == CLI_OK) code = cli_get_int(c, "max-bad", 0, INT64_MAX, &s->most_bad);
    hg_session_options own = {.size = sizeof(own)};
    if (code == CLI_OK) code = cli_get_class(c, j->model, &own.labelled, &own.label);
    if (code != CLI_OK) return code;
    s->name = strcmp(j->input, "-") == 0 ? "stdin" : j->input;
    if ((j->anomaly && hg_alarm_new(c->ctx, j->model, j->rule, &s->alarm) != HG_OK) ||
        hg_session_new(c->ctx, j->model, &own, &s->session) != HG_OK ||
        hg_lines_new(c->ctx, j->model, &o, s->name, &s->lines) != HG_OK ||
        hg_lines_get_info(s->lines, &info) != HG_OK)
        return cli_failed(c);
    hg_series_info series = {.size = sizeof(series)};
    s->window = hg_model_series(j->model, &series) ? series.window : 1;
    s->group = s->window > 1 ? series.group : NULL;
    s->x = cli_alloc((size_t)info.values, sizeof *s->x);
    s->room = ROOM > info.longest + 2 ? ROOM : (size_t)info.longest + 2;
    s->text = cli_alloc(s->room, 1);
    /* A sign of an id, or of a group's name, takes up to six in JSON. */
    const size_t most = 6 * (size_t)info.longest + MOST_TEXT;
    s->row_room = cli_has(c, "id") ? most : 0;
    if (s->row_room > 0) s->row = cli_alloc(s->row_room + most, 1);
    s->line = cli_alloc(most, 1);
    return open_files(s);
}

/* Standard output has the scores. */
static void say(const stream *s)
{
    hg_alarm_info info = {.size = sizeof(info)};
    hg_lines_info lines = {.size = sizeof(lines)};
    char rows[CLI_NUMBER], bad[CLI_NUMBER], found[CLI_NUMBER], unseen[CLI_NUMBER];
    if (cli_has(s->c, "quiet")) return;
    fprintf(stderr, "%s row%s, %s bad line%s", cli_grouped(rows, s->rows), cli_s(s->rows),
            cli_grouped(bad, s->bad), cli_s(s->bad));
    if (s->blank > 0) fprintf(stderr, ", %s blank", cli_grouped(found, s->blank));
    const bool known = hg_lines_get_info(s->lines, &lines) == HG_OK;
    if (known && lines.gaps > 0)
        fprintf(stderr, ", %s gaps in time", cli_grouped(found, lines.gaps));
    if (s->alarm != NULL && hg_alarm_get_info(s->alarm, &info) == HG_OK) {
        fprintf(stderr, ", %s anomalies", cli_grouped(found, info.anomalies));
        if (!isnan(info.threshold))
            fprintf(stderr, ": scores above %.6g", info.threshold);
    }
    if (info.extrapolated) fprintf(stderr, ", extrapolated from the tail");
    if (known && lines.unseen > 0)
        fprintf(stderr, "; %s cell%s that the model does not know",
                cli_grouped(unseen, lines.unseen), cli_s(lines.unseen));
    fputc('\n', stderr);
}

int cli_follow(cli *c, const cli_follow_job *job)
{
    stream s = {.c = c,
                .job = job,
                .in = STDIN_FILENO,
                .out = STDOUT_FILENO,
                .json = cli_has(c, "json")};
    int code = prepare(&s);
    if (code == CLI_OK) {
        cli_interrupt_catch_waiting();
        code = run_stream(&s);
        say(&s);
    }
    if (s.in > STDIN_FILENO) close(s.in);
    if (s.out > STDOUT_FILENO && close(s.out) != 0 && code == CLI_OK) {
        cli_say("%s: cannot write: %s", job->output, strerror(errno));
        code = CLI_FAILED;
    }
    hg_lines_free(&s.lines);
    hg_alarm_free(&s.alarm);
    hg_session_free(&s.session);
    free(s.x);
    free(s.text);
    free(s.row);
    free(s.line);
    return code;
}
