/*
 * oci_hooks: the programs that a configuration has run on the machine, or in the container, when
 * it is made, started and deleted. A bundle is a stranger's file: without --allow-hooks one that
 * has hooks is refused.
 */
#ifndef OCI_HOOKS_H
#define OCI_HOOKS_H

#include "oci_spec.h"

/* Refuse a specification with hooks that may not be run. */
int oci_hooks_check(const struct oci_spec *spec, bool allowed, struct error *err);

/* Run those of a kind, in order, with state (JSON) as standard input; up to the first that fails.
 */
int oci_hooks_run(const struct oci_spec *spec, enum oci_hook_kind kind, const char *state,
		  struct error *err);

#endif
