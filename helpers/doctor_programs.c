/* Control groups, and programs of others that are used where they are: see doctor.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "doctor.h"
#include "files.h"
#include "spawn.h"

static void add_cgroups(struct doctor *doctor)
{
	static const char *const wanted[] = {"cpu", "cpuset", "io", "memory", "pids"};
	const struct host_cgroup *facts = &doctor->host.cgroup;
	const char *have = facts->base                  ? facts->base_controllers
			   : facts->manager_controllers ? facts->manager_controllers
							: "";
	struct finding finding = {
		.group = "Limits",
		.name = "control groups",
		.answer = ANSWER_YES,
		.affects = "--memory, --cpus, --pids-limit, --io-weight; profile judge",
		.without = "--limits=best-effort sets limits of one process each",
	};
	char missing[64] = "";

	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		const char *at = strstr(have, wanted[i]);
		size_t length = strlen(wanted[i]);

		while (at && ((at > have && at[-1] != ' ') || (at[length] && at[length] != ' ')))
			at = strstr(at + 1, wanted[i]);
		if (!at)
			snprintf(missing + strlen(missing), sizeof missing - strlen(missing),
				 "%s%s", *missing ? " " : "", wanted[i]);
	}
	finding.found =
		facts->base ? arena_printf(&doctor->arena, "%s is the caller's to use", facts->base)
		: facts->manager ? arena_printf(&doctor->arena, "by the systemd manager at %s",
						facts->manager)
				 : "version 2, and none is delegated to the caller";
	if (!facts->unified) {
		finding.answer = ANSWER_WEAKER;
		finding.found = "version 2 is not what is mounted at /sys/fs/cgroup";
		finding.mend = "start the kernel with systemd.unified_cgroup_hierarchy=1";
	} else if (!facts->base && !facts->manager) {
		finding.answer = ANSWER_WEAKER;
		finding.mend = arena_printf(&doctor->arena,
					    "log in as a user of systemd's (not by su), "
					    "or: sudo loginctl enable-linger %s",
					    doctor->host.user ? doctor->host.user : "USER");
	} else if (*missing) {
		finding.answer = ANSWER_WEAKER;
		finding.found = arena_printf(&doctor->arena, "%s; not handed down: %s",
					     finding.found, missing);
		finding.mend = "in /etc/systemd/system/user@.service.d/delegate.conf:\n"
			       "[Service]\n"
			       "Delegate=cpu cpuset io memory pids\n"
			       "then: sudo systemctl daemon-reload, and log in again";
	}
	doctor_add(doctor, finding);
}

/* The first line of what PROGRAM --version says. */
static const char *version_of(struct doctor *doctor, const char *path)
{
	char text[1024];
	char *argv[] = {(char *)path, (char *)"--version", NULL};
	struct spawned spawned;
	struct error ignored;

	if (spawn_start(&spawned, argv, &ignored) < 0)
		return path;
	spawn_finish(&spawned, text, sizeof text);
	text[strcspn(text, "\n")] = '\0';
	return *text ? arena_printf(&doctor->arena, "%s (%s)", path, text) : path;
}

static const struct {
	const char *name, *package, *affects, *without;
} programs[] = {
	{"slirp4netns", "slirp4netns", "--network=slirp4netns; profiles npm, pip, cargo, agent",
	 "pasta is taken where it is installed"},
	{"pasta", "passt", "--network=pasta", "--network=slirp4netns"},
	{"fuse-overlayfs", "fuse-overlayfs", "layers where the kernel has no overlay for users",
	 "the kernel's own, where it has it"},
	{"mmdebstrap", "mmdebstrap", "sandbox rootfs create of a Debian",
	 "sandbox rootfs create busybox; sandbox rootfs import"},
	{"xdg-dbus-proxy", "xdg-dbus-proxy", "--dbus=filtered, --dbus-talk and the like",
	 "--dbus=none (the default)"},
};

static void add_programs(struct doctor *doctor)
{
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
		const char *path = spawn_find(&doctor->arena, programs[i].name);
		bool idle = !programs[i].without;

		doctor_add(doctor, (struct finding){
					   .group = "Programs and devices",
					   .name = programs[i].name,
					   .answer = path   ? ANSWER_YES
						     : idle ? ANSWER_FACT
							    : ANSWER_WEAKER,
					   .found = path ? version_of(doctor, path)
							 : "is not in /usr/bin or along PATH",
					   .affects = programs[i].affects,
					   .mend = path ? NULL
							: arena_printf(&doctor->arena,
								       "sudo apt-get install %s",
								       programs[i].package),
					   .without = programs[i].without,
				   });
	}
}

static void add_device(struct doctor *doctor, const char *path, const char *module,
		       const char *affects, const char *without)
{
	struct finding finding = {
		.group = "Programs and devices",
		.name = path,
		.answer = ANSWER_YES,
		.found = "can be opened",
		.affects = affects,
		.without = without,
	};

	if (access(path, R_OK | W_OK) < 0) {
		finding.answer = ANSWER_WEAKER;
		finding.found = errno == ENOENT ? "is not there" : "cannot be opened by the caller";
		finding.mend = errno == ENOENT
				       ? arena_printf(&doctor->arena, "sudo modprobe %s", module)
				       : arena_printf(&doctor->arena, "sudo chmod 0666 %s", path);
	}
	doctor_add(doctor, finding);
}

/* The compositor's globals, by the wire protocol: get_registry and sync, then what comes until that
 * is done. */
static bool has_security_context(int fd)
{
	static const uint32_t request[] = {1, 12 << 16 | 1, 2, 1, 12 << 16 | 0, 3};
	static const char name[] = "wp_security_context_manager_v1";
	struct timeval wait = {.tv_sec = 2};
	char bytes[65536];
	size_t size = 0;
	ssize_t got;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	if (write(fd, request, sizeof request) != (ssize_t)sizeof request)
		return false;
	while (size < sizeof bytes && (got = read(fd, bytes + size, sizeof bytes - size)) > 0) {
		size += (size_t)got;
		if (memmem(bytes, size, name, sizeof name))
			return true;
		for (size_t at = 0; at + 8 <= size;) { /* object 3, event 0: done */
			uint32_t head[2];

			memcpy(head, bytes + at, sizeof head);
			if (head[0] == 3)
				return false;
			at += head[1] >> 16 < 8 ? size : head[1] >> 16;
		}
	}
	return false;
}

static void add_wayland(struct doctor *doctor)
{
	const char *name = getenv("WAYLAND_DISPLAY"), *runtime = getenv("XDG_RUNTIME_DIR");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int cleanup_fd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (!name || (*name != '/' && !runtime) || fd < 0)
		return;
	snprintf(address.sun_path, sizeof address.sun_path, "%s%s%s", *name == '/' ? "" : runtime,
		 *name == '/' ? "" : "/", name);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
		return;
	doctor_add(doctor,
		   (struct finding){
			   .group = "Programs and devices",
			   .name = "Wayland",
			   .answer = ANSWER_FACT,
			   .found = has_security_context(fd)
					    ? "the compositor has the security-context protocol"
					    : "the compositor has no security-context protocol: "
					      "--wayland shows its plain socket",
			   .affects = "--wayland; profile desktop",
		   });
}

void doctor_programs(struct doctor *doctor)
{
	add_cgroups(doctor);
	add_programs(doctor);
	add_device(doctor, "/dev/net/tun", "tun", "--network=slirp4netns, --network=pasta",
		   "--network=none (the default), --network=host");
	add_device(doctor, "/dev/fuse", "fuse", "layers by fuse-overlayfs",
		   "the kernel's own, where it has it");
	add_wayland(doctor);
}
