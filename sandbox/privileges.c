/* What the payload may do: see privileges.h. */
#include "privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/securebits.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capability_names.h"
#include "capability_sets.h"
#include "sandbox.h"

/* keyctl's permission bits, include/linux/key.h: not in a header for programs. Nobody writes into
 * it. */
#define KEY_POS_VIEW   0x01000000
#define KEY_POS_SEARCH 0x08000000
#define KEY_USR_VIEW   0x00010000
#define KEY_USR_SEARCH 0x00080000
#define KEYRING_MASK   (KEY_POS_VIEW | KEY_POS_SEARCH | KEY_USR_VIEW | KEY_USR_SEARCH)

/* Names of keyrings are for all users: whoever lets others search one called like ours gets them
 * into it. "keyring;UID;GID;MASK;NAME" says whose it is. */
static bool keyring_is_ours(long keyring)
{
	char text[256] = "";
	unsigned uid, mask;

	if (syscall(SYS_keyctl, KEYCTL_DESCRIBE, keyring, text, sizeof text - 1) < 0)
		return false;
	return sscanf(text, "keyring;%u;%*u;%x;", &uid, &mask) == 2 && uid == geteuid() &&
	       mask == KEYRING_MASK;
}

/*
 * The sandbox gets a session keyring with nothing in it, and one and the same for all sandboxes of
 * the user: each keyring counts against a quota of 200 (keyrings(7)). It has to be done out here,
 * since names of keyrings belong to a user namespace. It stays searchable for its owner so that the
 * next one finds it.
 */
static int run_keyring(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)sandbox;
	long keyring = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, step->target);

	if (keyring < 0 && errno == ENOSYS)
		return 0; /* a kernel without keyrings has none that could leak */
	/* Only its owner may set this, and only once: the right to do it goes with it. */
	if (keyring >= 0)
		syscall(SYS_keyctl, KEYCTL_SETPERM, keyring, KEYRING_MASK);
	if (keyring >= 0 && keyring_is_ours(keyring))
		return 0;
	/* Somebody else's, or one that was invalidated a moment ago: then one without a name. */
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0)
		return fail(err, "leave the session keyring for an empty one");
	return 0;
}

static const struct step_kind keyring = {"keyring", run_keyring};

static int run_rlimit(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct rlimit_op *op = step->data;
	struct {
		uint64_t soft, hard;
	} limit = {op->soft, op->hard};

	(void)sandbox;
	/* 64 bits wide whatever the libc's rlim_t is. */
	if (syscall(SYS_prlimit64, 0, op->resource, &limit, NULL) == 0)
		return 0;
	fail(err, "set the limit %s to %s", op->name, step->options);
	if (err->number == EPERM)
		fail_remedy(err, "it is above your own hard limit (ulimit -H -a shows them)");
	return -1;
}

static const struct step_kind rlimit_kind = {"rlimit", run_rlimit};

/* As a process with one map has it: groups can be dropped only where setgroups is not denied. */
static int run_identity(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct plan *plan = sandbox->plan;
	const struct identity *who = &plan->identity;

	(void)step;
	/* The system calls and not glibc's wrappers, which would speak to threads that we do not
	 * have. */
	if (plan->drop_groups && syscall(SYS_setgroups, 0, NULL) < 0)
		return fail(err, "drop the supplementary groups");
	/* So that permitted survives the change of ids, for capset to say what stays of it. */
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return fail(err, "keep capabilities over the change of ids");
	if (syscall(SYS_setresgid, who->gid, who->gid, who->gid) < 0 ||
	    syscall(SYS_setresuid, who->uid, who->uid, who->uid) < 0)
		return fail(err, "become uid %u, gid %u", who->uid, who->gid);
	return 0;
}

static const struct step_kind identity = {"identity", run_identity};

/* With --confine-only: a plain user has none to give up, and may take nothing from the bounding
 * set; under no_new_privs no exec gets anything of it. */
static int drop_all(struct error *err)
{
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return fail(err, "clear the ambient capabilities");
	if (capability_sets_drop_bounding(0, NULL) < 0 && errno != EPERM)
		return fail(err, "drop the capability bounding set");
	return capability_sets_set(0, 0, 0) < 0 ? fail(err, "give up all capabilities") : 0;
}

/*
 * uid 0 gets permitted = bounding at exec, whatever inheritable and ambient say, so those stay
 * empty (CVE-2022-24769); any other uid keeps over exec only what is ambient.
 */
static int run_capabilities(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	uint64_t wanted = step->flags;
	bool ambient = sandbox->plan->identity.uid != 0;

	if (sandbox->plan->config->confine_only)
		return drop_all(err);
	/* PR_CAPBSET_DROP takes CAP_SETPCAP, effective: as long as ids changed it is only
	 * permitted. */
	if (capability_sets_set(wanted | 1u << CAP_SETPCAP, wanted | 1u << CAP_SETPCAP, 0) < 0)
		return fail(err, "take up capabilities");
	if (capability_sets_drop_bounding(wanted, NULL) < 0)
		return fail(err, "drop the capability bounding set");
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return fail(err, "clear the ambient capabilities");
	if (capability_sets_set(wanted, wanted, ambient ? wanted : 0) < 0)
		return fail(err, "set the capabilities to %s", step->target);
	for (int cap = 0; ambient && cap < 64; cap++)
		if (wanted >> cap & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return fail(err, "keep capability %d over exec", cap);
	return 0;
}

static const struct step_kind capabilities = {"capabilities", run_capabilities};

int privileges_drop_for_init(const struct plan *plan, struct error *err)
{
	uint64_t mine = plan->config->confine_only ? 0 : 1u << CAP_KILL;

	if (capability_sets_set(mine, mine, 0) < 0)
		return fail(err, "drop the capabilities of pid 1");
	return 0;
}

/* What package managers need inside a root of their own; nothing for any other id. */
static uint64_t default_capabilities(const struct plan *plan)
{
	static const int root[] = {CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID,
				   CAP_KILL,  CAP_SETGID,       CAP_SETUID, CAP_NET_BIND_SERVICE};
	uint64_t set = 0;

	for (size_t i = 0; plan->identity.uid == 0 && i < sizeof root / sizeof *root; i++)
		set |= UINT64_C(1) << root[i];
	return set;
}

static const char *describe_capabilities(struct plan *plan, uint64_t set)
{
	const char *text = "";

	if (!set)
		return "none";
	for (int cap = 0; capability_names[cap]; cap++)
		if (set >> cap & 1)
			text = arena_printf(&plan->arena, "%s%s%s", text, *text ? " " : "",
					    capability_names[cap]);
	return text;
}

int privileges_plan_capabilities(struct plan *plan, struct error *err)
{
	const struct config *config = plan->config;
	uint64_t all = ((UINT64_C(1) << CAP_LAST_CAP) << 1) - 1;

	(void)err;
	plan->capabilities = config->confine_only ? 0 : default_capabilities(plan);
	for (size_t i = 0; i < config->caps_count; i++) {
		const struct cap_op *op = &config->caps[i];
		uint64_t named = op->all ? all : UINT64_C(1) << op->capability;

		plan->capabilities =
			op->add ? plan->capabilities | named : plan->capabilities & ~named;
	}
	return 0;
}

static const char *limit_text(struct plan *plan, uint64_t value)
{
	return value == UINT64_MAX ? "unlimited"
				   : arena_printf(&plan->arena, "%llu", (unsigned long long)value);
}

/* A crash inside is nothing for the host's core handler, nor for the disk: none, unless a limit is
 * given. */
static const struct rlimit_op no_core = {.resource = RLIMIT_CORE, .name = "core"};

static void plan_rlimit(struct plan *plan, const struct rlimit_op *op)
{
	struct step *step = plan_add(plan, PHASE_CONFINE, &rlimit_kind, op->origin);

	step->target = op->name;
	step->options = arena_printf(&plan->arena, "%s:%s", limit_text(plan, op->soft),
				     limit_text(plan, op->hard));
	step->data = op;
}

/* A profile's hard limit is not set first where the command line has a higher one: the way back up
 * is closed. */
static bool set_again(const struct config *config, size_t i)
{
	for (size_t j = i + 1; j < config->rlimits_count; j++)
		if (config->rlimits[j].resource == config->rlimits[i].resource)
			return true;
	return false;
}

static void plan_rlimits(struct plan *plan)
{
	const struct config *config = plan->config;
	bool core = false;

	for (size_t i = 0; i < config->rlimits_count; i++) {
		core |= config->rlimits[i].resource == RLIMIT_CORE;
		if (!set_again(config, i))
			plan_rlimit(plan, &config->rlimits[i]);
	}
	for (size_t i = 0; i < plan->rlimits_count; i++)
		plan_rlimit(plan, &plan->rlimits[i]);
	if (!core)
		plan_rlimit(plan, &no_core);
}

int privileges_plan(struct plan *plan, struct error *err)
{
	const struct config *config = plan->config;
	struct step *step = plan_add(plan, PHASE_PREPARE, &keyring, NULL);

	(void)err;
	step->target = "sandbox";
	plan_rlimits(plan);
	step = plan_add(plan, PHASE_CONFINE, &identity,
			config_origin(config, config->user ? OPT_USER : OPT_USERNS));
	step->target = arena_printf(&plan->arena, "%s uid=%u gid=%u", plan->identity.name,
				    plan->identity.uid, plan->identity.gid);
	step->options = plan->drop_groups     ? "no supplementary groups"
			: config->keep_groups ? "supplementary groups kept"
					      : "setgroups denied";
	step = plan_add(plan, PHASE_CONFINE, &capabilities,
			config->caps_count ? config->caps[config->caps_count - 1].origin : NULL);
	step->flags = plan->capabilities;
	step->target = describe_capabilities(plan, plan->capabilities);
	return 0;
}

/* When the joiner dies the command does. After the change of ids, which takes the tie away, and
 * before the filter, which may not know the call. */
static int run_tie(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)step;
	(void)sandbox;
	return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0
		       ? fail(err, "tie the command to its caller")
		       : 0;
}

static const struct step_kind tie = {"tie", run_tie};

int privileges_plan_tie(struct plan *plan, struct error *err)
{
	(void)err;
	plan_add(plan, PHASE_CONFINE, &tie, NULL);
	return 0;
}
