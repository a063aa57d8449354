/*
 * floor: what the kernel asks for a launch, and nothing else; the least that any sandbox can take.
 *
 *     floor [-1l] [-i UID:GID] [-s MODE] [-w PART]... ROOTFS COMMAND [ARG...]
 *
 * New user, mount, pid, uts, ipc, net and cgroup namespaces; ROOTFS read-only by pivot_root; fresh
 * /proc (masked as OCI runtimes mask it), /sys, /dev, /tmp, /run; lo up; no capability; an init.
 *
 *     -1           the command is pid 1: no init
 *     -l           a layer over ROOTFS that is thrown away
 *     -i UID:GID   65,536 ids, the first of them UID and GID, mapped by newuidmap and newgidmap
 *     -s MODE      the filter of that mode: default, build, strict
 *     -w PART      without one part, to see what it takes: net ipc proc masks sys dev tmp bounding
 *
 * It checks nothing and keeps no promise: whatever is not as it expects ends it. Two processes and
 * the payload: this one, which clones, waits for the status and leaves before the kernel has torn
 * the rest down; init, which sends that status and ends, and with it everything inside.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "filters.h"

/* <sys/mount.h> does not stand beside <linux/mount.h> in every C library. */
#define UMOUNT_DETACH 2

#define SAFE (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

enum part { NET, IPC, PROC, MASKS, SYS, DEV, TMP, BOUNDING, PARTS };

static const char *const part_names[PARTS] = {"net", "ipc", "proc", "masks",
					      "sys", "dev", "tmp",  "bounding"};
static const char *const mode_names[SECCOMP_UNCONFINED] = {"default", "build", "strict", "nested",
							   "sandboxes"};

static const char *const masked[] = {"/proc/acpi",        "/proc/asound",
				     "/proc/kcore",       "/proc/keys",
				     "/proc/key-users",   "/proc/latency_stats",
				     "/proc/timer_list",  "/proc/timer_stats",
				     "/proc/sched_debug", "/proc/scsi",
				     "/proc/interrupts",  "/proc/config.gz",
				     "/sys/firmware",     "/sys/devices/virtual/powercap"};
static const char *const read_only[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
					"/proc/sysrq-trigger"};
static const char *const nodes[] = {"null", "zero", "full", "random", "urandom", "tty"};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct {
	bool without[PARTS];
	bool no_init;
	bool layer;
	const char *first_uid, *first_gid; /* of a range, or NULL */
	const struct filter *filter;
	const char *rootfs;
	char **command;
	int status_fds[2]; /* init to supervisor */
	int ids_fds[2];    /* supervisor to init: the ids are mapped */
	char uid_map[32], gid_map[32];
} self;

extern char **environ;

static _Noreturn void die(const char *what)
{
	dprintf(2, "floor: %s: %s\n", what, strerror(errno));
	_exit(125);
}

static int must(long result, const char *what)
{
	if (result < 0)
		die(what);
	return (int)result;
}

static void write_file(const char *path, const char *text)
{
	int fd = must(open(path, O_WRONLY | O_CLOEXEC), path);

	must(write(fd, text, strlen(text)), path);
	close(fd);
}

/* Mounts, by descriptor. */

static int fs_open(const char *type)
{
	return must(syscall(SYS_fsopen, type, FSOPEN_CLOEXEC), type);
}

static void fs_set(int fs, const char *key, const char *value)
{
	must(syscall(SYS_fsconfig, fs, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, key, value,
		     0),
	     key);
}

static int fs_mount(int fs, unsigned attributes)
{
	must(syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0), "fsconfig");
	int mount = must(syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attributes), "fsmount");

	close(fs);
	return mount;
}

static int new_tmpfs(const char *mode, unsigned attributes)
{
	int fs = fs_open("tmpfs");

	fs_set(fs, "mode", mode);
	return fs_mount(fs, attributes);
}

static int clone_tree(int dir, const char *path)
{
	return must(syscall(SYS_open_tree, dir, path,
			    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH),
		    path);
}

static void set_attributes(int mount, unsigned flags, struct mount_attr attributes)
{
	must(syscall(SYS_mount_setattr, mount, "", AT_EMPTY_PATH | flags, &attributes,
		     sizeof attributes),
	     "mount_setattr");
}

static void attach(int mount, const char *path)
{
	must(syscall(SYS_move_mount, mount, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH), path);
	close(mount);
}

static bool exists(const char *path, bool *is_directory)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return false;
	*is_directory = S_ISDIR(status.st_mode);
	return true;
}

/* What is prepared of the old root: the new one, and what goes from one to the other. */

struct sources {
	int proc, sys, root;
	int nodes[COUNT(nodes)];
	int hosts, resolv;
};

/*
 * The directories of the layer are on a tmpfs in the old root, so that one detach frees both: each
 * detach, and each close of a mount that was never attached, waits for the other processors.
 */
static int new_layer(void)
{
	int fs = fs_open("overlay");

	attach(new_tmpfs("0755", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV), "/tmp");
	must(mkdir("/tmp/upper", 0755), "upper");
	must(mkdir("/tmp/work", 0755), "work");
	fs_set(fs, "lowerdir", ".");
	fs_set(fs, "upperdir", "/tmp/upper");
	fs_set(fs, "workdir", "/tmp/work");
	fs_set(fs, "userxattr", NULL);
	return fs_mount(fs, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
}

static int read_only_root(void)
{
	int root = must(syscall(SYS_open_tree, AT_FDCWD, ".",
				OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE),
			self.rootfs);

	set_attributes(root, AT_RECURSIVE,
		       (struct mount_attr){.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
						       MOUNT_ATTR_NODEV,
					   .propagation = MS_PRIVATE});
	return root;
}

static int clone_read_only(const char *path)
{
	int mount = clone_tree(AT_FDCWD, path);

	set_attributes(mount, 0, (struct mount_attr){.attr_set = MOUNT_ATTR_RDONLY});
	return mount;
}

/* The kernel gives a fresh /proc and /sys only to those who still see the old ones. */
static struct sources open_sources(void)
{
	struct sources from = {.proc = -1, .sys = -1};

	must(chdir(self.rootfs), self.rootfs);
	if (!self.without[PROC])
		from.proc = fs_mount(fs_open("proc"), SAFE);
	if (!self.without[SYS] && !self.without[NET])
		from.sys = fs_mount(fs_open("sysfs"), SAFE | MOUNT_ATTR_RDONLY);
	for (size_t i = 0; i < COUNT(nodes) && !self.without[DEV]; i++) {
		char path[32];

		snprintf(path, sizeof path, "/dev/%s", nodes[i]);
		from.nodes[i] = clone_tree(AT_FDCWD, path);
	}
	from.hosts = clone_read_only("/etc/hosts");
	from.resolv = clone_read_only("/etc/resolv.conf");
	from.root = self.layer ? new_layer() : read_only_root();
	return from;
}

static void enter_root(int root)
{
	must(syscall(SYS_move_mount, root, "", AT_FDCWD, ".", MOVE_MOUNT_F_EMPTY_PATH), "root");
	must(fchdir(root), "root");
	close(root);
	must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
	must(syscall(SYS_umount2, ".", UMOUNT_DETACH), "umount2");
	must(chdir("/"), "/");
}

/* One empty directory for all; the last one takes the mount itself, as closing it would wait. */
static void mask_paths(void)
{
	int empty = -1;
	const char *last = NULL;

	for (size_t i = 0; i < COUNT(masked); i++) {
		bool directory;

		if (!exists(masked[i], &directory))
			continue;
		if (!directory) {
			attach(clone_tree(AT_FDCWD, "/dev/null"), masked[i]);
			continue;
		}
		if (last)
			attach(clone_tree(empty, ""), last);
		else
			empty = new_tmpfs("0755", SAFE | MOUNT_ATTR_RDONLY);
		last = masked[i];
	}
	if (last)
		attach(empty, last);
	for (size_t i = 0; i < COUNT(read_only); i++) {
		bool directory;

		if (exists(read_only[i], &directory))
			attach(clone_read_only(read_only[i]), read_only[i]);
	}
}

static void make_dev(const struct sources *from)
{
	int dev = new_tmpfs("0755", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	int pts = fs_open("devpts");

	must(syscall(SYS_move_mount, dev, "", AT_FDCWD, "/dev", MOVE_MOUNT_F_EMPTY_PATH), "/dev");
	must(fchdir(dev), "/dev");
	close(dev);
	for (size_t i = 0; i < COUNT(nodes); i++) {
		must(mknod(nodes[i], S_IFREG | 0666, 0), nodes[i]);
		attach(from->nodes[i], nodes[i]);
	}
	must(symlink("/proc/self/fd", "fd"), "fd");
	must(symlink("/proc/self/fd/0", "stdin"), "stdin");
	must(symlink("/proc/self/fd/1", "stdout"), "stdout");
	must(symlink("/proc/self/fd/2", "stderr"), "stderr");
	must(symlink("pts/ptmx", "ptmx"), "ptmx");
	must(mkdir("pts", 0755), "pts");
	must(mkdir("shm", 0755), "shm");
	fs_set(pts, "newinstance", NULL);
	fs_set(pts, "ptmxmode", "0666");
	attach(fs_mount(pts, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC), "pts");
	attach(new_tmpfs("1777", SAFE), "shm");
	if (!self.without[IPC]) {
		must(mkdir("mqueue", 0755), "mqueue");
		attach(fs_mount(fs_open("mqueue"), SAFE), "mqueue");
	}
	must(chdir("/"), "/");
}

static void make_root(void)
{
	struct sources from = open_sources();

	enter_root(from.root);
	if (from.proc >= 0)
		attach(from.proc, "/proc");
	if (from.sys >= 0)
		attach(from.sys, "/sys");
	if (!self.without[DEV])
		make_dev(&from);
	if (!self.without[PROC] && !self.without[MASKS] && !self.without[DEV])
		mask_paths();
	if (!self.without[TMP]) {
		attach(new_tmpfs("1777", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV), "/tmp");
		attach(new_tmpfs("0755", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV), "/run");
	}
	attach(from.hosts, "/etc/hosts");
	attach(from.resolv, "/etc/resolv.conf");
}

static void loopback_up(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd = must(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");

	must(ioctl(fd, SIOCSIFFLAGS, &request), "lo");
	close(fd);
}

/* The payload. */

static void confine(void)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct none[2] = {0};

	for (int cap = 0; !self.without[BOUNDING] && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0;
	     cap++)
		;
	must(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "ambient");
	must(syscall(SYS_capset, &header, none), "capset");
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
	if (self.filter) {
		struct sock_fprog program = {self.filter->length,
					     (struct sock_filter *)self.filter->instructions};

		must(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program), "seccomp");
	}
}

static int payload(void *unused)
{
	(void)unused;
	confine();
	execve(self.command[0], self.command, environ);
	die(self.command[0]);
}

/* Init: everything that is done from the inside, then the payload and its status. */

static unsigned long other_namespaces(void)
{
	return CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWCGROUP |
	       (self.without[NET] ? 0UL : CLONE_NEWNET) | (self.without[IPC] ? 0UL : CLONE_NEWIPC);
}

/* Net and the rest come into being while the helpers run: they need no id. */
static void wait_for_ids(void)
{
	char mapped;

	close(self.ids_fds[1]);
	must(unshare((int)other_namespaces()), "unshare");
	must(read(self.ids_fds[0], &mapped, 1) - 1, "ids");
	must(syscall(SYS_setresgid, 0, 0, 0), "setresgid");
	must(syscall(SYS_setresuid, 0, 0, 0), "setresuid");
}

static void map_own_id(void)
{
	write_file("/proc/self/setgroups", "deny");
	write_file("/proc/self/uid_map", self.uid_map);
	write_file("/proc/self/gid_map", self.gid_map);
}

static int exit_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static _Noreturn void init(void)
{
	static char stack[16384] __attribute__((aligned(16)));
	int status = 0;

	must(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0), "pdeathsig");
	if (self.first_uid)
		wait_for_ids();
	else
		map_own_id();
	if (!self.without[NET])
		loopback_up();
	make_root();
	must(sethostname("floor", 5), "hostname");
	if (self.no_init)
		_exit(payload(NULL));

	/* Its memory is lent, not copied; the stack is its own. */
	pid_t pid =
		must(clone(payload, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL),
		     "clone");

	while (waitpid(-1, &status, 0) != pid)
		;
	status = exit_status(status);
	must(write(self.status_fds[1], &status, sizeof status), "status");
	_exit(status);
}

/* The supervisor. */

static pid_t spawn_map(const char *program, pid_t target, unsigned own, const char *first)
{
	char pid_text[16], own_text[16];
	char *argv[] = {(char *)program, pid_text, "0", own_text, "1", "1",
			(char *)first,   "65535",  NULL};
	pid_t pid;

	snprintf(pid_text, sizeof pid_text, "%d", target);
	snprintf(own_text, sizeof own_text, "%u", own);
	errno = posix_spawn(&pid, program, NULL, NULL, argv, environ);
	if (errno)
		die(program);
	return pid;
}

static void map_ranges(pid_t target)
{
	pid_t helpers[] = {
		spawn_map("/usr/bin/newuidmap", target, geteuid(), self.first_uid),
		spawn_map("/usr/bin/newgidmap", target, getegid(), self.first_gid),
	};

	for (size_t i = 0; i < COUNT(helpers); i++) {
		int status;

		must(waitpid(helpers[i], &status, 0), "waitpid");
		errno = EPERM;
		must(-status, "id maps");
	}
	must(write(self.ids_fds[1], "", 1), "ids");
}

static int supervise(void)
{
	unsigned long namespaces = CLONE_NEWUSER | CLONE_NEWPID;
	int status;

	/* With ranges the helpers should start soon: the other namespaces come meanwhile. */
	if (!self.first_uid)
		namespaces |= other_namespaces();
	snprintf(self.uid_map, sizeof self.uid_map, "0 %u 1\n", geteuid());
	snprintf(self.gid_map, sizeof self.gid_map, "0 %u 1\n", getegid());
	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, self.status_fds), "socketpair");
	must(pipe2(self.ids_fds, O_CLOEXEC), "pipe");

	pid_t pid = must(syscall(SYS_clone, namespaces | SIGCHLD, NULL, NULL, NULL, 0), "clone");

	if (pid == 0)
		init();
	close(self.status_fds[1]);
	if (self.first_uid)
		map_ranges(pid);
	if (read(self.status_fds[0], &status, sizeof status) == sizeof status)
		return status; /* init is at its end, the kernel does the rest without us */
	must(waitpid(pid, &status, 0), "waitpid");
	return exit_status(status);
}

static size_t find(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	errno = EINVAL;
	die(name);
}

int main(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "+1li:s:w:")) != -1) {
		switch (option) {
		case '1':
			self.no_init = true;
			break;
		case 'l':
			self.layer = true;
			break;
		case 'i':
			self.first_uid = strtok(optarg, ":");
			self.first_gid = strtok(NULL, ":");
			break;
		case 's':
			self.filter = &filters[find(mode_names, COUNT(mode_names), optarg)];
			break;
		case 'w':
			self.without[find(part_names, PARTS, optarg)] = true;
			break;
		default:
			return 2;
		}
	}
	if (argc - optind < 2) {
		errno = EINVAL;
		die("usage: floor [-1l] [-i UID:GID] [-s MODE] [-w PART]... ROOTFS COMMAND");
	}
	self.rootfs = argv[optind];
	self.command = argv + optind + 1;
	_exit(supervise());
}
