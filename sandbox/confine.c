/* What can be used with --confine-only: see confine.h. */
#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "place.h"
#include "sandbox.h"

/* The parts of the private directory that the command has; what else is in it is ours. */
#define HOME_PART "home"
#define TMP_PART  "tmp"

static int run_private(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct plan *plan = sandbox->plan;
	size_t length = strlen(plan->private_directory);

	(void)step;
	if (mkdirat(sandbox->layer, HOME_PART, 0700) < 0 ||
	    mkdirat(sandbox->layer, TMP_PART, 0700) < 0)
		return fail(err, "make a private directory for the command");
	/* The name is known only now: it is as long as what has stood in its place. */
	for (char **entry = plan->envp; *entry; entry++) {
		char *value = strchr(*entry, '=');

		if (value && strncmp(value + 1, plan->private_directory, length) == 0)
			memcpy(value + 1, sandbox->layer_path, length);
	}
	return 0;
}

/* Those that are written, for metadata.c; and files of the kernel's: a rule is for what a place is
 * and not for its name, and the kernel forgets what such a file was when nobody has it open. */
static bool stays_open(const struct place *place)
{
	return place->rights & PLACE_WRITES || strncmp(place->path, "/proc/", 6) == 0 ||
	       strncmp(place->path, "/sys/", 5) == 0;
}

static int run_places(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct plan *plan = sandbox->plan;

	(void)step;
	sandbox->places = calloc(plan->places_count, sizeof *sandbox->places);
	if (!sandbox->places)
		return fail(err, "make room for the places");
	for (size_t i = 0; i < plan->places_count; i++) {
		bool stays = stays_open(&plan->places[i]);

		sandbox->places[i] = stays ? place_open(sandbox, &plan->places[i]) : -1;
		if (stays && sandbox->places[i] < 0 && plan->places[i].needed)
			return fail(err, "bind %s", plan->places[i].path);
	}
	/* For who makes terminals, and who reads back what is in force. */
	sandbox->pts = open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
	sandbox->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	sandbox->scratch = fcntl(sandbox->layer, F_DUPFD_CLOEXEC, 3);
	if (sandbox->pts < 0 || sandbox->proc < 0 || sandbox->scratch < 0)
		return fail(err, "open /dev and /proc");
	return 0;
}

static int run_workdir(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	int cleanup_fd home = openat(sandbox->layer, HOME_PART, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *private = sandbox->plan->private_directory;
	bool elsewhere = strncmp(step->target, private, strlen(private)) != 0;

	if ((elsewhere ? chdir(step->target) : fchdir(home)) == 0)
		return 0;
	fail(err, "enter the working directory %s", step->target);
	return fail_remedy(err, "--workdir has to be there, and the caller's to enter");
}

static const struct step_kind private_kind = {"private", run_private};
static const struct step_kind places_kind = {"places", run_places};
static const struct step_kind workdir = {"workdir", run_workdir};

/* --- planning --- */

static void add(struct plan *plan, struct place place)
{
	*ARENA_APPEND(&plan->arena, plan->places, plan->places_count) = place;
}

/* Where something secret is, the names can be listed, and the rest is shown one by one. */
static void add_programs(struct plan *plan)
{
	for (size_t i = 0; i < plan->host->pieces_count; i++) {
		const struct host_piece *piece = &plan->host->pieces[i];

		add(plan,
		    (struct place){.path = piece->path,
				   .rights = PLACE_LISTS |
					     (piece->names_only ? 0 : PLACE_READS | PLACE_RUNS),
				   .no_links = true,
				   .part = piece->part});
	}
}

/* What programs look at everywhere. Of /proc nothing that tells of a process but of the command
 * itself (landlock.c), and of /dev nothing that somebody else could be at the other end of. */
static void add_common(struct plan *plan)
{
	static const char *const read[] = {"/proc/cpuinfo",
					   "/proc/filesystems",
					   "/proc/loadavg",
					   "/proc/meminfo",
					   "/proc/stat",
					   "/proc/uptime",
					   "/proc/version",
					   "/proc/sys/kernel/cap_last_cap",
					   "/proc/sys/kernel/ngroups_max",
					   "/proc/sys/kernel/osrelease",
					   "/proc/sys/kernel/ostype",
					   "/proc/sys/kernel/pid_max",
					   "/proc/sys/kernel/random",
					   "/proc/sys/vm/max_map_count",
					   "/proc/sys/vm/overcommit_memory",
					   "/sys/devices/system/cpu"};
	static const char *const devices[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random",
					      "/dev/urandom"};

	for (size_t i = 0; i < sizeof read / sizeof *read; i++)
		add(plan, (struct place){.path = read[i], .rights = PLACE_READS | PLACE_LISTS});
	for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
		add(plan, (struct place){.path = devices[i], .rights = PLACE_READS | PLACE_WRITES});
	if (plan->host->terminals && !plan->config->no_tty)
		add(plan, (struct place){.path = "/dev/tty",
					 .rights = PLACE_READS | PLACE_WRITES | PLACE_STEERS});
	/* Often a link to elsewhere; it is the caller's network, and so its name servers. */
	if (plan->config->network == NETWORK_HOST)
		add(plan, (struct place){.path = "/etc/resolv.conf", .rights = PLACE_READS});
}

static int add_bind(struct plan *plan, const struct mount_op *op, const struct source *source,
		    struct error *err)
{
	unsigned rights = PLACE_READS | PLACE_LISTS | PLACE_RUNS;

	if (source->records.count) {
		fail_because(err,
			     "will not bind %s (%s) with --confine-only: it holds %s, in %s, and "
			     "nothing can be hidden without mounts",
			     op->source, op->origin, source->records.list[0].what,
			     source->records.list[0].path);
		return fail_remedy(err, "bind what the command needs of it");
	}
	if (op->kind != MOUNT_RO_BIND)
		rights |= PLACE_WRITES;
	if (op->kind == MOUNT_DEV_BIND)
		rights |= PLACE_STEERS;
	add(plan, (struct place){.path = source->real,
				 .rights = rights,
				 .no_links = true,
				 .needed = !op->optional});
	return 0;
}

static bool is_below(const char *path, const char *top)
{
	size_t length = strlen(top);

	return strncmp(path, top, length) == 0 &&
	       (path[length] == '/' || path[length] == '\0' || length == 1);
}

/* Its own home where that was bound, and with it what is above; else a private one. */
static void choose_home(struct plan *plan)
{
	const struct config *config = plan->config;

	for (size_t i = 0; i < config->mounts_count; i++)
		if (plan->host->sources[i].real &&
		    is_below(plan->identity.home, config->mounts[i].target))
			return;
	plan->identity.home = arena_printf(&plan->arena, "%s/" HOME_PART, plan->private_directory);
}

static const char *describe(struct plan *plan, unsigned rights)
{
	static const char *const words[] = {"reads", "lists", "runs", "writes", "steers"};
	const char *text = "";

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (rights >> i & 1)
			text = arena_printf(&plan->arena, "%s%s%s", text, *text ? " " : "",
					    words[i]);
	return text;
}

static const char *list_secrets(struct plan *plan)
{
	const char *text = "";

	for (size_t i = 0; i < plan->host->secrets_count; i++)
		text = arena_printf(&plan->arena, "%s %s", text, plan->host->secrets[i]);
	return text;
}

/* One line for each set of rights, in the order in which they first come. */
static int run_nothing(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)step;
	(void)sandbox;
	(void)err;
	return 0;
}

static const struct step_kind told_kind = {"place", run_nothing};

static void plan_places(struct plan *plan)
{
	const char *because = config_origin(plan->config, OPT_CONFINE_ONLY);

	for (unsigned rights = 1; rights < 32; rights++) {
		const char *text = "";

		for (size_t i = 0; i < plan->places_count; i++) {
			const struct place *place = &plan->places[i];

			if (place->rights == rights && !place->part)
				text = arena_printf(&plan->arena, "%s%s%s%s", text,
						    *text ? " " : "",
						    place->own_part ? "private:" : "", place->path);
		}
		if (!*text)
			continue;
		struct step *step = plan_add(plan, PHASE_SETUP, &told_kind, because);
		step->target = text;
		step->options = describe(plan, rights);
		if (rights == PLACE_LISTS)
			step->options = arena_printf(
				&plan->arena, "%s; reads and runs all in it, one by one, but%s",
				step->options, list_secrets(plan));
	}
	plan_add(plan, PHASE_SETUP, &places_kind, because)->target =
		"open those that are to stay open";
}

int confine_plan(struct plan *plan, struct error *err)
{
	const struct config *config = plan->config;
	const char *because = config_origin(config, OPT_CONFINE_ONLY);
	static const char *const parts[] = {HOME_PART, TMP_PART};

	plan->owner_uid = plan->host->uid;
	plan->owner_gid = plan->host->gid;
	plan->direct_map = true;
	add_programs(plan);
	add_common(plan);
	for (size_t i = 0; i < 2; i++)
		add(plan,
		    (struct place){.path = parts[i],
				   .rights = PLACE_READS | PLACE_LISTS | PLACE_RUNS | PLACE_WRITES,
				   .needed = true,
				   .own_part = true});
	for (size_t i = 0; i < config->mounts_count; i++)
		if (plan->host->sources[i].real &&
		    add_bind(plan, &config->mounts[i], &plan->host->sources[i], err) < 0)
			return -1;
	choose_home(plan);
	*ARENA_APPEND(&plan->arena, plan->variables, plan->variables_count) = (struct variable){
		"TMPDIR", arena_printf(&plan->arena, "%s/" TMP_PART, plan->private_directory)};
	struct step *step = plan_add(plan, PHASE_PREPARE, &private_kind, because);
	step->target = plan->private_directory;
	step->options = HOME_PART ", " TMP_PART;
	plan_places(plan);
	step = plan_add(plan, PHASE_SETUP, &workdir, config_origin(config, OPT_WORKDIR));
	step->target = config->workdir ? config->workdir : plan->identity.home;
	return 0;
}
