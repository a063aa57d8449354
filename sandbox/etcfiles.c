/* Generated files in /etc, and home: see etcfiles.h. */
#include "etcfiles.h"

#include <errno.h>
#include <string.h>

#include "files.h"
#include "mounting.h"
#include "sandbox.h"

/* There is no place for the file and none can be made: not in the host's own /etc, nor in one that
 * belongs to an id which is not mapped (a root file system made by root). Nothing depends on it but
 * comfort. */
static bool may_be_left_out(const struct step *step, int number)
{
	return number == EACCES || number == EPERM || number == EOVERFLOW ||
	       (step->flags && (number == EXDEV || number == EROFS || number == ENOENT));
}

/*
 * The file is bound over whatever has its name, a link included: writing through would follow the
 * link, and ROOTFS is not ours to write. step->data is the text, step->flags says that it may be
 * left out where there is no place for it.
 */
static int run_file(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const char *text = step->data, *name = strrchr(step->target, '/') + 1;

	int cleanup_fd place =
		open_or_make_no_links(sandbox->root, step->target, LEAF_FILE, &sandbox->own);
	if (place < 0 && may_be_left_out(step, errno))
		return 0;
	if (place < 0) {
		fail(err, "find a place for %s in the root file system", step->target);
		return fail_remedy(err, "%s", mount_hint(err->number));
	}
	if (make_file_at(sandbox->scratch, name, 0644, text, strlen(text)) < 0)
		return fail(err, "write %s for the sandbox", step->target);
	int cleanup_fd mount = mount_clone(sandbox->scratch, name, false);
	if (mount < 0 || mount_attach(mount, place) < 0) {
		fail(err, "mount our own %s over the one of the root file system", step->target);
		return fail_remedy(err, "%s", mount_hint(err->number));
	}
	return 0;
}

static const struct step_kind file = {"file", run_file};

/* Made where ROOTFS has none. One that is there is left as it is: the path is the word of ROOTFS's
 * passwd, which gives /usr/sbin or /dev/null to some. Where none can be made the payload has none,
 * as it would elsewhere. */
static int run_home(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct plan *plan = sandbox->plan;
	int cleanup_fd there = open_in(sandbox->root, step->target, O_PATH);

	if (there >= 0)
		return 0;
	int cleanup_fd home =
		open_or_make_in(sandbox->root, step->target, LEAF_DIRECTORY, &sandbox->own);
	if (home < 0 && (may_be_left_out(step, errno) || is_out_of_reach(errno)))
		return 0;
	if (home < 0 || fchownat(home, "", plan->owner_uid, plan->owner_gid, AT_EMPTY_PATH) < 0)
		return fail(err, "make the home directory %s inside", step->target);
	return 0;
}

static const struct step_kind home = {"home", run_home};

static void plan_file(struct plan *plan, const char *target, const char *text, bool optional,
		      const char *because)
{
	struct step *step = plan_add(plan, PHASE_SETUP, &file, because);

	step->target = target;
	step->data = text;
	step->flags = optional;
	step->writes = WRITES_FILES;
}

static const char *with_line(struct plan *plan, const char *text, const char *line)
{
	size_t length = text ? strlen(text) : 0;
	bool open_end = length > 0 && text[length - 1] != '\n';

	return arena_printf(&plan->arena, "%s%s%s", text ? text : "", open_end ? "\n" : "", line);
}

/* Does a group file have this gid? name:password:gid:members */
static bool group_has(const char *text, uint32_t gid)
{
	char field[24];

	snprintf(field, sizeof field, ":%u:", gid);
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		const char *second = strchr(line, ':'), *end = strchr(line, '\n');
		const char *third = second ? strchr(second + 1, ':') : NULL;

		if (third && (!end || third < end) && strncmp(third, field, strlen(field)) == 0)
			return true;
	}
	return false;
}

static void plan_names(struct plan *plan)
{
	const struct identity *who = &plan->identity;
	const char *line;

	if (!who->named) {
		line = arena_printf(&plan->arena, "%s:x:%u:%u::%s:%s\n", who->name, who->uid,
				    who->gid, who->home, who->shell);
		plan_file(plan, "/etc/passwd", with_line(plan, plan->host->passwd_text, line), true,
			  "ROOTFS has no name for the inside user");
	}
	if (!group_has(plan->host->group_text, who->gid)) {
		line = arena_printf(&plan->arena, "%s:x:%u:\n", who->name, who->gid);
		plan_file(plan, "/etc/group", with_line(plan, plan->host->group_text, line), true,
			  "ROOTFS has no name for the inside group");
	}
}

#define CERTIFICATES_DIRECTORY "/etc/ssl/certs"
#define CERTIFICATES           CERTIFICATES_DIRECTORY "/ca-certificates.crt"
#define OWN_CERTIFICATES       "/run/sandbox/ca-certificates.crt"

/* The host's file is shown as it is: it may be renewed while the sandbox runs. */
static int run_certificates(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	int cleanup_fd source = open_in_no_links(sandbox->host_root, step->source, O_PATH);
	int cleanup_fd mount = source < 0 ? -1 : mount_clone(source, "", false);

	if (mount < 0)
		return fail(err, "take the certificate authorities in %s", step->source);
	int cleanup_fd place =
		open_or_make_in(sandbox->root, step->target, LEAF_FILE, &sandbox->own);
	if (place < 0 && may_be_left_out(step, errno))
		return 0;
	if (place < 0 || mount_attach(mount, place) < 0 ||
	    mount_change(mount, MOUNT_ATTR_RDONLY | MOUNT_SAFE | MOUNT_ATTR_NOEXEC, false) < 0) {
		fail(err, "show the certificate authorities on %s", step->target);
		return fail_remedy(err, "%s", mount_hint(err->number));
	}
	return 0;
}

static const struct step_kind certificates = {"certificates", run_certificates};

/* Where programs look. A link and no mount: a package that brings its own renames them over it. */
static int run_link(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	int cleanup_fd parent = open_or_make_in(sandbox->root, CERTIFICATES_DIRECTORY,
						LEAF_DIRECTORY, &sandbox->own);

	if (parent < 0 || (symlinkat(step->source, parent, strrchr(step->target, '/') + 1) < 0 &&
			   errno != EEXIST))
		return may_be_left_out(step, errno)
			       ? 0
			       : fail(err, "link %s to the certificate authorities", step->target);
	return 0;
}

static const struct step_kind link_kind = {"link", run_link};

/*
 * Where ROOTFS has none and there is a network to need them, in a place of our own, with a link
 * from the standard one where that is thrown away afterwards. Or as was said: over the standard
 * one.
 */
static void plan_certificates(struct plan *plan)
{
	const struct host *host = plan->host;
	const char *wanted = plan->config->ca_certificates;

	if (!host->ca_bundle || (!wanted && host->rootfs_has_ca))
		return;
	if (wanted && host->rootfs_is_host && strcmp(wanted, "host") == 0)
		return; /* they are there */
	bool own = !wanted && plan->config->layer_mode != LAYER_READ_ONLY;
	plan->ca_bundle = own ? OWN_CERTIFICATES : CERTIFICATES;
	struct step *step = plan_add(plan, PHASE_SETUP, &certificates,
				     wanted ? config_origin(plan->config, OPT_CA_CERTIFICATES)
					    : "ROOTFS has none");
	step->source = host->ca_bundle;
	step->target = plan->ca_bundle;
	step->flags = !wanted;
	if (!own || plan->config->layer_mode == LAYER_READ_WRITE || plan->config->overlay)
		return;
	step = plan_add(plan, PHASE_SETUP, &link_kind, "ROOTFS has none");
	step->source = OWN_CERTIFICATES;
	step->target = CERTIFICATES;
	step->flags = true;
}

/* apt asks who it is after it has given up being root for the user _apt, so it is told not to. */
static void plan_apt(struct plan *plan)
{
	if (!plan->config->fakeroot)
		return;
	plan->apt_config = "/run/sandbox/apt.conf";
	plan_file(plan, plan->apt_config, "APT::Sandbox::User \"root\";\n", false,
		  config_origin(plan->config, OPT_USERNS));
}

int etcfiles_plan(struct plan *plan, struct error *err)
{
	const struct config *config = plan->config;
	const char *name = config->hostname ? config->hostname : "sandbox";
	/* Of the host's own /etc nothing can be made, only covered what is there. */
	bool optional = plan->host->rootfs_is_host;

	(void)err;
	plan_file(plan, "/etc/hosts",
		  arena_printf(&plan->arena,
			       "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost "
			       "ip6-loopback\n127.0.1.1\t%s\n",
			       name),
		  optional, NULL);
	plan_file(plan, "/etc/hostname", arena_printf(&plan->arena, "%s\n", name), true,
		  config_origin(config, OPT_HOSTNAME));
	plan_file(plan, "/etc/resolv.conf", plan->resolv_conf, optional,
		  config_origin(config, OPT_NETWORK));
	plan_certificates(plan);
	plan_apt(plan);
	plan_names(plan);
	if (plan->identity.home_is_missing) {
		struct step *step = plan_add(plan, PHASE_SETUP, &home, "where ROOTFS has none");

		step->target = plan->identity.home;
		step->flags = true;
	}
	return 0;
}
