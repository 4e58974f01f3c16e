// SPDX-License-Identifier: MIT
/* Put before every source by tools/analyze.sh: clang's analyser looks at one file at a time
 * and cannot know that these calls never return HG_OK.                                 */
#include "base/base.h"

#define hgi_fail(ctx, status, ...) (hgi_fail(ctx, status, __VA_ARGS__), (status))
#define hgi_fail_mem(ctx, bytes, what) (hgi_fail_mem(ctx, bytes, what), HG_ENOMEM)
#define hgi_fail_io(ctx, path, action, error)                                            \
    (hgi_fail_io(ctx, path, action, error), HG_EIO)
