/*
 * init: pid 1 of the sandbox. Starts the payload, reaps whatever is orphaned to it, passes signals
 * on, and when the payload has ended ends everything else before it says so.
 */
#ifndef INIT_H
#define INIT_H

#include "sandbox.h"

_Noreturn void init_main(struct sandbox *sandbox);

#endif
