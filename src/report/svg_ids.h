// SPDX-License-Identifier: MIT
/* cairo names the images and surfaces of an SVG by a counter of the whole process, so the
 * same picture drawn twice would differ.  This gives them numbers by first appearance. */
#ifndef HGI_SVG_IDS_H
#define HGI_SVG_IDS_H

#include "base/base.h"

/* Write s[0..len-1] with new ids.  Errors  HG_ENOMEM; a failed write stays in `file`. */
hg_status hgi_svg_write(hg_ctx *ctx, const char *s, size_t len, hgi_outfile *file);

#endif
