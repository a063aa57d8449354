/* Control groups: see cgroup.h. In the supervisor, and for entering and mounting in the child. */
#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cgroup_counters.h"
#include "files.h"
#include "helper.h"
#include "mounting.h"
#include "parse_limits.h"
#include "sandbox.h"

/* How long systemd has for a scope. It takes 20 ms on a machine at rest. */
enum { SCOPE_SECONDS = 10 };

static int open_cgroup(const char *path)
{
	char full[4096];

	if ((size_t)snprintf(full, sizeof full, "%s%s", CGROUP_ROOT, path) >= sizeof full) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

static int make_cgroup(int parent, const char *name, struct error *err)
{
	/* One of a process that had our pid and was killed with its watcher. */
	unlinkat(parent, name, AT_REMOVEDIR);
	if (mkdirat(parent, name, 0755) < 0)
		return fail(err, "make the cgroup %s", name);
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? fail(err, "open the cgroup %s", name) : fd;
}

/* --- the managers: who gives us a cgroup in which we can make others --- */

struct manager {
	const char *name;
	bool removes; /* what it gave, when that is empty */
	/* Returns the cgroup's directory; its path is stored, allocated. */
	int (*enter)(const struct plan *plan, struct sandbox *sandbox, char **path,
		     struct error *err);
};

/*
 * A cgroup with limits for those below it may have no process of its own (cgroups(7), "no internal
 * processes"): we go into one below it, our watcher too.
 */
static int make_room(int base, const struct sandbox *sandbox, struct error *err)
{
	char text[24];
	int cleanup_fd mine = make_cgroup(base, "supervisor", err);

	if (mine < 0)
		return -1;
	if (write_file_at(mine, "cgroup.procs", "0") < 0)
		return fail(err, "go into a cgroup of our own");
	snprintf(text, sizeof text, "%d", (int)sandbox->watcher_pid);
	if (sandbox->watcher >= 0)
		(void)write_file_at(mine, "cgroup.procs", text); /* it is elsewhere, or dead */
	return 0;
}

/* Not while a signal is waited for: one that comes is heard when the scope is there. */
static int wait_for_scope(struct sandbox *sandbox, struct error *err)
{
	int signals = sandbox->signals;

	sandbox->signals = -1;
	int result = helper_wait(sandbox, HELPER_SCOPE, SCOPE_SECONDS, err);
	sandbox->signals = signals;
	helper_end(&sandbox->helpers[HELPER_SCOPE], true);
	return result;
}

static int ask_systemd(const struct plan *plan, struct sandbox *sandbox, const char *unit,
		       struct error *err)
{
	struct helper *helper = &sandbox->helpers[HELPER_SCOPE];
	char pid[24], ready[24];
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(err, "make a pipe for systemd's answer");
	int cleanup_fd said = ends[1];
	helper->ready = ends[0];
	snprintf(pid, sizeof pid, "%d", (int)getpid());
	snprintf(ready, sizeof ready, "%d", said);
	const char *argv[] = {
		plan->host->cgroup.scope, plan->host->cgroup.manager, unit, pid, ready, NULL};
	if (helper_start(helper, "the helper that asks systemd for a cgroup", (char **)argv, &said,
			 1, err) < 0)
		return -1;
	close_cleanup(&said);
	said = -1;
	return wait_for_scope(sandbox, err);
}

static int enter_scope(const struct plan *plan, struct sandbox *sandbox, char **path,
		       struct error *err)
{
	struct arena arena = {0};
	struct timespec now;
	char unit[64];

	clock_gettime(CLOCK_BOOTTIME, &now);
	snprintf(unit, sizeof unit, "sandbox-%d-%llx.scope", (int)getpid(),
		 (unsigned long long)now.tv_sec * 1000000000 + (unsigned long long)now.tv_nsec);
	if (ask_systemd(plan, sandbox, unit, err) < 0)
		return fail_remedy(err, "is your systemd manager well? systemctl --user status "
					"says so");
	const char *own = host_cgroup_of(&arena, "self");
	const char *name = own ? strrchr(own, '/') : NULL;
	int base = -1;
	if (!name || strcmp(name + 1, unit) != 0)
		fail_because(err, "systemd has made the scope %s and did not put us into it", unit);
	else if ((base = open_cgroup(own)) < 0 || !(*path = strdup(own)))
		fail(err, "open the cgroup %s", own);
	arena_free(&arena);
	if (base >= 0 && (!*path || make_room(base, sandbox, err) < 0)) {
		close(base);
		return -1;
	}
	return base;
}

static int enter_own(const struct plan *plan, struct sandbox *sandbox, char **path,
		     struct error *err)
{
	const struct host_cgroup *facts = &plan->host->cgroup;
	int cleanup_fd base = open_cgroup(facts->base);

	*path = strdup(facts->base);
	if (base < 0 || !*path)
		return fail(err, "open the cgroup %s", facts->base);
	if (facts->alone && make_room(base, sandbox, err) < 0)
		return -1;
	return steal_fd(&base);
}

static const struct manager by_systemd = {"systemd", true, enter_scope};
static const struct manager by_hand = {"delegated", false, enter_own};

/* --- limits --- */

/* The first line of a file of a cgroup. */
static bool read_line(int cgroup, const char *name, char *line, size_t size)
{
	int cleanup_fd fd = openat(cgroup, name, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, line, size - 1);

	line[got > 0 ? got : 0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return got > 0;
}

/* Memory is counted in pages: what is taken may be less than asked for, by a part of one. */
static bool is_taken(const char *have, const char *wanted)
{
	uint64_t a = strtoull(have, NULL, 10), b = strtoull(wanted, NULL, 10);

	return strcmp(have, wanted) == 0 || (*have >= '0' && *have <= '9' && !strchr(wanted, ' ') &&
					     a <= b && b - a < 65536 && b >= 65536);
}

static int set(int cgroup, const char *file, const char *value, struct error *err)
{
	char have[PARSE_CPUS_SIZE];

	if (write_file_at(cgroup, file, value) < 0)
		return fail(err, "write %s to %s", value, file);
	if (!read_line(cgroup, file, have, sizeof have) || !is_taken(have, value))
		return fail_because(err, "cannot write %s to %s: the kernel has made it '%s'",
				    value, file, have);
	return 0;
}

/* Where swap is not counted there is no file, and no swap that would be without bounds. */
static int set_memory(int cgroup, const struct limits *limits, struct error *err)
{
	uint64_t swap = limits->memory_swap ? limits->memory_swap - limits->memory : 0;
	char text[24];

	snprintf(text, sizeof text, "%llu", (unsigned long long)limits->memory);
	if (set(cgroup, "memory.max", text, err) < 0)
		return -1;
	snprintf(text, sizeof text, "%llu", (unsigned long long)swap);
	if (faccessat(cgroup, "memory.swap.max", F_OK, 0) == 0 &&
	    set(cgroup, "memory.swap.max", text, err) < 0)
		return -1;
	/* All or nothing: half of a sandbox is no use to anybody. */
	return set(cgroup, "memory.oom.group", "1", err);
}

static int set_cpus(int cgroup, const struct limits *limits, struct error *err)
{
	enum { PERIOD = 100000 };
	char text[48];

	snprintf(text, sizeof text, "%llu %d", (unsigned long long)limits->cpus * (PERIOD / 1000),
		 PERIOD);
	return set(cgroup, "cpu.max", text, err);
}

static int set_pids(int cgroup, const struct limits *limits, struct error *err)
{
	char text[24];

	snprintf(text, sizeof text, "%llu", (unsigned long long)limits->pids);
	return set(cgroup, "pids.max", text, err);
}

/* Which file there is depends on who schedules the disks. bfq's goes to 1000. */
static int set_io_weight(int cgroup, const struct limits *limits, struct error *err)
{
	bool bfq = faccessat(cgroup, "io.weight", F_OK, 0) < 0;
	int weight = bfq && limits->io_weight > 1000 ? 1000 : limits->io_weight;
	char text[32];

	snprintf(text, sizeof text, "default %d", weight);
	if (set(cgroup, bfq ? "io.bfq.weight" : "io.weight", text, err) == 0)
		return 0;
	return err->number == ENOENT
		       ? fail_remedy(err, "this kernel shares out disks neither by io.cost nor by "
					  "bfq: there is no weight")
		       : -1;
}

/* One row for each limit that takes a cgroup, in the order in which they are named. */
static const struct {
	const char *controller;
	enum option_id option;
	size_t field, size; /* of the limit, in struct limits: 0 is none */
	int (*set)(int cgroup, const struct limits *limits, struct error *err);
} kinds[] = {
#define LIMIT(name) offsetof(struct limits, name), sizeof(((struct limits *)NULL)->name)
	{"memory", OPT_MEMORY, LIMIT(memory), set_memory},
	{"cpu", OPT_CPUS, LIMIT(cpus), set_cpus},
	{"pids", OPT_PIDS_LIMIT, LIMIT(pids), set_pids},
	{"io", OPT_IO_WEIGHT, LIMIT(io_weight), set_io_weight},
#undef LIMIT
};

enum { KINDS = sizeof kinds / sizeof *kinds };

static bool wanted(const struct limits *limits, size_t i)
{
	static const char zeros[8];

	return memcmp((const char *)limits + kinds[i].field, zeros, kinds[i].size) != 0;
}

/* Is it one of the words of "cpu memory pids"? */
static bool has_word(const char *words, const char *word)
{
	size_t length = strlen(word);

	while (words && *words) {
		size_t next = strcspn(words, " ");

		if (next == length && strncmp(words, word, length) == 0)
			return true;
		words += next + (words[next] == ' ');
	}
	return false;
}

/* Hand a controller down to the cgroups below. */
static int enable(int cgroup, const char *controller, struct error *err)
{
	char text[32];

	snprintf(text, sizeof text, "+%s", controller);
	if (write_file_at(cgroup, "cgroup.subtree_control", text) == 0)
		return 0;
	return fail(err, "use the cgroup controller %s", controller);
}

/* Those with a limit have to be there; the others count, where they can be had. */
static int enable_all(int cgroup, const struct limits *limits, struct error *err)
{
	struct error ignored;

	for (size_t i = 0; i < KINDS; i++)
		if (enable(cgroup, kinds[i].controller, wanted(limits, i) ? err : &ignored) < 0 &&
		    wanted(limits, i))
			return -1;
	if (limits->cpuset.given)
		enable(cgroup, "cpuset", &ignored);
	return 0;
}

static int set_all(int cgroup, const struct limits *limits, struct error *err)
{
	for (size_t i = 0; i < KINDS; i++)
		if (wanted(limits, i) && kinds[i].set(cgroup, limits, err) < 0)
			return -1;
	char cpus[PARSE_CPUS_SIZE];

	/* Without the controller there is the affinity (scheduling.c). */
	if (limits->cpuset.given && faccessat(cgroup, "cpuset.cpus", F_OK, 0) == 0 &&
	    set(cgroup, "cpuset.cpus", parse_print_cpus(&limits->cpuset, cpus), err) < 0)
		return -1;
	return 0;
}

/* --- the steps --- */

static void box_name(const struct plan *plan, pid_t supervisor, char name[32])
{
	if (plan->own_cgroup)
		snprintf(name, 32, "sandbox-%d", (int)supervisor);
	else
		snprintf(name, 32, "box");
}

/* The limits twice: where nothing inside can reach them, and where programs inside look for them
 * to see how much they may use. */
static int make_box(struct sandbox *sandbox, int base, const char *base_path, struct error *err)
{
	const struct limits *limits = &sandbox->plan->config->limits;
	char name[32];

	box_name(sandbox->plan, getpid(), name);
	if (enable_all(base, limits, err) < 0)
		return -1;
	sandbox->limits = make_cgroup(base, name, err);
	if (sandbox->limits < 0 || enable_all(sandbox->limits, limits, err) < 0 ||
	    set_all(sandbox->limits, limits, err) < 0)
		return -1;
	sandbox->cgroup = make_cgroup(sandbox->limits, "in", err);
	if (sandbox->cgroup < 0 || set_all(sandbox->cgroup, limits, err) < 0)
		return -1;
	if (asprintf(&sandbox->cgroup_path, "%s/%s/in", base_path, name) < 0)
		sandbox->cgroup_path = NULL;
	return 0;
}

static int run_cgroup(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct manager *manager = step->data;
	char *path = NULL;
	int cleanup_fd base = manager->enter(sandbox->plan, sandbox, &path, err);
	int result = base < 0 ? -1 : make_box(sandbox, base, path, err);

	free(path);
	if (result == 0 && sandbox->plan->config->limits.cpu_time)
		return cpu_watch_open(&sandbox->cpu_watch, err);
	return result;
}

/* The child, before it leaves the caller's cgroup namespace: what it is in then is the root of its
 * own. */
static int run_enter(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)step;
	if (write_file_at(sandbox->cgroup, "cgroup.procs", "0") < 0)
		return fail(err, "go into the sandbox's cgroup");
	close(sandbox->cgroup);
	sandbox->cgroup = -1;
	return 0;
}

static int run_count(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)step;
	(void)err;
	if (sandbox->limits >= 0)
		cgroup_count(sandbox->limits, &sandbox->outcome.counters);
	return 0;
}

static const struct step_kind cgroup = {"cgroup", run_cgroup};
static const struct step_kind enter = {"cgroup", run_enter};
static const struct step_kind count = {"count", run_count};

/*
 * Over the host's own cgroup mount, which a /sys of the host's has there, the kernel refuses a
 * second one that starts at the same place (EBUSY, before Linux 6.6): an empty directory comes
 * between.
 */
static int run_mount(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	static const struct fs_option none[] = {{NULL, NULL}};
	unsigned flags = MOUNT_SAFE | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY;
	int cleanup_fd place = open_in_no_links(sandbox->root, step->target, O_PATH | O_DIRECTORY);
	int cleanup_fd between = place < 0 ? -1 : mount_clone(sandbox->scratch, "empty", false);

	if (between < 0 || mount_attach(between, place) < 0)
		return fail(err, "cover %s", step->target);
	int cleanup_fd mount = mount_new("cgroup2", none, flags, &(const char *){NULL});
	int cleanup_fd shown = open_in_no_links(sandbox->root, step->target, O_PATH | O_DIRECTORY);
	if (mount < 0 || shown < 0 || mount_attach(mount, shown) < 0)
		return fail(err, "show the sandbox's cgroup in %s", step->target);
	return 0;
}

static const struct step_kind mount_kind = {"cgroup2", run_mount};

/* --- removing --- */

/* Whoever is in a cgroup goes to the one above it. */
static void move_all_up(int parent, const char *name)
{
	char pids[4096];
	int cleanup_fd from = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int cleanup_fd procs = from < 0 ? -1 : openat(from, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	ssize_t got = procs < 0 ? -1 : read(procs, pids, sizeof pids - 1);

	pids[got > 0 ? got : 0] = '\0';
	for (char *rest = pids, *pid; (pid = strsep(&rest, "\n")) != NULL;)
		if (*pid)
			(void)write_file_at(parent, "cgroup.procs", pid);
}

/* The one that we were alone in is again as it was. */
static void leave_room(int base)
{
	char text[32];

	for (size_t i = 0; i < KINDS; i++) {
		snprintf(text, sizeof text, "-%s", kinds[i].controller);
		(void)write_file_at(base, "cgroup.subtree_control", text);
	}
	(void)write_file_at(base, "cgroup.subtree_control", "-cpuset");
	move_all_up(base, "supervisor");
	unlinkat(base, "supervisor", AT_REMOVEDIR);
}

void cgroup_remove(const struct plan *plan, pid_t supervisor)
{
	char name[32], inner[40];
	int cleanup_fd base = plan->own_cgroup ? open_cgroup(plan->host->cgroup.base) : -1;

	if (base < 0)
		return;
	box_name(plan, supervisor, name);
	snprintf(inner, sizeof inner, "%s/in", name);
	for (int tries = 0; tries < 200; tries++) {
		unlinkat(base, inner, AT_REMOVEDIR);
		if (unlinkat(base, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
			break;
		poll(NULL, 0, 10);
	}
	if (plan->host->cgroup.alone)
		leave_room(base);
}

/* --- planning --- */

/* The first controller that a limit needs and that is not among these; KINDS: none is missing. */
static size_t missing(const struct limits *limits, const char *controllers)
{
	size_t i = 0;

	while (i < KINDS && (!wanted(limits, i) || has_word(controllers, kinds[i].controller)))
		i++;
	return i;
}

static const struct manager *choose(const struct plan *plan)
{
	const struct host_cgroup *facts = &plan->host->cgroup;
	const struct limits *limits = &plan->config->limits;

	if (facts->base && missing(limits, facts->base_controllers) == KINDS)
		return &by_hand;
	/* What we do not know we ask for, and see. */
	if (facts->manager &&
	    (!facts->manager_controllers || missing(limits, facts->manager_controllers) == KINDS))
		return &by_systemd;
	return NULL;
}

/* The option to name in an error: the one whose controller is missing, or the first. */
static enum option_id culprit(const struct limits *limits, const char *controllers)
{
	size_t i = missing(limits, controllers);

	return i < KINDS ? kinds[i].option : OPT_LIMITS;
}

static const char weaker[] = "or take what there is without a cgroup, with --limits=best-effort";

static int explain_version(const struct plan *plan, struct error *err)
{
	enum option_id option = culprit(&plan->config->limits, "");

	fail_because(err,
		     "cannot enforce --%s (%s): it takes cgroups of version 2 alone, and this "
		     "machine has " CGROUP_ROOT " in another form, or not at all",
		     option_name(option), config_origin(plan->config, option));
	return fail_remedy(err,
			   "with systemd, boot with systemd.unified_cgroup_hierarchy=1 on the "
			   "kernel's command line;\n%s",
			   weaker);
}

static int explain_nobody(const struct plan *plan, struct error *err)
{
	const struct host_cgroup *facts = &plan->host->cgroup;
	enum option_id option = culprit(&plan->config->limits, "");

	bool by_systemd_only = plan->config->limits.mode == LIMITS_SYSTEMD;
	bool by_hand_only = plan->config->limits.mode == LIMITS_CGROUP;
	const char *own = facts->own ? facts->own : "(out of sight)";

	fail_because(err, "cannot enforce --%s (%s): %s%s%s%s%s", option_name(option),
		     config_origin(plan->config, option),
		     by_hand_only ? "" : "no systemd manager of yours answers",
		     by_hand_only || by_systemd_only ? "" : ", and ",
		     by_systemd_only ? "" : "your cgroup ", by_systemd_only ? "" : own,
		     by_systemd_only ? "" : " is not delegated to you, or others are in it");
	if (by_hand_only)
		return fail_remedy(err,
				   "start it alone in one: systemd-run --user --scope -p "
				   "Delegate=yes sandbox ...;\n%s",
				   weaker);
	return fail_remedy(err,
			   "a login (ssh, a console, a desktop) has one; so has, without, who ran: "
			   "sudo loginctl enable-linger %s\n%s",
			   plan->host->user ? plan->host->user : "USER", weaker);
}

static int explain_controller(const struct plan *plan, const char *have, struct error *err)
{
	size_t i = missing(&plan->config->limits, have);

	fail_because(err,
		     "cannot enforce --%s (%s): the cgroup controller %s is not delegated to you, "
		     "only %s",
		     option_name(kinds[i].option), config_origin(plan->config, kinds[i].option),
		     kinds[i].controller, have && *have ? have : "none");
	return fail_remedy(err,
			   "as root, write to /etc/systemd/system/user@.service.d/delegate.conf\n"
			   "  [Service]\n"
			   "  Delegate=cpu cpuset io memory pids\n"
			   "then run systemctl daemon-reload, and log in again;\n%s",
			   weaker);
}

static int explain(const struct plan *plan, struct error *err)
{
	const struct host_cgroup *facts = &plan->host->cgroup;

	if (!facts->unified)
		return explain_version(plan, err);
	if (!facts->manager && !facts->base)
		return explain_nobody(plan, err);
	return explain_controller(
		plan, facts->manager ? facts->manager_controllers : facts->base_controllers, err);
}

static const char *describe(struct plan *plan)
{
	const struct limits *limits = &plan->config->limits;
	char size[PARSE_SPAN_SIZE];
	const char *text = "";

#define ADD(...)                                                                                   \
	(text = arena_printf(&plan->arena, "%s%s%s", text, *text ? ", " : "",                      \
			     arena_printf(&plan->arena, __VA_ARGS__)))
	if (limits->memory)
		ADD("memory %s", parse_print_size(limits->memory, size));
	if (limits->memory_swap)
		ADD("with swap %s", parse_print_size(limits->memory_swap, size));
	if (limits->cpus)
		ADD("cpus %u.%03u", limits->cpus / 1000, limits->cpus % 1000);
	if (limits->pids)
		ADD("pids %llu", (unsigned long long)limits->pids);
	if (limits->io_weight)
		ADD("io-weight %d", limits->io_weight);
	if (limits->cpu_time)
		ADD("cpu-time %s", parse_print_span(limits->cpu_time, size));
#undef ADD
	return *text ? text : "counted only";
}

static const char *origin(const struct config *config)
{
	for (size_t i = 0; i < KINDS; i++)
		if (wanted(&config->limits, i))
			return config_origin(config, kinds[i].option);
	return config_origin(config, OPT_LIMITS);
}

static void plan_manager(struct plan *plan, const struct manager *manager)
{
	const char *because = origin(plan->config);
	struct step *step = plan_add(plan, PHASE_PREPARE, &cgroup, because);

	step->target = manager->name;
	step->options = describe(plan);
	step->data = manager;
	plan->has_cgroup = true;
	plan->own_cgroup = !manager->removes;
	plan->watched |= plan->own_cgroup;
	plan_add(plan, PHASE_ISOLATE, &enter, because)->target = "enter";
	plan_add(plan, PHASE_FINISH, &count, because)->target = "what the cgroup has counted";
}

int cgroup_plan(struct plan *plan, struct error *err)
{
	const struct config *config = plan->config;
	const struct manager *manager;

	if (!config_wants_cgroup(config))
		return 0;
	manager = choose(plan);
	if (!manager)
		return config->limits.mode == LIMITS_BEST_EFFORT ? 0 : explain(plan, err);
	plan_manager(plan, manager);
	return 0;
}

int cgroup_plan_mount(struct plan *plan, struct error *err)
{
	(void)err;
	if (!plan->has_cgroup)
		return 0;
	struct step *step = plan_add(plan, PHASE_SETUP, &mount_kind, origin(plan->config));
	step->target = "/sys/fs/cgroup";
	step->options = "ro";
	return 0;
}
