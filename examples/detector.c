// SPDX-License-Identifier: MIT
/* A detector of anomalies inside a program of your own: load a model, watch stdin.
 *
 *     hourglass train normal.csv --preset anomaly -o model.safetensors
 *     cc detector.c -o detector $(pkg-config --cflags --libs hourglass)
 *     sensor | ./detector model.safetensors                                          */
#define _GNU_SOURCE /* getline */
#include <hourglass.h>
#include <stdio.h>
#include <stdlib.h>

/* A call that fails leaves one line about it: print it and go. */
#define TRY(call)                                                                        \
    if ((call) != HG_OK)                                                                 \
    return fprintf(stderr, "detector: %s\n", hg_message(ctx)), EXIT_FAILURE

int main(int argc, char **argv)
{
    hg_ctx *ctx = NULL;
    hg_model *model;
    hg_session *session;
    hg_lines *lines;
    hg_alarm *alarm;
    hg_lines_info info = {.size = sizeof(info)};
    hg_session_options options = {.size = sizeof(options), .explain = 1};
    hg_cause w = {.size = sizeof(w)};
    char *text = NULL;
    size_t room = 0;
    int64_t n_why;
    if (argc != 2) return fputs("usage: detector MODEL < lines.csv\n", stderr), 2;
    TRY(hg_ctx_new(NULL, &ctx));
    TRY(hg_model_load(ctx, argv[1], &model));
    TRY(hg_session_new(ctx, model, &options, &session));
    TRY(hg_lines_new(ctx, model, NULL, "stdin", &lines));
    TRY(hg_alarm_new(ctx, model, NULL, &alarm)); /* by the rule in the model */
    TRY(hg_lines_get_info(lines, &info));
    float *x = malloc((size_t)info.values * sizeof *x);
    if (x == NULL) return fputs("detector: out of memory\n", stderr), EXIT_FAILURE;
    /* From here on nothing is allocated but by getline. */
    for (ssize_t n; (n = getline(&text, &room, stdin)) >= 0;) {
        double score;
        int row; /* 0: a header, a blank line; -1: of a series, whose window is not full */
        if (hg_lines_read(lines, text, (size_t)n, x, &row) != HG_OK)
            fprintf(stderr, "detector: %s\n", hg_lines_message(lines));
        else if (row > 0 && hg_session_score(session, x, 1, &score) != HG_OK)
            fprintf(stderr, "detector: %s\n", hg_session_message(session));
        else if (row > 0 && hg_alarm_next(alarm, score)) {
            printf("ANOMALY %g, p = %g: %s", score, hg_p_value(model, score), text);
            if (hg_session_explain(session, x, &w, 1, &n_why) == HG_OK && n_why > 0)
                printf("    %s %s, expected %s\n", w.name, w.found_text, w.expected_text);
        }
        fflush(stdout);
    }
    (void)hg_lines_get_info(lines, &info);
    printf("rows: %d, bad lines: %d\n", (int)info.rows, (int)info.bad);
    free(text), free(x);
    hg_alarm_free(&alarm), hg_lines_free(&lines), hg_session_free(&session);
    hg_model_free(&model), hg_ctx_free(&ctx);
    return EXIT_SUCCESS;
}
