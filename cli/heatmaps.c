// SPDX-License-Identifier: MIT
/* score --heatmap: pictures with their errors laid over them, and a score for each. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

/* As CSV has it: in quotes where it must be, which are doubled inside. */
static void write_name(FILE *f, const char *name)
{
    if (name[strcspn(name, ",\"\r\n")] == '\0' && name[0] != ' ') {
        fputs(name, f);
        return;
    }
    fputc('"', f);
    for (; *name != '\0'; name++) {
        if (*name == '"') fputc('"', f);
        fputc(*name, f);
    }
    fputc('"', f);
}

/* One line a picture; its rows, which are tiles, have the same score. */
static int write_scores(const cli *c, const hg_dataset *data, const double *score,
                        bool own)
{
    char path[4096];
    const char *last = NULL;
    snprintf(path, sizeof(path), "%s/scores.csv", cli_get(c, "heatmap"));
    FILE *f = fopen(path, "w");
    if (f != NULL) fprintf(f, "file,%s\n", own ? "score" : "error");
    for (int64_t r = 0; f != NULL && r < hg_dataset_rows(data); r++) {
        const char *name = hg_dataset_row_name(data, r);
        if (name == last) continue;
        last = name;
        write_name(f, name);
        fprintf(f, ",%.6g\n", score[r]);
    }
    bool failed = f == NULL || ferror(f) != 0;
    if (f != NULL && fclose(f) != 0) failed = true;
    if (!failed) return CLI_OK;
    cli_say("%s: cannot write", path);
    return CLI_FAILED;
}

/* What the colours mean, in a line. */
static void say(const char *folder, bool own, double threshold, double scale)
{
    const char *unit = own ? "" : " of 255";
    fprintf(stderr, "%s: heat maps; ", folder);
    if (threshold > 0) fprintf(stderr, "alarm above %.3g%s; ", threshold, unit);
    fprintf(stderr, "the last colour is %s of %.3g%s\n", own ? "a score" : "an error",
            scale, unit);
}

int cli_heatmaps(cli *c, const hg_model *model, const hg_rule *rule)
{
    hg_dataset *data = NULL;
    double *score = NULL, scale = 0, threshold = 0;
    const char *folder = cli_get(c, "heatmap");
    hg_heatmap_options o = {.size = sizeof(o),
                            .plain = cli_has(c, "plain"),
                            .rule = rule,
                            .threshold = &threshold};
    hg_detector_info info = {.size = sizeof(info)};
    /* With the score `image` a map is what the picture's own score is taken from. */
    const bool own = hg_detector_get_info(c->ctx, model, &info) == HG_OK &&
                     strcmp(info.score, "image") == 0;
    int code = cli_open_data(c, c->args[1], &data);
    if (code == CLI_OK) {
        score = cli_alloc((size_t)hg_dataset_rows(data), sizeof(*score));
        if (hg_heatmaps(c->ctx, model, data, folder, &o, score, &scale) != HG_OK)
            code = cli_failed(c);
    }
    if (code == CLI_OK) code = write_scores(c, data, score, own);
    if (code == CLI_OK && !cli_has(c, "quiet")) say(folder, own, threshold, scale);
    free(score);
    hg_dataset_free(&data);
    return code;
}
