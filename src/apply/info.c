// SPDX-License-Identifier: MIT
/* hg_info: what this build has and what this machine gives it. */
#include "data/formats.h"
#include "data/picture.h"
#include "kernels/kernels.h"
#include "model/config.h"
#include "report/report.h"

#include <jansson.h>

#include <string.h>

/* Those that this build has and this machine runs. */
static void kernel_names(char *out, size_t n)
{
    size_t used = 0;
    const hgi_kernels *k;
    out[0] = '\0';
    for (int i = 0; (k = hgi_kernels_at(i)) != NULL && used < n; i++) {
        int wrote = snprintf(out + used, n - used, "%s%s", i > 0 ? " " : "", k->name);
        used += wrote > 0 ? (size_t)wrote : 0;
    }
}

int hg_info(const hg_ctx *ctx, int index, hg_fact *out)
{
    static const char *const names[] = {
        "version", "cpu",     "kernels", "kernels_available",
        "bf16",    "threads", "number",  "jansson",
        "yaml",    "cairo",   "libzip",  "libpng",
        "libjpeg"};
    const char *missing = NULL;
    if (ctx == NULL || out == NULL || index < 0 || index >= HGI_COUNT(names)) return 0;
    /* The text lives in the context: the caller's context is not shared while in use. */
    char *text = ((hg_ctx *)(uintptr_t)ctx)->fact;
    size_t n = sizeof ctx->fact;
    const char *value = text;
    snprintf(text, n, "%d", ctx->threads);
    switch (index) {
    case 0: value = hg_version(); break;
    case 1: hgi_cpu_describe(text, n); break;
    case 2: value = ctx->kernels->name; break;
    case 3: kernel_names(text, n); break;
    case 4: value = ctx->bf16 != NULL ? ctx->bf16->name : "none on this CPU"; break;
    case 5: break;
    case 6: value = sizeof(hgi_real) == sizeof(float) ? "f32" : "f64"; break;
    case 7: value = JANSSON_VERSION; break;
    case 8:
        value = hgi_yaml_version();
        missing = "not built in: install libyaml-dev and rebuild";
        break;
    case 9:
        value = hgi_picture_backend();
        missing = "not built in: install libcairo2-dev and rebuild";
        break;
    case 10:
        value = hgi_zip_version();
        missing = "not built in: install libzip-dev and rebuild";
        break;
    case 11:
        value = hgi_png_version();
        missing = "not built in: install libpng-dev and rebuild";
        break;
    default:
        value = hgi_jpeg_version();
        missing = "not built in: install libjpeg-dev and rebuild";
        break;
    }
    /* A part that is missing says what to install instead of its version. */
    *out = (hg_fact){names[index], value != NULL ? value : missing};
    return 1;
}
