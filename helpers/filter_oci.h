/*
 * filter_oci: a list of system calls as the "syscalls" of an OCI runtime's seccomp profile. For
 * mkfilter, at build time; `sandbox bundle` writes it out.
 *
 * There a rule is an action, names, and conditions that all hold; what no rule speaks of gets the
 * default action, which is ENOSYS. There is no "otherwise": what a list refuses after it has
 * allowed under conditions answers the default, and the call is named, to be told of.
 */
#ifndef FILTER_OCI_H
#define FILTER_OCI_H

#include <stdio.h>

#include "filter_list.h"

/* Writes `{"ENUMERATOR's syscalls", "names of calls"}` as C. */
void filter_oci_write(FILE *out, const struct filter_list *list);

#endif
