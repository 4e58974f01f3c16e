// SPDX-License-Identifier: MIT
/* hourglass: the verbs, and which of them the command line means.                      */
#include "cli.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* One a line, so that lines of two changes do not meet. */
#define VERBS(X)                                                                         \
    X(train)                                                                             \
    X(summary)                                                                           \
    X(evaluate)                                                                          \
    X(encode)                                                                            \
    X(decode)                                                                            \
    X(reconstruct)                                                                       \
    X(score)                                                                             \
    X(predict)                                                                           \
    X(calibrate)                                                                         \
    X(sample)                                                                            \
    X(interpolate)                                                                       \
    X(plot_loss)                                                                         \
    X(plot_grid)                                                                         \
    X(plot_filters)                                                                      \
    X(plot_latent)                                                                       \
    X(plot_manifold)                                                                     \
    X(plot_traversal)                                                                    \
    X(plot_roc)                                                                          \
    X(plot_pr)                                                                           \
    X(plot_scores)                                                                       \
    X(plot_series)                                                                       \
    X(data_info)                                                                         \
    X(data_convert)                                                                      \
    X(pca)                                                                               \
    X(sweep)                                                                             \
    X(bench)                                                                             \
    X(list)                                                                              \
    X(info)                                                                              \
    X(help)
#define VERB(name) extern const cli_verb cli_##name;
VERBS(VERB)
#undef VERB
#define VERB(name) &cli_##name,
const cli_verb *const cli_verbs[] = {VERBS(VERB) NULL};
#undef VERB

/* "plot" is the first word of "plot loss". */
static bool is_first_word(const cli_verb *v, const char *word)
{
    size_t n = strlen(word);
    return strncmp(v->name, word, n) == 0 && v->name[n] == ' ';
}

/* The verb of argv[1] (and argv[2]); *words is how many it took. */
static const cli_verb *find_verb(int argc, char **argv, int *words)
{
    for (int i = 0; cli_verbs[i] != NULL; i++) {
        const cli_verb *v = cli_verbs[i];
        *words = 1;
        if (strcmp(v->name, argv[1]) == 0) return v;
        *words = 2;
        if (argc > 2 && is_first_word(v, argv[1]) &&
            strcmp(v->name + strlen(argv[1]) + 1, argv[2]) == 0)
            return v;
    }
    return NULL;
}

/* "plot" and "data" want a second word. */
static int second_word(int argc, char **argv)
{
    const char *names[32] = {""};
    char list[200] = "";
    int n = 0;
    for (int i = 0; cli_verbs[i] != NULL && n < 32; i++) {
        if (!is_first_word(cli_verbs[i], argv[1])) continue;
        names[n] = cli_verbs[i]->name + strlen(argv[1]) + 1;
        size_t len = strlen(list);
        snprintf(list + len, sizeof(list) - len, "%s%s", n > 0 ? ", " : "", names[n]);
        n++;
    }
    bool help =
        argc > 2 && (strcmp(argv[2], "--help") == 0 || strcmp(argv[2], "-h") == 0);
    if (help || argc == 2) {
        FILE *f = help ? stdout : stderr;
        for (int i = 0; cli_verbs[i] != NULL; i++)
            if (is_first_word(cli_verbs[i], argv[1])) cli_usage_line(cli_verbs[i], f);
        fprintf(f, "Try 'hourglass %s %s --help'.\n", argv[1], names[0]);
        return help ? CLI_OK : CLI_USAGE;
    }
    const char *near = cli_nearest(argv[2], names, n);
    if (near != NULL)
        return cli_usage_error("unknown word '%s' behind %s; did you mean '%s'?", argv[2],
                               argv[1], near);
    return cli_usage_error("unknown word '%s' behind %s; known: %s", argv[2], argv[1],
                           list);
}

static int unknown_verb(int argc, char **argv)
{
    const char *names[64];
    int n = 0;
    for (int i = 0; cli_verbs[i] != NULL && n < 62; i++) {
        if (is_first_word(cli_verbs[i], argv[1])) return second_word(argc, argv);
        if (strchr(cli_verbs[i]->name, ' ') == NULL) names[n++] = cli_verbs[i]->name;
    }
    /* First words are no verbs, yet may be meant. */
    names[n++] = "plot";
    names[n++] = "data";
    const char *near = cli_nearest(argv[1], names, n);
    const char *what = argv[1][0] == '-' ? "option" : "command";
    if (near != NULL && argv[1][0] != '-')
        return cli_usage_error("unknown %s '%s'; did you mean '%s'?", what, argv[1],
                               near);
    return cli_usage_error("unknown %s '%s'; 'hourglass help' lists the commands", what,
                           argv[1]);
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        cli_help_overview(stderr);
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        printf("hourglass %s\n", hg_version());
        return CLI_OK;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        cli_help_overview(stdout);
        return CLI_OK;
    }
    int words = 1;
    cli c = {.verb = find_verb(argc, argv, &words)};
    if (c.verb == NULL) return unknown_verb(argc, argv);
    int code = cli_parse(&c, argc - 1 - words, argv + 1 + words);
    if (code == CLI_OK && c.help) {
        cli_help_verb(c.verb, stdout);
    } else if (code == CLI_OK && c.arg_count < c.verb->min_args) {
        cli_usage_line(c.verb, stderr);
        fprintf(stderr, "Try 'hourglass %s --help'.\n", c.verb->name);
        code = CLI_USAGE;
    } else if (code == CLI_OK) {
        code = c.verb->run(&c);
    }
    /* Freed even now, so that leak checks of the program find only leaks. */
    hg_ctx_free(&c.ctx);
    free(c.given);
    free(c.args);
    return code;
}

int main(int argc, char **argv)
{
    /* A reader that has seen enough ("| head") ends us silently, even under a parent that
     * ignores the signal.                                                              */
    signal(SIGPIPE, SIG_DFL);
    /* Past a limit on file sizes (ulimit -f) writing fails like on a full disk. */
    signal(SIGXFSZ, SIG_IGN);
    int code = run(argc, argv);
    errno = 0;
    /* What could not be written to a full disk must not look like success. */
    if ((fflush(stdout) != 0 || ferror(stdout)) && code == CLI_OK) {
        cli_say("standard output: %s", errno != 0 ? strerror(errno) : "cannot write");
        code = CLI_FAILED;
    }
    return code;
}
