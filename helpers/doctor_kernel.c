/*
 * What the kernel can do, each ability asked for by the call itself: see doctor.h. What changes
 * something is done in a child that makes namespaces and ends; it leaves what came of each in
 * memory that it shares with us.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/landlock.h>
#include <linux/mount.h>
#include <linux/netlink.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "doctor.h"
#include "files.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5) /* Linux 5.19 */
#endif

/* In the order in which they are tried. */
enum trial {
	TRIAL_USER,
	TRIAL_MAP,
	TRIAL_MOUNTS,
	TRIAL_TMPFS,
	TRIAL_ATTRIBUTES,
	TRIAL_IDMAPPED,
	TRIAL_OVERLAY,
	TRIAL_UTS,
	TRIAL_HOSTNAME,
	TRIAL_IPC,
	TRIAL_CGROUP,
	TRIAL_TIME,
	TRIAL_NETWORK,
	TRIAL_NFTABLES,
	TRIAL_PROC,
	TRIALS,
};

enum { NOT_REACHED = -1 };

struct trials {
	int number[TRIALS]; /* 0: it worked; an errno; NOT_REACHED */
	char label[128];    /* of the security module, after the user namespace was made */
};

static int outcome(long result)
{
	return result < 0 ? errno : 0;
}

static int write_text(const char *path, const char *text)
{
	int cleanup_fd fd = open(path, O_WRONLY | O_CLOEXEC);

	return outcome(fd < 0 ? -1 : write_all(fd, text, strlen(text)));
}

static int try_map(uid_t uid, gid_t gid)
{
	char text[64];
	int number = write_text("/proc/self/setgroups", "deny");

	snprintf(text, sizeof text, "0 %u 1", uid);
	if (number == 0)
		number = write_text("/proc/self/uid_map", text);
	snprintf(text, sizeof text, "0 %u 1", gid);
	return number ? number : write_text("/proc/self/gid_map", text);
}

/* A detached tmpfs by the mount API of descriptors (Linux 5.2); -1 and errno. */
static int make_tmpfs(void)
{
	int cleanup_fd fs = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);

	if (fs < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
}

static int set_attributes(int mount, uint64_t set, int userns)
{
	struct mount_attr attr = {.attr_set = set,
				  .userns_fd = (uint64_t)(userns < 0 ? 0 : userns)};

	return outcome(syscall(SYS_mount_setattr, mount, "", AT_EMPTY_PATH, &attr, sizeof attr));
}

/* By the map of a further user namespace: a file system's own is refused. */
static int try_idmapped(int tmpfs)
{
	int ready[2], number = EIO;
	char path[32], byte;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return errno;
	pid_t pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWUSER) == 0 && try_map(0, 0) == 0 &&
		    write(ready[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	if (pid > 0 && read(ready[0], &byte, 1) == 1) {
		snprintf(path, sizeof path, "/proc/%d/ns/user", (int)pid);
		int cleanup_fd userns = open(path, O_RDONLY | O_CLOEXEC);
		number = set_attributes(tmpfs, MOUNT_ATTR_IDMAP, userns);
	}
	close(ready[0]);
	if (pid > 0 && kill(pid, SIGKILL) == 0)
		waitpid(pid, NULL, 0);
	return number;
}

/* Over two directories of a tmpfs; the root of our mount namespace gets that tmpfs at /tmp. */
static int try_overlay(int tmpfs)
{
	if (syscall(SYS_move_mount, tmpfs, "", AT_FDCWD, "/tmp", MOVE_MOUNT_F_EMPTY_PATH) < 0 ||
	    mkdir("/tmp/l", 0700) < 0 || mkdir("/tmp/u", 0700) < 0 || mkdir("/tmp/w", 0700) < 0)
		return errno;
	return outcome(mount("overlay", "/tmp/l", "overlay", 0,
			     "lowerdir=/tmp/l,upperdir=/tmp/u,workdir=/tmp/w,userxattr"));
}

/* The number of the rules' generation: NFT_MSG_GETGEN of linux/netfilter/nf_tables.h. */
static int try_nftables(void)
{
	struct {
		struct nlmsghdr header;
		unsigned char family, version, id[2];
	} request = {.header = {.nlmsg_len = sizeof request,
				.nlmsg_type = 10 << 8 | 16,
				.nlmsg_flags = NLM_F_REQUEST}};
	struct {
		struct nlmsghdr header;
		int number;
		char rest[4096];
	} answer;
	int cleanup_fd fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 12 /* NETLINK_NETFILTER */);

	if (fd < 0 || send(fd, &request, sizeof request, 0) < 0 ||
	    recv(fd, &answer, sizeof answer, 0) < (ssize_t)sizeof answer.header)
		return errno;
	return answer.header.nlmsg_type == NLMSG_ERROR ? -answer.number : 0;
}

/* A new pid namespace's own /proc, which a container's masks forbid. */
static int try_proc(void)
{
	int status;

	if (unshare(CLONE_NEWPID) < 0)
		return errno;
	pid_t pid = fork();
	if (pid == 0)
		_exit(outcome(
			mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL)));
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status)
									       : ECHILD;
}

static void run_trials(struct trials *trials, uid_t uid, gid_t gid)
{
	int *number = trials->number;
	int cleanup_fd label = -1;
	ssize_t got;

	number[TRIAL_USER] = outcome(unshare(CLONE_NEWUSER));
	label = open("/proc/self/attr/current", O_RDONLY | O_CLOEXEC);
	got = label < 0 ? -1 : read(label, trials->label, sizeof trials->label - 1);
	trials->label[got > 0 ? got : 0] = '\0';
	trials->label[strcspn(trials->label, "\n")] = '\0';
	if (number[TRIAL_USER] || (number[TRIAL_MAP] = try_map(uid, gid)))
		return;
	number[TRIAL_UTS] = outcome(unshare(CLONE_NEWUTS));
	if (number[TRIAL_UTS] == 0)
		number[TRIAL_HOSTNAME] = outcome(sethostname("sandbox", strlen("sandbox")));
	number[TRIAL_IPC] = outcome(unshare(CLONE_NEWIPC));
	number[TRIAL_CGROUP] = outcome(unshare(CLONE_NEWCGROUP));
	number[TRIAL_TIME] = outcome(unshare(CLONE_NEWTIME));
	number[TRIAL_NETWORK] = outcome(unshare(CLONE_NEWNET));
	if (number[TRIAL_NETWORK] == 0)
		number[TRIAL_NFTABLES] = try_nftables();
	number[TRIAL_MOUNTS] = outcome(unshare(CLONE_NEWNS));
	if (number[TRIAL_MOUNTS])
		return;
	int tmpfs = make_tmpfs();
	number[TRIAL_TMPFS] = outcome(tmpfs);
	if (tmpfs >= 0) {
		number[TRIAL_ATTRIBUTES] = set_attributes(tmpfs, MOUNT_ATTR_NOSUID, -1);
		number[TRIAL_IDMAPPED] = try_idmapped(tmpfs);
	}
	tmpfs = make_tmpfs(); /* one without maps */
	if (tmpfs >= 0)
		number[TRIAL_OVERLAY] = try_overlay(tmpfs);
	number[TRIAL_PROC] = try_proc();
}

static void in_child(struct trials *trials)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	pid_t pid = fork();

	if (pid == 0) {
		run_trials(trials, uid, gid);
		_exit(0);
	}
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static const struct {
	const char *name, *affects, *without;
	bool needed; /* by every sandbox */
} shown[TRIALS] = {
	[TRIAL_USER] = {"user namespaces", "everything", NULL, true},
	[TRIAL_MAP] = {"an id map of one's own", "everything", NULL, true},
	[TRIAL_MOUNTS] = {"mount namespaces", "everything", NULL, true},
	[TRIAL_TMPFS] = {"mounts by descriptors", "everything", NULL, true},
	[TRIAL_ATTRIBUTES] = {"mount_setattr",
			      "read-only and the like, for all mounts below: Linux 5.12",
			      "mounts are changed one at a time", false},
	[TRIAL_IDMAPPED] = {"idmapped mounts", "nothing yet: ids are mapped by newuidmap",
			    "everything", false},
	[TRIAL_OVERLAY] = {"overlay for users", "layers, throw-away and kept: Linux 5.11",
			   "fuse-overlayfs is taken instead, where it is installed; --rw; "
			   "--read-only",
			   false},
	[TRIAL_UTS] = {"uts namespaces", "everything", NULL, true},
	[TRIAL_HOSTNAME] = {"a host name of one's own", "--hostname",
			    "the name of this place is seen inside", false},
	[TRIAL_IPC] = {"ipc namespaces", "everything", NULL, true},
	[TRIAL_CGROUP] = {"cgroup namespaces", "everything", NULL, true},
	[TRIAL_TIME] = {"time namespaces", "--monotonic-offset, --boottime-offset: Linux 5.6",
			"everything else", false},
	[TRIAL_NETWORK] = {"network namespaces", "every network but --network=host", NULL, true},
	[TRIAL_NFTABLES] = {"nftables", "--allow-net, --deny-net",
			    "a network without rules, or none", false},
	[TRIAL_PROC] = {"pid namespaces and /proc", "everything but --proc=bind",
			"--proc=bind: the /proc and /sys of this place, read-only", true},
};

/* Why, and what to do: the words that a run would have, for the calls that those are about. */
static void explain(struct doctor *doctor, struct finding *finding, enum trial trial, int number)
{
	struct error err = {.text = "x: y"};

	if (trial == TRIAL_NFTABLES && (number == EPROTONOSUPPORT || number == EINVAL)) {
		finding->mend = "sudo modprobe nf_tables";
	} else if (trial == TRIAL_OVERLAY && number == ENODEV) {
		finding->mend = "sudo modprobe overlay";
	} else if (trial == TRIAL_IDMAPPED && number == EINVAL) {
		finding->mend = "a kernel that has them for tmpfs: Linux 6.3";
	} else if (trial == TRIAL_HOSTNAME && number == EPERM) {
		finding->mend =
			"a system call filter refuses it, as in a container: podman, docker: "
			"--security-opt seccomp=unconfined";
	} else if (trial == TRIAL_PROC && number == EPERM) {
		finding->mend =
			"parts of /proc are hidden here, as in a container; let the outer one "
			"show them (sandbox: --profile sandboxes; podman: --security-opt "
			"unmask=ALL; docker: --security-opt systempaths=unconfined)";
	} else if (number != ENOSYS && host_explain_userns(number, &err) < 0 && *err.remedy) {
		const char *reason = strchr(err.text, ':');

		finding->found = arena_printf(&doctor->arena, "%s (%s)",
					      reason ? reason + 2 : err.text, finding->found);
		finding->mend = arena_strdup(&doctor->arena, err.remedy);
	} else {
		finding->mend = "a newer kernel, or one that is built with it";
	}
}

static void add_trial(struct doctor *doctor, const struct trials *trials, enum trial trial)
{
	int number = trials->number[trial];
	struct finding finding = {
		.group = "Kernel",
		.name = shown[trial].name,
		.affects = shown[trial].affects,
		.without = shown[trial].without,
	};

	if (number == 0) {
		finding.answer = ANSWER_YES;
		finding.found = "was tried";
	} else if (number == NOT_REACHED) {
		finding.answer = ANSWER_NO;
		finding.found = "could not be tried: it takes what is missing above";
	} else {
		finding.answer = shown[trial].needed ? ANSWER_NO : ANSWER_WEAKER;
		finding.found = arena_printf(&doctor->arena, "was tried: %s", strerror(number));
		explain(doctor, &finding, trial, number);
	}
	doctor_add(doctor, finding);
}

/* A call or a feature that is asked for with arguments that do nothing. */
static void add_call(struct doctor *doctor, const char *name, bool there, const char *affects,
		     const char *without, bool needed)
{
	doctor_add(doctor, (struct finding){
				   .group = "Kernel",
				   .name = name,
				   .answer = there    ? ANSWER_YES
					     : needed ? ANSWER_NO
						      : ANSWER_WEAKER,
				   .found = there ? "was asked for" : "was asked for: not there",
				   .affects = affects,
				   .mend = there ? NULL : "a newer kernel, or one built with it",
				   .without = without,
			   });
}

static bool has_flags(unsigned long flags)
{
	/* No program at all: the flags are looked at first. */
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, NULL) < 0 && errno == EFAULT;
}

static void add_landlock(struct doctor *doctor)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	doctor_add(doctor,
		   (struct finding){
			   .group = "Kernel",
			   .name = "Landlock",
			   .answer = abi > 0 ? ANSWER_YES : ANSWER_WEAKER,
			   .found = abi > 0 ? arena_printf(&doctor->arena, "ABI %ld", abi)
					    : arena_printf(&doctor->arena, "was asked for: %s",
							   strerror(errno)),
			   .affects = "a second wall beneath the mounts",
			   .mend = abi < 0 && errno == EOPNOTSUPP
					   ? "it is built in and switched off: add landlock to "
					     "lsm= on the kernel's command line"
					   : "a kernel with CONFIG_SECURITY_LANDLOCK",
			   .without = "mounts, capabilities and the filter hold without it",
		   });
}

static void add_calls(struct doctor *doctor)
{
	uint32_t notify = SECCOMP_RET_USER_NOTIF;
	struct open_how how = {.flags = O_PATH | O_CLOEXEC};
	int cleanup_fd opened = (int)syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof how);
	int cleanup_fd pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	int cleanup_fd memory = memfd_create("sandbox-doctor", MFD_CLOEXEC);

	add_call(doctor, "openat2", opened >= 0, "everything: Linux 5.6", NULL, true);
	add_call(doctor, "pidfd", pidfd >= 0, "exec, kill, wait, the watcher: Linux 5.3", NULL,
		 true);
	add_call(doctor, "clone3", syscall(SYS_clone3, NULL, 0) < 0 && errno != ENOSYS,
		 "a cgroup from the first moment on: Linux 5.7", "it is entered before the command",
		 false);
	add_call(doctor, "close_range", syscall(SYS_close_range, ~0U, ~0U, 0) == 0,
		 "everything: Linux 5.9", NULL, true);
	add_call(doctor, "... at exec",
		 syscall(SYS_close_range, ~0U, ~0U, CLOSE_RANGE_CLOEXEC) == 0,
		 "descriptors that close when the command starts: Linux 5.11",
		 "they are marked one by one", false);
	add_call(doctor, "system call filters", has_flags(0), "everything", "--seccomp=unconfined",
		 true);
	add_call(doctor, "notification of calls",
		 syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &notify) == 0 &&
			 has_flags(SECCOMP_FILTER_FLAG_NEW_LISTENER),
		 "what tells which calls were refused: Linux 5.5", "everything else", false);
	add_call(doctor, "... that can be killed",
		 has_flags(SECCOMP_FILTER_FLAG_NEW_LISTENER |
			   SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV),
		 "the same: Linux 5.19", "signals may interrupt a call that is being looked at",
		 false);
	add_call(doctor, "user xattrs on tmpfs",
		 memory >= 0 && fsetxattr(memory, "user.overlay.probe", "", 0, 0) == 0,
		 "layers in memory: Linux 6.6", "a layer goes to disk, and is removed at the end",
		 false);
	add_landlock(doctor);
}

void doctor_kernel(struct doctor *doctor)
{
	struct trials *trials = mmap(NULL, sizeof *trials, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct utsname names;

	if (uname(&names) == 0)
		doctor_add(doctor,
			   (struct finding){
				   .group = "Kernel",
				   .name = "version",
				   .answer = ANSWER_FACT,
				   .found = arena_printf(&doctor->arena, "%s %s %s", names.sysname,
							 names.release, names.machine),
			   });
	if (trials == MAP_FAILED)
		return;
	for (int i = 0; i < TRIALS; i++)
		trials->number[i] = NOT_REACHED;
	in_child(trials);
	for (enum trial i = 0; i < TRIALS; i++)
		add_trial(doctor, trials, i);
	if (strstr(trials->label, "unprivileged_userns"))
		doctor_add(doctor,
			   (struct finding){
				   .group = "Kernel",
				   .name = "AppArmor's restriction",
				   .answer = ANSWER_NO,
				   .found = arena_printf(&doctor->arena,
							 "the label becomes \"%s\" in a new "
							 "user namespace",
							 trials->label),
				   .affects = "everything",
				   .mend = arena_printf(
					   &doctor->arena,
					   "%s doctor --apparmor | sudo tee "
					   "/etc/apparmor.d/sandbox\n"
					   "sudo apparmor_parser -r /etc/apparmor.d/sandbox",
					   doctor->program),
			   });
	add_calls(doctor);
	munmap(trials, sizeof *trials);
}
