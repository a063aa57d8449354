/*
 * doctor: what this machine can do for a sandbox, and how to mend what it cannot. A program of
 * libexec/sandbox, so that the launch has none of it.
 *
 * A finding is one line of the report. What can be tried is tried, in a child that is thrown away:
 * abilities of the kernel by the call itself (doctor_kernel.c), and what users ask for by the
 * program, started up to the moment at which the command would run (doctor_try.c), so that the
 * words are those a run would have. State is read only for what cannot be tried, and for why.
 */
#ifndef DOCTOR_H
#define DOCTOR_H

#include <stdbool.h>
#include <stdio.h>

#include "arena.h"
#include "host.h"

enum answer {
	ANSWER_YES,
	ANSWER_WEAKER, /* it works, but less well than it could */
	ANSWER_NO,
	ANSWER_FACT, /* nothing hangs on it by itself */
};

struct finding {
	const char *group, *name; /* "Kernel", "overlay for users" */
	enum answer answer;
	const char *found;   /* what was seen, and how */
	const char *affects; /* what needs it */
	const char *mend;    /* the command or the words that mend it; NULL: none, or no need */
	const char *without; /* what still works where it is missing; NULL: nothing to say */
};

struct doctor {
	struct arena arena; /* of every string below */
	const char *program;
	struct host host; /* ids, cgroups */
	bool can_run;     /* the default profile */
	struct finding *list;
	size_t count;
};

/* Add a finding; its strings have to last (literals, or the arena's). */
void doctor_add(struct doctor *doctor, struct finding finding);

/* A file's first line, without its end; NULL where it cannot be read. In the arena. */
const char *doctor_line(struct doctor *doctor, const char *path);

/* The parts of the report, in their order. */
void doctor_tries(struct doctor *doctor);
void doctor_surroundings(struct doctor *doctor);
void doctor_ids(struct doctor *doctor);
void doctor_kernel(struct doctor *doctor);
void doctor_programs(struct doctor *doctor);

/*
 * Start the program with these words before ROOTFS, NULL at their end, up to the command, which is
 * none; only plan it where the last of the words is --dry-run. True when it would have run; else
 * what it said, and the remedy (NULL: none), in the arena.
 */
bool doctor_try(struct doctor *doctor, char *const words[], const char *rootfs, const char **said,
		const char **remedy);

/* A profile for AppArmor that lets the program have user namespaces. */
const char *doctor_apparmor(struct doctor *doctor);

void doctor_print(const struct doctor *doctor, FILE *out, bool colour);
void doctor_print_json(const struct doctor *doctor, FILE *out);

#endif
