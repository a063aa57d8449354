/*
 * oci_verbs: the commands of the runtime. Each gets the options that were found, and the words
 * behind them; it returns the exit status, or -1 with err filled.
 */
#ifndef OCI_VERBS_H
#define OCI_VERBS_H

#include "oci_rooms.h"

typedef int oci_verb(const struct oci_options *options, int argc, char **argv, struct error *err);

oci_verb oci_verb_create, oci_verb_run, oci_verb_start, oci_verb_state, oci_verb_kill,
	oci_verb_delete, oci_verb_exec, oci_verb_ps, oci_verb_list, oci_verb_features,
	oci_verb_pause, oci_verb_resume, oci_verb_update, oci_verb_plan, oci_verb_none;

/* A line for --log: warnings and errors; to standard error where there is no log. */
void oci_log(const struct oci_options *options, const char *level, const char *text);

/* What a reader has noted of a configuration, as warnings, where there is a log. */
void oci_tell_notes(const struct oci_options *options, const char *notes);

#endif
