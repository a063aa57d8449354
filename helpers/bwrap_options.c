/*
 * The command line: one row an option, in the order of --help. Values are checked as they are read,
 * combinations at the end. Whatever is not in the table is refused.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bwrap.h"
#include "capability_names.h"

/* As many words as bubblewrap takes; and what a descriptor may hold of them. */
enum { MAX_WORDS = 9000, MAX_DATA = 64 << 20, MAX_LOWERS = 500 };

struct parser {
	struct bwrap_request *request;
	struct error *err;
	bool in_file; /* these words came from --args */
	size_t words; /* so far, of all */
	int perms;    /* of --perms, for the next option; -1: none */
	uint64_t size;
	const char **lowers; /* of --overlay-src, for the next option, bottommost first */
	size_t lowers_count;
	/* Given already, for who says what twice. */
	uint64_t seen;
};

struct row {
	const char *name;
	size_t words; /* that follow it */
	int (*set)(struct parser *parser, const struct row *row, char **words);
	size_t field; /* of struct bwrap_request */
	long value;
	const char *arguments, *help;
};

#define REQUEST_FIELD(type, parser, row)                                                           \
	((type *)(void *)((char *)(parser)->request + (row)->field))

static int parse_words(struct parser *parser, int argc, char **argv, int *used);

static int parse_number(struct parser *parser, const char *text, const char *what, int64_t *number)
{
	char *end;

	errno = 0;
	long long value = isdigit((unsigned char)*text) ? strtoll(text, &end, 10) : -1;
	if (value < 0 || *end || errno || value > INT32_MAX)
		return fail_because(parser->err, "Invalid %s: %s", what, text);
	*number = value;
	return 0;
}

static int parse_fd(struct parser *parser, const char *text, int *fd)
{
	int64_t number = 0;

	if (parse_number(parser, text, "fd", &number) < 0)
		return -1;
	*fd = (int)number;
	return 0;
}

static struct bwrap_op *add_op(struct parser *parser, const struct row *row, const char *target)
{
	struct bwrap_request *request = parser->request;
	struct bwrap_op *op = ARENA_APPEND(&request->arena, request->ops, request->ops_count);

	op->kind = (enum bwrap_kind)row->value;
	op->target = target;
	op->fd = op->opened = op->upper_opened = op->work_opened = -1;
	op->perms = -1;
	return op;
}

/* Only the last counts, and whoever gave more hears of it. */
static void once(struct parser *parser, const struct row *row, bool given)
{
	if (given)
		bwrap_warn(parser->request, "Only the last %s option will take effect", row->name);
}

/* --- what rows do --- */

static int set_flag(struct parser *parser, const struct row *row, char **words)
{
	(void)words;
	*REQUEST_FIELD(bool, parser, row) = row->value != 0;
	return 0;
}

static int set_all(struct parser *parser, const struct row *row, char **words)
{
	struct bwrap_request *request = parser->request;

	(void)row;
	(void)words;
	request->unshare_user_try = request->unshare_cgroup_try = request->unshare_ipc = true;
	request->unshare_pid = request->unshare_net = request->unshare_uts = true;
	return 0;
}

static int set_fd(struct parser *parser, const struct row *row, char **words)
{
	int *fd = REQUEST_FIELD(int, parser, row);

	once(parser, row, *fd >= 0);
	return parse_fd(parser, words[0], fd);
}

static int set_id(struct parser *parser, const struct row *row, char **words)
{
	int64_t *id = REQUEST_FIELD(int64_t, parser, row);

	once(parser, row, *id >= 0);
	return parse_number(parser, words[0], row->name + 2, id);
}

static int set_chdir(struct parser *parser, const struct row *row, char **words)
{
	once(parser, row, parser->request->chdir);
	parser->request->chdir = words[0];
	return 0;
}

static int set_argv0(struct parser *parser, const struct row *row, char **words)
{
	if (parser->request->argv0)
		return fail_because(parser->err, "%s used multiple times", row->name);
	parser->request->argv0 = words[0];
	return 0;
}

static int set_hostname(struct parser *parser, const struct row *row, char **words)
{
	once(parser, row, parser->request->hostname);
	parser->request->hostname = words[0];
	add_op(parser, row, words[0]);
	return 0;
}

static int set_bind(struct parser *parser, const struct row *row, char **words)
{
	size_t length = strlen(row->name);
	struct bwrap_op *op = add_op(parser, row, words[1]);

	op->source = words[0];
	op->optional = length > 4 && strcmp(row->name + length - 4, "-try") == 0;
	return 0;
}

static int set_bind_fd(struct parser *parser, const struct row *row, char **words)
{
	struct bwrap_op *op = add_op(parser, row, words[1]);

	return parse_fd(parser, words[0], &op->fd);
}

static int take_perms(struct parser *parser, int otherwise)
{
	int perms = parser->perms < 0 ? otherwise : parser->perms;

	parser->perms = -1;
	return perms;
}

/* --file, --bind-data, --ro-bind-data */
static int set_data(struct parser *parser, const struct row *row, char **words)
{
	struct bwrap_op *op = add_op(parser, row, words[1]);

	op->perms = take_perms(parser, op->kind == BWRAP_FILE ? 0666 : 0600);
	return parse_fd(parser, words[0], &op->fd);
}

static int set_target(struct parser *parser, const struct row *row, char **words)
{
	struct bwrap_op *op = add_op(parser, row, words[0]);

	if (op->kind == BWRAP_TMPFS || op->kind == BWRAP_DIR)
		op->perms = take_perms(parser, 0755);
	if (op->kind == BWRAP_TMPFS) {
		op->size = parser->size;
		parser->size = 0;
	}
	parser->request->needs_devpts |= op->kind == BWRAP_DEV;
	return 0;
}

static int set_symlink(struct parser *parser, const struct row *row, char **words)
{
	add_op(parser, row, words[1])->source = words[0];
	return 0;
}

static int parse_mode(struct parser *parser, const struct row *row, const char *text, int *mode)
{
	char *end;
	unsigned long value = *text >= '0' && *text <= '7' ? strtoul(text, &end, 8) : 010000;

	if (value > 07777 || *end)
		return fail_because(parser->err, "%s takes an octal argument <= 07777", row->name);
	*mode = (int)value;
	return 0;
}

static int set_chmod(struct parser *parser, const struct row *row, char **words)
{
	struct bwrap_op *op = add_op(parser, row, words[1]);

	return parse_mode(parser, row, words[0], &op->perms);
}

static int set_perms(struct parser *parser, const struct row *row, char **words)
{
	if (parser->perms >= 0)
		return fail_because(parser->err, "%s given twice for the same action", row->name);
	return parse_mode(parser, row, words[0], &parser->perms);
}

static int set_size(struct parser *parser, const struct row *row, char **words)
{
	char *end;

	if (parser->size)
		return fail_because(parser->err, "%s given twice for the same action", row->name);
	errno = 0;
	parser->size = isdigit((unsigned char)*words[0]) ? strtoull(words[0], &end, 0) : 0;
	if (!parser->size || *end || errno || parser->size > (uint64_t)INT64_MAX)
		return fail_because(parser->err, "%s takes a non-zero number of bytes: %s",
				    row->name, words[0]);
	return 0;
}

static int set_overlay_src(struct parser *parser, const struct row *row, char **words)
{
	if (parser->lowers_count == MAX_LOWERS)
		return fail_because(parser->err, "%s: more than %d directories", row->name,
				    MAX_LOWERS);
	*ARENA_APPEND(&parser->request->arena, parser->lowers, parser->lowers_count) = words[0];
	return 0;
}

static int set_overlay(struct parser *parser, const struct row *row, char **words)
{
	struct bwrap_op *op = add_op(parser, row, words[row->words - 1]);
	size_t least = op->kind == BWRAP_RO_OVERLAY ? 2 : 1;

	if (parser->lowers_count < least)
		return fail_because(parser->err, "%s requires at least %s --overlay-src", row->name,
				    least == 1 ? "one" : "two");
	if (op->kind == BWRAP_OVERLAY) {
		op->upper = words[0];
		op->work = words[1];
	}
	/* The kernel wants the topmost first. */
	for (size_t i = parser->lowers_count; i > 0; i--)
		*ARENA_APPEND(&parser->request->arena, op->lowers, op->lowers_count) =
			parser->lowers[i - 1];
	parser->lowers = NULL;
	parser->lowers_count = 0;
	return 0;
}

static int set_lock(struct parser *parser, const struct row *row, char **words)
{
	struct bwrap_request *request = parser->request;

	(void)row;
	*ARENA_APPEND(&request->arena, request->locks, request->locks_count) = words[0];
	return 0;
}

static bool is_name(const char *name)
{
	return *name && !strchr(name, '=');
}

static int set_env(struct parser *parser, const struct row *row, char **words)
{
	if (!is_name(words[0]))
		return fail_because(parser->err, "%s: \"%s\" is no name of a variable", row->name,
				    words[0]);
	if (row->words == 2)
		bwrap_env_set(parser->request, words[0], words[1]);
	else
		bwrap_env_unset(parser->request, words[0]);
	return 0;
}

static int clear_env(struct parser *parser, const struct row *row, char **words)
{
	(void)row;
	(void)words;
	parser->request->env_count = 0;
	return 0;
}

static int set_seccomp(struct parser *parser, const struct row *row, char **words)
{
	if (parser->request->programs_count)
		return fail_because(parser->err, "%s cannot be combined with --add-seccomp-fd",
				    row->name);
	return set_fd(parser, row, words);
}

static int add_seccomp(struct parser *parser, const struct row *row, char **words)
{
	int fd;

	if (parser->request->seccomp >= 0)
		return fail_because(parser->err, "%s cannot be combined with --seccomp", row->name);
	if (parse_fd(parser, words[0], &fd) < 0)
		return -1;
	return bwrap_read_program(parser->request, fd, parser->err);
}

static int set_cap(struct parser *parser, const struct row *row, char **words)
{
	struct bwrap_request *request = parser->request;
	uint64_t named = 0;

	if (strcasecmp(words[0], "ALL") == 0)
		named = ~UINT64_C(0);
	for (int cap = 0; !named && capability_names[cap]; cap++)
		if (strcasecmp(words[0], capability_names[cap]) == 0)
			named = UINT64_C(1) << cap;
	if (!named)
		return fail_because(parser->err, "unknown cap: %s", words[0]);
	request->caps = row->value ? request->caps | named : request->caps & ~named;
	request->caps_given = true;
	return 0;
}

/* Labels are SELinux's: without its library nothing could check or set one. */
static int refuse_label(struct parser *parser, const struct row *row, char **words)
{
	fail_because(parser->err, "%s %s: labeling not supported on this system", row->name,
		     words[0]);
	return fail_remedy(parser->err, "leave it out, or use bubblewrap itself where SELinux is "
					"in force");
}

/* Everything that fd has, NUL-terminated; more words than there may be are refused as they come. */
static char *read_words(struct parser *parser, int fd, size_t *size)
{
	struct bwrap_request *request = parser->request;
	size_t room = 65536, used = 0;
	char *text = arena_alloc(&request->arena, room + 1);

	for (;;) {
		ssize_t got = read(fd, text + used, room - used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			bwrap_fail(parser->err, "Can't read --args data");
			return NULL;
		}
		for (ssize_t i = 0; i < got; i++)
			parser->words += text[used + (size_t)i] == '\0';
		used += (size_t)got;
		if (parser->words > MAX_WORDS || used > MAX_DATA) {
			if (used > MAX_DATA)
				fail_because(parser->err, "--args data is longer than %d bytes",
					     MAX_DATA);
			else
				fail_because(parser->err, "Exceeded maximum number of arguments %d",
					     MAX_WORDS);
			return NULL;
		}
		if (got == 0)
			break;
		if (used == room) {
			char *grown = arena_alloc(&request->arena, room * 2 + 1);

			memcpy(grown, text, used);
			text = grown;
			room *= 2;
		}
	}
	*size = used;
	return text;
}

static int take_args(struct parser *parser, const struct row *row, char **words)
{
	char **more = NULL;
	size_t count = 0, size = 0;
	int fd, used;

	if (parser->in_file)
		return fail_because(parser->err, "%s not supported in arguments file", row->name);
	if (parse_fd(parser, words[0], &fd) < 0)
		return -1;
	char *text = read_words(parser, fd, &size);
	close(fd);
	if (!text)
		return -1;
	for (size_t at = 0; at < size; at += strlen(text + at) + 1)
		*ARENA_APPEND(&parser->request->arena, more, count) = text + at;
	parser->in_file = true;
	int result = parse_words(parser, (int)count, more, &used);
	parser->in_file = false;
	/* A command there would be one that nobody runs. */
	if (result == 0 && (size_t)used < count)
		bwrap_warn(parser->request, "%s %s: what follows the options is not used",
			   row->name, words[0]);
	return result;
}

/* --- the table --- */

#define F(name) offsetof(struct bwrap_request, name)

static const struct row rows[] = {
	{"--help", 0, set_flag, F(help), 1, "", "print this help"},
	{"--version", 0, set_flag, F(version), 1, "", "print the version whose options these are"},
	{"--args", 1, take_args, 0, 0, "FD", "more options, each ended by a NUL, from FD"},
	{"--argv0", 1, set_argv0, 0, 0, "VALUE", "what the command is told is its name"},
	{"--level-prefix", 0, set_flag, F(level_prefix), 1, "", "begin messages with <3> or <4>"},
	{"--unshare-all", 0, set_all, 0, 0, "", "new namespaces of every kind that there is"},
	{"--share-net", 0, set_flag, F(unshare_net), 0, "", "but the network's"},
	{"--unshare-user", 0, set_flag, F(unshare_user), 1, "", "a new user namespace"},
	{"--unshare-user-try", 0, set_flag, F(unshare_user_try), 1, "",
	 "the same where it can be had"},
	{"--unshare-ipc", 0, set_flag, F(unshare_ipc), 1, "", "a new IPC namespace"},
	{"--unshare-pid", 0, set_flag, F(unshare_pid), 1, "", "a new pid namespace"},
	{"--unshare-net", 0, set_flag, F(unshare_net), 1, "",
	 "a new network namespace, with lo alone"},
	{"--unshare-uts", 0, set_flag, F(unshare_uts), 1, "", "a host name of its own"},
	{"--unshare-cgroup", 0, set_flag, F(unshare_cgroup), 1, "", "a new cgroup namespace"},
	{"--unshare-cgroup-try", 0, set_flag, F(unshare_cgroup_try), 1, "",
	 "the same where it can be had"},
	{"--userns", 1, set_fd, F(userns), 0, "FD", "this user namespace, in place of a new one"},
	{"--userns2", 1, set_fd, F(userns2), 0, "FD", "and this one, below it, once all is set up"},
	{"--disable-userns", 0, set_flag, F(disable_userns), 1, "", "no user namespaces inside"},
	{"--assert-userns-disabled", 0, set_flag, F(assert_userns_disabled), 1, "",
	 "fail where some can be made inside"},
	{"--pidns", 1, set_fd, F(pidns), 0, "FD", "this pid namespace, or one below it"},
	{"--uid", 1, set_id, F(uid), 0, "UID", "user id inside"},
	{"--gid", 1, set_id, F(gid), 0, "GID", "group id inside"},
	{"--hostname", 1, set_hostname, 0, BWRAP_HOSTNAME, "NAME", "host name inside"},
	{"--chdir", 1, set_chdir, 0, 0, "DIR", "working directory inside"},
	{"--clearenv", 0, clear_env, 0, 0, "", "start with no variables"},
	{"--setenv", 2, set_env, 0, 0, "VAR VALUE", "set a variable"},
	{"--unsetenv", 1, set_env, 0, 0, "VAR", "take a variable away"},
	{"--lock-file", 1, set_lock, 0, 0, "DEST", "hold a read lock on DEST while it runs"},
	{"--sync-fd", 1, set_fd, F(sync), 0, "FD", "hold FD open while it runs"},
	{"--bind", 2, set_bind, 0, BWRAP_BIND, "SRC DEST", "show the host's SRC at DEST"},
	{"--bind-try", 2, set_bind, 0, BWRAP_BIND, "SRC DEST", "the same, if there is a SRC"},
	{"--dev-bind", 2, set_bind, 0, BWRAP_DEV_BIND, "SRC DEST", "with devices that work"},
	{"--dev-bind-try", 2, set_bind, 0, BWRAP_DEV_BIND, "SRC DEST",
	 "the same, if there is a SRC"},
	{"--ro-bind", 2, set_bind, 0, BWRAP_RO_BIND, "SRC DEST", "read-only"},
	{"--ro-bind-try", 2, set_bind, 0, BWRAP_RO_BIND, "SRC DEST", "the same, if there is a SRC"},
	{"--bind-fd", 2, set_bind_fd, 0, BWRAP_BIND, "FD DEST", "show what FD has open at DEST"},
	{"--ro-bind-fd", 2, set_bind_fd, 0, BWRAP_RO_BIND, "FD DEST", "read-only"},
	{"--remount-ro", 1, set_target, 0, BWRAP_REMOUNT_RO, "DEST",
	 "make the mount at DEST read-only"},
	{"--overlay-src", 1, set_overlay_src, 0, 0, "SRC",
	 "a directory of the overlay that follows"},
	{"--overlay", 3, set_overlay, 0, BWRAP_OVERLAY, "RWSRC WORKDIR DEST",
	 "an overlay that writes to RWSRC"},
	{"--tmp-overlay", 1, set_overlay, 0, BWRAP_TMP_OVERLAY, "DEST",
	 "an overlay that forgets what is written"},
	{"--ro-overlay", 1, set_overlay, 0, BWRAP_RO_OVERLAY, "DEST",
	 "an overlay that cannot be written"},
	{"--exec-label", 1, refuse_label, 0, 0, "LABEL",
	 "refused: SELinux labels are not set here"},
	{"--file-label", 1, refuse_label, 0, 0, "LABEL", "refused, as --exec-label"},
	{"--proc", 1, set_target, 0, BWRAP_PROC, "DEST", "procfs"},
	{"--dev", 1, set_target, 0, BWRAP_DEV, "DEST", "a /dev with what every program needs"},
	{"--tmpfs", 1, set_target, 0, BWRAP_TMPFS, "DEST", "an empty tmpfs"},
	{"--mqueue", 1, set_target, 0, BWRAP_MQUEUE, "DEST", "the message queues"},
	{"--dir", 1, set_target, 0, BWRAP_DIR, "DEST", "a directory"},
	{"--file", 2, set_data, 0, BWRAP_FILE, "FD DEST", "a file with what FD gives"},
	{"--bind-data", 2, set_data, 0, BWRAP_BIND_DATA, "FD DEST", "the same, mounted over DEST"},
	{"--ro-bind-data", 2, set_data, 0, BWRAP_RO_BIND_DATA, "FD DEST", "the same, read-only"},
	{"--symlink", 2, set_symlink, 0, BWRAP_SYMLINK, "SRC DEST", "a link at DEST that says SRC"},
	{"--seccomp", 1, set_seccomp, F(seccomp), 0, "FD", "a system call filter, as compiled BPF"},
	{"--add-seccomp-fd", 1, add_seccomp, 0, 0, "FD", "one more"},
	{"--block-fd", 1, set_fd, F(block), 0, "FD", "wait for FD before the command"},
	{"--userns-block-fd", 1, set_fd, F(userns_block), 0, "FD",
	 "wait for FD: somebody else maps the ids"},
	{"--info-fd", 1, set_fd, F(info), 0, "FD", "tell FD of the child, as JSON"},
	{"--json-status-fd", 1, set_fd, F(json_status), 0, "FD",
	 "tell FD of start and end, a JSON object a line"},
	{"--new-session", 0, set_flag, F(new_session), 1, "", "a terminal session of its own"},
	{"--die-with-parent", 0, set_flag, F(die_with_parent), 1, "", "end when the caller does"},
	{"--as-pid-1", 0, set_flag, F(as_pid_1), 1, "", "the command is pid 1 itself"},
	{"--cap-add", 1, set_cap, 0, 1, "CAP", "leave the command this capability, or ALL"},
	{"--cap-drop", 1, set_cap, 0, 0, "CAP", "take it away again"},
	{"--perms", 1, set_perms, 0, 0, "OCTAL", "the mode of what the next option makes"},
	{"--size", 1, set_size, 0, 0, "BYTES", "the size of the next --tmpfs"},
	{"--chmod", 2, set_chmod, 0, BWRAP_CHMOD, "OCTAL PATH", "change the mode of PATH"},
};

void bwrap_print_help(FILE *out, const char *usage)
{
	fprintf(out,
		"usage: %s [OPTIONS...] [--] COMMAND [ARGS...]\n\n"
		"bubblewrap's command line, carried out by sandbox " VERSION ".\n\n",
		usage);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char left[64];

		snprintf(left, sizeof left, "%s %s", rows[i].name, rows[i].arguments);
		fprintf(out, "    %-30s %s\n", left, rows[i].help);
	}
	fputs("\nWith SANDBOX_BWRAP_HARDEN=1 in its environment it adds the default system call "
	      "filter of sandbox.\n",
	      out);
}

static const struct row *find_row(const char *name)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

/* What speaks of the next option has to be followed by one that can use it. */
static int check_modifiers(struct parser *parser, const struct row *row)
{
	bool modifier = row && (row->set == set_perms || row->set == set_size);

	if (!modifier && parser->perms >= 0)
		return fail_because(parser->err,
				    "--perms must be followed by an option that creates a file");
	if (!modifier && parser->size)
		return fail_because(parser->err, "--size must be followed by --tmpfs");
	if (parser->lowers_count && !(row && row->set == set_overlay_src))
		return fail_because(parser->err, "--overlay-src must be followed by another "
						 "--overlay-src or one of --overlay, "
						 "--tmp-overlay, or --ro-overlay");
	return 0;
}

static int parse_words(struct parser *parser, int argc, char **argv, int *used)
{
	int i = 0;

	while (i < argc) {
		const struct row *row = find_row(argv[i]);

		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		if (!row && argv[i][0] == '-')
			return fail_because(parser->err, "Unknown option %s", argv[i]);
		if (!row)
			break;
		if (argc - i - 1 < (int)row->words)
			return fail_because(parser->err, "%s takes %s argument%s", row->name,
					    row->words == 1   ? "an"
					    : row->words == 2 ? "two"
							      : "three",
					    row->words == 1 ? "" : "s");
		if (row->set(parser, row, argv + i + 1) < 0)
			return -1;
		if (parser->request->help || parser->request->version)
			break;
		if (check_modifiers(parser, row) < 0)
			return -1;
		i += 1 + row->words;
	}
	*used = i;
	return 0;
}

/* --- what no option sees alone --- */

static int check_user_namespaces(const struct bwrap_request *request, struct error *err)
{
	if (request->userns_block >= 0 && !request->unshare_user)
		return fail_because(err, "--userns-block-fd requires --unshare-user");
	if (request->userns_block >= 0 && request->info < 0)
		return fail_because(err, "--userns-block-fd requires --info-fd");
	if (request->userns >= 0 && request->unshare_user)
		return fail_because(err, "--userns not compatible --unshare-user");
	if (request->userns >= 0 && request->unshare_user_try)
		return fail_because(err, "--userns not compatible --unshare-user-try");
	if (request->disable_userns && !request->unshare_user)
		return fail_because(err, "--disable-userns requires --unshare-user");
	if (request->disable_userns && request->userns_block >= 0)
		return fail_because(err, "--disable-userns is not compatible with "
					 "--userns-block-fd");
	return 0;
}

static bool file_reads(const char *path, const char *value)
{
	char text[16] = "";
	int cleanup_fd fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd >= 0 && read(fd, text, sizeof text - 1) > 0 && strcmp(text, value) == 0;
}

/* Whoever is not root needs one; --unshare-user-try has one where there are any. */
static void decide_namespaces(struct bwrap_request *request)
{
	struct stat st;

	if (request->caller_uid != 0 && request->userns < 0)
		request->unshare_user = true;
	if (!request->unshare_user && request->unshare_user_try)
		request->unshare_user = stat("/proc/self/ns/user", &st) == 0 &&
					!file_reads("/proc/sys/user/max_user_namespaces", "0\n");
	if (request->unshare_cgroup_try && stat("/proc/self/ns/cgroup", &st) == 0)
		request->unshare_cgroup = true;
}

static int check_rest(const struct bwrap_request *request, struct error *err)
{
	bool mapped = request->unshare_user || request->userns >= 0;

	if (!mapped && request->uid >= 0 && request->uid != request->caller_uid)
		return fail_because(err, "Specifying --uid requires --unshare-user or --userns");
	if (!mapped && request->gid >= 0 && request->gid != request->caller_gid)
		return fail_because(err, "Specifying --gid requires --unshare-user or --userns");
	if (!request->unshare_uts && request->hostname)
		return fail_because(err, "Specifying --hostname requires --unshare-uts");
	if (request->as_pid_1 && !request->unshare_pid)
		return fail_because(err, "Specifying --as-pid-1 requires --unshare-pid");
	if (request->as_pid_1 && request->locks_count)
		return fail_because(err, "Specifying --as-pid-1 and --lock-file is not permitted");
	return 0;
}

int bwrap_parse(struct bwrap_request *request, int argc, char **argv, struct error *err)
{
	struct parser parser = {.request = request, .err = err, .perms = -1, .words = (size_t)argc};
	int used = 0;

	if (argc > MAX_WORDS)
		return fail_because(err, "Exceeded maximum number of arguments %d", MAX_WORDS);
	if (parse_words(&parser, argc, argv, &used) < 0)
		return -1;
	if (request->help || request->version)
		return 0;
	if (check_modifiers(&parser, NULL) < 0 || check_user_namespaces(request, err) < 0)
		return -1;
	decide_namespaces(request);
	if (check_rest(request, err) < 0)
		return -1;
	if (request->uid < 0)
		request->uid = request->caller_uid;
	if (request->gid < 0)
		request->gid = request->caller_gid;
	request->command = used < argc ? argv + used : NULL;
	return 0;
}
