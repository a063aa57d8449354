/*
 * oci_tighten: the annotation sandbox.profile: a profile of this program's takes away from what the
 * engine asked for. It can add nothing. What it says and a container cannot be held to here is
 * refused by name, as everywhere.
 */
#ifndef OCI_TIGHTEN_H
#define OCI_TIGHTEN_H

#include "filters.h"
#include "oci_spec.h"
#include "step.h"

/* Change process and spec; *filter: one more, or NULL. */
int oci_tighten(struct plan *plan, struct oci_spec *spec, struct oci_process *process,
		const struct filter **filter, struct error *err);

#endif
