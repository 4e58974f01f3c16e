// SPDX-License-Identifier: MIT
/* Signals set one flag, which training reads between steps.                            */
#define _GNU_SOURCE /* ppoll */
#include "interrupt.h"

#include <errno.h>
#include <poll.h>
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

void cli_interrupt_catch_waiting(void)
{
    struct sigaction a = {.sa_handler = handle, .sa_flags = SA_RESTART};
    sigemptyset(&a.sa_mask);
    sigaction(SIGINT, &a, NULL);
    sigaction(SIGTERM, &a, NULL);
}

void cli_interrupt_catch(void)
{
    cli_interrupt_catch_waiting();
    /* Whoever read our progress may leave; hours of training must not go with him. */
    signal(SIGPIPE, SIG_IGN);
}

/* Signals are held back between the look at the flag and the wait, which lets them in: one
 * that comes there would else be noticed with the next line only. */
bool cli_interrupt_wait(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    sigset_t stops, before;
    sigemptyset(&stops);
    sigaddset(&stops, SIGINT);
    sigaddset(&stops, SIGTERM);
    sigprocmask(SIG_BLOCK, &stops, &before);
    while (caught == 0 && ppoll(&p, 1, NULL, &before) < 0 && errno == EINTR) {}
    sigprocmask(SIG_SETMASK, &before, NULL);
    return caught == 0;
}

int cli_interrupted(void) { return caught; }
