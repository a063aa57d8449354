/*
 * The command's directory, program and home, looked up inside: see oci_rooms.h. Container's
 * process, the last of SETUP: what is not there fails `create`, as engines expect it, and not
 * `start`.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "mounting.h"
#include "oci_rooms.h"

/* A descriptor of ours is no directory for it (CVE-2024-21626): no magic link is followed, and
 * where we are has a name inside. */
static int run_directory(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	char where[PATH_MAX];
	int cleanup_fd root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int cleanup_fd directory =
		root < 0 ? -1 : open_or_make_in(root, step->target, LEAF_DIRECTORY, &sandbox->own);

	if (directory < 0 || fchdir(directory) < 0) {
		fail(err, "enter the working directory %s (process.cwd)", step->target);
		return fail_remedy(err, "%s", mount_hint(err->number));
	}
	if (syscall(SYS_getcwd, where, sizeof where) < 0 || *where != '/')
		return fail_because(err, "the working directory %s is not in the container",
				    step->target);
	return 0;
}

static const struct step_kind directory_kind = {"workdir", run_directory};

static const char *variable(char *const env[], const char *name)
{
	size_t length = strlen(name);
	const char *value = NULL;

	for (; *env; env++)
		if (strncmp(*env, name, length) == 0 && (*env)[length] == '=')
			value = *env + length + 1;
	return value;
}

/* Is there a program at path? -1 and errno: EACCES for a file that nobody may run. */
static int look_at(int root, const char *path)
{
	struct stat st;
	int cleanup_fd fd = open_in(root, path, O_PATH);

	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	errno = EACCES;
	return S_ISREG(st.st_mode) && st.st_mode & 0111 ? 0 : -1;
}

static int not_found(const char *name, int number, struct error *err)
{
	/* Engines look for these words, to end with 127 or 126; Docker wants small letters. */
	if (number == EACCES || number == ELOOP) {
		fail_because(err, "cannot run %s: it is no program inside: permission denied",
			     name);
		err->status = EXIT_CANNOT_EXECUTE;
	} else {
		fail_because(err, "cannot run %s: %s", name,
			     strchr(name, '/') ? "no such file or directory"
					       : "executable file not found in $PATH");
		err->status = EXIT_NOT_FOUND;
	}
	err->number = number;
	return -1;
}

static int search(struct oci_running *running, int root, const char *name, const char *path,
		  struct error *err)
{
	int number = ENOENT;

	for (;; path++) {
		size_t length = strcspn(path, ":");

		if (length > 0 && *path == '/' &&
		    (size_t)snprintf(running->command, sizeof running->command, "%.*s/%s",
				     (int)length, path, name) < sizeof running->command) {
			if (look_at(root, running->command) == 0)
				return 0;
			if (errno == EACCES)
				number = EACCES;
		}
		path += length;
		if (!*path)
			return not_found(name, number, err);
	}
}

static int find_command(struct oci_running *running, int root, const char *cwd, struct error *err)
{
	const char *name = running->process->args[0];
	const char *path = variable(running->process->env, "PATH");

	if (!strchr(name, '/'))
		return search(running, root, name,
			      path ? path
				   : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
			      err);
	if ((size_t)snprintf(running->command, sizeof running->command, "%s%s%s",
			     *name == '/' ? "" : cwd, *name == '/' ? "" : "/",
			     name) >= sizeof running->command ||
	    look_at(root, running->command) < 0)
		return not_found(name, errno, err);
	return 0;
}

/* Field 6 of the line of passwd that has this uid: "name:x:uid:gid:words:home:shell". */
static const char *home_of(struct arena *arena, int root, uint32_t uid)
{
	size_t size;
	char *text = read_file_in(arena, root, "etc/passwd", 1 << 20, &size), *line;

	while (text && (line = strsep(&text, "\n")) != NULL) {
		const char *field[7] = {NULL};

		for (int i = 0; i < 7; i++)
			field[i] = strsep(&line, ":");
		if (field[5] && *field[5] == '/' && *field[2] &&
		    strspn(field[2], "0123456789") == strlen(field[2]) &&
		    strtoul(field[2], NULL, 10) == uid)
			return field[5];
	}
	return "/";
}

static int run_find(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	struct oci_running *running = oci_running_of(sandbox);
	const struct oci_process *process = running->process;
	struct arena *arena = &sandbox->arena;
	size_t count = 0;
	int cleanup_fd root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)step;
	if (root < 0)
		return fail(err, "open the container's root");
	if (find_command(running, root, process->cwd, err) < 0)
		return -1;
	for (char **entry = process->env; *entry; entry++)
		*ARENA_APPEND(arena, running->envp, count) = *entry;
	if (!variable(process->env, "HOME"))
		*ARENA_APPEND(arena, running->envp, count) =
			arena_printf(arena, "HOME=%s", home_of(arena, root, process->uid));
	*ARENA_APPEND(arena, running->envp, count) = NULL;
	return 0;
}

static const struct step_kind find_kind = {"find-command", run_find};

void oci_command_plan(struct plan *plan, const struct oci_process *process)
{
	struct step *step = plan_add(plan, PHASE_SETUP, &directory_kind, "process.cwd");

	step->target = process->cwd;
	step = plan_add(plan, PHASE_SETUP, &find_kind, "process.args");
	step->target = process->args[0];
}
