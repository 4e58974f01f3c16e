// SPDX-License-Identifier: MIT
/* What verbs share that decide about rows: rules, labels, scores beside labels.        */
#ifndef CLI_DETECTION_H
#define CLI_DETECTION_H

#include "json.h"
#include "rule.h"

extern const cli_option cli_judge_options[]; /* --normal-label --anomaly-label ...      */

/* {"components": .., "winner": ..} of PCA beside a detector, into o as "pca"; nothing
 * where there is none.                                                                */
void cli_beside_json(const hg_model *model, json_t *o);
bool cli_has_detector(cli *c, const hg_model *model);
/* "false-alarms 0.001": that rule, or the model's own where has is false.              */
void cli_rule_text(cli *c, const hg_model *model, const hg_rule *rule, bool has,
                   char *out, size_t n);
/* Why labels name neither or both; 0 or CLI_USAGE.                                     */
int cli_check_label_words(const cli *c);

/* A model's scores of rows beside --labels.                                            */
typedef struct cli_detected {
    hg_detection *detection;
    hg_decision decision;
    int64_t rows, anomalies; /* by the labels                                           */
    int64_t unlabelled;      /* rows without a label, which rows does not count         */
    char rule[80];
} cli_detected;
int cli_detect(cli *c, const hg_model *model, const hg_dataset *data, cli_detected *out);

/* evaluate --labels of a model with a detector, and of --against beside it.            */
typedef struct cli_detections {
    cli_detected of[2];
    int models;         /* that have a detector */
    const char *beside; /* what the second one is: "against" or "PCA" */
} cli_detections;
/* train: rows to fit PCA to, which then stands beside; or NULL.                        */
int cli_detection_measure(cli *c, const hg_dataset *data, const hg_dataset *train,
                          cli_detections *out);
int cli_detection_json(cli *c, const cli_detections *d, json_t *into);
int cli_detection_print(cli *c, const cli_detections *d);
void cli_detections_free(cli_detections *d);

#endif
