// SPDX-License-Identifier: MIT
/* JSON out of the program; numbers do not depend on the locale.                        */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include "cli.h"

#include <jansson.h>

/* A number, or null where JSON has none (NaN, infinity).                               */
json_t *cli_json_real(double x);
/* A text; bytes that are not UTF-8 are shown as '?'.  NULL is null.                    */
json_t *cli_json_text(const char *s);
json_t *cli_json_shape(int rank, const int64_t *shape);
/* One object on one line of stdout, so that a program can read line by line.  Takes the
 * object; an exit status.                                                              */
int cli_json_print(json_t *object);

/* Ask the doctor: "findings" of `into`, an array of names and texts.  train: the training
 * rows, or NULL.  An exit status.                                                      */
int cli_findings(cli *c, const hg_model *model, const hg_dataset *data,
                 const hg_dataset *train, json_t *into);
/* The same as notes on stderr, unless --quiet.                                         */
void cli_findings_say(const cli *c, const json_t *from);

#endif
