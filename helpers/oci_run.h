/*
 * oci_run: standing between a command in the foreground and whoever started us: signals go in, the
 * terminal both ways, the status out. For run and exec.
 */
#ifndef OCI_RUN_H
#define OCI_RUN_H

#include "oci_create.h"
#include "terminal.h"

struct oci_carrier {
	struct terminal terminal;
	int signals;
	int ours, theirs; /* over which the outer side of the terminal comes; -1: no terminal */
};

#define OCI_CARRIER_NONE                                                                           \
	{                                                                                          \
		.terminal = {.tty = -1, .master = -1}, .signals = -1, .ours = -1, .theirs = -1     \
	}

/* Before the process is made. terminal: it gets one from us. */
int oci_carrier_open(struct oci_carrier *carrier, bool terminal, struct error *err);
/* The command runs: take its terminal up. */
int oci_carrier_attach(struct oci_carrier *carrier, struct error *err);
/* Until it ends: the status, 128 + the signal. It is reaped. */
int oci_carrier_wait(struct oci_carrier *carrier, const struct oci_made *made);
void oci_carrier_close(struct oci_carrier *carrier);

#endif
