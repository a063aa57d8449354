/*
 * Any /etc/passwd and /etc/group of a root file system, and any --user: who that is, and the files
 * that are made for the sandbox from them. The id that comes out stands in the file, as it is
 * written there. Run by `make fuzz`.
 */
#include "fuzz.h"
#include "host.c" // NOLINT(bugprone-suspicious-include): what reads it is the file's own

#include "etcfiles.h"
#include "identity.h"
#include "parse.h"
#include "step.h"

/* Does a line have this number as its field number index (from 0)? Written in any length. */
static bool has_number(const char *text, size_t index, uint32_t number)
{
	for (const char *line = text; line && *line;
	     line += strcspn(line, "\n"), line += *line == '\n') {
		const char *field = line;
		uint64_t value = 0;

		for (size_t i = 0; i < index && *field && *field != '\n'; i++) {
			field += strcspn(field, ":\n");
			field += *field == ':';
		}
		if (*field < '0' || *field > '9')
			continue;
		for (; *field >= '0' && *field <= '9'; field++)
			value = value > UINT32_MAX ? value : value * 10 + (uint64_t)(*field - '0');
		if (value == number && (*field == ':' || *field == '\n' || *field == '\0'))
			return true;
	}
	return false;
}

static bool is_name(const char *text)
{
	return *text && (*text < '0' || *text > '9');
}

static void check_identity(const struct plan *plan, const char *user)
{
	const struct identity *who = &plan->identity;
	const char *group = strchr(user, ':');

	require(who->uid <= PARSE_ID_MAX && who->gid <= PARSE_ID_MAX);
	require(who->home[0] == '/' && who->shell[0] && who->name[0]);
	require(!strchr(who->home, '\n') && !strchr(who->shell, '\n') && !strchr(who->name, '\n'));
	if (is_name(user))
		require(has_number(plan->host->passwd_text, 2, who->uid));
	if (group && is_name(group + 1))
		require(has_number(plan->host->group_text, 2, who->gid));
}

/* What is shown as /etc/passwd and /etc/group ends with whole lines that name the payload. */
static void check_files(const struct plan *plan)
{
	for (size_t i = 0; i < plan->steps_count; i++) {
		const struct step *step = &plan->steps[i];
		bool passwd = strcmp(step->target, "/etc/passwd") == 0;

		if (!passwd && strcmp(step->target, "/etc/group") != 0)
			continue;
		const char *text = step->data;
		if (!text) /* a home of that name */
			continue;
		require(*text && text[strlen(text) - 1] == '\n');
		require(has_number(text, 2, passwd ? plan->identity.uid : plan->identity.gid));
	}
}

static void check(struct host *host, const char *user, uint8_t flags)
{
	struct config config = {.user = *user ? user : NULL,
				.userns = flags & 1 ? USERNS_KEEP_ID : USERNS_AUTO,
				.layer_mode = flags & 2 ? LAYER_READ_WRITE : LAYER_THROW_AWAY};
	struct plan plan = {.config = &config, .host = host, .resolv_conf = ""};
	struct error err = {0};

	if (identity_plan(&plan, &err) == 0) {
		check_identity(&plan, user);
		require(etcfiles_plan(&plan, &err) == 0);
		check_files(&plan);
	} else {
		require(err.text[0]);
	}
	arena_free(&plan.arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	struct host host = {
		.uid = 1000, .gid = 1000, .user = "me", .home = "/home/me", .rootfs = "/r"};
	char *text = text_of(data + 1, size - 1), *group = next_part(text),
	     *user = next_part(group);

	user[strcspn(user, "\n")] = '\0';
	host.passwd_text = text;
	host.group_text = group;
	parse_passwd(&host.arena, text, &host.passwd, &host.passwd_count);
	if (!*user || !parse_user(user))
		check(&host, user, data[0]);
	host_free(&host);
	free(text);
	return 0;
}
