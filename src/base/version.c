// SPDX-License-Identifier: MIT
/* The version, said once: in the public header.                                       */
#include "base/base.h"

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

const char *hg_version(void)
{
    return TEXT(HG_VERSION_MAJOR) "." TEXT(HG_VERSION_MINOR) "." TEXT(HG_VERSION_PATCH);
}

int hg_version_number(void) { return HG_VERSION_NUMBER; }
