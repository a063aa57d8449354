/*
 * child: the first process of the sandbox, from clone to being init (or the payload itself).
 */
#ifndef CHILD_H
#define CHILD_H

#include "sandbox.h"

/* The child's whole life. Leaves by exec or _exit, and has said over the channel what went wrong.
 */
_Noreturn void child_main(struct sandbox *sandbox);

#endif
