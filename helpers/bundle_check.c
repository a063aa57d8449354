/* What a bundle cannot say: see bundle.h. */
#include "bundle.h"

#include <string.h>

#include "filters_oci.h"

/* Every option that is in neither list is refused: one that is new, too. */
static const enum option_id said[] = {
	OPT_PROFILE,      OPT_RW,          OPT_READ_ONLY, OPT_BIND,         OPT_BIND_TRY,
	OPT_RO_BIND,      OPT_RO_BIND_TRY, OPT_DEV_BIND,  OPT_DEV_BIND_TRY, OPT_TMPFS,
	OPT_MASK,         OPT_ALLOW_HOME,  OPT_WORKDIR,   OPT_ENV,          OPT_UNSETENV,
	OPT_ENV_FILE,     OPT_KEEP_ENV,    OPT_USERNS,    OPT_USER,         OPT_UIDMAP,
	OPT_GIDMAP,       OPT_NETWORK,     OPT_HOSTNAME,  OPT_SECCOMP,      OPT_CAP_ADD,
	OPT_CAP_DROP,     OPT_ULIMIT,      OPT_MEMORY,    OPT_CPUS,         OPT_PIDS_LIMIT,
	OPT_OOM_SCORE_ADJ};

static const struct {
	enum option_id id;
	const char *instead;
} told[] = {
	{OPT_LANDLOCK, "what is behind the mounts is held by the mounts alone"},
	{OPT_INIT, "the command is process 1"},
	{OPT_AS_PID_1, "the command is process 1 in any case"},
	{OPT_LIMITS, "limits are the runtime's, by cgroups"},
	{OPT_NAME, "the runtime is given a name"},
	{OPT_NO_TTY, "whether there is a terminal is for who starts the runtime"},
	{OPT_DIE_WITH_PARENT, "how long it lives is for who starts the runtime"},
	{OPT_VERBOSE, "the runtime has its own"},
	{OPT_OVERLAY_SIZE, "there is no layer"},
	{OPT_LAYER, "there is no layer"},
};

static bool is_said(enum option_id id)
{
	for (size_t i = 0; i < sizeof said / sizeof *said; i++)
		if (said[i] == id)
			return true;
	return false;
}

static const char *instead_of(enum option_id id)
{
	for (size_t i = 0; i < sizeof told / sizeof *told; i++)
		if (told[i].id == id)
			return told[i].instead;
	return NULL;
}

static void tell(FILE *out, const char *what, const char *instead)
{
	fprintf(out, "sandbox: note: not in the bundle: %s: %s\n", what, instead);
}

static int refuse(struct error *err, const char *what, const char *why)
{
	fail_because(err, "cannot write %s into a bundle: %s", what, why);
	return fail_remedy(err, "leave it out, or run it with sandbox itself");
}

static int check_options(const struct config *config, FILE *out, struct error *err)
{
	for (enum option_id id = 0; id < OPTION_COUNT; id++) {
		char name[64];

		if (!config->origin[id] || is_said(id))
			continue;
		snprintf(name, sizeof name, "--%s (%s)", option_name(id), config->origin[id]);
		if (!instead_of(id))
			return refuse(err, name,
				      "the OCI runtime specification has no word for it");
		tell(out, name, instead_of(id));
	}
	return 0;
}

static int check_values(const struct plan *plan, struct error *err)
{
	const struct config *config = plan->config;

	if (plan->host->rootfs_is_host)
		return refuse(err, "ROOTFS /", "a bundle has a root file system of its own");
	if (config->network != NETWORK_NONE && config->network != NETWORK_HOST)
		return refuse(err, "--network", "its helper is started by who starts the sandbox");
	if (config->fakeroot)
		return refuse(err, "--userns=fakeroot", "its filter has answers of its own");
	if (config->seccomp_log || config->seccomp_file)
		return refuse(err, "--seccomp",
			      config->seccomp_log ? "a filter that tells needs who is told"
						  : "a profile of OCI's can be copied in as it is");
	if (config->landlock == LANDLOCK_REQUIRE)
		return refuse(err, "--landlock=require", "a runtime sets no rules of Landlock");
	if (config->overlay)
		return refuse(err, "--overlay", "a bundle has no layer");
	for (size_t i = 0; i < config->mounts_count; i++)
		if (config->mounts[i].layer)
			return refuse(err, config->mounts[i].target, "a bundle has no layer");
	return 0;
}

/* JSON has Unicode and no other bytes: what would be written would be another word. */
static int check_word(const char *word, struct error *err)
{
	for (const char *at = word; at && *at;) {
		size_t length = character_length(at);

		if (!length)
			return fail_because(
				err,
				"cannot write \"%s\" into a bundle: it is not UTF-8, and "
				"JSON has no other bytes",
				word);
		at += length;
	}
	return 0;
}

static int check_words(const struct plan *plan, struct error *err)
{
	const struct config *config = plan->config;
	int result = check_word(plan->host->rootfs, err) | check_word(config->workdir, err) |
		     check_word(config->hostname, err);

	for (char *const *word = plan->command; !result && *word; word++)
		result = check_word(*word, err);
	for (char *const *word = plan->envp; !result && *word; word++)
		result = check_word(*word, err);
	for (size_t i = 0; !result && i < config->mounts_count; i++)
		result = check_word(config->mounts[i].target, err) |
			 check_word(plan->host->sources[i].real, err);
	return result;
}

int bundle_check(const struct plan *plan, FILE *out, struct error *err)
{
	const struct config *config = plan->config;

	if (check_values(plan, err) < 0 || check_words(plan, err) < 0 ||
	    check_options(config, out, err) < 0)
		return -1;
	if (config->layer_mode == LAYER_THROW_AWAY)
		tell(out, "the layer that is thrown away",
		     "the root is read-only; --rw lets it be written");
	tell(out, "the files of /etc that a run makes", "they are as they are in ROOTFS");
	tell(out, "mount points that are missing", "the runtime makes them in ROOTFS itself");
	if (config->seccomp < SECCOMP_UNCONFINED)
		fprintf(out,
			"sandbox: note: not in the bundle: the errno of calls that are refused "
			"(%s): it is ENOSYS\n",
			filters_oci[config->seccomp].untold);
	return 0;
}
