// SPDX-License-Identifier: MIT
/* Ctrl-C and kill: the first asks to stop, the second ends the program at once.        */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

/* Catch SIGINT and SIGTERM, and leave SIGPIPE to the functions that write.             */
void cli_interrupt_catch(void);
/* The signal that asked to stop, or 0.                                                 */
int cli_interrupted(void);

#endif
