// SPDX-License-Identifier: MIT
/* Ctrl-C and kill: the first asks to stop, the second ends the program at once.        */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

#include <stdbool.h>

/* Catch SIGINT and SIGTERM, and leave SIGPIPE to the functions that write.             */
void cli_interrupt_catch(void);
/* Catch SIGINT and SIGTERM also while cli_interrupt_wait() waits.                      */
void cli_interrupt_catch_waiting(void);
/* Wait until there is something to read, or the end; false: a signal asked to stop.    */
bool cli_interrupt_wait(int fd);
/* The signal that asked to stop, or 0.                                                 */
int cli_interrupted(void);

#endif
