/* What is in force: see enforced.h. */
#include "enforced.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "capability_names.h"
#include "channel.h"
#include "endings.h"
#include "filters.h"
#include "json.h"
#include "parse.h"
#include "sandbox.h"

enum { FILE_MAX = 1 << 22 }; /* of /proc: a table of mounts can be long */

static const char *const namespaces[] = {"user", "mnt",    "pid",  "net", "ipc",
					 "uts",  "cgroup", "time", NULL};

/* One that this kernel does not have is not told. */
static int print_namespaces(FILE *out, int proc)
{
	const char *between = "";

	for (size_t i = 0; namespaces[i]; i++) {
		char path[32];
		struct stat st;

		snprintf(path, sizeof path, "self/ns/%s", namespaces[i]);
		if (fstatat(proc, path, &st, 0) == 0)
			fprintf(out, "%s\"%s\": %llu", between, namespaces[i],
				(unsigned long long)st.st_ino);
		else if (errno != ENOENT)
			return -1;
		between = ", ";
	}
	return 0;
}

/* --- the payload: reading back --- */

struct reading {
	struct sandbox *sandbox;
	struct arena arena;
	FILE *out;
	struct error *err;
};

static const char *read_self(struct reading *reading, const char *name)
{
	char path[64];

	snprintf(path, sizeof path, "self/%s", name);
	int cleanup_fd fd = openat(reading->sandbox->proc, path, O_RDONLY | O_CLOEXEC);
	const char *text = fd < 0 ? NULL : read_fd(&reading->arena, fd, FILE_MAX, NULL);
	if (!text)
		fail(reading->err, "read back /proc/%s (--print-enforced)", path);
	return text;
}

/* What follows "NAME:" and blanks in a file of /proc, up to the end of its line; "" without. */
static const char *field(struct reading *reading, const char *text, const char *name)
{
	size_t length = strlen(name);

	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, length) == 0 && line[length] == ':') {
			line += length + 1;
			line += strspn(line, " \t");
			return arena_strndup(&reading->arena, line, strcspn(line, "\n"));
		}
	}
	return "";
}

/* Numbers divided by blanks, as an array. */
static void print_numbers(FILE *out, const char *text)
{
	const char *between = "";

	fputc('[', out);
	for (;;) {
		size_t length;

		text += strspn(text, " \t");
		length = strcspn(text, " \t\n");
		if (length == 0)
			break;
		fprintf(out, "%s%.*s", between, (int)length, text);
		between = ", ";
		text += length;
	}
	fputc(']', out);
}

static int print_map(struct reading *reading, const char *key, const char *file)
{
	const char *text = read_self(reading, file), *between = "";

	if (!text)
		return -1;
	fprintf(reading->out, ",\n  \"%s\": [", key);
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		fputs(between, reading->out);
		print_numbers(reading->out, line);
		between = ", ";
	}
	fputc(']', reading->out);
	return 0;
}

static void print_capabilities(struct reading *reading, const char *status)
{
	static const char *const sets[][2] = {{"inheritable", "CapInh"},
					      {"permitted", "CapPrm"},
					      {"effective", "CapEff"},
					      {"bounding", "CapBnd"},
					      {"ambient", "CapAmb"}};

	size_t known = 0;

	while (capability_names[known])
		known++;
	fputs(",\n  \"capabilities\": {", reading->out);
	for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
		uint64_t set = strtoull(field(reading, status, sets[i][1]), NULL, 16);
		const char *between = "";

		fprintf(reading->out, "%s\n    \"%s\": [", i ? "," : "", sets[i][0]);
		for (int cap = 0; cap < 64; cap++) {
			if (!(set >> cap & 1))
				continue;
			if ((size_t)cap < known)
				fprintf(reading->out, "%s\"%s\"", between, capability_names[cap]);
			else
				fprintf(reading->out, "%s\"cap_%d\"", between, cap);
			between = ", ";
		}
		fputc(']', reading->out);
	}
	fputs("\n  }", reading->out);
}

static void print_ids(struct reading *reading, const char *status)
{
	static const char *const keys[][2] = {
		{"uids", "Uid"}, {"gids", "Gid"}, {"groups", "Groups"}};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		fprintf(reading->out, ",\n  \"%s\": ", keys[i][0]);
		print_numbers(reading->out, field(reading, status, keys[i][1]));
	}
}

/* Does something hold what Landlock is to hold? A file outside of every rule, which anybody may
 * write. */
static bool refuses_outside(const struct sandbox *sandbox)
{
	char path[32];

	snprintf(path, sizeof path, "self/fd/%d", sandbox->witness);
	int cleanup_fd fd = openat(sandbox->proc, path, O_WRONLY | O_CLOEXEC);
	return fd < 0 && errno == EACCES;
}

static void print_landlock(struct reading *reading)
{
	const struct plan *plan = reading->sandbox->plan;
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1);

	fprintf(reading->out,
		",\n  \"landlock\": {\"abi\": %ld, \"refuses-outside-writes\": %s, \"handled\": "
		"{\"fs\": %llu, \"net\": %llu, \"scoped\": %llu}}",
		abi > 0 ? abi : 0, refuses_outside(reading->sandbox) ? "true" : "false",
		(unsigned long long)plan->landlock.fs, (unsigned long long)plan->landlock.net,
		(unsigned long long)plan->landlock.scoped);
}

/* Blanks and the like are octal in the kernel's tables: \040 (proc_pid_mountinfo(5)). */
static void print_name(FILE *out, char *text)
{
	char *to = text;

	for (const char *from = text; *from;)
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] && from[3]) {
			*to++ = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 |
				       (from[3] - '0'));
			from += 4;
		} else {
			*to++ = *from++;
		}
	*to = '\0';
	json_name(out, text);
}

/* ID PARENT DEVICE ROOT TARGET OPTIONS [OPTIONAL...] - TYPE SOURCE SUPER-OPTIONS */
static void print_mount(FILE *out, char *line)
{
	char *words[6] = {NULL}, *rest = line, *super[3] = {NULL};

	for (int i = 0; i < 6; i++)
		words[i] = strsep(&rest, " ");
	while (rest && strncmp(rest, "- ", 2) != 0)
		strsep(&rest, " ");
	if (rest)
		rest += 2;
	for (int i = 0; i < 3; i++)
		super[i] = strsep(&rest, " ");
	if (!words[5] || !super[0])
		return;
	fputs("{\"target\": ", out);
	print_name(out, words[4]);
	fputs(", \"root\": ", out);
	print_name(out, words[3]);
	fputs(", \"options\": ", out);
	json_quoted(out, words[5]);
	fputs(", \"type\": ", out);
	json_quoted(out, super[0]);
	if (super[2]) {
		fputs(", \"file-system-options\": ", out);
		print_name(out, super[2]);
	}
	fputc('}', out);
}

static int print_mounts(struct reading *reading)
{
	char *rest = (char *)read_self(reading, "mountinfo"), *line;
	const char *between = "\n    ";

	if (!rest)
		return -1;
	fputs(",\n  \"mounts\": [", reading->out);
	while ((line = strsep(&rest, "\n")) != NULL)
		if (*line) {
			fputs(between, reading->out);
			print_mount(reading->out, line);
			between = ",\n    ";
		}
	fputs("\n  ]", reading->out);
	return 0;
}

static void print_bound(FILE *out, uint64_t value)
{
	if (value == UINT64_MAX)
		fputs("null", out);
	else
		fprintf(out, "%llu", (unsigned long long)value);
}

static int print_rlimits(FILE *out)
{
	static const struct {
		const char *name;
		int resource;
	} limits[] = {{"as", RLIMIT_AS},
		      {"core", RLIMIT_CORE},
		      {"cpu", RLIMIT_CPU},
		      {"data", RLIMIT_DATA},
		      {"fsize", RLIMIT_FSIZE},
		      {"memlock", RLIMIT_MEMLOCK},
		      {"msgqueue", RLIMIT_MSGQUEUE},
		      {"nice", RLIMIT_NICE},
		      {"nofile", RLIMIT_NOFILE},
		      {"nproc", RLIMIT_NPROC},
		      {"rss", RLIMIT_RSS},
		      {"rtprio", RLIMIT_RTPRIO},
		      {"sigpending", RLIMIT_SIGPENDING},
		      {"stack", RLIMIT_STACK}};

	fputs(",\n  \"rlimits\": {", out);
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		uint64_t both[2] = {0, 0};

		if (syscall(SYS_prlimit64, 0, limits[i].resource, NULL, both) < 0)
			return -1;
		fprintf(out, "%s\"%s\": [", i ? ", " : "", limits[i].name);
		print_bound(out, both[0]);
		fputs(", ", out);
		print_bound(out, both[1]);
		fputc(']', out);
	}
	fputc('}', out);
	return 0;
}

static int print_interfaces(struct reading *reading)
{
	const char *text = read_self(reading, "net/dev"), *between = "";

	if (!text)
		return -1;
	fputs(",\n  \"interfaces\": [", reading->out);
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		size_t blank = strspn(line, " "), length = strcspn(line + blank, ":|\n");

		if (line[blank + length] != ':')
			continue;
		fputs(between, reading->out);
		json_quoted(reading->out, arena_strndup(&reading->arena, line + blank, length));
		between = ", ";
	}
	fputc(']', reading->out);
	return 0;
}

static int print_all(struct reading *reading)
{
	FILE *out = reading->out;
	const char *status = read_self(reading, "status");
	const char *setgroups = read_self(reading, "setgroups");
	const char *cgroup = read_self(reading, "cgroup");

	if (!status || !setgroups || !cgroup)
		return -1;
	fputs("  \"namespaces\": {", out);
	if (print_namespaces(out, reading->sandbox->proc) < 0)
		return fail(reading->err, "read back the namespaces (--print-enforced)");
	fputc('}', out);
	if (print_map(reading, "uid-map", "uid_map") < 0 ||
	    print_map(reading, "gid-map", "gid_map") < 0)
		return -1;
	fprintf(out, ",\n  \"setgroups\": \"%.*s\"", (int)strcspn(setgroups, "\n"), setgroups);
	print_ids(reading, status);
	print_capabilities(reading, status);
	fprintf(out, ",\n  \"no-new-privileges\": %s",
		*field(reading, status, "NoNewPrivs") == '1' ? "true" : "false");
	fprintf(out, ",\n  \"seccomp\": {\"mode\": %ld, \"filters\": %ld}",
		strtol(field(reading, status, "Seccomp"), NULL, 10),
		strtol(field(reading, status, "Seccomp_filters"), NULL, 10));
	print_landlock(reading);
	if (print_mounts(reading) < 0 || print_interfaces(reading) < 0)
		return -1;
	if (print_rlimits(out) < 0)
		return fail(reading->err, "read back the limits (--print-enforced)");
	fputs(",\n  \"cgroup\": ", out);
	json_quoted(out, arena_strndup(&reading->arena, cgroup, strcspn(cgroup, "\n")));
	return 0;
}

/* Told to the supervisor, whose word is waited for. What the filter does not let us do here is an
 * error, and the command does not run. */
static int run_read_back(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	struct reading reading = {.sandbox = sandbox, .err = err};
	char *text = NULL;
	size_t size = 0;
	struct message message;
	int result = -1;

	(void)step;
	reading.out = open_memstream(&text, &size);
	if (!reading.out)
		return fail(err, "make room for what is in force");
	if (print_all(&reading) == 0)
		result = 0;
	arena_free(&reading.arena);
	if (fclose(reading.out) != 0)
		result = fail(err, "make room for what is in force");
	int cleanup_fd file = result < 0 ? -1 : memfd_create("enforced", MFD_CLOEXEC);
	if (result == 0 && (file < 0 || write_all(file, text, size) < 0 ||
			    channel_send_with(sandbox->channel, MESSAGE_ENFORCED, file) < 0))
		result = fail(err, "tell the supervisor what is in force (--print-enforced)");
	free(text);
	if (result == 0 && channel_receive(sandbox->channel, &message) != MESSAGE_GO) {
		errno = message.number;
		return errno ? fail(err, "hear that what is in force was taken")
			     : fail_because(err, "what is in force was not taken");
	}
	return result;
}

static const struct step_kind read_back = {"read-back", run_read_back};

/* --- the child, SETUP: the witness --- */

static int run_witness(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)step;
	if (make_file_at(sandbox->scratch, "witness", 0666, "", 0) < 0 ||
	    fchmodat(sandbox->scratch, "witness", 0666, 0) < 0)
		return fail(err, "make a file to try the rules on");
	sandbox->witness = openat(sandbox->scratch, "witness", O_RDONLY | O_CLOEXEC);
	return sandbox->witness < 0 ? fail(err, "open the file to try the rules on") : 0;
}

static const struct step_kind witness = {"witness", run_witness};

/* --- the supervisor, ATTEST: telling --- */

static void print_cgroup_limits(const struct sandbox *sandbox, FILE *out)
{
	static const char *const files[] = {
		"memory.max", "memory.swap.max", "cpu.max",     "pids.max",
		"io.weight",  "cpuset.cpus",     "cgroup.type", NULL};
	const char *between = "";

	fputs(",\n  \"cgroup-limits\": {", out);
	for (size_t i = 0; sandbox->limits >= 0 && files[i]; i++) {
		char text[256];
		int cleanup_fd fd = openat(sandbox->limits, files[i], O_RDONLY | O_CLOEXEC);
		ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);

		if (got < 0)
			continue;
		text[got] = '\0';
		text[strcspn(text, "\n")] = '\0';
		fprintf(out, "%s\"%s\": ", between, files[i]);
		json_quoted(out, text);
		between = ", ";
	}
	fputc('}', out);
}

static void print_rules(const struct config *config, FILE *out)
{
	static const char *const protocols[] = {
		[PROTOCOL_ANY] = "any", [PROTOCOL_TCP] = "tcp", [PROTOCOL_UDP] = "udp"};

	fprintf(out, ",\n  \"network\": {\"mode\": \"%s\", \"rules\": [",
		config_network_word(config));
	for (size_t i = 0; i < config->egress_count; i++) {
		const struct egress_op *op = &config->egress[i];

		fprintf(out, "%s{\"action\": \"%s\", \"below\": %s, \"what\": ", i ? ", " : "",
			op->deny ? "deny" : "allow", op->kind == EGRESS_BELOW ? "true" : "false");
		json_quoted(out, op->what);
		fprintf(out, ", \"protocol\": \"%s\", \"ports\": [%u, %u]}",
			protocols[op->protocol], op->from, op->to);
	}
	fputs("]}", out);
}

/* Tells filters apart, as their descriptions do: FNV-1a of the instructions. */
static uint64_t hash_of(const struct filter *filter)
{
	const unsigned char *byte = (const unsigned char *)filter->instructions;
	uint64_t value = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < filter->length * sizeof *filter->instructions; i++)
		value = (value ^ byte[i]) * UINT64_C(0x100000001b3);
	return value;
}

static void print_filter(const struct filter *filter, FILE *out)
{
	fputs(",\n  \"filter\": ", out);
	if (!filter) {
		fputs("null", out);
		return;
	}
	fputs("{\"description\": ", out);
	json_quoted(out, filter->description);
	fprintf(out, ", \"fnv1a\": \"%016llx\"}", (unsigned long long)hash_of(filter));
}

static int print_document(const struct sandbox *sandbox, const char *text, FILE *out)
{
	int cleanup_fd proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	fprintf(out, "{\n  \"format\": 1,\n  \"version\": \"%s\",\n%s", VERSION, text);
	fprintf(out, ",\n  \"confine-only\": %s",
		sandbox->plan->config->confine_only ? "true" : "false");
	fputs(",\n  \"outside\": {", out);
	if (proc < 0 || print_namespaces(out, proc) < 0)
		return -1;
	fputc('}', out);
	print_cgroup_limits(sandbox, out);
	print_rules(sandbox->plan->config, out);
	/* Under --seccomp=log it refuses nothing, and is none. */
	print_filter(sandbox->plan->config->seccomp_log ? NULL : sandbox->plan->filter, out);
	fputs("\n}\n", out);
	return 0;
}

/* Whole, by another name until then. */
static int write_file(const char *path, const char *text, size_t size, struct error *err)
{
	struct arena arena = {NULL};
	const char *other = arena_printf(&arena, "%s.%d", path, (int)getpid());
	int cleanup_fd fd = open(other, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
	int result = 0;

	if (fd < 0 || write_all(fd, text, size) < 0 || rename(other, path) < 0) {
		result = fail(err, "write %s (--print-enforced)", path);
		if (fd >= 0)
			unlink(other);
	}
	arena_free(&arena);
	return result;
}

/* A socket's other end answers: a byte, and the command runs; the end, and it does not. */
static int await_answer(const struct sandbox *sandbox, int fd, struct error *err)
{
	struct pollfd polls[] = {{.fd = fd, .events = POLLIN},
				 {.fd = sandbox->signals, .events = POLLIN},
				 {.fd = sandbox->channel, .events = POLLIN}};
	char byte;

	if (shutdown(fd, SHUT_WR) < 0)
		return 0; /* no socket */
	while (poll(polls, 3, -1) < 0 && errno == EINTR)
		;
	if (!polls[0].revents)
		return fail_because(err, "the start was broken off before what is in force was "
					 "answered (--print-enforced)");
	return read(fd, &byte, 1) == 1 ? 0
				       : fail_because(err,
						      "the reader of descriptor %d "
						      "(--print-enforced) has refused to go on",
						      fd);
}

static int write_descriptor(const struct sandbox *sandbox, int fd, const char *text, size_t size,
			    struct error *err)
{
	int result =
		endings_write(fd, text, size) < 0
			? fail(err, "write what is in force to descriptor %d (--print-enforced)",
			       fd)
			: await_answer(sandbox, fd, err);

	if (fd > 2)
		close(fd);
	return result;
}

static int run_attest(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct status_options *options = &sandbox->plan->config->status;
	struct arena arena = {NULL};
	char *document = NULL;
	size_t size = 0;
	int result = -1;

	(void)step;
	const char *text = lseek(sandbox->enforced, 0, SEEK_SET) < 0
				   ? NULL
				   : read_fd(&arena, sandbox->enforced, FILE_MAX, NULL);
	FILE *out = text ? open_memstream(&document, &size) : NULL;
	bool whole = out && print_document(sandbox, text, out) == 0;
	if (out && fclose(out) != 0)
		whole = false;
	if (!whole)
		fail(err, "take what is in force from the sandbox (--print-enforced)");
	else if (options->enforced)
		result = write_file(options->enforced, document, size, err);
	else
		result = write_descriptor(sandbox, options->enforced_fd, document, size, err);
	free(document);
	arena_free(&arena);
	return result;
}

static const struct step_kind attest = {"enforced", run_attest};

/* Nobody shall take an older run's for this one's. */
static int run_prepare(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct status_options *options = &sandbox->plan->config->status;
	struct stat st;

	(void)step;
	if (!options->enforced)
		return options->enforced_fd > 2 &&
				       fcntl(options->enforced_fd, F_SETFD, FD_CLOEXEC) < 0
			       ? fail(err, "use descriptor %d (--print-enforced)",
				      options->enforced_fd)
			       : 0;
	if (lstat(options->enforced, &st) < 0)
		return errno == ENOENT
			       ? 0
			       : fail(err, "write %s (--print-enforced)", options->enforced);
	if (!S_ISREG(st.st_mode))
		return fail_because(
			err, "cannot write %s (--print-enforced): it is there, and no regular file",
			options->enforced);
	return unlink(options->enforced) < 0
		       ? fail(err, "remove the older %s (--print-enforced)", options->enforced)
		       : 0;
}

static const struct step_kind prepare = {"enforced", run_prepare};

/* --- planning --- */

int enforced_plan_witness(struct plan *plan, struct error *err)
{
	(void)err;
	if (plan->config->origin[OPT_PRINT_ENFORCED])
		plan_add(plan, PHASE_SETUP, &witness,
			 config_origin(plan->config, OPT_PRINT_ENFORCED))
			->target = "a file to try the rules on";
	return 0;
}

int enforced_plan(struct plan *plan, struct error *err)
{
	const struct config *config = plan->config;
	const char *origin = config_origin(config, OPT_PRINT_ENFORCED);

	(void)err;
	if (!config->origin[OPT_PRINT_ENFORCED])
		return 0;
	const char *where = config->status.enforced ? config->status.enforced
						    : arena_printf(&plan->arena, "descriptor %d",
								   config->status.enforced_fd);
	plan_add(plan, PHASE_PREPARE, &prepare, origin)->target = where;
	plan_add(plan, PHASE_CONFINE, &read_back, origin)->target = "what is in force";
	plan_add(plan, PHASE_ATTEST, &attest, origin)->target = where;
	return 0;
}
