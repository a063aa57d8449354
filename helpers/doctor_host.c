/* Where we are, who we are and what ids we have: see doctor.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#include "doctor.h"
#include "files.h"

static void add(struct doctor *doctor, const char *name, enum answer answer, const char *found)
{
	doctor_add(doctor, (struct finding){
				   .group = "Where we are",
				   .name = name,
				   .answer = answer,
				   .found = found,
			   });
}

static void add_no(struct doctor *doctor, const char *name, const char *found, const char *affects,
		   const char *mend, const char *without)
{
	doctor_add(doctor, (struct finding){
				   .group = "Where we are",
				   .name = name,
				   .answer = without ? ANSWER_WEAKER : ANSWER_NO,
				   .found = found,
				   .affects = affects,
				   .mend = mend,
				   .without = without,
			   });
}

/* Each /proc/sys/user/max_*_namespaces: 0 is none at all. */
static void add_limits(struct doctor *doctor)
{
	static const char *const kinds[] = {"user", "mnt", "pid", "net", "ipc", "uts", "cgroup"};
	bool low = false;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		const char *value = doctor_line(
			doctor,
			arena_printf(&doctor->arena, "/proc/sys/user/max_%s_namespaces", kinds[i]));

		if (!value || strtoul(value, NULL, 10) >= 16)
			continue;
		low = true;
		add_no(doctor, "limits of namespaces",
		       arena_printf(&doctor->arena, "user.max_%s_namespaces is %s", kinds[i],
				    value),
		       "everything",
		       arena_printf(&doctor->arena, "sudo sysctl user.max_%s_namespaces=10000",
				    kinds[i]),
		       NULL);
	}
	if (!low)
		add(doctor, "limits of namespaces", ANSWER_YES, "/proc/sys/user/max_*_namespaces");
}

static void add_policies(struct doctor *doctor)
{
	const char *clone = doctor_line(doctor, "/proc/sys/kernel/unprivileged_userns_clone");
	const char *apparmor =
		doctor_line(doctor, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
	const char *selinux = doctor_line(doctor, "/sys/fs/selinux/enforce");
	const char *label = doctor_line(doctor, "/proc/self/attr/current");

	if (clone && strcmp(clone, "0") == 0)
		add_no(doctor, "user namespaces", "kernel.unprivileged_userns_clone is 0",
		       "everything", "sudo sysctl kernel.unprivileged_userns_clone=1", NULL);
	if (apparmor)
		add(doctor, "AppArmor", ANSWER_FACT,
		    arena_printf(
			    &doctor->arena,
			    "kernel.apparmor_restrict_unprivileged_userns is %s; see the label "
			    "below",
			    apparmor));
	if (selinux)
		add(doctor, "SELinux", ANSWER_FACT,
		    arena_printf(&doctor->arena, "%s; see `getsebool -a`",
				 strcmp(selinux, "1") == 0 ? "enforcing" : "permissive"));
	if (label && *label)
		add(doctor, "security label", ANSWER_FACT, label);
}

/* NoNewPrivs and Seccomp of /proc/self/status. */
static bool status_says(struct doctor *doctor, const char *line)
{
	const char *text = read_file(&doctor->arena, "/proc/self/status", 1 << 16, NULL);

	return text && strstr(text, line);
}

void doctor_surroundings(struct doctor *doctor)
{
	const char *inside = host_container();

	add(doctor, "kind of place", ANSWER_FACT,
	    inside ? inside : "no container, as far as can be seen");
	if (geteuid() == 0)
		add(doctor, "user", ANSWER_FACT,
		    "root: what is said here is said of root; ask as the user who is to run it");
	add_policies(doctor);
	add_limits(doctor);
	if (status_says(doctor, "\nNoNewPrivs:\t1"))
		add_no(doctor, "new privileges", "no_new_privs is set, as in a container",
		       "newuidmap, newgidmap and slirp4netns's like: no range of ids",
		       "start the outer container without it", "--userns=single");
	else
		add(doctor, "new privileges", ANSWER_YES, "no_new_privs is not set");
	if (status_says(doctor, "\nSeccomp:\t2"))
		add(doctor, "system call filter", ANSWER_FACT,
		    "one is in force already; what it refuses shows below");
}

/* Is a helper able to act as root? */
static bool is_privileged(const char *path)
{
	struct stat st;

	return (stat(path, &st) == 0 && st.st_uid == 0 && st.st_mode & S_ISUID) ||
	       getxattr(path, "security.capability", NULL, 0) > 0;
}

static void add_mapper(struct doctor *doctor, const char *name, const char *path)
{
	struct finding finding = {
		.group = "Ids",
		.name = name,
		.affects =
			"more than one id inside: package managers, services, owners in a ROOTFS",
		.without = "--userns=single: root inside, and nobody else",
	};

	if (!path) {
		finding.answer = ANSWER_WEAKER;
		finding.found = "there is none in /usr/bin or along PATH";
		finding.mend = "sudo apt-get install uidmap (Fedora: shadow-utils, Alpine: "
			       "shadow-subids, Arch: shadow)";
	} else if (!is_privileged(path)) {
		finding.answer = ANSWER_WEAKER;
		finding.found =
			arena_printf(&doctor->arena,
				     "%s is neither setuid root nor has file capabilities", path);
		finding.mend = arena_printf(&doctor->arena, "sudo chmod u+s %s", path);
	} else {
		finding.answer = ANSWER_YES;
		finding.found = path;
	}
	doctor_add(doctor, finding);
}

/* The file's lines of other users that have ids of this range. */
static const char *overlap(struct doctor *doctor, const char *file, const struct id_grant *grant)
{
	char *text = read_file(&doctor->arena, file, 1 << 24, NULL), *line;

	while ((line = strsep(&text, "\n"))) {
		char owner[64];
		unsigned long long start, count;

		if (sscanf(line, "%63[^:]:%llu:%llu", owner, &start, &count) != 3 ||
		    (start == grant->start && count == grant->count) || count == 0)
			continue;
		if (start < (unsigned long long)grant->start + grant->count &&
		    grant->start < start + count)
			return arena_printf(&doctor->arena, "%s: %llu to %llu", owner, start,
					    start + count - 1);
	}
	return NULL;
}

static void add_range(struct doctor *doctor, const char *file, const struct id_grant *grants,
		      size_t count)
{
	const char *user = doctor->host.user ? doctor->host.user : "USER";
	struct finding finding = {
		.group = "Ids",
		.name = arena_printf(&doctor->arena, "subordinate %s", file + 8),
		.affects =
			"more than one id inside: package managers, services, owners in a ROOTFS",
		.mend = host_grant_command(&doctor->arena, &doctor->host),
		.without = "--userns=single: root inside, and nobody else",
	};
	unsigned long long total = 0;
	const char *other = NULL;

	for (size_t i = 0; i < count; i++) {
		total += grants[i].count;
		other = other ? other : overlap(doctor, file, &grants[i]);
	}
	finding.found = arena_printf(&doctor->arena, "%llu ids for %s in %zu range%s", total, user,
				     count, count == 1 ? "" : "s");
	finding.answer = total >= 65536 && !other ? ANSWER_YES : ANSWER_WEAKER;
	if (count == 0)
		finding.found =
			arena_printf(&doctor->arena,
				     "none for %s in %s, nor by getsubids where nsswitch.conf "
				     "has another source",
				     user, file);
	else if (total < 65536)
		finding.found = arena_printf(&doctor->arena,
					     "%s; most root file systems use ids up "
					     "to 65535",
					     finding.found);
	if (other) {
		finding.found = arena_printf(&doctor->arena, "%s; they overlap with %s",
					     finding.found, other);
		finding.mend =
			arena_printf(&doctor->arena,
				     "give one of the two another range in %s: each can read the "
				     "other's files",
				     file);
	}
	doctor_add(doctor, finding);
}

/* Where kept layers and root file systems are: the deepest directory that is there yet. */
static void add_store(struct doctor *doctor)
{
	const char *data = getenv("XDG_DATA_HOME");
	char path[PATH_MAX];
	struct statvfs flags;
	struct statfs fs;
	struct finding finding = {
		.group = "Ids",
		.name = "the store's file system",
		.answer = ANSWER_YES,
		.affects = "sandbox rootfs, --overlay",
		.without = "a ROOTFS and XDG_DATA_HOME elsewhere",
	};

	if (data && *data == '/')
		snprintf(path, sizeof path, "%s", data);
	else
		snprintf(path, sizeof path, "%s/.local/share",
			 doctor->host.home ? doctor->host.home : "");
	while (*path && access(path, F_OK) < 0)
		*strrchr(path, '/') = '\0';
	if (statfs(*path ? path : "/", &fs) < 0 || statvfs(*path ? path : "/", &flags) < 0)
		return;
	finding.found = arena_printf(&doctor->arena, "%s", *path ? path : "/");
	if ((long)fs.f_type == NFS_SUPER_MAGIC) {
		finding.answer = ANSWER_WEAKER;
		finding.found = arena_printf(&doctor->arena,
					     "%s is on NFS, whose server knows nothing "
					     "of subordinate ids",
					     path);
		finding.mend = "set XDG_DATA_HOME to a directory on a local disk";
	} else if (flags.f_flag & (ST_NOEXEC | ST_RDONLY)) {
		finding.answer = ANSWER_WEAKER;
		finding.found = arena_printf(&doctor->arena, "%s is mounted %s", path,
					     flags.f_flag & ST_NOEXEC ? "noexec" : "read-only");
		finding.mend = "set XDG_DATA_HOME to a directory on another file system";
	}
	doctor_add(doctor, finding);
}

void doctor_ids(struct doctor *doctor)
{
	const struct host *host = &doctor->host;

	add_mapper(doctor, "newuidmap", host->newuidmap);
	add_mapper(doctor, "newgidmap", host->newgidmap);
	add_range(doctor, "/etc/subuid", host->subuids, host->subuids_count);
	add_range(doctor, "/etc/subgid", host->subgids, host->subgids_count);
	add_store(doctor);
}
