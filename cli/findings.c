// SPDX-License-Identifier: MIT
/* What the doctor found: an array for scripts, notes for people.                       */
#include "json.h"

int cli_findings(cli *c, const hg_model *model, const hg_dataset *data,
                 const hg_dataset *train, json_t *into)
{
    hg_doctor *doctor;
    hg_fact f;
    if (hg_doctor_new(c->ctx, model, data, train, &doctor) != HG_OK) return cli_failed(c);
    json_t *list = json_array();
    for (int i = 0; hg_doctor_at(doctor, i, &f); i++) {
        json_t *row = json_object();
        json_object_set_new(row, "name", json_string(f.name));
        json_object_set_new(row, "text", cli_json_text(f.value));
        json_array_append_new(list, row);
    }
    json_object_set_new(into, "findings", list);
    hg_doctor_free(&doctor);
    return CLI_OK;
}

void cli_findings_say(const cli *c, const json_t *from)
{
    size_t i;
    json_t *row;
    if (cli_has(c, "quiet")) return;
    /* What stands on stdout comes first, also where both go to one file. */
    fflush(stdout);
    json_array_foreach(json_object_get(from, "findings"), i, row)
        cli_say("note: %s: %s", json_string_value(json_object_get(row, "name")),
                json_string_value(json_object_get(row, "text")));
}
