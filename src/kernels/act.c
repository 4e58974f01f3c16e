// SPDX-License-Identifier: MIT
/* The words for activations, all from HGI_ACT_MAP.                                     */
#include "kernels/kernels.h"

#include <string.h>

static const char *const words[] = {
#define WORD(name, word, help) word,
    HGI_ACT_MAP(WORD)
#undef WORD
};

const char *hgi_act_name(hgi_act act)
{
    assert(act >= 0 && act < HGI_ACT_COUNT);
    return words[act];
}

bool hgi_act_find(const char *word, hgi_act *out)
{
    for (int i = 0; i < HGI_ACT_COUNT; i++)
        if (strcmp(word, words[i]) == 0) {
            *out = (hgi_act)i;
            return true;
        }
    return false;
}

bool hgi_act_needs_input(hgi_act act) { return act == HGI_ACT_GELU; }
