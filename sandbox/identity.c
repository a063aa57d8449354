/* Who the payload is: see identity.h. */
#include "identity.h"

#include <stdlib.h>
#include <string.h>

#include "parse.h"

/* config.c has seen to it that a part that begins with a digit is a whole valid number. */
static bool is_number(const char *text)
{
	return *text >= '0' && *text <= '9';
}

/* The gid of a group in ROOTFS's group file: name:password:gid:members. */
static bool group_gid(const char *text, const char *name, size_t length, uint32_t *gid)
{
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, length) != 0 || line[length] != ':')
			continue;
		const char *third = line + length + 1;
		char *end;

		/* Of this line, and not the next. */
		third += strcspn(third, ":\n");
		if (*third != ':' || !is_number(third + 1))
			return false;
		unsigned long value = strtoul(third + 1, &end, 10);
		*gid = (uint32_t)value;
		return *end == ':' && value <= PARSE_ID_MAX;
	}
	return false;
}

static int unknown(const struct plan *plan, const char *what, const char *file, struct error *err)
{
	fail_because(err, "cannot run as %s: %s of %s has no such name", what, file,
		     plan->host->rootfs);
	return fail_remedy(err, "give a number, or a name that is there");
}

/* --user U[:G] */
static int from_option(struct plan *plan, struct identity *who, struct error *err)
{
	const char *user = plan->config->user, *group = strchr(user, ':');
	char *name = arena_strndup(&plan->arena, user, strcspn(user, ":"));
	const struct passwd_entry *entry;

	if (is_number(name)) {
		who->uid = (uint32_t)strtoul(name, NULL, 10);
		entry = host_passwd_uid(plan->host, who->uid);
	} else {
		entry = host_passwd_name(plan->host, name);
		if (!entry)
			return unknown(plan, user, "/etc/passwd", err);
		who->uid = entry->uid;
	}
	who->gid = entry ? entry->gid : who->uid;
	if (group && is_number(group + 1))
		who->gid = (uint32_t)strtoul(group + 1, NULL, 10);
	else if (group &&
		 !group_gid(plan->host->group_text, group + 1, strlen(group + 1), &who->gid))
		return unknown(plan, user, "/etc/group", err);
	return 0;
}

static void name_it(struct plan *plan, struct identity *who)
{
	const struct host *host = plan->host;
	const struct passwd_entry *entry = host_passwd_uid(host, who->uid);
	bool caller = plan->config->userns == USERNS_KEEP_ID && who->uid == host->uid;
	bool tree = plan->config->layer_mode != LAYER_THROW_AWAY && !host->rootfs_is_host;

	who->named = entry != NULL;
	who->name = entry                  ? entry->name
		    : who->uid == 0        ? "root"
		    : caller && host->user ? host->user
					   : "user";
	if (!entry && who->uid != 0 && host_passwd_name(host, who->name))
		who->name = "sandboxed"; /* ROOTFS has the name for somebody else */
	who->home = entry                  ? entry->home
		    : who->uid == 0        ? "/root"
		    : caller && host->home ? host->home
					   : "/home/user";
	if (who->home[0] != '/')
		who->home = "/";
	/* A root without a layer gets no new directory, so a home that its passwd does not name is
	 * /tmp. */
	if (!entry && tree)
		who->home = "/tmp";
	who->home_is_missing = !tree;
	if (plan->config->home != HOME_NONE) {
		who->home = APPLICATION_HOME;
		who->home_is_missing = false; /* its mount makes it */
	}
	who->shell = entry && entry->shell && *entry->shell ? entry->shell : "/bin/sh";
}

int identity_plan(struct plan *plan, struct error *err)
{
	struct identity *who = &plan->identity;
	const struct config *config = plan->config;

	if (config->user) {
		if (from_option(plan, who, err) < 0)
			return -1;
	} else if (config->userns == USERNS_KEEP_ID && !config->uidmap_count) {
		who->uid = plan->host->uid;
		who->gid = plan->host->gid;
	} else if (config->uidmap_count) {
		/* 0 where it is mapped, else the first that is. */
		who->uid = config->uidmap[0].inside;
		for (size_t i = 0; i < config->uidmap_count; i++)
			if (config->uidmap[i].inside == 0)
				who->uid = 0;
		who->gid = config->gidmap_count ? config->gidmap[0].inside : 0;
		for (size_t i = 0; i < config->gidmap_count; i++)
			if (config->gidmap[i].inside == 0)
				who->gid = 0;
	}
	name_it(plan, who);
	return 0;
}
