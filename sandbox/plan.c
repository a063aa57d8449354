/* The plan as a whole: see plan.h. */
#include "plan.h"

#include <string.h>

#include "environment.h"
#include "etcfiles.h"
#include "identity.h"
#include "idmap.h"
#include "kernelfs.h"
#include "mounts.h"
#include "namespaces.h"
#include "network.h"
#include "privileges.h"
#include "rootfs.h"
#include "seccomp.h"

/* Every room, in the order in which its steps are run within a phase. */
static int (*const rooms[])(struct plan *plan, struct error *err) = {
	identity_plan,   network_plan,       idmap_plan,      namespaces_plan,
	network_plan_up, rootfs_plan,        kernelfs_plan,   etcfiles_plan,
	mounts_plan,     rootfs_plan_finish, privileges_plan, seccomp_plan,
};

static char **copy_words(struct plan *plan, char *const words[])
{
	char **copy = NULL;
	size_t count = 0;

	for (; *words; words++)
		*ARENA_APPEND(&plan->arena, copy, count) = arena_strdup(&plan->arena, *words);
	*ARENA_APPEND(&plan->arena, copy, count) = NULL;
	return copy;
}

int plan_make(struct plan *plan, const struct config *config, const struct host *host,
	      char *const caller[], struct error *err)
{
	plan->config = config;
	plan->host = host;
	for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++)
		if (rooms[i](plan, err) < 0)
			return -1;
	plan->command = copy_words(plan, config->command);
	return environment_plan(plan, caller, err);
}

int plan_run(const struct plan *plan, enum phase phase, struct sandbox *sandbox, struct error *err)
{
	for (size_t i = 0; i < plan->steps_count; i++) {
		const struct step *step = &plan->steps[i];

		if (step->phase == phase && step->kind->run(step, sandbox, err) < 0)
			return -1;
	}
	return 0;
}

static const struct {
	const char *name, *who;
} phases[] = {
	[PHASE_PREPARE] = {"prepare", "supervisor"}, [PHASE_ATTACH] = {"attach", "supervisor"},
	[PHASE_ISOLATE] = {"isolate", "child"},      [PHASE_SETUP] = {"setup", "child"},
	[PHASE_CONFINE] = {"confine", "payload"},
};

static void print_step(const struct step *step, FILE *out)
{
	fprintf(out, "  %-14s", step->kind->name);
	const char *parts[] = {step->source, step->source && step->target ? "->" : NULL,
			       step->target};
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (parts[i]) {
			fputc(' ', out);
			print_escaped(out, parts[i]);
		}
	if (step->options) {
		fputs(" (", out);
		print_escaped(out, step->options);
		fputc(')', out);
	}
	fputs("  # ", out);
	print_escaped(out, step->because);
	fputc('\n', out);
}

static void print_words(const char *title, char *const words[], FILE *out)
{
	fprintf(out, "  %-14s", title);
	for (; *words; words++) {
		fputc(' ', out);
		print_escaped(out, *words);
	}
	fputc('\n', out);
}

/* Its lines are lines. */
static void print_note(const char *note, FILE *out)
{
	char line[512];

	fputs("note: ", out);
	for (; *note; note += strcspn(note, "\n"), note += *note == '\n') {
		snprintf(line, sizeof line, "%.*s", (int)strcspn(note, "\n"), note);
		print_escaped(out, line);
		fputc('\n', out);
	}
}

void plan_print(const struct plan *plan, FILE *out)
{
	for (enum phase phase = 0; phase < PHASE_COUNT; phase++) {
		fprintf(out, "%s (%s)\n", phases[phase].name, phases[phase].who);
		if (phase == PHASE_ISOLATE)
			fputs("  clone          user pid  # default\n", out);
		for (size_t i = 0; i < plan->steps_count; i++)
			if (plan->steps[i].phase == phase)
				print_step(&plan->steps[i], out);
	}
	/* Names only: values may be secrets, and plans are pasted into bug reports. */
	fputs("exec\n  environment   ", out);
	for (char *const *entry = plan->envp; *entry; entry++) {
		char name[256];

		snprintf(name, sizeof name, "%.*s", (int)strcspn(*entry, "="), *entry);
		fputc(' ', out);
		print_escaped(out, name);
	}
	fputc('\n', out);
	print_words("command", plan->command, out);
	if (plan->note)
		print_note(plan->note, out);
}

void plan_free(struct plan *plan)
{
	arena_free(&plan->arena);
}
