/* Namespaces of a container, its names and clocks: see oci_rooms.h. Container's process, ISOLATE.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/magic.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "channel.h"
#include "files.h"
#include "oci_rooms.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

/* One that belongs to a user namespace that we are yet to enter refuses us until then. */
static int run_join(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	struct oci_running *running = oci_running_of(sandbox);
	int kind = (int)step->flags, fd = running->joined[kind];
	bool later = running->spec->namespaces[OCI_USER].given && !step->data;

	if (fd < 0)
		return 0;
	if (setns(fd, (int)oci_namespace_kinds[kind].flag) < 0)
		return later && errno == EPERM ? 0
					       : fail(err, "enter the %s namespace %s",
						      oci_namespace_kinds[kind].word, step->source);
	close(fd);
	running->joined[kind] = -1;
	return 0;
}

static const struct step_kind join = {"join", run_join};

/* Our ids are nobody's until the maps are written: whoever owns the namespace is uid 0. */
static int run_user(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	struct oci_running *running = oci_running_of(sandbox);
	const struct oci_spec *spec = running->spec;
	int fd = running->joined[OCI_USER];
	struct message message;

	if (fd >= 0 && setns(fd, CLONE_NEWUSER) < 0)
		return fail(err, "enter the user namespace %s", step->source);
	if (fd < 0 && running->chained && spec->namespaces[OCI_USER].given &&
	    unshare(CLONE_NEWUSER) < 0)
		return fail(err, "make a user namespace");
	channel_send(sandbox->channel, MESSAGE_ISOLATED, 0, NULL);
	if (channel_receive(sandbox->channel, &message) != MESSAGE_IDS)
		_exit(EXIT_SANDBOX); /* who made us is gone, or knows what is wrong */
	if (!spec->namespaces[OCI_USER].given)
		return 0;
	uint32_t uid = sandbox->plan->owner_uid, gid = sandbox->plan->owner_gid;
	if (syscall(SYS_setresgid, gid, gid, gid) < 0 || syscall(SYS_setresuid, uid, uid, uid) < 0)
		return fail(err, "become uid %u, gid %u of the user namespace", uid, gid);
	return 0;
}

static const struct step_kind user = {"user-namespace", run_user};
static const struct step_kind wait_kind = {"wait", run_user};

static int run_unshare(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)sandbox;
	return unshare((int)step->flags) < 0 ? fail(err, "make the namespaces %s", step->target)
					     : 0;
}

static const struct step_kind unshare_kind = {"unshare", run_unshare};

static int run_hostname(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)sandbox;
	return sethostname(step->target, strlen(step->target)) < 0
		       ? fail(err, "set the host name %s", step->target)
		       : 0;
}

static int run_domainname(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)sandbox;
	return setdomainname(step->target, strlen(step->target)) < 0
		       ? fail(err, "set the domain name %s", step->target)
		       : 0;
}

static const struct step_kind hostname = {"hostname", run_hostname};
static const struct step_kind domainname = {"domainname", run_domainname};

static int run_time(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)sandbox;
	if (write_file_at(AT_FDCWD, "/proc/self/timens_offsets", step->source) < 0)
		return fail(err, "set the clock offsets");
	int cleanup_fd ns = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	return ns < 0 || setns(ns, CLONE_NEWTIME) < 0 ? fail(err, "enter the time namespace") : 0;
}

static const struct step_kind time_kind = {"clock-offsets", run_time};

static int run_loopback(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	struct ifreq request = {.ifr_flags = IFF_UP | IFF_RUNNING};
	int cleanup_fd fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)step;
	(void)sandbox;
	strcpy(request.ifr_name, "lo");
	return fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0
		       ? fail(err, "bring the interface lo up")
		       : 0;
}

static const struct step_kind loopback = {"link-up", run_loopback};

/* An empty one of its own: the caller's keys are not for the container. */
static int run_keyring(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	char name[256];

	(void)step;
	snprintf(name, sizeof name, "_ses.%.200s", oci_running_of(sandbox)->id);
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name) < 0 && errno != ENOSYS)
		return fail(err, "leave the session keyring for an empty one");
	return 0;
}

static const struct step_kind keyring = {"keyring", run_keyring};

static const char *describe(struct plan *plan, uint64_t flags)
{
	const char *text = "";

	for (int kind = 0; kind < OCI_NAMESPACES; kind++)
		if (flags & oci_namespace_kinds[kind].flag)
			text = arena_printf(&plan->arena, "%s%s%s", text, *text ? " " : "",
					    oci_namespace_kinds[kind].proc);
	return text;
}

static void plan_joins(struct plan *plan, const struct oci_spec *spec, bool last)
{
	static const bool yes = true;

	for (int kind = 0; kind < OCI_NAMESPACES; kind++) {
		if (kind == OCI_USER || !spec->namespaces[kind].path)
			continue;
		struct step *step = plan_add(plan, PHASE_ISOLATE, &join, "linux.namespaces");
		step->source = spec->namespaces[kind].path;
		step->target = oci_namespace_kinds[kind].word;
		step->flags = (uint64_t)kind;
		step->data = last ? &yes : NULL;
	}
}

static void plan_names(struct plan *plan, const struct oci_spec *spec)
{
	if (spec->time_given)
		plan_add(plan, PHASE_ISOLATE, &time_kind, "linux.timeOffsets")->source =
			arena_printf(&plan->arena, "monotonic %lld %u\nboottime %lld %u\n",
				     (long long)spec->monotonic, spec->monotonic_nano,
				     (long long)spec->boottime, spec->boottime_nano);
	if (spec->hostname)
		plan_add(plan, PHASE_ISOLATE, &hostname, "hostname")->target = spec->hostname;
	if (spec->domainname)
		plan_add(plan, PHASE_ISOLATE, &domainname, "domainname")->target = spec->domainname;
	if (spec->namespaces[OCI_NET].given && !spec->namespaces[OCI_NET].path)
		plan_add(plan, PHASE_ISOLATE, &loopback, "linux.namespaces")->target = "lo";
}

bool oci_is_chained(const struct oci_spec *spec)
{
	bool paths = false;

	for (int kind = 0; kind < OCI_NAMESPACES; kind++)
		paths |= spec->namespaces[kind].path != NULL;
	return spec->namespaces[OCI_USER].path || spec->namespaces[OCI_PID].path ||
	       (spec->namespaces[OCI_USER].given && paths);
}

int oci_namespaces_plan(struct plan *plan, const struct oci_spec *spec,
			const struct oci_options *options)
{
	struct step *step;

	for (int kind = 0; kind < OCI_NAMESPACES; kind++)
		if (spec->namespaces[kind].given && !spec->namespaces[kind].path)
			plan->namespaces |= oci_namespace_kinds[kind].flag;
	plan_joins(plan, spec, false);
	step = plan_add(plan, PHASE_ISOLATE, spec->namespaces[OCI_USER].given ? &user : &wait_kind,
			"linux.namespaces");
	step->source = spec->namespaces[OCI_USER].path;
	if (spec->namespaces[OCI_USER].given)
		plan_joins(plan, spec, true);
	uint64_t rest = plan->namespaces & ~(uint64_t)CLONE_NEWUSER;
	if (!oci_is_chained(spec)) /* clone(2) makes it */
		rest &= ~(uint64_t)CLONE_NEWPID;
	if (rest) {
		step = plan_add(plan, PHASE_ISOLATE, &unshare_kind, "linux.namespaces");
		step->flags = rest;
		step->target = describe(plan, rest);
	}
	plan_names(plan, spec);
	if (!options->no_new_keyring)
		plan_add(plan, PHASE_ISOLATE, &keyring, NULL);
	return 0;
}

/* Through the host's own /proc, before anything of the container's is there: a file of a rootfs
 * is never written to by mistake (CVE-2025-52881). The kernel takes the namespaces of whoever
 * opens it. */
static int run_sysctl(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct oci_sysctl *sysctl = step->data;
	struct statfs fs;
	int cleanup_fd proc = open("/proc/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)sandbox;
	if (proc < 0 || fstatfs(proc, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return fail_because(err, "cannot set sysctls: /proc is not the kernel's");
	int cleanup_fd file = open_in_no_links(proc, sysctl->path, O_WRONLY);
	if (file < 0 || write_all(file, sysctl->value, strlen(sysctl->value)) < 0)
		return fail(err, "set the sysctl %s to %s", sysctl->name, sysctl->value);
	return 0;
}

static const struct step_kind sysctl_kind = {"sysctl", run_sysctl};

void oci_sysctl_plan(struct plan *plan, const struct oci_spec *spec)
{
	for (size_t i = 0; i < spec->sysctl_count; i++) {
		struct step *step = plan_add(plan, PHASE_ISOLATE, &sysctl_kind, "linux.sysctl");

		step->source = spec->sysctl[i].value;
		step->target = spec->sysctl[i].name;
		step->data = &spec->sysctl[i];
	}
}
