/*
 * cmd: the verbs, and what they have in common. Each takes the words behind its name, prints its
 * own errors and returns the exit status.
 */
#ifndef CMD_H
#define CMD_H

/* Sandboxes that run or have run. */
int cmd_ps(int argc, char **argv, char **all);
int cmd_wait(int argc, char **argv, char **all);
int cmd_kill(int argc, char **argv, char **all);
int cmd_rm(int argc, char **argv, char **all);
int cmd_logs(int argc, char **argv, char **all);
int cmd_exec(int argc, char **argv, char **all);

/* Profiles: what there are, what one means, which are trusted. */
int cmd_profile(int argc, char **argv, char **all);

/* Desktop entries that start applications sandboxed. */
int cmd_desktop(int argc, char **argv, char **all);

/* What this machine can do. */
int cmd_doctor(int argc, char **argv, char **all);

/* An OCI bundle of what a run would be. */
int cmd_bundle(int argc, char **argv, char **all);

/* An OCI runtime. */
int cmd_oci(int argc, char **argv, char **all);

/* `sandbox rootfs create|import|list|rm`. */
int rootfs_command(int argc, char **argv);

/* `sandbox diff|commit|discard NAME ...`. */
int layer_command(const char *verb, int argc, char **argv);

/* Print err and return the status that it means. */
struct error;
int cmd_report(const struct error *err);

/* Is this word the option --NAME or -LETTER (0: none)? */
int cmd_is(const char *word, char letter, const char *name);

/* "--NAME X", "--NAME=X", "-L X", "-LX": X, with *argv moved to its last word; NULL when this is
 * something else, or the last word of all. */
const char *cmd_value(char ***argv, char letter, const char *name);

/* The sandbox with this name: by its record, or one without (unrecorded.h). -1 with err filled:
 * there is none. */
struct sandbox_record;
struct arena;
int cmd_find(struct sandbox_record *record, struct arena *arena, const char *name,
	     struct error *err);

/* The one that was found has no record, and so not what is asked for: say that, and return -1. */
int cmd_unrecorded(const struct sandbox_record *record, const char *what, struct error *err);

/* Print how a verb is used, and return the status for it. */
int cmd_usage(const char *text);

#endif
