/*
 * What the command may do: see oci_rooms.h. Labels and priorities before anything of the
 * container's is seen (ISOLATE), the rest right before its exec (CONFINE).
 *
 * A filter needs no_new_privs or CAP_SYS_ADMIN. Where the configuration does not want the former,
 * the filter is loaded while the capability is still there, and what follows (capset, prctl) has to
 * be allowed by it; else it comes last.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capability_sets.h"
#include "files.h"
#include "oci_rooms.h"
#include "seccomp.h"

/* ---- labels ---- */

static int run_apparmor(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	char text[512];

	(void)sandbox;
	snprintf(text, sizeof text, "exec %s", step->target);
	if (write_file_at(AT_FDCWD, "/proc/self/attr/apparmor/exec", text) == 0)
		return 0;
	/* Before Linux 5.1 there is one place for all. */
	if (errno == ENOENT && access("/sys/kernel/security/apparmor", F_OK) == 0 &&
	    write_file_at(AT_FDCWD, "/proc/self/attr/exec", text) == 0)
		return 0;
	if (errno == ENOENT || errno == EINVAL)
		return fail_because(err,
				    "process.apparmorProfile asks for %s, and this machine has no "
				    "AppArmor, or no such profile",
				    step->target);
	return fail(err, "ask for the AppArmor profile %s", step->target);
}

static bool has_selinux(void)
{
	return access("/sys/fs/selinux/enforce", F_OK) == 0;
}

/* Each mount has it among its options (oci_read_mounts.c); a kernel without SELinux would say of
 * the first that it does not know the word. */
static int run_mount_label(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)sandbox;
	if (has_selinux())
		return 0;
	fail_because(err, "linux.mountLabel asks for %s, and this machine has no SELinux",
		     step->target);
	return fail_remedy(err, "leave it out (podman: --security-opt label=disable)");
}

static int run_selinux(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)sandbox;
	if (!has_selinux())
		return fail_because(err,
				    "process.selinuxLabel asks for %s, and this machine has no "
				    "SELinux",
				    step->target);
	return write_file_at(AT_FDCWD, "/proc/self/attr/exec", step->target) < 0
		       ? fail(err, "ask for the SELinux label %s", step->target)
		       : 0;
}

static const struct step_kind apparmor = {"apparmor", run_apparmor};
static const struct step_kind selinux = {"selinux", run_selinux};
static const struct step_kind mount_label = {"mount-label", run_mount_label};

void oci_label_plan(struct plan *plan, const struct oci_spec *spec)
{
	if (spec->mount_label)
		plan_add(plan, PHASE_ISOLATE, &mount_label, "linux.mountLabel")->target =
			spec->mount_label;
}

/* ---- priorities ---- */

/* sched_setattr(2): struct sched_attr of <linux/sched/types.h>, which does not go together with
 * <sched.h>. */
struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static int run_scheduler(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct oci_scheduler *asked = step->data;
	struct attributes attributes = {
		.size = sizeof attributes,
		.policy = asked->policy,
		.flags = asked->flags,
		.nice = asked->nice,
		.priority = (uint32_t)asked->priority,
		.runtime = asked->runtime,
		.deadline = asked->deadline,
		.period = asked->period,
	};

	(void)sandbox;
	return syscall(SYS_sched_setattr, 0, &attributes, 0) < 0
		       ? fail(err, "set the scheduling policy (process.scheduler)")
		       : 0;
}

static int run_io_priority(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)sandbox;
	return syscall(SYS_ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, 0, (int)step->flags) < 0
		       ? fail(err, "set the I/O priority (process.ioPriority)")
		       : 0;
}

static int run_personality(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)sandbox;
	return personality((unsigned long)step->flags) < 0
		       ? fail(err, "set the personality (linux.personality)")
		       : 0;
}

static const struct step_kind scheduler = {"scheduler", run_scheduler};
static const struct step_kind io_priority = {"io-priority", run_io_priority};
static const struct step_kind personality_kind = {"personality", run_personality};

static int run_rlimit(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct rlimit_op *op = step->data;
	struct {
		uint64_t soft, hard;
	} limit = {op->soft, op->hard};

	(void)sandbox;
	if (syscall(SYS_prlimit64, 0, op->resource, &limit, NULL) == 0)
		return 0;
	fail(err, "set %s to %s (%s)", op->name, step->options, op->origin);
	if (err->number == EPERM)
		fail_remedy(err, "it is above your own hard limit (ulimit -H -a shows them)");
	return -1;
}

static const struct step_kind rlimit_kind = {"rlimit", run_rlimit};

/* ---- ids and capabilities ---- */

/* Where setgroups(2) is denied, as in a user namespace that a plain user has made with its one id,
 * groups can neither be dropped nor taken. */
static int set_groups(const struct oci_process *process, struct error *err)
{
	if (syscall(SYS_setgroups, process->groups_count, process->groups) == 0)
		return 0;
	if (errno == EPERM && process->groups_count == 0)
		return 0;
	fail(err, "set the supplementary groups (process.user.additionalGids)");
	if (err->number == EPERM)
		fail_remedy(err, "this user namespace has one id only, and no right to change "
				 "groups: leave additionalGids out, or map ranges");
	if (err->number == EINVAL)
		fail_remedy(err, "one of them is not mapped in the user namespace");
	return -1;
}

static int run_identity(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct oci_process *process = step->data;

	(void)sandbox;
	umask(process->umask);
	if (set_groups(process, err) < 0)
		return -1;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return fail(err, "keep capabilities over the change of ids");
	if (syscall(SYS_setresgid, process->gid, process->gid, process->gid) < 0 ||
	    syscall(SYS_setresuid, process->uid, process->uid, process->uid) < 0) {
		fail(err, "become uid %u, gid %u (process.user)", process->uid, process->gid);
		if (err->number == EINVAL)
			fail_remedy(err, "it is not mapped in the user namespace");
		return -1;
	}
	return 0;
}

static const struct step_kind identity = {"identity", run_identity};

static uint64_t permitted_now(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};

	if (syscall(SYS_capget, &header, data) < 0)
		return 0;
	return data[0].permitted | (uint64_t)data[1].permitted << 32;
}

/* All that there is, effective: for the bounding set, and for the filter. */
static int run_take_up(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	uint64_t now = permitted_now();

	(void)sandbox;
	if (capability_sets_set(now, now, 0) < 0)
		return fail(err, "take up capabilities");
	return capability_sets_drop_bounding(step->flags, NULL) < 0
		       ? fail(err, "drop capabilities from the bounding set")
		       : 0;
}

static const struct step_kind take_up = {"bounding-set", run_take_up};

/* The specification: what cannot be granted is no error. */
static int run_capabilities(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct oci_capabilities *asked = step->data;
	uint64_t now = permitted_now();
	uint64_t permitted = asked->permitted & now,
		 inheritable = asked->inheritable & (now | asked->bounding);

	(void)sandbox;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return fail(err, "clear the ambient capabilities");
	if (capability_sets_set(asked->effective & permitted, permitted, inheritable & now) < 0)
		return fail(err, "set the capabilities");
	for (int cap = 0; cap < 64; cap++)
		if (asked->ambient & permitted & inheritable & UINT64_C(1) << cap &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return fail(err, "keep capability %d over exec", cap);
	return 0;
}

static const struct step_kind capabilities = {"capabilities", run_capabilities};

static int run_no_new_privs(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)step;
	(void)sandbox;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? fail(err, "set no_new_privs") : 0;
}

static const struct step_kind no_new_privs = {"no-new-privs", run_no_new_privs};

static int run_seccomp(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct filter *filter = step->data;

	return filter->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER
		       ? oci_asking_load(sandbox, filter, err)
		       : seccomp_install(filter, err);
}

static const struct step_kind seccomp = {"seccomp", run_seccomp};

bool oci_step_asks(const struct step *step)
{
	const struct filter *filter = step->kind == &seccomp ? step->data : NULL;

	return filter && filter->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER;
}

static void plan_filters(struct plan *plan, const struct oci_spec *spec,
			 const struct filter *const loaded[2])
{
	static const char *const because[] = {"linux.seccomp", "annotations.sandbox.profile"};

	for (int i = 0; i < 2; i++) {
		if (!loaded[i])
			continue;
		struct step *step = plan_add(plan, PHASE_CONFINE, &seccomp, because[i]);

		step->target = loaded[i]->description;
		step->data = loaded[i];
		if (oci_step_asks(step))
			step->options = arena_printf(&plan->arena, "asks the agent at %s",
						     spec->listener_path);
	}
}

static void plan_labels(struct plan *plan, const struct oci_process *process)
{
	if (process->apparmor && *process->apparmor)
		plan_add(plan, PHASE_ISOLATE, &apparmor, "process.apparmorProfile")->target =
			process->apparmor;
	if (process->selinux && *process->selinux)
		plan_add(plan, PHASE_ISOLATE, &selinux, "process.selinuxLabel")->target =
			process->selinux;
}

static void plan_priorities(struct plan *plan, const struct oci_process *process,
			    const struct oci_spec *spec)
{
	for (size_t i = 0; i < process->rlimits_count; i++) {
		const struct rlimit_op *op = &process->rlimits[i];
		struct step *step = plan_add(plan, PHASE_CONFINE, &rlimit_kind, op->origin);

		step->target = op->name;
		step->options =
			arena_printf(&plan->arena, "%llu:%llu", (unsigned long long)op->soft,
				     (unsigned long long)op->hard);
		step->data = op;
	}
	if (process->scheduler.given)
		plan_add(plan, PHASE_CONFINE, &scheduler, "process.scheduler")->data =
			&process->scheduler;
	if (process->io_given)
		plan_add(plan, PHASE_CONFINE, &io_priority, "process.ioPriority")->flags =
			(uint64_t)process->io_priority;
	if (spec->personality_given)
		plan_add(plan, PHASE_CONFINE, &personality_kind, "linux.personality")->flags =
			spec->personality;
}

void oci_confine_plan(struct plan *plan, const struct oci_process *process,
		      const struct oci_spec *spec, const struct filter *const loaded[2])
{
	struct step *step;

	plan_labels(plan, process);
	plan_priorities(plan, process, spec);
	step = plan_add(plan, PHASE_CONFINE, &identity, "process.user");
	step->target = arena_printf(&plan->arena, "uid %u, gid %u", process->uid, process->gid);
	step->data = process;
	step = plan_add(plan, PHASE_CONFINE, &take_up, "process.capabilities");
	step->flags = process->capabilities.bounding;
	if (!process->no_new_privileges)
		plan_filters(plan, spec, loaded);
	step = plan_add(plan, PHASE_CONFINE, &capabilities, "process.capabilities");
	step->data = &process->capabilities;
	if (process->no_new_privileges) {
		plan_add(plan, PHASE_CONFINE, &no_new_privs, "process.noNewPrivileges");
		plan_filters(plan, spec, loaded);
	}
}
