/* The plan of a container, and of a command that joins one: see oci_rooms.h. */
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/utsname.h>

#include "filter_file.h"
#include "oci_rooms.h"
#include "oci_tighten.h"
#include "plan.h"
#include "spawn.h"

static const struct filter *load_filter(struct plan *plan, const struct oci_spec *spec,
					const struct oci_process *process, struct error *err)
{
	struct utsname machine;
	const struct filter_text text = {
		.name = "linux.seccomp",
		.text = spec->seccomp,
		.listens = true,
	};

	if (uname(&machine) < 0) {
		fail(err, "ask for the machine's architecture");
		return NULL;
	}
	return filter_text_load(&plan->arena, &text, arena_strdup(&plan->arena, machine.machine),
				process->capabilities.permitted, &plan->note, err);
}

/* What the configuration asks for, and what a profile takes of it. */
static int load_filters(struct plan *plan, struct oci_spec *spec, struct oci_process *process,
			const struct filter *loaded[2], struct error *err)
{
	loaded[0] = loaded[1] = NULL;
	if (spec->profile && oci_tighten(plan, spec, process, &loaded[1], err) < 0)
		return -1;
	if (!spec->seccomp)
		return 0;
	loaded[0] = load_filter(plan, spec, process, err);
	return loaded[0] ? 0 : -1;
}

static const char *word_of_ids(struct plan *plan, const struct id_range *ranges, size_t count)
{
	const char *text = "";

	for (size_t i = 0; i < count; i++)
		text = arena_printf(&plan->arena, "%s%s%u:%u:%u", text, i ? " " : "",
				    ranges[i].inside, ranges[i].outside, ranges[i].count);
	return text;
}

/* Who owns the namespaces inside: uid 0 where there is one. */
static uint32_t owner(const struct id_range *ranges, size_t count)
{
	return id_is_mapped(ranges, count, 0) || count == 0 ? 0 : ranges[0].inside;
}

static int run_nothing(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)step;
	(void)sandbox;
	(void)err;
	return 0;
}

/* Done by oci_create.c when the container's process asks for it; here for who reads a plan. */
static const struct step_kind map_ids = {"map-ids", run_nothing};
static const struct step_kind limit = {"limit", run_nothing};

static void plan_outside(struct plan *plan, const struct oci_spec *spec)
{
	struct step *step;

	if (spec->uids_count) {
		step = plan_add(plan, PHASE_ATTACH, &map_ids, "linux.uidMappings");
		step->target = word_of_ids(plan, spec->uids, spec->uids_count);
		step = plan_add(plan, PHASE_ATTACH, &map_ids, "linux.gidMappings");
		step->target = word_of_ids(plan, spec->gids, spec->gids_count);
	}
	for (size_t i = 0; i < spec->limits_count; i++) {
		step = plan_add(plan, PHASE_ATTACH, &limit, spec->limits[i].because);
		step->source = spec->limits[i].value;
		step->target = spec->limits[i].file;
	}
}

static void finish(struct plan *plan, const struct oci_process *process)
{
	plan->command = process->args;
	plan->envp = process->env;
}

/*
 * Devices cannot be kept from who may make nodes but by a program in the kernel for each cgroup, or
 * by cgroups of version 1, which this runtime does not use. Who is in a user namespace can make
 * none; anybody else loses the right to, where the configuration does not let everything be used.
 */
static void withhold_devices(struct oci_spec *spec, struct oci_process *process)
{
	uint64_t mknod = ~(UINT64_C(1) << CAP_MKNOD);
	struct oci_capabilities *capabilities = &process->capabilities;

	if (spec->all_devices)
		return;
	capabilities->bounding &= mknod;
	capabilities->effective &= mknod;
	capabilities->permitted &= mknod;
	capabilities->inheritable &= mknod;
	capabilities->ambient &= mknod;
}

int oci_plan_make(struct plan *plan, struct oci_spec *spec, const struct oci_options *options,
		  const char *rootfs, struct error *err)
{
	const struct filter *loaded[2];

	if (load_filters(plan, spec, &spec->process, loaded, err) < 0)
		return -1;
	withhold_devices(spec, &spec->process);
	plan->uids = spec->uids;
	plan->uids_count = spec->uids_count;
	plan->gids = spec->gids;
	plan->gids_count = spec->gids_count;
	plan->owner_uid = owner(spec->uids, spec->uids_count);
	plan->owner_gid = owner(spec->gids, spec->gids_count);
	plan_outside(plan, spec);
	oci_namespaces_plan(plan, spec, options);
	oci_label_plan(plan, spec);
	oci_sysctl_plan(plan, spec);
	oci_root_plan(plan, spec, rootfs);
	oci_mounts_plan(plan, spec);
	oci_devices_plan(plan, spec);
	oci_terminal_plan(plan, &spec->process, false);
	oci_paths_plan(plan, spec);
	oci_root_plan_finish(plan, spec);
	oci_command_plan(plan, &spec->process);
	oci_confine_plan(plan, &spec->process, spec, loaded);
	finish(plan, &spec->process);
	return 0;
}

int oci_plan_make_exec(struct plan *plan, struct oci_spec *spec, struct oci_process *process,
		       struct error *err)
{
	const struct filter *loaded[2];

	if (load_filters(plan, spec, process, loaded, err) < 0)
		return -1;
	withhold_devices(spec, process);
	oci_terminal_plan(plan, process, true);
	oci_command_plan(plan, process);
	oci_confine_plan(plan, process, spec, loaded);
	finish(plan, process);
	return 0;
}
