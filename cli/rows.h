// SPDX-License-Identifier: MIT
/* Rows that a verb made, to a file of data or a picture, as the output's ending says.  */
#ifndef CLI_ROWS_H
#define CLI_ROWS_H

#include "cli.h"

extern const cli_option cli_rows_options[]; /* of the picture                           */
/* Can the output be written?  Cheap: asked first.  format is that of --to, or NULL: by the
 * ending.  0 or an exit status, said.                                                  */
int cli_rows_check(cli *c, const char *path, const char *format);
/* title: the picture's, when the command line has none.                                */
int cli_rows_write(cli *c, const hg_model *model, const hg_dataset *rows,
                   const char *path, const char *format, const char *title);
/* As data, whatever the ending.                                                        */
int cli_rows_save(cli *c, const hg_dataset *rows, const char *path, const char *format);

#endif
