// SPDX-License-Identifier: MIT
/* examples/NAME.yaml says what the preset NAME says, and there is one for each.        */
#include "model/config.h"
#include "test.h"

#include <string.h>

TEST(each_preset_has_an_example_that_says_the_same)
{
    hg_ctx *ctx = test_ctx();
    for (int i = 0; hgi_presets[i].name != NULL; i++) {
        char path[128];
        hg_config *preset, *example;
        hgi_text a, b;
        hgi_text_init(&a, &ctx->mem);
        hgi_text_init(&b, &ctx->mem);
        snprintf(path, sizeof path, "examples/%s.yaml", hgi_presets[i].name);
        test_where("%s", path);
        CHECK_OK(ctx, hg_config_new(ctx, &preset));
        CHECK_OK(ctx, hg_config_new(ctx, &example));
        CHECK_OK(ctx, hg_config_preset(preset, hgi_presets[i].name));
        hg_status status = hg_config_load(example, path);
        if (status == HG_EUNAVAILABLE) {
            hg_config_free(&example);
            hg_config_free(&preset);
            SKIP("built without libyaml");
        }
        CHECK_INT(status, HG_OK);
        CHECK(hg_config_get(example, "preset") == NULL);
        CHECK_OK(ctx, hgi_config_print(preset, &a));
        CHECK_OK(ctx, hgi_config_print(example, &b));
        CHECK_STR(b.s, a.s);
        hgi_text_free(&a);
        hgi_text_free(&b);
        hg_config_free(&example);
        hg_config_free(&preset);
    }
}
