/*
 * fuse: runs fuse-overlayfs for a sandbox, one for each layer, and confines it. Started by the
 * supervisor, never by hand:
 *
 *     fuse READYFD PIDFD SOCKET UID GID PROGRAM
 *
 * What the payload asks of its files arrives in that program, so a flaw in it must be worth no more
 * than the sandbox is. It is in the sandbox's user namespace, for the ids, and else in namespaces
 * of its own: it sees no process, no network, of the host's files /usr and its links, read-only,
 * and the directories of the layer. It has five capabilities over those, and cannot mount, make
 * namespaces or sockets, or trace. Of the sandbox it is no part: nobody in there sees it.
 *
 * Each packet on SOCKET is a layer: the opened /dev/fuse, which is mounted already, the directory
 * with upper and work, and the lower ones, as detached mounts. fuse-overlayfs takes a file system
 * that is mounted by the name /dev/fd/N (libfuse 3.3), and ends when its mount is gone, which is
 * when the sandbox is. We end with the last of them, and they with us.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bare_root.h"
#include "capability_sets.h"
#include "files.h"
#include "mounting.h"

enum { FDS = 8, FIRST_LOWER = 2, LISTS = 512 };

struct options {
	int ready, inside, socket;
	uid_t uid;
	gid_t gid;
	char *program;
};

static int number(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (*end || end == text || value < 0 || value > INT32_MAX)
		errx(1, "'%s' is no number", text);
	return (int)value;
}

/* Nothing else that the supervisor, or whoever called it, has open is ours. */
static void close_others(const int *keep, size_t count)
{
	if (close_all_but((struct kept){keep, count}, (struct kept){NULL, 0}) < 0)
		err(1, "cannot close the other descriptors");
}

/* Those of the permitted set count again: another uid has taken the effective ones away. */
static void set_capabilities(uint32_t only)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) < 0)
		err(1, "cannot read the capabilities");
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		if (only)
			data[i].permitted = i == 0 ? data[i].permitted & only : 0;
		data[i].effective = data[i].permitted;
		data[i].inheritable = only ? data[i].permitted : 0;
	}
	if (syscall(SYS_capset, &header, data) < 0)
		err(1, "cannot set the capabilities");
}

static void enter(const struct options *options)
{
	if (setns(options->inside, CLONE_NEWUSER) < 0)
		err(1, "cannot enter the sandbox's user namespace");
	close(options->inside);
	/* Where the map does not allow it, the payload has them as well. */
	(void)!setgroups(0, NULL);
	if (syscall(SYS_setresgid, options->gid, options->gid, options->gid) < 0 ||
	    prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_setresuid, options->uid, options->uid, options->uid) < 0)
		err(1, "cannot become %u:%u of the sandbox", options->uid, options->gid);
	set_capabilities(0);
	if (unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) < 0)
		err(1, "cannot make namespaces for fuse-overlayfs");
}

/* --- the root that it has --- */

/* It opens /dev/null, and goes to what it has open by way of /proc/self/fd. */
static void show_kernel(const struct bare_root *root)
{
	static const struct fs_option none[] = {{NULL, NULL}};
	const char *failed;
	int device = openat(root->fd, "null", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	int null = mount_clone(AT_FDCWD, "/dev/null", false);

	bare_root_attach(root, mount_new("proc", none, MOUNT_SAFE | MOUNT_ATTR_NOEXEC, &failed),
			 bare_root_directory(root, "proc"), 0, "/proc");
	close(bare_root_directory(root, "dev"));
	if (device < 0 || renameat(root->fd, "null", root->fd, "dev/null") < 0 || null < 0 ||
	    mount_attach(null, device) < 0)
		err(1, "cannot show /dev/null to fuse-overlayfs");
	close(device);
	close(null);
}

/* --- one of them --- */

/* Not what it is to do, which is most of files, but what would lead it elsewhere. */
static void load_filter(void)
{
	static const int refused[] = {SYS_unshare,
				      SYS_setns,
				      SYS_mount,
				      SYS_umount2,
				      SYS_pivot_root,
				      SYS_open_tree,
				      SYS_fsopen,
				      SYS_fspick,
				      SYS_fsmount,
				      SYS_fsconfig,
				      SYS_move_mount,
				      SYS_mount_setattr,
				      SYS_chroot,
				      SYS_ptrace,
				      SYS_socket,
				      SYS_bpf,
				      SYS_keyctl,
				      SYS_add_key,
				      SYS_request_key,
				      SYS_perf_event_open,
				      SYS_userfaultfd,
				      SYS_io_uring_setup,
				      SYS_process_vm_readv,
				      SYS_process_vm_writev,
				      SYS_kexec_load,
				      SYS_init_module,
				      SYS_finit_module,
				      SYS_open_by_handle_at,
				      SYS_name_to_handle_at,
				      SYS_pidfd_getfd,
				      SYS_acct,
				      SYS_swapon,
				      SYS_quotactl,
				      SYS_reboot,
				      SYS_personality};
	enum { COUNT = sizeof refused / sizeof *refused, HEAD = 5, OTHER_ABI = 0x40000000 };
	struct sock_filter code[HEAD + COUNT + 2] = {
#if defined(__x86_64__)
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
#elif defined(__aarch64__)
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_AARCH64, 1, 0),
#else
#error "no filter for this architecture yet: its AUDIT_ARCH value is missing here"
#endif
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		/* x32 has numbers of its own. */
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, OTHER_ABI, COUNT + 1, 0),
	};
	struct sock_fprog program = {.len = HEAD + COUNT + 2, .filter = code};

	for (int i = 0; i < COUNT; i++)
		code[HEAD + i] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)refused[i], (uint8_t)(COUNT - i), 0);
	code[HEAD + COUNT] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	code[HEAD + COUNT + 1] =
		(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
		err(1, "cannot load the system call filter of fuse-overlayfs");
}

static void confine(void)
{
	static const int needed[] = {CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER,
				     CAP_FSETID};
	struct rlimit none = {0, 0}, files;
	uint32_t kept = 0;

	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
		kept |= 1u << needed[i];
	if (capability_sets_drop_bounding(kept, NULL) < 0)
		err(1, "cannot drop the capabilities of fuse-overlayfs");
	set_capabilities(kept);
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, needed[i], 0, 0) < 0)
			err(1, "cannot leave fuse-overlayfs its capabilities");
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	if (setrlimit(RLIMIT_CORE, &none) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		err(1, "cannot confine fuse-overlayfs");
	load_filter();
}

static _Noreturn void serve(const struct options *options, const struct bare_root *root, int layer,
			    const int fds[])
{
	char where[FDS][24], list[LISTS] = "", words[2 * LISTS], device[24];
	size_t used = 0;

	for (int i = 1; i < FDS && fds[i] >= 0; i++) {
		snprintf(where[i], sizeof where[i], "layer%d-%d", layer, i);
		bare_root_attach(root, fds[i], bare_root_directory(root, where[i]),
				 i < FIRST_LOWER ? 0 : MOUNT_ATTR_RDONLY, "the layer");
		if (i >= FIRST_LOWER)
			used += (size_t)snprintf(list + used, sizeof list - used, "%s/%s",
						 used ? ":" : "", where[i]);
	}
	snprintf(words, sizeof words, "lowerdir=%s,upperdir=/%s/upper,workdir=/%s/work", list,
		 where[1], where[1]);
	snprintf(device, sizeof device, "/dev/fd/%d", fds[0]);
	close_others(fds, 1);
	if (fcntl(fds[0], F_SETFD, 0) < 0)
		err(1, "cannot hand the file system to fuse-overlayfs");
	umask(0);
	confine();
	execl(options->program, options->program, "-f", "-o", words, device, (char *)NULL);
	err(1, "cannot run %s", options->program);
}

/* The descriptors of one layer; false at the end. */
static bool receive(int socket, int fds[FDS])
{
	char byte, room[CMSG_SPACE(FDS * sizeof(int))] __attribute__((aligned(8)));
	struct iovec data = {&byte, 1};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = room,
				 .msg_controllen = sizeof room};
	ssize_t got;

	for (int i = 0; i < FDS; i++)
		fds[i] = -1;
	do
		got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	struct cmsghdr *header = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
	if (!header || header->cmsg_type != SCM_RIGHTS)
		return false;
	memcpy(fds, CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
	return true;
}

/* In the new pid namespace, its first process: what we start ends with us. */
static int serve_all(const struct options *options)
{
	int fds[FDS], status, worst = 0;
	struct bare_root root;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	bare_root_begin(&root, "fuse-overlayfs");
	bare_root_show_system(&root);
	show_kernel(&root);
	bare_root_enter(&root);
	if (write(options->ready, "1", 1) != 1)
		return 1; /* nobody waits for us */
	close(options->ready);
	for (int layer = 0; receive(options->socket, fds); layer++) {
		pid_t pid = fork();

		if (pid < 0)
			err(1, "cannot start fuse-overlayfs");
		if (pid == 0)
			serve(options, &root, layer, fds);
		for (int i = 0; i < FDS && fds[i] >= 0; i++)
			close(fds[i]);
	}
	while (wait(&status) > 0 || errno == EINTR)
		worst |= WIFEXITED(status) ? WEXITSTATUS(status) : 1;
	return worst;
}

int main(int argc, char **argv)
{
	if (argc != 7)
		errx(1, "usage: fuse READYFD PIDFD SOCKET UID GID PROGRAM");
	struct options options = {number(argv[1]),        number(argv[2]),        number(argv[3]),
				  (uid_t)number(argv[4]), (gid_t)number(argv[5]), argv[6]};
	const int keep[] = {options.ready, options.inside, options.socket};
	int status = 1;

	close_others(keep, 3);
	enter(&options);
	/* Its own death ends the pid namespace; ours is the supervisor's to bring about. */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	pid_t pid = fork();
	if (pid < 0)
		err(1, "cannot start fuse-overlayfs");
	if (pid == 0)
		_exit(serve_all(&options));
	close(options.ready);
	close(options.socket);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
