/* The profile and its filter, written: see learn.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "denial_decode.h"
#include "files.h"
#include "learn.h"

#if defined(__x86_64__)
#define OCI_ARCHITECTURE "SCMP_ARCH_X86_64"
#elif defined(__aarch64__)
#define OCI_ARCHITECTURE "SCMP_ARCH_AARCH64"
#endif

/* --- the filter: OCI's JSON ------------------------------------------------------------------- */

static void write_names(FILE *out, char *const names[], size_t count, bool plain_only)
{
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		if (plain_only && strchr(names[i], ' '))
			continue;
		fprintf(out, "%s\"%s\"", used ? (used % 6 ? ", " : ",\n\t\t\t\t") : "", names[i]);
		used++;
	}
}

/* "ioctl 1:ffffffff:5401": an argument, its mask, its value. */
static void write_conditional(FILE *out, const char *call)
{
	size_t length = strcspn(call, " ");
	const char *rest = call + length;
	unsigned argument, mask, value;
	int used, count = 0;

	fprintf(out,
		",\n\t\t{\n\t\t\t\"names\": [\"%.*s\"],\n\t\t\t\"action\": \"SCMP_ACT_ALLOW\",\n"
		"\t\t\t\"args\": [",
		(int)length, call);
	for (; sscanf(rest, " %u:%x:%x%n", &argument, &mask, &value, &used) == 3; rest += used)
		fprintf(out,
			"%s\n\t\t\t\t{\"index\": %u, \"value\": %u, \"valueTwo\": %u, \"op\": "
			"\"SCMP_CMP_MASKED_EQ\"}",
			count++ ? "," : "", argument, mask, value);
	fprintf(out, "\n\t\t\t]\n\t\t}");
}

static void write_filter(FILE *out, const struct learnt *learnt)
{
	fprintf(out,
		"{\n\t\"defaultAction\": \"SCMP_ACT_ERRNO\",\n\t\"defaultErrnoRet\": %d,\n"
		"\t\"architectures\": [\"" OCI_ARCHITECTURE "\"],\n\t\"syscalls\": [\n"
		"\t\t{\n\t\t\t\"names\": [\n\t\t\t\t",
		EPERM);
	write_names(out, learnt->calls, learnt->calls_count, true);
	fprintf(out, "\n\t\t\t],\n\t\t\t\"action\": \"SCMP_ACT_ALLOW\"\n\t\t}");
	for (size_t i = 0; i < learnt->calls_count; i++)
		if (strchr(learnt->calls[i], ' '))
			write_conditional(out, learnt->calls[i]);
	if (learnt->absent_count) {
		fprintf(out, ",\n\t\t{\n\t\t\t\"names\": [\n\t\t\t\t");
		write_names(out, learnt->absent, learnt->absent_count, true);
		fprintf(out,
			"\n\t\t\t],\n\t\t\t\"action\": \"SCMP_ACT_ERRNO\",\n\t\t\t\"errnoRet\": "
			"%d\n\t\t}",
			ENOSYS);
	}
	fprintf(out, "\n\t]\n}\n");
}

/* --- the profile ------------------------------------------------------------------------------ */

/* A value as a profile has it: '$' begins a variable there. */
static void write_value(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '$')
			fputc('$', out);
		fputc(*text, out);
	}
}

static void write_setting(FILE *out, const char *name, const char *value)
{
	fputs(name, out);
	if (*value) {
		fputs(" = ", out);
		write_value(out, value);
	}
	fputc('\n', out);
}

/* A path as a part of a bind. */
static char *field(struct arena *arena, const char *path)
{
	char *text = arena_alloc(arena, 2 * strlen(path) + 1), *to = text;

	for (; *path; path++) {
		if (strchr(":,\\", *path))
			*to++ = '\\';
		*to++ = *path;
	}
	return text;
}

static void write_shown(FILE *out, struct arena *arena, const struct run_mount *mount,
			const struct shown *shown)
{
	const char *below = shown->path + strlen(mount->target);

	if (shown->as == SHOWN_EMPTY) {
		write_setting(out, "mkdir", field(arena, shown->path));
		return;
	}
	const char *source = field(
		arena, arena_printf(arena, "%s%s",
				    strcmp(mount->source, "/") == 0 ? "" : mount->source, below));
	write_setting(out, shown->as == SHOWN_WRITE ? "bind" : "ro-bind",
		      arena_printf(arena, "%s:%s%s%s", source, field(arena, shown->path),
				   *mount->flags ? ":" : "", mount->flags));
}

/* Whether a profile can hold it: lines of UTF-8 text, of a bounded length. */
static bool can_be_written(const struct shown *shown, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *path = shown[i].path;

		if (strlen(path) > 1900)
			return false;
		for (size_t length; *path; path += length)
			if ((length = character_shown(path)) == 0)
				return false;
	}
	return true;
}

static void write_mount(FILE *out, const struct learnt *learnt, const struct run *run,
			const struct run_mount *mount)
{
	size_t count = 0;
	struct shown *shown = mount->source ? fold_mount(learnt, run, mount, &count) : NULL;

	if (!mount->source || (strcmp(mount->mode, "keep") == 0 && count) ||
	    !can_be_written(shown, count)) {
		write_setting(out, mount->option, mount->value);
		return;
	}
	if (!count) {
		fprintf(out, "# not used: ");
		write_setting(out, mount->option, mount->value);
	}
	for (size_t i = 0; i < count; i++)
		write_shown(out, learnt->arena, mount, &shown[i]);
}

/* What is shown of the host, or holds what is nobody else's, and was never asked for. */
static void write_masks(FILE *out, const struct learnt *learnt, const struct run *run)
{
	static const char *const candidates[] = {"/opt",  "/srv",  "/mnt", "/media",
						 "/home", "/root", "/boot"};
	struct stat st;

	for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++) {
		bool host = strcmp(run->root, "/") == 0;
		const char *path =
			host ? candidates[i]
			     : arena_printf(learnt->arena, "%s%s", run->root, candidates[i]);
		bool mounted = false;

		for (size_t j = 0; j < run->mounts_count; j++)
			mounted |= run->mounts[j].target &&
				   (learn_below(run->mounts[j].target, candidates[i]) ||
				    learn_below(candidates[i], run->mounts[j].target));
		if (mounted || (host && i > 0) || fold_touched(learnt, candidates[i]) ||
		    lstat(path, &st) < 0 || !S_ISDIR(st.st_mode))
			continue;
		write_setting(out, "mask", candidates[i]);
	}
}

/* Where the program may write, it would write itself another profile for the next run. */
static void protect(FILE *out, const struct learnt *learnt, const struct run *run, const char *path)
{
	for (size_t i = 0; i < run->mounts_count; i++) {
		const struct run_mount *mount = &run->mounts[i];
		size_t count = 0;

		if (!mount->source || !learn_below(path, mount->source))
			continue;
		const char *inside = arena_printf(learnt->arena, "%s%s", mount->target,
						  path + strlen(mount->source));
		struct shown *shown = fold_mount(learnt, run, mount, &count);
		bool written = false;
		for (size_t j = 0; j < count; j++)
			written |= shown[j].as == SHOWN_WRITE && learn_below(inside, shown[j].path);
		if (written)
			write_setting(out, "ro-bind-try",
				      arena_printf(learnt->arena, "%s:%s",
						   field(learnt->arena, path),
						   field(learnt->arena, inside)));
	}
}

static void write_files(FILE *out, const char *path, const struct learnt *learnt,
			const struct run *run)
{
	bool written = fold_root_written(learnt, run);

	fprintf(out, "\n# Files: directories of what was used. %s\n",
		written ? "The root was written to." : "Nothing was written to the root.");
	if (learnt->lost)
		fprintf(out,
			"# %llu more were used than could be noted: what the run had is kept as "
			"it was.\n",
			learnt->lost);
	if (!written || strcmp(run->layer, "read-only") == 0)
		fputs("read-only\n", out);
	else if (strcmp(run->layer, "rw") == 0)
		fputs("rw\n", out);
	for (size_t i = 0; i < run->mounts_count; i++)
		write_mount(out, learnt, run, &run->mounts[i]);
	protect(out, learnt, run, path);
	protect(out, learnt, run, write_filter_path(learnt->arena, path));
	write_masks(out, learnt, run);
}

/* --- the network ------------------------------------------------------------------------------ */

/* Port of "tcp 192.0.2.1 443"; 0: of a name server, or none that a rule could be made of. */
static unsigned port_of(const char *address)
{
	unsigned port = (unsigned)strtoul(strrchr(address, ' ') + 1, NULL, 10);

	return port == 53 || port > 65535 ? 0 : port;
}

static const char *suffix_of(const char *address)
{
	return strncmp(address, "udp", 3) == 0 ? "/udp" : "";
}

/* Is this the first address with its port and protocol? */
static bool first_of_port(const struct learnt *learnt, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (port_of(learnt->addresses[i]) == port_of(learnt->addresses[index]) &&
		    strncmp(learnt->addresses[i], learnt->addresses[index], 3) == 0)
			return false;
	return port_of(learnt->addresses[index]) != 0;
}

static void write_address(FILE *out, const char *address)
{
	const char *text = strchr(address, ' ') + 1;
	int length = (int)strcspn(text, " ");
	bool six = memchr(text, ':', (size_t)length) != NULL;

	fprintf(out, "allow-net = %s%.*s%s:%u%s\n", six ? "[" : "", length, text, six ? "]" : "",
		port_of(address), suffix_of(address));
}

/* Of a network without rules: each name with each port; without any name, the addresses. */
static void write_uses(FILE *out, const struct learnt *learnt)
{
	for (size_t i = 0; i < learnt->names_count; i++)
		for (size_t j = 0; j < learnt->addresses_count; j++)
			if (first_of_port(learnt, j))
				fprintf(out, "allow-net = %s:%u%s\n", learnt->names[i],
					port_of(learnt->addresses[j]),
					suffix_of(learnt->addresses[j]));
	if (learnt->names_count)
		fputs("# Addresses, of these names or used by themselves; for the latter take the "
		      "# "
		      "away:\n",
		      out);
	for (size_t i = 0; i < learnt->addresses_count; i++) {
		if (!port_of(learnt->addresses[i]))
			continue;
		if (learnt->names_count)
			fputs("# ", out);
		write_address(out, learnt->addresses[i]);
	}
}

static bool used_any(const struct learnt *learnt)
{
	for (size_t i = 0; i < learnt->addresses_count; i++)
		if (port_of(learnt->addresses[i]))
			return true;
	return false;
}

/* Of a rule, "192.0.2.0/24:443/tcp", "[2001:db8::1]:443", "2001:db8::/32". */
static bool is_address(const char *what)
{
	const char *colon = strchr(what, ':');

	what += strspn(what, "0123456789.");
	return *what == '[' || *what == '\0' || *what == ':' || *what == '/' ||
	       (colon && strchr(colon + 1, ':'));
}

/* Is the rule, "example.org:443/tcp", about a name that was asked for, or about an address, which
 * may have been used by itself? */
static bool rule_used(const struct learnt *learnt, const char *rule)
{
	const char *what = strncmp(rule, "*.", 2) == 0 ? rule + 2 : rule;
	size_t length = strcspn(what, ":/");
	bool address = is_address(what);

	for (size_t i = 0; i < learnt->names_count && !address; i++) {
		const char *name = learnt->names[i];
		size_t whole = strlen(name);

		if (whole >= length && strncasecmp(name + whole - length, what, length) == 0 &&
		    (whole == length ? what == rule
				     : name[whole - length - 1] == '.' && what != rule))
			return true;
	}
	return address && used_any(learnt);
}

static void write_network(FILE *out, const struct learnt *learnt, const struct run *run)
{
	bool none = strcmp(run->network, "none") == 0;

	fprintf(out, "\n# Network: %zu names were asked for, %zu addresses used.\n",
		learnt->names_count, learnt->addresses_count);
	for (size_t i = 0; i < learnt->names_count; i++)
		fprintf(out, "#     %s\n", learnt->names[i]);
	if (none || (!used_any(learnt) && strcmp(run->network, "host") != 0)) {
		fputs("network = none\n", out);
		return;
	}
	write_setting(out, "network", run->network);
	for (size_t i = 0; i < run->rules_count; i++) {
		const struct run_rule *rule = &run->rules[i];

		if (!rule->deny && !rule_used(learnt, rule->value))
			fputs("# not used: ", out);
		write_setting(out, rule->deny ? "deny-net" : "allow-net", rule->value);
	}
	if (!run->rules_count && strcmp(run->network, "host") != 0 && !learnt->lost)
		write_uses(out, learnt);
}

/* --- the whole -------------------------------------------------------------------------------- */

static void write_head(FILE *out, const char *path, const struct learnt *learnt,
		       const struct run *run)
{
	const char *slash = strrchr(path, '/');
	char command[512];

	decode_escape(command, sizeof command, run->command);
	fprintf(out,
		"# %s: written by sandbox learn, from %u run%s; the last was\n#     %s\n"
		"# and ended with status %s. It gives what these runs used of what they had, and "
		"nothing else.\n"
		"# The lines with #: are what --merge adds to; what else is changed by hand is "
		"lost "
		"with it.\n"
		"extends = default\n",
		slash ? slash + 1 : path, learnt->runs, learnt->runs == 1 ? "" : "s", command,
		run->status);
	if (run->settings_count)
		fputs("\n# As the run had it.\n", out);
	for (size_t i = 0; i < run->settings_count; i++)
		write_setting(out, run->settings[i].name, run->settings[i].value);
}

static void write_calls(FILE *out, const struct learnt *learnt, const char *filter)
{
	fprintf(out, "\n# System calls: %zu kinds were made.\n", learnt->calls_count);
	for (size_t i = 0; i < learnt->refused_count; i++)
		fprintf(out, "# refused, as the run's filter had it: %s\n", learnt->refused[i]);
	write_setting(out, "seccomp", filter);
}

static void write_limits(FILE *out, const struct learnt *learnt)
{
	if (!learnt->peaks_count)
		return;
	fputs("\n# The most that was used (limits of the run, if any, stand above):\n", out);
	for (size_t i = 0; i < learnt->peaks_count; i++)
		fprintf(out, "#     %s\n", learnt->peaks[i]);
}

const char *write_filter_path(struct arena *arena, const char *path)
{
	size_t length = strlen(path);

	if (length > 5 && strcmp(path + length - 5, ".conf") == 0)
		length -= 5;
	return arena_printf(arena, "%.*s.seccomp.json", (int)length, path);
}

/* Through a file beside it: what is there is whole. */
static FILE *begin(struct arena *arena, const char *path, char **part, struct error *err)
{
	*part = arena_printf(arena, "%s.XXXXXX", path);
	int fd = mkostemp(*part, O_CLOEXEC);
	mode_t mask = umask(0);

	umask(mask);
	FILE *out = fd < 0 || fchmod(fd, 0666 & ~mask) < 0 ? NULL : fdopen(fd, "w");
	if (!out)
		fail(err, "write %s", path);
	return out;
}

static int finish(FILE *out, const char *part, const char *path, struct error *err)
{
	bool bad = ferror(out) != 0;

	if ((fclose(out) != 0) | bad || rename(part, path) < 0) {
		fail(err, "write %s", path);
		unlink(part);
		return -1;
	}
	return 0;
}

int write_profile(const char *path, struct learnt *learnt, const struct run *run, struct error *err)
{
	const char *filter = write_filter_path(learnt->arena, path);
	char *part;
	FILE *out = begin(learnt->arena, filter, &part, err);

	if (!out)
		return -1;
	write_filter(out, learnt);
	if (finish(out, part, filter, err) < 0)
		return -1;
	out = begin(learnt->arena, path, &part, err);
	if (!out)
		return -1;
	write_head(out, path, learnt, run);
	write_calls(out, learnt, filter);
	write_files(out, path, learnt, run);
	write_network(out, learnt, run);
	write_limits(out, learnt);
	fold_files(learnt, run);
	fprintf(out, "\n#: made-with %llx\n", (unsigned long long)run->made_with);
	learnt_write(out, learnt);
	return finish(out, part, path, err);
}
