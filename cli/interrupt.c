// SPDX-License-Identifier: MIT
/* Signals set one flag, which training reads between steps.                            */
#include "interrupt.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

/* A handler has no argument of ours, so this is the program's one variable of its kind. */
static volatile sig_atomic_t caught;

static void handle(int number)
{
    if (caught != 0) _exit(128 + number);
    caught = number;
}

void cli_interrupt_catch(void)
{
    struct sigaction a = {.sa_handler = handle, .sa_flags = SA_RESTART};
    sigemptyset(&a.sa_mask);
    sigaction(SIGINT, &a, NULL);
    sigaction(SIGTERM, &a, NULL);
    /* Whoever read our progress may leave; hours of training must not go with him. */
    signal(SIGPIPE, SIG_IGN);
}

int cli_interrupted(void) { return caught; }
