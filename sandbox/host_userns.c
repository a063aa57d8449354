/*
 * Why a user namespace could not be had: see host_explain_userns in host.h. One errno has many
 * causes here (EPERM alone has five), so the machine's state is read instead; the errno only
 * decides what is left.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "host.h"

/* A small file's first line; "" where it is missing. */
static void read_line(const char *path, char *line, size_t size)
{
	int cleanup_fd fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, line, size - 1);

	line[got > 0 ? got : 0] = '\0';
	line[strcspn(line, "\n")] = '\0';
}

static bool reads(const char *path, const char *value)
{
	char line[128];

	read_line(path, line, sizeof line);
	return strcmp(line, value) == 0;
}

static bool file_has(const char *path, const char *word)
{
	char line[256];

	read_line(path, line, sizeof line);
	return strstr(line, word);
}

const char *host_container(void)
{
	if (access("/run/.containerenv", F_OK) == 0)
		return "a Podman container";
	if (access("/.dockerenv", F_OK) == 0)
		return "a Docker container";
	if (access("/.flatpak-info", F_OK) == 0)
		return "a Flatpak application";
	if (access("/run/secrets/kubernetes.io", F_OK) == 0)
		return "a Kubernetes pod";
	if (file_has("/run/systemd/container", "lxc"))
		return "an LXC container";
	if (file_has("/proc/sys/kernel/osrelease", "icrosoft"))
		return "the Windows Subsystem for Linux";
	if (file_has("/proc/version", "gVisor"))
		return "a gVisor sandbox";
	return NULL;
}

/* A field of /proc/self/status, like "Seccomp:\t2". */
static bool status_says(const char *field)
{
	struct arena arena = {NULL};
	const char *text = read_file(&arena, "/proc/self/status", 1 << 16, NULL);
	bool found = text && strstr(text, field);

	arena_free(&arena);
	return found;
}

/* Never taken by itself: a weaker mode is asked for by name. */
#define WEAKER                                                                                     \
	"or, weaker and for ROOTFS / alone, go without namespaces: sandbox --confine-only / "      \
	"COMMAND"

static int because(struct error *err, const char *reason, const char *remedy)
{
	char what[sizeof err->text];
	size_t keep;

	snprintf(what, sizeof what, "%s", err->text);
	/* The errno's own words say less than the reason. */
	char *colon = strrchr(what, ':');
	if (colon)
		*colon = '\0';
	keep = strlen(what);
	snprintf(err->text, sizeof err->text, "%.*s: %s", (int)(keep < 600 ? keep : 600), what,
		 reason);
	return fail_remedy(err, "%s\n" WEAKER, remedy);
}

/* AppArmor's have the mode behind the name: "name (enforce)". */
static int under_label(struct error *err, const char *label)
{
	const char *mode = strstr(label, " (");
	char reason[200];

	if (!mode)
		return because(err,
			       "this process runs under a security label (SELinux, Smack) that "
			       "refuses it",
			       "look at /proc/self/attr/current, and let that label have user "
			       "namespaces");
	snprintf(reason, sizeof reason,
		 "this process runs under the AppArmor profile %.*s, which refuses it",
		 (int)(mode - label < 80 ? mode - label : 80), label);
	return because(err, reason,
		       "give this program the profile that `sandbox doctor --apparmor` prints, in "
		       "/etc/apparmor.d,\n"
		       "or the one that it runs under the rules userns and capability");
}

int host_explain_userns(int number, struct error *err)
{
	char label[128];
	const char *in = host_container();

	if (number == ENOENT && access("/proc/self/uid_map", F_OK) < 0)
		return because(err, "there is no /proc here, or it hides this process",
			       "mount it, or run it where it is mounted: ids are mapped through "
			       "its files");
	read_line("/proc/self/attr/current", label, sizeof label);
	if (reads("/proc/sys/kernel/unprivileged_userns_clone", "0"))
		return because(err, "user namespaces are switched off for users on this machine",
			       "run: sudo sysctl kernel.unprivileged_userns_clone=1\n"
			       "(to keep it: a line in /etc/sysctl.d)");
	if (reads("/proc/sys/user/max_user_namespaces", "0"))
		return because(err, "the limit of user namespaces is 0",
			       "run: sudo sysctl user.max_user_namespaces=10000");
	if (number == ENOSPC)
		return because(err,
			       "a limit of namespaces is used up (/proc/sys/user/max_*_namespaces)",
			       "end what uses them, or raise the limit with sysctl");
	if (number == EUSERS)
		return because(
			err, "user namespaces are already nested as deep as the kernel allows (32)",
			"run it further out");
	if (reads("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1"))
		return because(
			err,
			"AppArmor restricts user namespaces to programs that have a profile for it",
			"give this program the one that `sandbox doctor --apparmor` prints, in "
			"/etc/apparmor.d, or run:\n"
			"sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0");
	if (*label && strcmp(label, "unconfined") != 0 && (number == EACCES || number == EPERM))
		return under_label(err, label);
	if (in && (number == EPERM || number == ENOSYS || number == EACCES)) {
		char reason[256];

		snprintf(reason, sizeof reason,
			 "this is %s, and its filter allows no user namespaces", in);
		return because(err, reason,
			       "start the outer one with a seccomp profile that lets unshare and "
			       "mount through "
			       "(docker, podman: --security-opt seccomp=unconfined)");
	}
	if (status_says("\nSeccomp:\t2") && number == EPERM)
		return because(err,
			       "a system call filter is in force here that refuses it (this is a "
			       "sandbox already)",
			       "run it further out, or let the outer sandbox allow nested user "
			       "namespaces");
	if (number == EINVAL)
		return because(
			err,
			"this kernel was built without it (CONFIG_USER_NS, CONFIG_PID_NS, ...)",
			"use a kernel with namespaces");
	return -1;
}
