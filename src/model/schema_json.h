// SPDX-License-Identifier: MIT
/* A schema as the text that a model file has of it.                                    */
#ifndef HGI_SCHEMA_JSON_H
#define HGI_SCHEMA_JSON_H

#include "data/schema.h"

#include <jansson.h>

/* A new object, NULL when memory ran out.                                              */
json_t *hgi_schema_json(const hg_schema *s);
/* Nothing in it is trusted.  features: what the net has.  Errors: HG_EFORMAT, HG_ENOMEM. */
hg_status hgi_schema_from_json(hg_ctx *ctx, const char *path, const json_t *o,
                               int64_t features, hg_schema **out);

#endif
