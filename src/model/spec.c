// SPDX-License-Identifier: MIT
/* What the net is, as lines of text: from the configuration's options. */
#include "model/net.h"

#include <string.h>

enum { MAX_HIDDEN = 64, MAX_LINES = 1024 };

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/* Split "a; b; c" at ';' and newlines; empty pieces are left out. */
hg_status hgi_spec_set_lines(hg_ctx *ctx, char ***lines, int64_t *count, const char *text)
{
    *count = 0;
    *lines = hgi_calloc(&ctx->mem, MAX_LINES, sizeof **lines);
    if (*lines == NULL)
        return hgi_fail_mem(ctx, MAX_LINES * sizeof **lines, "layer lines");
    for (const char *p = text; *p != '\0';) {
        size_t n = strcspn(p, ";\n");
        const char *from = p, *to = p + n;
        p = *to != '\0' ? to + 1 : to;
        while (from < to && is_space(*from)) from++;
        while (to > from && is_space(to[-1])) to--;
        if (from == to) continue;
        if (*count == MAX_LINES)
            return hgi_fail(ctx, HG_ERANGE, "more than %d layers", MAX_LINES);
        char *line = hgi_strndup(&ctx->mem, from, (size_t)(to - from));
        if (line == NULL) return hgi_fail_mem(ctx, (size_t)(to - from), "a layer line");
        (*lines)[(*count)++] = line;
    }
    return HG_OK;
}

/* ---- symmetric pair from sizes ------------------------------------------------------- */

typedef struct builder {
    const hg_config *cfg;
    hgi_text out;
} builder;

/* One hidden dense layer with what the options add to it. */
static void add_hidden(builder *b, int64_t units, const char *act, const char *tied)
{
    if (hgi_config_flag(b->cfg, "batchnorm"))
        hgi_text_add(&b->out, "dense %lld%s; batchnorm; activation %s; ",
                     (long long)units, tied, act);
    else
        hgi_text_add(&b->out, "dense %lld %s%s; ", (long long)units, act, tied);
    if (hgi_config_given(b->cfg, "dropout") && hgi_config_real(b->cfg, "dropout") > 0)
        hgi_text_add(&b->out, "dropout %s; ", hg_config_get(b->cfg, "dropout"));
}

static void build_encoder(builder *b, const int64_t *hidden, int64_t n)
{
    const char *act = hgi_config_text(b->cfg, "activation");
    const char *code_act = hgi_config_given(b->cfg, "code-activation")
                               ? hgi_config_text(b->cfg, "code-activation")
                           : hgi_code_takes_linear(hgi_config_text(b->cfg, "code-kind"))
                               ? "linear"
                               : act;
    for (int64_t i = 0; i < n; i++) add_hidden(b, hidden[i], act, "");
    if (hgi_code_sized(hgi_config_text(b->cfg, "code-kind"))) return;
    hgi_text_add(&b->out, "dense %lld %s", (long long)hgi_config_int(b->cfg, "code"),
                 code_act);
}

static void build_decoder(builder *b, const int64_t *hidden, int64_t n,
                          const char *output)
{
    const char *tied = hgi_config_flag(b->cfg, "tied") ? " tied" : "";
    const char *act = hgi_config_text(b->cfg, "activation");
    for (int64_t i = n; i-- > 0;) add_hidden(b, hidden[i], act, tied);
    hgi_text_add(&b->out, "dense input %s%s", output, tied);
}

static hg_status build_symmetric(hg_ctx *ctx, const hg_config *cfg, const char *output,
                                 hgi_spec *s)
{
    int64_t hidden[MAX_HIDDEN];
    int64_t n = hgi_config_given(cfg, "hidden")
                    ? hgi_config_sizes(cfg, "hidden", hidden, MAX_HIDDEN)
                    : 0;
    if (n > MAX_HIDDEN)
        return hgi_fail(ctx, HG_ERANGE, "hidden: more than %d sizes", MAX_HIDDEN);
    if (!hgi_config_given(cfg, "code"))
        return hgi_fail(ctx, HG_EINVAL, "hidden layers without a code size: set code");
    const char *act = hgi_config_text(cfg, "code-activation");
    if (hgi_code_sized(hgi_config_text(cfg, "code-kind")) && *act != '\0' &&
        strcmp(act, "linear") != 0)
        return hgi_fail(ctx, HG_EINVAL,
                        "code-activation: %s, but a code of this kind (%s) has none", act,
                        hgi_config_text(cfg, "code-kind"));
    for (int part = 0; part < 2; part++) {
        builder b = {.cfg = cfg};
        hgi_text_init(&b.out, &ctx->mem);
        if (part == 0)
            build_encoder(&b, hidden, n);
        else
            build_decoder(&b, hidden, n, output);
        const char *lines = b.out.s != NULL ? b.out.s : "";
        hg_status status =
            hgi_text_ok(&b.out) ? HG_OK : hgi_fail_mem(ctx, 256, "layer lines");
        if (status == HG_OK)
            status = part == 0
                         ? hgi_spec_set_lines(ctx, &s->encoder, &s->encoder_count, lines)
                         : hgi_spec_set_lines(ctx, &s->decoder, &s->decoder_count, lines);
        hgi_text_free(&b.out);
        HGI_TRY(status);
    }
    return HG_OK;
}

/* ---- explicit lines ------------------------------------------------------------------ */

/* --tied with explicit lines: every dense line of the decoder gets the word. */
static hg_status add_tied(hg_ctx *ctx, hgi_spec *s)
{
    for (int64_t i = 0; i < s->decoder_count; i++) {
        char kind[32];
        hgi_line_kind(s->decoder[i], kind);
        if (strcmp(kind, "dense") != 0 || strstr(s->decoder[i], " tied") != NULL)
            continue;
        size_t n = strlen(s->decoder[i]);
        char *line = hgi_alloc(&ctx->mem, n + sizeof " tied");
        if (line == NULL) return hgi_fail_mem(ctx, n, "a layer line");
        memcpy(line, s->decoder[i], n);
        memcpy(line + n, " tied", sizeof " tied");
        hgi_free(&ctx->mem, s->decoder[i]);
        s->decoder[i] = line;
    }
    return HG_OK;
}

hg_status hgi_spec_put_words(hg_ctx *ctx, const hgi_shape *row, char **line)
{
    static const char *const words[] = {"conv channels", "convt channels"};
    const int64_t channels = row->rank > 1 ? row->dim[row->rank - 1] : 1;
    for (int i = 0; i < HGI_COUNT(words); i++) {
        size_t n = strlen(words[i]);
        const char *rest = *line + n;
        if (strncmp(*line, words[i], n) != 0 || (*rest != '\0' && !is_space(*rest)))
            continue;
        hgi_text t;
        hgi_text_init(&t, &ctx->mem);
        hgi_text_add(&t, "%.*s ", (int)strcspn(*line, " "), *line);
        hgi_text_add(&t, "%lld%s", (long long)channels, rest);
        char *put = t.failed ? NULL : hgi_strdup(&ctx->mem, t.s);
        hgi_text_free(&t);
        if (put == NULL) return hgi_fail_mem(ctx, n, "a layer line");
        hgi_free(&ctx->mem, *line);
        *line = put;
        break;
    }
    return HG_OK;
}

static hg_status take_lines(hg_ctx *ctx, const hg_config *cfg, hgi_spec *s)
{
    const char *encoder = hgi_config_text(cfg, "encoder");
    const char *decoder = hgi_config_text(cfg, "decoder");
    bool bare = *encoder == '\0' && hgi_code_sized(hgi_config_text(cfg, "code-kind"));
    if ((*encoder == '\0' && !bare) || *decoder == '\0')
        return hgi_fail(ctx, HG_EINVAL, "%s without %s: give both as layer lines",
                        *encoder != '\0' ? "encoder" : "decoder",
                        *encoder != '\0' ? "decoder" : "encoder");
    HGI_TRY(hgi_spec_set_lines(ctx, &s->encoder, &s->encoder_count, encoder));
    HGI_TRY(hgi_spec_set_lines(ctx, &s->decoder, &s->decoder_count, decoder));
    for (int64_t i = 0; i < s->encoder_count; i++)
        HGI_TRY(hgi_spec_put_words(ctx, &s->input, &s->encoder[i]));
    for (int64_t i = 0; i < s->decoder_count; i++)
        HGI_TRY(hgi_spec_put_words(ctx, &s->input, &s->decoder[i]));
    return hgi_config_flag(cfg, "tied") ? add_tied(ctx, s) : HG_OK;
}

/* Options of a configuration, and what they are called in the code's line. */
static const char *const code_options[][2] = {
    {"topk", "k"},
    {"beta", "beta"},
    {"samples", "samples"},
    {"kl-warmup", "warmup"},
    {"kl-warmup-steps", "warmup-steps"},
    {"free-bits", "free-bits"},
    {"capacity", "capacity"},
    {"l1", "l1"},
    {"contractive", "contractive"},
    {"kl-sparsity", "kl"},
    {"target-rate", "rate"},
    {"topk-alpha", "alpha"},
    {"auxk", "auxk"},
    {"dead-after", "dead"},
};

/* Flags, which are called the same in the line. */
static const char *const code_flags[] = {"unit-decoder", "pre-bias", "mirror",
                                         "no-mirror"};

static bool has_option(const hgi_layer_kind *kind, const char *word)
{
    for (const hgi_opt_decl *d = kind->options; d->name != NULL; d++)
        if (strcmp(d->name, word) == 0) return true;
    return false;
}

/* Does this kind of code have what the option says?  Else which kinds do: the word in the
 * line is not the option's own name, so that the line's own message would mislead.     */
static hg_status check_code_option(hg_ctx *ctx, const char *line, const char *option,
                                   const char *word)
{
    const hgi_layer_kind *kind = hgi_code_kind(line);
    char kinds[200] = "";
    size_t len = 0;
    if (kind == NULL || has_option(kind, word)) return HG_OK;
    for (int i = 0; hgi_code_kinds[i] != NULL && len + 40 < sizeof kinds; i++)
        if (has_option(hgi_code_kinds[i], word))
            len += (size_t)snprintf(kinds + len, sizeof kinds - len, "%s%s",
                                    len > 0 ? " or " : "", hgi_code_kinds[i]->name);
    return hgi_fail(ctx, HG_EINVAL,
                    "%s: a %s code has no use for it: set code-kind to %s", option,
                    kind->name, kinds);
}

/* What a kind cannot do without, by the option that sets it: the word in the line is not
 * what one types. */
static hg_status check_needed(hg_ctx *ctx, const hg_config *cfg, const char *line,
                              bool has_size)
{
    const hgi_layer_kind *kind = hgi_code_kind(line);
    if (kind == NULL) return HG_OK;
    if (hgi_code_sized(line) && !has_size && strstr(line, " size=") == NULL &&
        !hgi_config_given(cfg, "code"))
        return hgi_fail(ctx, HG_EINVAL,
                        "a %s code without a size: set code, how many values it has "
                        "(--code 16)",
                        kind->name);
    if (has_option(kind, "k") && strstr(line, " k=") == NULL &&
        !hgi_config_given(cfg, "topk"))
        return hgi_fail(ctx, HG_EINVAL,
                        "a %s code without its k: set topk, how many values a row keeps "
                        "(--topk 16)",
                        kind->name);
    return HG_OK;
}

/* The kind, then the size where the kind has it in its line, then what options add. */
static hg_status code_line(hg_ctx *ctx, const hg_config *cfg, hgi_spec *s)
{
    hgi_text t;
    const char *line = hgi_config_text(cfg, "code-kind");
    size_t kind = strcspn(line, " \t\n"), next = kind + strspn(line + kind, " \t\n");
    bool has_size = line[next] >= '0' && line[next] <= '9';
    for (int i = 0; i < HGI_COUNT(code_options); i++)
        if (hgi_config_given(cfg, code_options[i][0]))
            HGI_TRY(check_code_option(ctx, line, code_options[i][0], code_options[i][1]));
    for (int i = 0; i < HGI_COUNT(code_flags); i++)
        if (hgi_config_flag(cfg, code_flags[i]))
            HGI_TRY(check_code_option(ctx, line, code_flags[i], code_flags[i]));
    HGI_TRY(check_needed(ctx, cfg, line, has_size));
    hgi_text_init(&t, &ctx->mem);
    hgi_text_add_bytes(&t, line, kind);
    if (hgi_code_sized(line) && !has_size && hgi_config_given(cfg, "code"))
        hgi_text_add(&t, " %s", hg_config_get(cfg, "code"));
    hgi_text_add(&t, "%s", line + kind);
    for (int i = 0; i < HGI_COUNT(code_options); i++) {
        const char *option = code_options[i][0];
        if (!hgi_config_given(cfg, option)) continue;
        bool penalty = strcmp(option, "l1") == 0 || strcmp(option, "contractive") == 0;
        if (penalty && hgi_config_real(cfg, option) <= 0) continue;
        hgi_text_add(&t, " %s=%s", code_options[i][1], hg_config_get(cfg, option));
    }
    for (int i = 0; i < HGI_COUNT(code_flags); i++)
        if (hgi_config_flag(cfg, code_flags[i])) hgi_text_add(&t, " %s", code_flags[i]);
    s->code = hgi_text_ok(&t) ? hgi_strdup(&ctx->mem, t.s) : NULL;
    hgi_text_free(&t);
    return s->code != NULL ? HG_OK : hgi_fail_mem(ctx, 64, "the code line");
}

/* Lines that come from a file keep their places. */
static hg_status take_places(hg_ctx *ctx, const hg_config *cfg, hgi_spec *s)
{
    static const char *const options[3] = {"encoder", "code-kind", "decoder"};
    for (int i = 0; i < 3; i++) {
        const char *places = hgi_config_places(cfg, options[i]);
        if (places == NULL && i == 1) places = hgi_config_places(cfg, "code");
        if (places == NULL) continue;
        s->places[i] = hgi_strdup(&ctx->mem, places);
        if (s->places[i] == NULL)
            return hgi_fail_mem(ctx, strlen(places), "places of layer lines");
    }
    return HG_OK;
}

/* A learnt sigma is the decoder's last line, unless that is there already. */
static hg_status add_sigma(hg_ctx *ctx, const hg_config *cfg, hgi_spec *s)
{
    const char *each = hgi_config_text(cfg, "learn-sigma");
    char line[64], kind[32] = "";
    if (strcmp(s->loss, "gaussian") != 0 || strcmp(each, "none") == 0) return HG_OK;
    if (s->decoder_count > 0) hgi_line_kind(s->decoder[s->decoder_count - 1], kind);
    if (strcmp(kind, "sigma") == 0) return HG_OK;
    if (s->decoder_count == MAX_LINES)
        return hgi_fail(ctx, HG_ERANGE, "more than %d layers", MAX_LINES);
    snprintf(line, sizeof line, "sigma %s start=%.17g", each, s->sigma);
    char *copy = hgi_strdup(&ctx->mem, line);
    if (copy == NULL) return hgi_fail_mem(ctx, sizeof line, "a layer line");
    s->decoder[s->decoder_count++] = copy;
    return HG_OK;
}

hg_status hgi_spec_from_config(const hg_config *cfg, const hgi_shape *input,
                               const char *loss, hgi_spec *out)
{
    hg_ctx *ctx = hgi_config_ctx(cfg);
    hgi_spec s = {.mem = ctx->mem, .input = *input};
    hg_status status = HG_OK;
    const hgi_loss *l = hgi_loss_find(loss);
    assert(l != NULL);
    bool lines = hgi_config_given(cfg, "encoder") || hgi_config_given(cfg, "decoder");
    bool sizes = hgi_config_given(cfg, "hidden") || hgi_config_given(cfg, "code");
    const char *output = hgi_config_text(cfg, "output-activation");
    if (*output == '\0' || strcmp(output, "auto") == 0) output = l->output;
    if (!lines && !sizes) {
        status = hgi_fail(ctx, HG_EINVAL,
                          "no model: set preset, code, or encoder with decoder, or take "
                          "a configuration file "
                          "(`hourglass list presets` shows what there is)");
        goto done;
    }
    if (lines && hgi_config_given(cfg, "hidden")) {
        status = hgi_fail(
            ctx, HG_EINVAL,
            "hidden: not together with encoder and decoder lines, which say it all");
        goto done;
    }
    HGI_GOTO(lines ? take_lines(ctx, cfg, &s) : build_symmetric(ctx, cfg, output, &s));
    HGI_GOTO(code_line(ctx, cfg, &s));
    HGI_GOTO(take_places(ctx, cfg, &s));
    s.loss = hgi_strdup(&ctx->mem, loss);
    if (s.loss == NULL) HGI_GOTO(hgi_fail_mem(ctx, 16, "the loss"));
    HGI_GOTO(hgi_corrupt_parse(ctx, hgi_config_text(cfg, "corrupt"), &s.corrupt));
    HGI_GOTO(hgi_corrupt_fit(ctx, &s.corrupt, input->rank, input->dim));
    s.corrupt.once = strcmp(hgi_config_text(cfg, "redraw"), "once") == 0;
    s.corrupt.clean = hgi_config_real(cfg, "keep-clean");
    hgi_binarise_find(hgi_config_text(cfg, "binarise"), &s.binarise);
    s.huber_delta = hgi_config_real(cfg, "huber-delta");
    s.sigma = hgi_config_real(cfg, "sigma");
    HGI_GOTO(add_sigma(ctx, cfg, &s));
    const char *init = hgi_config_text(cfg, "init");
    s.init = strcmp(init, "he") == 0     ? HGI_INIT_HE
             : strcmp(init, "auto") == 0 ? HGI_INIT_AUTO
                                         : HGI_INIT_GLOROT;
done:
    if (status != HG_OK) hgi_spec_free(&s);
    *out = s;
    return status;
}

/* Images stay images before a layer that looks at their places. */
static bool wants_places(const char *line)
{
    static const char *const kinds[] = {"conv", "convt", "maxpool", "avgpool",
                                        "pad",  "crop",  "upsample"};
    char kind[32];
    hgi_line_kind(line, kind);
    for (int i = 0; i < HGI_COUNT(kinds); i++)
        if (strcmp(kind, kinds[i]) == 0) return true;
    return false;
}

/* The line that was at this place in a file is told of for the new one, too. */
static hg_status repeat_place(hg_ctx *ctx, char **places, int64_t at)
{
    hgi_text t;
    if (*places == NULL) return HG_OK;
    const char *line = *places;
    for (int64_t i = 0; i < at && strchr(line, '\n') != NULL; i++)
        line = strchr(line, '\n') + 1;
    hgi_text_init(&t, &ctx->mem);
    hgi_text_add_bytes(&t, *places, (size_t)(line - *places) + strcspn(line, "\n"));
    hgi_text_add(&t, "\n%s", line);
    char *copy = hgi_text_ok(&t) ? hgi_strdup(&ctx->mem, t.s) : NULL;
    hgi_text_free(&t);
    if (copy == NULL) return hgi_fail_mem(ctx, strlen(*places), "places of layer lines");
    hgi_free(&ctx->mem, *places);
    *places = copy;
    return HG_OK;
}

/* The class comes before all layers of the part; behind a code that is a list, which goes
 * to a dense layer, before the next product. */
static int64_t condition_place(char *const *lines, int64_t count, bool listed)
{
    char kind[32];
    for (int64_t i = 1; listed && i < count; i++) {
        hgi_line_kind(lines[i], kind);
        if (strcmp(kind, "dense") == 0 || strcmp(kind, "conv") == 0 ||
            strcmp(kind, "convt") == 0)
            return i;
    }
    return 0;
}

static hg_status put_condition(hg_ctx *ctx, char ***lines, int64_t *count, char **places,
                               int64_t classes, bool listed)
{
    char text[64], kind[32];
    const int64_t at = condition_place(*lines, *count, listed);
    for (int64_t i = 0; i < *count; i++) {
        hgi_line_kind((*lines)[i], kind);
        if (strcmp(kind, "condition") == 0) return HG_OK;
    }
    bool image = *count > 0 && wants_places((*lines)[at]);
    snprintf(text, sizeof text, "condition %lld%s", (long long)classes,
             image ? " channels" : "");
    char **grown = hgi_calloc(&ctx->mem, (size_t)*count + 2, sizeof *grown);
    char *line = hgi_strdup(&ctx->mem, text);
    if (grown == NULL || line == NULL) {
        hgi_free(&ctx->mem, grown);
        hgi_free(&ctx->mem, line);
        return hgi_fail_mem(ctx, sizeof text, "a layer line");
    }
    grown[at] = line;
    for (int64_t i = 0; i < *count; i++) grown[i < at ? i : i + 1] = (*lines)[i];
    hgi_free(&ctx->mem, *lines);
    *lines = grown;
    ++*count;
    return repeat_place(ctx, places, at);
}

hg_status hgi_spec_condition(hg_ctx *ctx, hgi_spec *s, hgi_classes *classes)
{
    hgi_classes_free(&ctx->mem, &s->classes);
    s->classes = *classes;
    *classes = (hgi_classes){0};
    HGI_TRY(put_condition(ctx, &s->encoder, &s->encoder_count, &s->places[0],
                          s->classes.count, false));
    return put_condition(ctx, &s->decoder, &s->decoder_count, &s->places[2],
                         s->classes.count, hgi_code_listed(s->code));
}

static void print_lines(hgi_text *out, const char *part, char *const *lines,
                        int64_t count)
{
    hgi_text_add(out, "%s:\n", part);
    for (int64_t i = 0; i < count; i++) hgi_text_add(out, "  - %s\n", lines[i]);
}

hg_status hgi_spec_print(const hgi_spec *s, hgi_text *out)
{
    hgi_text_add(out, "input: ");
    for (int i = 0; i < s->input.rank; i++)
        hgi_text_add(out, "%s%lld", i > 0 ? "x" : "", (long long)s->input.dim[i]);
    hgi_text_add(out, "\n");
    print_lines(out, "encoder", s->encoder, s->encoder_count);
    hgi_text_add(out, "code: %s\n", s->code);
    print_lines(out, "decoder", s->decoder, s->decoder_count);
    hgi_text_add(out, "loss: %s\n", s->loss);
    if (strcmp(s->loss, "huber") == 0) {
        char number[HGI_NUMBER_MAX];
        hgi_format_double(number, s->huber_delta);
        hgi_text_add(out, "huber_delta: %s\n", number);
    }
    if (strcmp(s->loss, "gaussian") == 0) {
        char number[HGI_NUMBER_MAX];
        hgi_format_double(number, s->sigma);
        hgi_text_add(out, "sigma: %s\n", number);
    }
    if (s->classes.count > 0) {
        char known[160];
        hgi_classes_print(&s->classes, known, sizeof known);
        hgi_text_add(out, "condition: labels (%s)\n", known);
    }
    if (s->binarise != HGI_BINARISE_NONE)
        hgi_text_add(out, "binarise: %s\n", hgi_binarise_words[s->binarise]);
    if (s->corrupt.count > 0) {
        hgi_text_add(out, "corrupt: ");
        hgi_corrupt_print(&s->corrupt, out);
        hgi_text_add(out, "\nredraw: %s\n", s->corrupt.once ? "once" : "epoch");
        char number[HGI_NUMBER_MAX];
        hgi_format_double(number, s->corrupt.clean);
        if (s->corrupt.clean > 0) hgi_text_add(out, "keep-clean: %s\n", number);
    }
    return hgi_text_ok(out) ? HG_OK : HG_ENOMEM;
}

static void free_lines(const hgi_mem *mem, char **lines, int64_t count)
{
    for (int64_t i = 0; i < count; i++) hgi_free(mem, lines[i]);
    hgi_free(mem, lines);
}

void hgi_spec_free(hgi_spec *s)
{
    if (s == NULL) return;
    hgi_mem mem = s->mem;
    free_lines(&mem, s->encoder, s->encoder_count);
    free_lines(&mem, s->decoder, s->decoder_count);
    for (int i = 0; i < 3; i++) hgi_free(&mem, s->places[i]);
    hgi_free(&mem, s->code);
    hgi_free(&mem, s->loss);
    hgi_classes_free(&mem, &s->classes);
    *s = (hgi_spec){.mem = mem};
}
