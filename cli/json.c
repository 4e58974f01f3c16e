// SPDX-License-Identifier: MIT
/* JSON out of the program, by jansson.                                                 */
#include "json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

json_t *cli_json_real(double x) { return isfinite(x) ? json_real(x) : json_null(); }

json_t *cli_json_text(const char *s)
{
    if (s == NULL) return json_null();
    json_t *text = json_string(s);
    if (text != NULL) return text;
    /* A file's name need not be UTF-8, JSON must be. */
    char *copy = cli_strdup(s);
    for (char *p = copy; *p != '\0'; p++)
        if ((unsigned char)*p >= 128) *p = '?';
    text = json_string(copy);
    free(copy);
    return text;
}

json_t *cli_json_shape(int rank, const int64_t *shape)
{
    json_t *list = json_array();
    for (int i = 0; i < rank; i++) json_array_append_new(list, json_integer(shape[i]));
    return list;
}

int cli_json_print(json_t *object)
{
    /* 17 digits give the double back exactly. */
    size_t flags = JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(17);
    char *text = object != NULL ? json_dumps(object, flags) : NULL;
    json_decref(object);
    if (text == NULL) {
        cli_say("out of memory");
        return CLI_FAILED;
    }
    puts(text);
    free(text);
    return CLI_OK;
}
