/* What would allow it: see denial_advice.h. */
#include "denial_advice.h"

#include <ctype.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "capability_names.h"
#include "denial_filter.h"
#include "filters.h"

/* --- facts ------------------------------------------------------------------------------------ */

static const char *next(const char **at, const char *end)
{
	const char *field = *at,
		   *zero = field < end ? memchr(field, '\0', (size_t)(end - field)) : NULL;

	if (!zero)
		return NULL;
	*at = zero + 1;
	return field;
}

static bool read_mount(struct facts *facts, const char **at, const char *end)
{
	struct fact_mount mount = {next(at, end), next(at, end), NULL};

	mount.origin = mount.target ? next(at, end) : NULL;
	if (!mount.origin)
		return false;
	if (facts->mounts_count < FACT_MOUNTS)
		facts->mounts[facts->mounts_count++] = mount;
	return true;
}

bool facts_read(struct facts *facts, const char *text, size_t size)
{
	const char *at = text, *end = text + size, *key;

	*facts = (struct facts){
		.filter = "default", .network = "none", .root = "/", .layer = "", .proof = -1};
	while ((key = next(&at, end)) != NULL) {
		if (strcmp(key, "mount") == 0) {
			if (!read_mount(facts, &at, end))
				return false;
			continue;
		}
		const char *value = next(&at, end);
		if (!value)
			return false;
		if (strcmp(key, "filter") == 0)
			facts->filter = value;
		else if (strcmp(key, "filter-file") == 0)
			facts->filter = value, facts->filter_is_file = true;
		else if (strcmp(key, "capabilities") == 0)
			facts->capabilities = strtoull(value, NULL, 16);
		else if (strcmp(key, "uid") == 0)
			facts->root_inside = strcmp(value, "0") == 0;
		else if (strcmp(key, "network") == 0)
			facts->network = value;
		else if (strcmp(key, "root") == 0)
			facts->root = value;
		else if (strcmp(key, "layer") == 0)
			facts->layer = value;
		else if (strcmp(key, "proof") != 0 ||
			 sscanf(value, "%d:%x:%x", &facts->proof, &facts->proof_arguments[0],
				&facts->proof_arguments[1]) != 3)
			return false;
	}
	return at == end;
}

/* Is path at or below directory? */
static bool below(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	while (length > 1 && directory[length - 1] == '/')
		length--;
	if (length == 1)
		return true;
	return strncmp(path, directory, length) == 0 &&
	       (path[length] == '\0' || path[length] == '/');
}

const struct fact_mount *facts_mount_of(const struct facts *facts, const char *path)
{
	const struct fact_mount *found = NULL;

	for (size_t i = 0; i < facts->mounts_count; i++) {
		const struct fact_mount *mount = &facts->mounts[i];

		if (below(path, mount->target) &&
		    (!found || strlen(mount->target) >= strlen(found->target)))
			found = mount;
	}
	return found;
}

/* --- calls ------------------------------------------------------------------------------------ */

enum { NO_CAPABILITY = -1 };

/* What a call needs besides a filter that lets it pass. */
static const struct requirement {
	const char *call;
	int capability;
	const char *never; /* no flag gives it: why */
} requirements[] = {
	{"mount", CAP_SYS_ADMIN, NULL},
	{"umount2", CAP_SYS_ADMIN, NULL},
	{"pivot_root", CAP_SYS_ADMIN, NULL},
	{"open_tree", CAP_SYS_ADMIN, NULL},
	{"move_mount", CAP_SYS_ADMIN, NULL},
	{"fsopen", CAP_SYS_ADMIN, NULL},
	{"fsmount", CAP_SYS_ADMIN, NULL},
	{"mount_setattr", CAP_SYS_ADMIN, NULL},
	{"sethostname", CAP_SYS_ADMIN, NULL},
	{"setdomainname", CAP_SYS_ADMIN, NULL},
	{"setns", CAP_SYS_ADMIN, NULL},
	{"chroot", CAP_SYS_CHROOT, NULL},
	{"reboot", CAP_SYS_BOOT, NULL},
	{"settimeofday", NO_CAPABILITY, "the clock is the machine's"},
	{"clock_settime", NO_CAPABILITY, "the clock is the machine's"},
	{"adjtimex", NO_CAPABILITY, "the clock is the machine's"},
	{"clock_adjtime", NO_CAPABILITY, "the clock is the machine's"},
	{"init_module", NO_CAPABILITY, "modules are the machine's"},
	{"finit_module", NO_CAPABILITY, "modules are the machine's"},
	{"delete_module", NO_CAPABILITY, "modules are the machine's"},
	{"kexec_load", NO_CAPABILITY, "the kernel is the machine's"},
	{"kexec_file_load", NO_CAPABILITY, "the kernel is the machine's"},
	{"swapon", NO_CAPABILITY, "swap is the machine's"},
	{"swapoff", NO_CAPABILITY, "swap is the machine's"},
	{"iopl", NO_CAPABILITY, "ports are the machine's"},
	{"ioperm", NO_CAPABILITY, "ports are the machine's"},
	{"acct", NO_CAPABILITY, "accounting is the machine's"},
	{"quotactl", NO_CAPABILITY, "quotas are the machine's"},
	{"quotactl_fd", NO_CAPABILITY, "quotas are the machine's"},
	{"syslog", NO_CAPABILITY, "the kernel's log is the machine's"},
	{"open_by_handle_at", NO_CAPABILITY, "it opens files by number, past every directory"},
	{"mknod", NO_CAPABILITY,
	 "device nodes are the machine's; --dev-bind shows one of the host's"},
	{"mknodat", NO_CAPABILITY,
	 "device nodes are the machine's; --dev-bind shows one of the host's"},
	{"bpf", NO_CAPABILITY, "loading programs into the kernel takes the host's root"},
	{"vhangup", NO_CAPABILITY, "terminals are the machine's"},
};

static const struct requirement *find_requirement(const char *call)
{
	for (size_t i = 0; i < sizeof requirements / sizeof *requirements; i++)
		if (strcmp(requirements[i].call, call) == 0)
			return &requirements[i];
	return NULL;
}

/* New namespaces without a user namespace of one's own take a capability over the present one. */
static int capability_of_flags(const struct facts *facts, const struct seccomp_data *data,
			       const char *call)
{
	const uint64_t others = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS |
				CLONE_NEWIPC | CLONE_NEWCGROUP;

	if (strcmp(call, "clone") != 0 && strcmp(call, "unshare") != 0)
		return NO_CAPABILITY;
	/* Whoever is 0 has to have this for 0 to be mapped again (user_namespaces(7), 5.12). */
	if (data->args[0] & CLONE_NEWUSER)
		return facts->root_inside ? CAP_SETFCAP : NO_CAPABILITY;
	return data->args[0] & others ? CAP_SYS_ADMIN : NO_CAPABILITY;
}

/* The narrowest of our filters that lets exactly this call pass. */
static const char *filter_for(const struct seccomp_data *data)
{
	static const struct {
		enum seccomp_mode mode;
		const char *name;
	} order[] = {{SECCOMP_STRICT, "strict"},
		     {SECCOMP_DEFAULT, "default"},
		     {SECCOMP_BUILD, "build"},
		     {SECCOMP_NESTED, "nested"},
		     {SECCOMP_SANDBOXES, "sandboxes"}};
	struct filter_answer answer;

	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		const struct filter *filter = &filters[order[i].mode];

		if (filter_run(filter->instructions, filter->length, data, &answer) &&
		    filter_passes(answer.action))
			return order[i].name;
	}
	return "unconfined";
}

/* "cap_sys_admin" as people write it. */
static void add_capability(char *out, size_t size, int capability)
{
	size_t used = (size_t)snprintf(out, size, " --cap-add ");

	for (const char *name = capability_names[capability] + strlen("cap_");
	     *name && used + 1 < size; name++)
		out[used++] = (char)toupper((unsigned char)*name);
	out[used] = '\0';
}

void advise_call(char *out, size_t size, const struct facts *facts, const struct seccomp_data *data,
		 const char *call)
{
	const struct requirement *needs = find_requirement(call);
	int capability = needs ? needs->capability : capability_of_flags(facts, data, call);
	const char *filter = filter_for(data);
	bool none = strcmp(filter, "unconfined") == 0;
	char extra[64] = "";

	if (none && needs && needs->never) {
		snprintf(out, size, "no flag allows it: %s", needs->never);
		return;
	}
	if (capability != NO_CAPABILITY && !(facts->capabilities >> capability & 1))
		add_capability(extra, sizeof extra, capability);
	if (facts->filter_is_file)
		snprintf(out, size, "add it to the filter %s, or give --seccomp=%s%s",
			 facts->filter, filter, extra);
	else
		snprintf(out, size, "add --seccomp=%s%s%s", filter, extra,
			 none ? " (no filter at all: see DENIALS in sandbox(1))" : "");
}

/* --- files and addresses ---------------------------------------------------------------------- */

static bool shell_plain(const char *text)
{
	return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789/._-+@%,=") == strlen(text);
}

/* A path for a command line; what a shell would take apart is left to the reader. */
static const char *word(const char *path)
{
	return shell_plain(path) ? path : "PATH";
}

bool advice_concerns(const struct facts *facts, const char *path)
{
	static const char *const own[] = {"/usr", "/etc",  "/lib",  "/lib32", "/lib64",
					  "/bin", "/sbin", "/proc", "/sys",   "/dev",
					  "/run", "/var",  "/root"};

	/* Of a root of its own, the system in it is what it is meant to be. */
	for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
		bool shared = strcmp(facts->root, "/") == 0 && i >= 10;

		if (!shared && below(path, own[i]))
			return false;
	}
	return strcmp(path, "/") != 0;
}

void advise_missing(char *out, size_t size, const struct facts *facts, const char *path, bool write)
{
	(void)facts;
	snprintf(out, size, "it is not there inside; add --%s %s", write ? "bind" : "ro-bind",
		 word(path));
}

void advise_masked(char *out, size_t size, const struct fact_mount *mask)
{
	snprintf(out, size, "it is hidden by --mask %s (%s); leave that out", mask->target,
		 mask->origin);
}

void advise_read_only(char *out, size_t size, const struct facts *facts, const char *path)
{
	const struct fact_mount *mount = facts_mount_of(facts, path);

	if (mount && strcmp(mount->kind, "ro-bind") == 0)
		snprintf(out, size,
			 "it cannot be written: %s is shown read-only (%s); make that --bind",
			 mount->target, mount->origin);
	else if (strcmp(facts->layer, "read-only") == 0)
		snprintf(out, size,
			 "it cannot be written: the root is read-only; leave --read-only out, or "
			 "add --tmpfs for its directory");
	else
		snprintf(out, size,
			 "it cannot be written: it lies in a read-only mount of the "
			 "sandbox's own");
}

void advise_network(char *out, size_t size, const struct facts *facts)
{
	snprintf(out, size,
		 "the network is %s; add --network=slirp4netns, or --allow-net for what "
		 "may be reached",
		 facts->network);
}
