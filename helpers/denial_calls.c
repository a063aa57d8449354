/* The calls that people meet: see denial_calls.h. Each list follows its manual page. */
#include "denial_calls.h"

#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "denial_decode.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

#define CHANGE USE_CHANGE

const struct call_shape call_shapes[] = {
/* by path, as old programs and musl write it */
#ifdef SYS_open
	{SYS_open, "pOo", {USE_READ, 0}},
	{SYS_creat, "po", {USE_WRITE | USE_CHANGE, 0}},
	{SYS_stat, "pa", {USE_SEE, 0}},
	{SYS_lstat, "pa", {USE_SEE, 0}},
	{SYS_access, "po", {USE_SEE, 0}},
	{SYS_readlink, "pan", {USE_SEE, 0}},
	{SYS_mkdir, "po", {CHANGE, 0}},
	{SYS_rmdir, "p", {CHANGE, 0}},
	{SYS_unlink, "p", {CHANGE, 0}},
	{SYS_rename, "pp", {CHANGE, CHANGE}},
	{SYS_link, "pp", {USE_READ, CHANGE}},
	{SYS_symlink, "sp", {CHANGE, 0}},
	{SYS_mknod, "pox", {CHANGE, 0}},
	{SYS_chmod, "po", {USE_WRITE, 0}},
	{SYS_chown, "pnn", {USE_WRITE, 0}},
	{SYS_lchown, "pnn", {USE_WRITE, 0}},
	{SYS_utime, "pa", {USE_WRITE, 0}},
	{SYS_utimes, "pa", {USE_WRITE, 0}},
	{SYS_futimesat, "dpa", {USE_WRITE, 0}},
#endif
	{SYS_openat, "dpOo", {USE_READ, 0}},
	{SYS_openat2, "dphn", {USE_READ, 0}},
	{SYS_execve, "paa", {USE_EXECUTE, 0}},
	{SYS_execveat, "dpaax", {USE_EXECUTE, 0}},
	{SYS_newfstatat, "dpax", {USE_SEE, 0}},
	{SYS_statx, "dpxxa", {USE_SEE, 0}},
	{SYS_statfs, "pa", {USE_SEE, 0}},
	{SYS_faccessat, "dpo", {USE_SEE, 0}},
	{SYS_faccessat2, "dpox", {USE_SEE, 0}},
	{SYS_readlinkat, "dpan", {USE_SEE, 0}},
	{SYS_chdir, "p", {USE_SEE, 0}},
	{SYS_getxattr, "psan", {USE_SEE, 0}},
	{SYS_lgetxattr, "psan", {USE_SEE, 0}},
	{SYS_listxattr, "pan", {USE_SEE, 0}},
	{SYS_inotify_add_watch, "fpx", {USE_READ, 0}},
	{SYS_mkdirat, "dpo", {CHANGE, 0}},
	{SYS_unlinkat, "dpx", {CHANGE, 0}},
	{SYS_renameat, "dpdp", {CHANGE, CHANGE}},
	{SYS_renameat2, "dpdpx", {CHANGE, CHANGE}},
	{SYS_linkat, "dpdpx", {USE_READ, CHANGE}},
	{SYS_symlinkat, "sdp", {CHANGE, 0}},
	{SYS_mknodat, "dpox", {CHANGE, 0}},
	{SYS_truncate, "pn", {USE_WRITE, 0}},
	{SYS_fchmodat, "dpo", {USE_WRITE, 0}},
	{SYS_fchownat, "dpnnx", {USE_WRITE, 0}},
	{SYS_utimensat, "dpax", {USE_WRITE, 0}},
	{SYS_setxattr, "psanx", {USE_WRITE, 0}},
	{SYS_lsetxattr, "psanx", {USE_WRITE, 0}},
	{SYS_removexattr, "ps", {USE_WRITE, 0}},
	/* sockets */
	{SYS_connect, "fAn", {0, 0}},
	{SYS_bind, "fAn", {0, 0}},
	{SYS_sendto, "fanxAn", {0, 0}},
	{SYS_sendmmsg, "fanx", {0, 0}},
	{SYS_socket, "Sxn", {0, 0}},
	{SYS_socketpair, "Sxna", {0, 0}},
	/* what is refused most often */
	{SYS_mount, "sssmx", {0, 0}},
	{SYS_umount2, "sx", {0, 0}},
	{SYS_pivot_root, "ss", {0, 0}},
	{SYS_chroot, "s", {0, 0}},
	{SYS_swapon, "sx", {0, 0}},
	{SYS_open_tree, "dsx", {0, 0}},
	{SYS_move_mount, "dsdsx", {0, 0}},
	{SYS_fsopen, "sx", {0, 0}},
	{SYS_clone, "c", {0, 0}},
	{SYS_unshare, "c", {0, 0}},
	{SYS_setns, "fc", {0, 0}},
	{SYS_ptrace, "Rnxx", {0, 0}},
	{SYS_process_vm_readv, "nanan", {0, 0}},
	{SYS_process_vm_writev, "nanan", {0, 0}},
	{SYS_ioctl, "fxx", {0, 0}},
	{SYS_personality, "x", {0, 0}},
	{SYS_sethostname, "sn", {0, 0}},
	{SYS_setdomainname, "sn", {0, 0}},
	{SYS_keyctl, "nxxxx", {0, 0}},
	{SYS_add_key, "ssann", {0, 0}},
	{SYS_request_key, "sssn", {0, 0}},
	{SYS_bpf, "nan", {0, 0}},
	{SYS_perf_event_open, "annnx", {0, 0}},
	{SYS_name_to_handle_at, "dsaax", {0, 0}},
	{SYS_quotactl, "xsna", {0, 0}},
	{SYS_acct, "s", {0, 0}},
	{SYS_syslog, "nan", {0, 0}},
	{SYS_reboot, "xxx", {0, 0}},
	{SYS_io_uring_setup, "na", {0, 0}},
	{SYS_userfaultfd, "x", {0, 0}},
};
const size_t call_shapes_count = sizeof call_shapes / sizeof *call_shapes;

/* All that makes a namespace; of mknod the type and the device; of socket the type without flags.
 */
static const struct call_look call_looks[] = {
	{SYS_clone, {{0, 0x7e020000}}},
	{SYS_unshare, {{0, ~0u}}},
	{SYS_ioctl, {{1, ~0u}}},
	{SYS_socket, {{0, ~0u}, {1, 0xf}, {2, ~0u}}},
	{SYS_socketpair, {{0, ~0u}}},
	{SYS_personality, {{0, ~0u}}},
#ifdef SYS_mknod
	{SYS_mknod, {{1, S_IFMT}, {2, ~0u}}},
#endif
	{SYS_mknodat, {{2, S_IFMT}, {3, ~0u}}},
};

const struct call_look *call_look_of(int number)
{
	for (size_t i = 0; i < sizeof call_looks / sizeof *call_looks; i++)
		if (call_looks[i].number == number)
			return &call_looks[i];
	return NULL;
}

static const struct named_bit open_flags[] = {
	{O_WRONLY, "O_WRONLY"},
	{O_RDWR, "O_RDWR"},
	{O_CREAT, "O_CREAT"},
	{O_EXCL, "O_EXCL"},
	{O_TRUNC, "O_TRUNC"},
	{O_APPEND, "O_APPEND"},
	{O_TMPFILE & ~O_DIRECTORY, "O_TMPFILE"},
	{O_DIRECTORY, "O_DIRECTORY"},
	{O_NOFOLLOW, "O_NOFOLLOW"},
	{O_PATH, "O_PATH"},
	{O_CLOEXEC, "O_CLOEXEC"},
};

static const struct named_bit mount_flags[] = {
	{MS_RDONLY, "MS_RDONLY"}, {MS_NOSUID, "MS_NOSUID"},   {MS_NODEV, "MS_NODEV"},
	{MS_NOEXEC, "MS_NOEXEC"}, {MS_REMOUNT, "MS_REMOUNT"}, {MS_BIND, "MS_BIND"},
	{MS_MOVE, "MS_MOVE"},     {MS_REC, "MS_REC"},         {MS_PRIVATE, "MS_PRIVATE"},
	{MS_SLAVE, "MS_SLAVE"},   {MS_SHARED, "MS_SHARED"},
};

static const struct named_bit clone_flags[] = {
	{CLONE_NEWUSER, "CLONE_NEWUSER"},     {CLONE_NEWNS, "CLONE_NEWNS"},
	{CLONE_NEWPID, "CLONE_NEWPID"},       {CLONE_NEWNET, "CLONE_NEWNET"},
	{CLONE_NEWUTS, "CLONE_NEWUTS"},       {CLONE_NEWIPC, "CLONE_NEWIPC"},
	{CLONE_NEWCGROUP, "CLONE_NEWCGROUP"}, {CLONE_NEWTIME, "CLONE_NEWTIME"},
};

static const struct named_bit families[] = {
	{AF_UNIX, "AF_UNIX"},     {AF_INET, "AF_INET"},           {AF_INET6, "AF_INET6"},
	{AF_PACKET, "AF_PACKET"}, {AF_NETLINK, "AF_NETLINK"},     {AF_ALG, "AF_ALG"},
	{AF_VSOCK, "AF_VSOCK"},   {AF_BLUETOOTH, "AF_BLUETOOTH"}, {AF_XDP, "AF_XDP"},
};

static const struct named_bit requests[] = {
	{PTRACE_TRACEME, "PTRACE_TRACEME"},
	{PTRACE_ATTACH, "PTRACE_ATTACH"},
	{PTRACE_SEIZE, "PTRACE_SEIZE"},
	{PTRACE_PEEKDATA, "PTRACE_PEEKDATA"},
};

#define LIST(name) (*count = sizeof name / sizeof *(name), name)

const struct named_bit *named_bits(char letter, size_t *count)
{
	switch (letter) {
	case 'O':
		return LIST(open_flags);
	case 'm':
		return LIST(mount_flags);
	case 'c':
		return LIST(clone_flags);
	case 'S':
		return LIST(families);
	case 'R':
		return LIST(requests);
	default:
		*count = 0;
		return NULL;
	}
}
