/*
 * exec: the payload's last steps, and words for it when exec fails. Runs in the payload process,
 * which is pid 1 itself (--as-pid-1) or a child that shares pid 1's memory until its exec.
 */
#ifndef EXEC_H
#define EXEC_H

#include "sandbox.h"

/*
 * Become the payload: new session, CONFINE, exec. Returns only when that failed, -1 with err filled
 * (status 125, 126 or 127 set).
 */
int exec_payload(struct sandbox *sandbox, struct error *err);

#endif
