/* The plan as a whole: see plan.h. */
#include "plan.h"

#include <string.h>

#include "besteffort.h"
#include "bus.h"
#include "cgroup.h"
#include "confine.h"
#include "denials.h"
#include "desktop.h"
#include "desktop_audio.h"
#include "desktop_devices.h"
#include "desktop_wayland.h"
#include "desktop_x11.h"
#include "egress.h"
#include "enforced.h"
#include "environment.h"
#include "etcfiles.h"
#include "fakeroot.h"
#include "guards.h"
#include "identity.h"
#include "idmap.h"
#include "kernelfs.h"
#include "landlock.h"
#include "mounts.h"
#include "namespaces.h"
#include "nest.h"
#include "network.h"
#include "overlay.h"
#include "passed.h"
#include "privileges.h"
#include "pty.h"
#include "publish.h"
#include "refusals.h"
#include "rootfs.h"
#include "scheduling.h"
#include "seccomp.h"
#include "status.h"

/* Every room, in the order in which its steps are run within a phase. */
static int (*const rooms[])(struct plan *plan, struct error *err) = {
	identity_plan,
	privileges_plan_capabilities,
	network_plan,
	idmap_plan,
	nest_plan,
	cgroup_plan,
	besteffort_plan,
	namespaces_plan,
	egress_plan,
	network_plan_up,
	bus_plan,
	idmap_plan_wait,
	publish_plan,
	network_plan_ready,
	rootfs_plan,
	kernelfs_plan,
	cgroup_plan_mount,
	etcfiles_plan,
	bus_plan_sockets,
	desktop_plan,
	desktop_plan_wayland,
	desktop_plan_x11,
	desktop_plan_audio,
	desktop_plan_devices,
	mounts_plan,
	pty_plan,
	enforced_plan_witness,
	rootfs_plan_finish,
	scheduling_plan,
	passed_plan,
	privileges_plan,
	fakeroot_plan,
	refusals_plan,
	seccomp_plan,
	denials_plan,
	landlock_plan,
	desktop_plan_check,
	status_plan,
	guards_plan,
	enforced_plan,
};

/* With --confine-only. In CONFINE Landlock and the filter beside it, which take descriptors, come
 * before the limits. */
static int (*const confine_rooms[])(struct plan *plan, struct error *err) = {
	identity_plan,         privileges_plan_capabilities,
	cgroup_plan,           overlay_plan_private,
	confine_plan,          pty_plan,
	enforced_plan_witness, scheduling_plan,
	landlock_plan_confine, refusals_plan,
	privileges_plan,       privileges_plan_tie,
	seccomp_plan,          status_plan,
	enforced_plan,
};

static int run_rooms(int (*const list[])(struct plan *plan, struct error *err), size_t count,
		     struct plan *plan, struct error *err)
{
	for (size_t i = 0; i < count; i++)
		if (list[i](plan, err) < 0)
			return -1;
	return 0;
}

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
	if ((config->confine_only
		     ? run_rooms(confine_rooms, sizeof confine_rooms / sizeof *confine_rooms, plan,
				 err)
		     : run_rooms(rooms, sizeof rooms / sizeof *rooms, plan, err)) < 0)
		return -1;
	plan->command = copy_words(plan, config->command);
	return environment_plan(plan, caller, err);
}

/* What a command that joins a running sandbox goes through by itself: CONFINE. */
static int (*const join_rooms[])(struct plan *plan, struct error *err) = {
	identity_plan,   privileges_plan_capabilities,
	nest_plan_join,  landlock_plan_join,
	privileges_plan, privileges_plan_tie,
	fakeroot_plan,   refusals_plan,
	seccomp_plan,    denials_plan_join,
};

int plan_make_join(struct plan *plan, const struct plan *of, const struct config *config,
		   struct error *err)
{
	struct arena arena = plan->arena;

	*plan = *of;
	plan->arena = arena;
	plan->config = config;
	plan->steps = NULL;
	plan->steps_count = 0;
	plan->identity = (struct identity){.name = NULL};
	if (run_rooms(join_rooms, sizeof join_rooms / sizeof *join_rooms, plan, err) < 0)
		return -1;
	if (!id_is_mapped(plan->uids, plan->uids_count, plan->identity.uid) ||
	    !id_is_mapped(plan->gids, plan->gids_count, plan->identity.gid))
		return fail_because(err,
				    "cannot run as uid %u, gid %u: the sandbox does not have "
				    "these ids",
				    plan->identity.uid, plan->identity.gid);
	plan->command = copy_words(plan, config->command);
	return environment_plan_join(plan, of, err);
}

static const struct {
	const char *name, *who;
} phases[] = {
	[PHASE_PREPARE] = {"prepare", "supervisor"}, [PHASE_ATTACH] = {"attach", "supervisor"},
	[PHASE_ISOLATE] = {"isolate", "child"},      [PHASE_SETUP] = {"setup", "child"},
	[PHASE_CONNECT] = {"connect", "supervisor"}, [PHASE_GUARD] = {"guard", "child"},
	[PHASE_CONFINE] = {"confine", "payload"},    [PHASE_ATTEST] = {"attest", "supervisor"},
	[PHASE_FINISH] = {"finish", "supervisor"},   [PHASE_REPORT] = {"report", "supervisor"},
};

const char *plan_phase_name(enum phase phase)
{
	return phases[phase].name;
}

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

void plan_print_note(const char *note, FILE *out)
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
		if ((phase == PHASE_CONNECT || phase == PHASE_GUARD || phase >= PHASE_ATTEST) &&
		    !plan_has(plan, phase))
			continue;
		fprintf(out, "%s (%s)\n", phases[phase].name, phases[phase].who);
		if (phase == PHASE_ISOLATE)
			fputs(plan->config->confine_only
				      ? "  clone          no namespace  # --confine-only\n"
				      : "  clone          user pid  # default\n",
			      out);
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
		plan_print_note(plan->note, out);
}

void plan_free(struct plan *plan)
{
	arena_free(&plan->arena);
}
