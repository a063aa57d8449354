/*
 * The id maps: see idmap.h.
 *
 * auto: 0 inside is the caller, 1 and up are the caller's subordinate ids. keep-id: the caller
 * keeps its number, the subordinate ids fill the numbers round it. single, or no subordinate ids:
 * one id, written by the child itself. With a ROOTFS whose files of root are the first subordinate
 * id's, auto gives the subordinate ids the numbers from 0, and the caller the one behind them.
 */
#include "idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "files.h"
#include "sandbox.h"
#include "spawn.h"

/* The kernel takes 340 extents in a map (user_namespaces(7), Linux 4.15). */
enum { MAX_EXTENTS = 340 };

/* One of the two maps, uid or gid, in the making. */
struct side {
	const char *name;   /* "uid" */
	const char *file;   /* "/etc/subuid" */
	const char *helper; /* "newuidmap" */
	uint32_t caller;    /* the caller's own id outside */
	uint32_t wanted;    /* the inside id that the payload will have */
	const struct id_grant *grants;
	size_t grants_count;
	const struct id_range *given; /* --uidmap */
	size_t given_count;
	struct id_range *map;
	size_t count;
};

static void append(struct plan *plan, struct side *side, uint32_t inside, uint32_t outside,
		   uint32_t count)
{
	struct id_range *range = ARENA_APPEND(&plan->arena, side->map, side->count);

	range->inside = inside;
	range->outside = outside;
	range->count = count;
}

/*
 * Pass over what is in the map already, or is the caller's own: two lines may grant the same ids,
 * and the kernel takes none twice. Returns how many from left->start on are free.
 */
static uint32_t pass_used(const struct side *side, struct id_grant *left)
{
	uint32_t free = left->count;

	for (size_t i = 0; i <= side->count && left->count > 0; i++) {
		uint32_t start = i < side->count ? side->map[i].outside : side->caller;
		uint32_t count = i < side->count ? side->map[i].count : 1;

		if (left->start >= start && left->start - start < count) {
			uint32_t used = count - (left->start - start);

			used = used < left->count ? used : left->count;
			left->start += used;
			left->count -= used;
			free = left->count;
			i = (size_t)-1; /* from the beginning: others may begin here */
		} else if (start > left->start && start - left->start < free) {
			free = start - left->start;
		}
	}
	return free;
}

/* Give the granted ids, in order, the inside numbers from 0 up, with own for the caller itself. */
static void fill(struct plan *plan, struct side *side, uint32_t own)
{
	uint64_t inside = 0;
	bool placed = false;

	for (size_t i = 0; i < side->grants_count; i++) {
		struct id_grant left = side->grants[i];

		while (inside < UINT32_MAX && side->count < MAX_EXTENTS - 2) {
			uint32_t take = pass_used(side, &left);

			if (left.count == 0)
				break;
			if (inside == own && !placed) {
				append(plan, side, own, side->caller, 1);
				placed = true;
				inside++;
				continue;
			}
			uint64_t room = (!placed ? own : UINT32_MAX) - inside;

			take = take < room ? take : (uint32_t)room;
			append(plan, side, (uint32_t)inside, left.start, take);
			left.start += take;
			left.count -= take;
			inside += take;
		}
	}
	if (!placed)
		append(plan, side, own, side->caller, 1);
}

/* Ranges given by hand: every id of them must be the caller's own or granted. */
static int take_given(struct plan *plan, struct side *side, struct error *err)
{
	for (size_t i = 0; i < side->given_count; i++) {
		const struct id_range *range = &side->given[i];
		bool ours = range->outside == side->caller && range->count == 1;

		for (size_t j = 0; j < side->grants_count && !ours; j++)
			ours = range->outside >= side->grants[j].start &&
			       (uint64_t)range->outside + range->count <=
				       (uint64_t)side->grants[j].start + side->grants[j].count;
		if (!ours) {
			fail_because(err,
				     "cannot map %ss %u:%u:%u: %s does not grant you %u to %llu",
				     side->name, range->inside, range->outside, range->count,
				     side->file, range->outside,
				     (unsigned long long)range->outside + range->count - 1);
			return fail_remedy(err,
					   "map ids that %s lists for you, or your own (%u) alone",
					   side->file, side->caller);
		}
		append(plan, side, range->inside, range->outside, range->count);
	}
	return 0;
}

/* How the caller gets ids of its own. */
static int remedy_grant(const struct plan *plan, const char *before, struct error *err)
{
	struct arena arena = {NULL};

	fail_remedy(err, "%srun: %s", before, host_grant_command(&arena, plan->host));
	arena_free(&arena);
	return -1;
}

/* Who would have been the payload is not in the map. */
static int check_wanted(const struct plan *plan, const struct side *side, struct error *err)
{
	if (id_is_mapped(side->map, side->count, side->wanted))
		return 0;
	if (side->given_count || plan->config->userns == USERNS_SINGLE) {
		fail_because(err, "cannot run as %s %u: it is not among the ids that are mapped",
			     side->name, side->wanted);
		return fail_remedy(err, "choose another --user or --userns, or map it with --%smap",
				   side->name);
	}
	if (side->grants_count) {
		fail_because(
			err,
			"cannot run as %s %u: the range that %s grants '%s' is too short for it",
			side->name, side->wanted, side->file,
			plan->host->user ? plan->host->user : "you");
		return remedy_grant(plan, "", err);
	}
	fail_because(
		err, "cannot run as %s %u: that takes a second id, and %s has no range for '%s'",
		side->name, side->wanted, side->file, plan->host->user ? plan->host->user : "you");
	return remedy_grant(plan, "", err);
}

/* "0:1000:1 1:100000:65536" */
static const char *map_text(struct plan *plan, const struct side *side)
{
	const char *text = "";

	for (size_t i = 0; i < side->count; i++)
		text = arena_printf(&plan->arena, "%s%s%u:%u:%u", text, i ? " " : "",
				    side->map[i].inside, side->map[i].outside, side->map[i].count);
	return text;
}

/* Child, ISOLATE. setgroups must be denied before an unprivileged gid_map (CVE-2014-8989). */
static int run_direct(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct plan *plan = sandbox->plan;
	char uids[48], gids[48];

	(void)step;
	snprintf(uids, sizeof uids, "%u %u 1\n", plan->owner_uid, plan->uids->outside);
	snprintf(gids, sizeof gids, "%u %u 1\n", plan->owner_gid, plan->gids->outside);
	if (write_file_at(AT_FDCWD, "/proc/self/setgroups", "deny") < 0 ||
	    write_file_at(AT_FDCWD, "/proc/self/uid_map", uids) < 0 ||
	    write_file_at(AT_FDCWD, "/proc/self/gid_map", gids) < 0) {
		int number = errno;

		fail(err, "map your id into the user namespace");
		/* verify_root_map() in kernel/user_namespace.c, Linux 5.12 */
		if (number == EPERM && plan->uids->outside == 0)
			return fail_remedy(err, "uid 0 can only be mapped by a process with "
						"CAP_SETFCAP: inside another "
						"sandbox, give that one --cap-add SETFCAP,\nor be "
						"another user in it "
						"(--userns=keep-id)");
		return host_explain_userns(number, err);
	}
	return 0;
}

static const struct step_kind direct = {"map-ids", run_direct};

/* The helper's command line: newuidmap PID INSIDE OUTSIDE COUNT ... */
static char **helper_argv(struct arena *arena, const char *helper, pid_t pid,
			  const struct id_range *map, size_t count)
{
	char **argv = arena_alloc(arena, (count * 3 + 3) * sizeof *argv);
	size_t used = 0;

	argv[used++] = arena_strdup(arena, helper);
	argv[used++] = arena_printf(arena, "%d", pid);
	for (size_t i = 0; i < count; i++) {
		argv[used++] = arena_printf(arena, "%u", map[i].inside);
		argv[used++] = arena_printf(arena, "%u", map[i].outside);
		argv[used++] = arena_printf(arena, "%u", map[i].count);
	}
	return argv;
}

/* A helper said no: pass its own words on, and look for the usual reason. */
static int mapping_failed(const struct plan *plan, const char *helper, int status, const char *said,
			  struct error *err)
{
	struct stat st;

	if (WIFSIGNALED(status))
		fail_because(err, "cannot map ids: %s was killed by signal %d", helper,
			     WTERMSIG(status));
	else
		fail_because(err, "cannot map ids: %s says: %s", helper,
			     *said ? said : "(nothing)");
	if (stat(helper, &st) == 0 && !(st.st_mode & S_ISUID) &&
	    getxattr(helper, "security.capability", NULL, 0) < 0)
		return fail_remedy(err, "%s is not setuid root; run: sudo chmod u+s %s", helper,
				   helper);
	if (plan->host->no_new_privs)
		return fail_remedy(err, "no_new_privs is set here, as in a container, so setuid "
					"helpers have no effect: say "
					"--userns=single");
	return fail_remedy(
		err, "check your ranges in /etc/subuid and /etc/subgid, or say --userns=single");
}

static const char *helper_path(const struct plan *plan, int i)
{
	return i ? plan->host->newgidmap : plan->host->newuidmap;
}

/* The child is ours and unreaped, so its pid is nobody else's. */
static int start_helpers(const struct plan *plan, struct sandbox *sandbox, struct error *err)
{
	struct arena arena = {NULL};
	int result = 0;

	sandbox->mapping_count = 0;
	for (int i = 0; i < 2 && result == 0; i++) {
		char **argv = helper_argv(&arena, helper_path(plan, i), sandbox->child,
					  i ? plan->gids : plan->uids,
					  i ? plan->gids_count : plan->uids_count);

		result = spawn_start(&sandbox->mapping[i], argv, err);
		sandbox->mapping_count += result == 0;
	}
	arena_free(&arena);
	return result;
}

static int wait_for_helpers(const struct plan *plan, struct sandbox *sandbox, struct error *err)
{
	char said[2][512];
	int status[2] = {0, 0}, result = 0;

	for (int i = 0; i < sandbox->mapping_count; i++)
		status[i] = spawn_finish(&sandbox->mapping[i], said[i], sizeof said[i]);
	for (int i = 0; i < sandbox->mapping_count && result == 0; i++)
		if (status[i] != 0)
			result =
				mapping_failed(plan, helper_path(plan, i), status[i], said[i], err);
	sandbox->mapping_count = 0;
	return result;
}

int idmap_map(const struct plan *plan, struct sandbox *sandbox, struct error *err)
{
	int result = start_helpers(plan, sandbox, err);
	struct error later;

	if (result == 0)
		return wait_for_helpers(plan, sandbox, err);
	wait_for_helpers(plan, sandbox, &later);
	return result;
}

/* Supervisor, ATTACH. */
static int run_helpers(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)step;
	return idmap_map(sandbox->plan, sandbox, err);
}

static const struct step_kind helpers = {"map-ids", run_helpers};

static int run_start(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)step;
	return start_helpers(sandbox->plan, sandbox, err);
}

static const struct step_kind start_kind = {"map-ids", run_start};

static int run_wait(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)step;
	return wait_for_helpers(sandbox->plan, sandbox, err);
}

static const struct step_kind wait_kind = {"ids-mapped", run_wait};

int idmap_plan_wait(struct plan *plan, struct error *err)
{
	(void)err;
	if (!plan->direct_map && plan->root_needed)
		plan_add(plan, PHASE_ATTACH, &wait_kind, NULL)->source = "newuidmap, newgidmap";
	return 0;
}

/* What must be there for more than one id. */
static int check_helpers(const struct plan *plan, struct error *err)
{
	const struct host *host = plan->host;
	const char *missing = !host->newuidmap   ? "newuidmap"
			      : !host->newgidmap ? "newgidmap"
						 : NULL;

	if (missing) {
		fail_because(err, "cannot map the ids that /etc/subuid grants: there is no %s here",
			     missing);
		return fail_remedy(
			err,
			"run: sudo apt-get install uidmap (Fedora, Arch: shadow-utils, shadow)\n"
			"or say --userns=single to run with one id");
	}
	if (host->no_new_privs) {
		fail_because(err,
			     "cannot map the ids that /etc/subuid grants: no_new_privs is already "
			     "set, as in a "
			     "container, and %s is setuid",
			     host->newuidmap);
		return fail_remedy(err, "say --userns=single to run with one id");
	}
	return 0;
}

/* With one id, say what will fail inside before it does, unless one id is what was asked for. */
static void note_one_id(struct plan *plan)
{
	const struct config *config = plan->config;
	struct error line;

	if (config->userns == USERNS_SINGLE || config->uidmap_count || plan->identity.uid != 0)
		return;
	remedy_grant(plan, "", &line);
	plan_say(plan, arena_printf(&plan->arena,
				    "only one id is mapped, since %s has no range for '%s': chown, "
				    "su and apt-get "
				    "inside fail "
				    "for any id but 0\n  %s,\n  or say --userns=fakeroot to have "
				    "them answered with success, or --userns=single to run "
				    "without this note",
				    plan->host->subuids_count ? "/etc/subgid" : "/etc/subuid",
				    plan->host->user ? plan->host->user : "you", line.remedy));
}

static uint32_t granted_ids(const struct side *side)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < side->grants_count; i++)
		sum += side->grants[i].count;
	return sum < UINT32_MAX ? (uint32_t)sum : UINT32_MAX - 1;
}

static void make_maps(struct plan *plan, struct side *side)
{
	const struct config *config = plan->config;
	bool keep = config->userns == USERNS_KEEP_ID;

	if (plan->direct_map)
		append(plan, side, side->wanted, side->caller, 1);
	else
		fill(plan, side,
		     keep                             ? side->caller
		     : plan->host->rootfs_subordinate ? granted_ids(side)
						      : 0);
}

static int plan_side(struct plan *plan, struct side *side, struct error *err)
{
	if (side->given_count) {
		if (take_given(plan, side, err) < 0)
			return -1;
	} else {
		make_maps(plan, side);
	}
	return check_wanted(plan, side, err);
}

/*
 * Who the payload is in pid 1's user namespace: the same as in its own, unless slirp4netns has to
 * be uid 0 in there and the one id that there is is another. Then pid 1 has it as 0, and the
 * payload gets a namespace of its own (nest.c).
 */
static int place_owner(struct plan *plan, struct error *err)
{
	plan->owner_uid = plan->identity.uid;
	plan->owner_gid = plan->identity.gid;
	if (!plan->root_needed || (id_is_mapped(plan->uids, plan->uids_count, 0) &&
				   id_is_mapped(plan->gids, plan->gids_count, 0)))
		return 0;
	if (plan->direct_map) {
		plan->owner_uid = plan->owner_gid = 0;
		return 0;
	}
	fail_because(err, "slirp4netns cannot be confined: it becomes uid 0 and gid 0 in the "
			  "sandbox's user namespace, and the maps given have no 0");
	return fail_remedy(err, "map 0 too, with --uidmap and --gidmap, or say --network=pasta");
}

int idmap_plan(struct plan *plan, struct error *err)
{
	const struct config *config = plan->config;
	const struct host *host = plan->host;
	struct side uid = {"uid",
			   "/etc/subuid",
			   "newuidmap",
			   host->uid,
			   plan->identity.uid,
			   host->subuids,
			   host->subuids_count,
			   config->uidmap,
			   config->uidmap_count,
			   NULL,
			   0};
	struct side gid = {"gid",
			   "/etc/subgid",
			   "newgidmap",
			   host->gid,
			   plan->identity.gid,
			   host->subgids,
			   host->subgids_count,
			   config->gidmap,
			   config->gidmap_count,
			   NULL,
			   0};
	bool given = config->uidmap_count || config->gidmap_count;
	bool granted =
		host->subuids_count && host->subgids_count && config->userns != USERNS_SINGLE;

	plan->direct_map = !given && !granted;
	if (plan->direct_map && config->userns != USERNS_SINGLE) {
		/* The one id that there is goes to who runs by default; anybody else would need a
		 * second. */
		bool keep = config->userns == USERNS_KEEP_ID;
		uint32_t own_uid = keep ? host->uid : 0, own_gid = keep ? host->gid : 0;

		append(plan, &uid, own_uid, host->uid, 1);
		append(plan, &gid, own_gid, host->gid, 1);
		if (check_wanted(plan, &uid, err) < 0 || check_wanted(plan, &gid, err) < 0)
			return -1;
	} else if (plan_side(plan, &uid, err) < 0 || plan_side(plan, &gid, err) < 0) {
		return -1;
	}
	plan->uids = uid.map;
	plan->uids_count = uid.count;
	plan->gids = gid.map;
	plan->gids_count = gid.count;
	plan->drop_groups = !plan->direct_map && !config->keep_groups;
	if (place_owner(plan, err) < 0)
		return -1;
	const char *because =
		given ? config_origin(config, config->uidmap_count ? OPT_UIDMAP : OPT_GIDMAP)
		: granted || config->userns == USERNS_SINGLE ? config_origin(config, OPT_USERNS)
							     : "no subordinate ids";
	if (plan->direct_map)
		note_one_id(plan);
	else if (check_helpers(plan, err) < 0)
		return -1;
	struct step *step = plan_add(plan, plan->direct_map ? PHASE_ISOLATE : PHASE_ATTACH,
				     plan->direct_map    ? &direct
				     : plan->root_needed ? &start_kind
							 : &helpers,
				     because);
	step->source = plan->direct_map ? "directly" : "newuidmap, newgidmap";
	step->target = map_text(plan, &uid);
	step->options = arena_printf(&plan->arena, "gids %s", map_text(plan, &gid));
	return 0;
}
