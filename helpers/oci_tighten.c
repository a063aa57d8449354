/* A profile over a container: see oci_tighten.h. */
#include "oci_tighten.h"

#include <string.h>
#include <sys/utsname.h>

#include "filter_file.h"
#include "profile.h"
#include "seccomp.h"

/* What a profile may say here. Which ids there are is the engine's to say; that there is one alone
 * would be less than it gives. */
static bool is_held(const struct config *config, enum option_id id)
{
	switch (id) {
	case OPT_USERNS:
		return config->userns == USERNS_AUTO || config->userns == USERNS_KEEP_ID;
	case OPT_PROFILE:
	case OPT_EXTENDS:
	case OPT_SECCOMP:
	case OPT_CAP_DROP:
	case OPT_ULIMIT:
	case OPT_MASK:
	case OPT_READ_ONLY:
	case OPT_NETWORK:
		return true;
	default:
		return false;
	}
}

static int check(const struct config *config, const char *name, struct error *err)
{
	for (int id = 0; id < OPTION_COUNT; id++) {
		if (!config->origin[id] || is_held(config, (enum option_id)id))
			continue;
		fail_because(err,
			     "annotations.sandbox.profile: the profile %s says %s (%s), which a "
			     "container of an engine is not held to",
			     name, option_name((enum option_id)id), config->origin[id]);
		return fail_remedy(err, "there are: seccomp, cap-drop, ulimit, mask, read-only, "
					"network = none");
	}
	return 0;
}

static void drop_capabilities(const struct config *config, struct oci_capabilities *has)
{
	uint64_t keep = ~UINT64_C(0);

	for (size_t i = 0; i < config->caps_count; i++)
		if (!config->caps[i].add)
			keep &= config->caps[i].all ? 0
						    : ~(UINT64_C(1) << config->caps[i].capability);
	has->bounding &= keep;
	has->effective &= keep;
	has->permitted &= keep;
	has->inheritable &= keep;
	has->ambient &= keep;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void lower_limits(const struct config *config, struct oci_spec *spec,
			 struct oci_process *process)
{
	for (size_t i = 0; i < config->rlimits_count; i++) {
		const struct rlimit_op *op = &config->rlimits[i];
		size_t at = 0;

		while (at < process->rlimits_count && process->rlimits[at].resource != op->resource)
			at++;
		if (at == process->rlimits_count) {
			*ARENA_APPEND(&spec->arena, process->rlimits, process->rlimits_count) = *op;
			continue;
		}
		process->rlimits[at].soft = least(process->rlimits[at].soft, op->soft);
		process->rlimits[at].hard = least(process->rlimits[at].hard, op->hard);
	}
}

static void add_masks(const struct config *config, struct oci_spec *spec)
{
	size_t count = 0;
	char **all = NULL;

	for (char **path = spec->masked; path && *path; path++)
		*ARENA_APPEND(&spec->arena, all, count) = *path;
	for (size_t i = 0; i < config->mounts_count; i++)
		if (config->mounts[i].kind == MOUNT_MASK)
			*ARENA_APPEND(&spec->arena, all, count) =
				arena_strdup(&spec->arena, config->mounts[i].target);
	*ARENA_APPEND(&spec->arena, all, count) = NULL;
	spec->masked = all;
}

/* The engine's network goes, and one with nothing in it comes. */
static int cut_network(const struct config *config, struct oci_spec *spec, struct error *err)
{
	if (!config->origin[OPT_NETWORK])
		return 0;
	if (config->network != NETWORK_NONE)
		return fail_because(err,
				    "annotations.sandbox.profile: %s: of networks a profile "
				    "can only say none here: the engine makes them",
				    config->origin[OPT_NETWORK]);
	spec->namespaces[OCI_NET].given = true;
	spec->namespaces[OCI_NET].path = NULL;
	return 0;
}

static int take_filter(struct plan *plan, const struct config *config,
		       const struct oci_process *process, const struct filter **filter,
		       struct error *err)
{
	struct utsname machine;

	if (!config->seccomp_file) {
		*filter = seccomp_filter(config->seccomp);
		return 0;
	}
	if (uname(&machine) < 0)
		return fail(err, "ask for the machine's architecture");
	*filter =
		filter_file_load(&plan->arena, config, arena_strdup(&plan->arena, machine.machine),
				 process->capabilities.permitted, &plan->note, err);
	return *filter ? 0 : -1;
}

static int apply(struct plan *plan, const struct config *config, struct oci_spec *spec,
		 struct oci_process *process, const struct filter **filter, struct error *err)
{
	if (check(config, spec->profile, err) < 0 || cut_network(config, spec, err) < 0)
		return -1;
	drop_capabilities(config, &process->capabilities);
	lower_limits(config, spec, process);
	add_masks(config, spec);
	spec->rootfs_readonly |= config->layer_mode == LAYER_READ_ONLY;
	process->no_new_privileges = true;
	return take_filter(plan, config, process, filter, err);
}

int oci_tighten(struct plan *plan, struct oci_spec *spec, struct oci_process *process,
		const struct filter **filter, struct error *err)
{
	/* The plan points into it: it lives as long as the plan, whose arena has it. */
	struct config *config = arena_alloc(&plan->arena, sizeof *config);

	if (strchr(spec->profile, '/'))
		return fail_because(err,
				    "annotations.sandbox.profile: '%.200s' is a path: an "
				    "image may not bring its own",
				    spec->profile);
	if (profile_apply(config, spec->profile, err) < 0)
		return -1;
	return apply(plan, config, spec, process, filter, err);
}
