/*
 * The id maps: see idmap.h.
 *
 * auto: 0 inside is the caller, 1 and up are the caller's subordinate ids. keep-id: the caller
 * keeps its number, the subordinate ids fill the numbers round it. single, or no subordinate ids:
 * one id, written by the child itself.
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

/* Give the granted ids, in order, the inside numbers from 0 up, with own for the caller itself. */
static void fill(struct plan *plan, struct side *side, uint32_t own)
{
	uint64_t inside = 0;
	bool placed = false;

	for (size_t i = 0; i < side->grants_count && side->count < MAX_EXTENTS - 2; i++) {
		struct id_grant left = side->grants[i];

		while (left.count > 0 && inside < UINT32_MAX) {
			if (inside == own && !placed) {
				append(plan, side, own, side->caller, 1);
				placed = true;
				inside++;
				continue;
			}
			uint64_t room = (!placed ? own : UINT32_MAX) - inside;
			uint32_t take = left.count < room ? left.count : (uint32_t)room;

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

/* The line that gives the caller ids of its own, behind those that others have. */
static int remedy_grant(const struct plan *plan, const char *before, struct error *err)
{
	struct arena arena = {NULL};
	unsigned long long first = 100000;
	static const char *const files[] = {"/etc/subuid", "/etc/subgid"};

	for (size_t i = 0; i < 2; i++) {
		const char *line = read_file(&arena, files[i], 1 << 20, NULL);

		for (; line && *line; line = strchr(line, '\n'), line += line && *line == '\n') {
			unsigned long long start, count;

			if (sscanf(line, "%*[^:\n]:%llu:%llu", &start, &count) == 2 &&
			    start + count > first)
				first = start + count;
		}
	}
	arena_free(&arena);
	return fail_remedy(err,
			   "%srun: sudo usermod --add-subuids %llu-%llu --add-subgids %llu-%llu %s",
			   before, first, first + 65535, first, first + 65535,
			   plan->host->user ? plan->host->user : "USER");
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
	snprintf(uids, sizeof uids, "%u %u 1\n", plan->uids->inside, plan->uids->outside);
	snprintf(gids, sizeof gids, "%u %u 1\n", plan->gids->inside, plan->gids->outside);
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
static int helper_failed(const struct plan *plan, const char *helper, int status, const char *said,
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

/* Supervisor, ATTACH. The child is ours and unreaped, so its pid is nobody else's. */
static int run_helpers(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct plan *plan = sandbox->plan;
	const char *helpers[2] = {plan->host->newuidmap, plan->host->newgidmap};
	struct arena arena = {NULL};
	struct spawned spawned[2];
	char said[2][512];
	int status[2] = {0, 0}, started = 0, result = 0;

	(void)step;
	for (int i = 0; i < 2 && result == 0; i++) {
		char **argv =
			helper_argv(&arena, helpers[i], sandbox->child, i ? plan->gids : plan->uids,
				    i ? plan->gids_count : plan->uids_count);

		result = spawn_start(&spawned[i], argv, err);
		started += result == 0;
	}
	for (int i = 0; i < started; i++)
		status[i] = spawn_finish(&spawned[i], said[i], sizeof said[i]);
	for (int i = 0; i < started && result == 0; i++)
		if (status[i] != 0)
			result = helper_failed(plan, helpers[i], status[i], said[i], err);
	arena_free(&arena);
	return result;
}

static const struct step_kind helpers = {"map-ids", run_helpers};

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
static void plan_note(struct plan *plan)
{
	const struct config *config = plan->config;
	struct error line;

	if (config->userns == USERNS_SINGLE || config->uidmap_count || plan->identity.uid != 0)
		return;
	remedy_grant(plan, "", &line);
	plan->note = arena_printf(
		&plan->arena,
		"only one id is mapped, since %s has no range for '%s': chown, su and apt-get "
		"inside fail "
		"for any id but 0\n  %s,\n  or say --userns=single to run without this note",
		plan->host->subuids_count ? "/etc/subgid" : "/etc/subuid",
		plan->host->user ? plan->host->user : "you", line.remedy);
}

static void make_maps(struct plan *plan, struct side *side)
{
	const struct config *config = plan->config;
	bool keep = config->userns == USERNS_KEEP_ID;

	if (plan->direct_map)
		append(plan, side, side->wanted, side->caller, 1);
	else
		fill(plan, side, keep ? side->caller : 0);
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
	const char *because =
		given ? config_origin(config, config->uidmap_count ? OPT_UIDMAP : OPT_GIDMAP)
		: granted || config->userns == USERNS_SINGLE ? config_origin(config, OPT_USERNS)
							     : "no subordinate ids";
	if (plan->direct_map)
		plan_note(plan);
	else if (check_helpers(plan, err) < 0)
		return -1;
	struct step *step = plan_add(plan, plan->direct_map ? PHASE_ISOLATE : PHASE_ATTACH,
				     plan->direct_map ? &direct : &helpers, because);
	step->source = plan->direct_map ? "directly" : "newuidmap, newgidmap";
	step->target = map_text(plan, &uid);
	step->options = arena_printf(&plan->arena, "gids %s", map_text(plan, &gid));
	return 0;
}
