/* linux of config.json, but for its resources: see oci_spec.h. */
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "oci_spec.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

const struct oci_namespace_kind oci_namespace_kinds[OCI_NAMESPACES] = {
	[OCI_USER] = {"user", "user", CLONE_NEWUSER},
	[OCI_IPC] = {"ipc", "ipc", CLONE_NEWIPC},
	[OCI_UTS] = {"uts", "uts", CLONE_NEWUTS},
	[OCI_NET] = {"net", "network", CLONE_NEWNET},
	[OCI_CGROUP] = {"cgroup", "cgroup", CLONE_NEWCGROUP},
	[OCI_TIME] = {"time", "time", CLONE_NEWTIME},
	[OCI_PID] = {"pid", "pid", CLONE_NEWPID},
	[OCI_MOUNT] = {"mnt", "mount", CLONE_NEWNS},
};

static void read_namespace(struct oci_reader *reader, struct oci_place place, struct oci_spec *spec)
{
	static const char *const known[] = {"type", "path", NULL};
	struct oci_place type = oci_member(reader, place, "type"),
			 path = oci_member(reader, place, "path");
	const char *word = oci_string(reader, type), *file = oci_string(reader, path);
	int kind = 0;

	oci_known(reader, place, known);
	while (word && kind < OCI_NAMESPACES && strcmp(oci_namespace_kinds[kind].word, word) != 0)
		kind++;
	if (!word || kind == OCI_NAMESPACES) {
		oci_refuse(reader, type, "'%.40s' is no kind of namespace", word ? word : "");
		return;
	}
	if (spec->namespaces[kind].given)
		oci_refuse(reader, type, "%s is there twice", word);
	if (file && *file && *file != '/')
		oci_refuse(reader, path, "should be an absolute path");
	spec->namespaces[kind].given = true;
	spec->namespaces[kind].path = file && *file ? file : NULL;
}

/* A new user namespace and no word of its ids: the command's is the caller's, and there are no
 * others. */
static void map_own(struct arena *arena, struct oci_spec *spec)
{
	*ARENA_APPEND(arena, spec->uids, spec->uids_count) =
		(struct id_range){.inside = spec->process.uid, .outside = geteuid(), .count = 1};
	*ARENA_APPEND(arena, spec->gids, spec->gids_count) =
		(struct id_range){.inside = spec->process.gid, .outside = getegid(), .count = 1};
}

/* What would have no effect, or an effect on somebody else. */
static void check_namespaces(struct oci_reader *reader, struct oci_place linux_,
			     struct oci_spec *spec)
{
	struct oci_place list = oci_member(reader, linux_, "namespaces");
	bool user = spec->namespaces[OCI_USER].given && !spec->namespaces[OCI_USER].path;

	if (!spec->namespaces[OCI_MOUNT].given)
		oci_refuse(reader, list,
			   "has no mount namespace, without which there is no container");
	if (spec->namespaces[OCI_MOUNT].path)
		oci_refuse(reader, list, "joining a mount namespace is not supported");
	if (spec->hostname && !spec->namespaces[OCI_UTS].given)
		oci_refuse(reader, list,
			   "has no uts namespace: hostname would be the whole machine's");
	if (spec->domainname && !spec->namespaces[OCI_UTS].given)
		oci_refuse(reader, list,
			   "has no uts namespace: domainname would be the whole machine's");
	if (user && !spec->uids_count != !spec->gids_count)
		oci_refuse(reader, linux_, "needs both uidMappings and gidMappings, or none");
	if (user && !spec->uids_count)
		map_own(reader->arena, spec);
	if (!user && (spec->uids_count || spec->gids_count))
		oci_refuse(reader, linux_,
			   "has uidMappings or gidMappings, and no new user "
			   "namespace that they would be for");
	if (spec->time_given &&
	    (!spec->namespaces[OCI_TIME].given || spec->namespaces[OCI_TIME].path))
		oci_refuse(reader, list, "has no new time namespace for timeOffsets");
}

static void read_offset(struct oci_reader *reader, struct oci_place offsets, const char *clock,
			int64_t *seconds, uint32_t *nanoseconds)
{
	struct oci_place place = oci_member(reader, offsets, clock);

	*seconds = oci_number(reader, oci_member(reader, place, "secs"), INT64_MIN / 2,
			      INT64_MAX / 2, 0);
	*nanoseconds = (uint32_t)oci_number(reader, oci_member(reader, place, "nanosecs"), 0,
					    999999999, 0);
}

static void read_offsets(struct oci_reader *reader, struct oci_place place, struct oci_spec *spec)
{
	static const char *const known[] = {"monotonic", "boottime", NULL};

	oci_known(reader, place, known);
	if (!oci_asks(place))
		return;
	spec->time_given = true;
	read_offset(reader, place, "monotonic", &spec->monotonic, &spec->monotonic_nano);
	read_offset(reader, place, "boottime", &spec->boottime, &spec->boottime_nano);
}

static void read_device(struct oci_reader *reader, struct oci_place place, struct oci_spec *spec)
{
	static const char *const known[] = {"type",     "path", "major", "minor",
					    "fileMode", "uid",  "gid",   NULL};
	struct oci_place type = oci_member(reader, place, "type"),
			 path = oci_member(reader, place, "path");
	const char *word = oci_string(reader, type);
	struct oci_device device = {.because = place.path, .path = oci_string(reader, path)};

	oci_known(reader, place, known);
	if (!word || strlen(word) != 1 || !strchr("cubp", *word)) {
		oci_refuse(reader, type, "is none of c, u, b and p");
		return;
	}
	if (!device.path || *device.path != '/')
		oci_refuse(reader, path, "should be an absolute path");
	device.block = *word == 'b';
	device.fifo = *word == 'p';
	device.major = (unsigned)oci_number(reader, oci_member(reader, place, "major"), 0, 4095, 0);
	device.minor =
		(unsigned)oci_number(reader, oci_member(reader, place, "minor"), 0, 1048575, 0);
	device.mode = (mode_t)oci_number(reader, oci_member(reader, place, "fileMode"), 0, 0177777,
					 0666) &
		      07777;
	device.uid = (uint32_t)oci_number(reader, oci_member(reader, place, "uid"), 0,
					  UINT32_MAX - 1, 0);
	device.gid = (uint32_t)oci_number(reader, oci_member(reader, place, "gid"), 0,
					  UINT32_MAX - 1, 0);
	*ARENA_APPEND(reader->arena, spec->devices, spec->devices_count) = device;
}

static char **read_paths(struct oci_reader *reader, struct oci_place place)
{
	char **paths = oci_strings(reader, place, NULL);

	for (size_t i = 0; paths[i] && !reader->failed; i++)
		if (*paths[i] != '/')
			oci_refuse(reader, oci_element(reader, place, i),
				   "should be an absolute path");
	return paths;
}

/*
 * Which namespace a sysctl belongs to: one of the machine's is nobody's to set from a container.
 * "net.ipv4.conf.eth0/1.forwarding": where one separator is used the other stands for it.
 */
static void check_sysctl(struct oci_reader *reader, struct oci_place place, struct oci_spec *spec,
			 const char *path)
{
	static const struct {
		const char *begins;
		enum oci_namespace kind;
	} namespaced[] = {
		{"net/", OCI_NET},
		{"kernel/msg", OCI_IPC},
		{"kernel/sem", OCI_IPC},
		{"kernel/shm", OCI_IPC},
		{"fs/mqueue/", OCI_IPC},
		{"kernel/hostname", OCI_UTS},
		{"kernel/domainname", OCI_UTS},
		{"user/", OCI_USER},
	};

	if (strstr(path, "..") || strstr(path, "//") || *path == '/') {
		oci_refuse(reader, place, "is no name of a sysctl");
		return;
	}
	for (size_t i = 0; i < sizeof namespaced / sizeof *namespaced; i++)
		if (strncmp(path, namespaced[i].begins, strlen(namespaced[i].begins)) == 0) {
			if (!spec->namespaces[namespaced[i].kind].given)
				oci_refuse(reader, place,
					   "would be the whole machine's: there is no %s "
					   "namespace",
					   oci_namespace_kinds[namespaced[i].kind].word);
			return;
		}
	oci_refuse(reader, place, "belongs to no namespace, so it is the whole machine's");
}

static void read_sysctl(struct oci_reader *reader, struct oci_place place, struct oci_spec *spec)
{
	const char *key;
	json_t *value;

	if (place.json && !json_is_object(place.json)) {
		oci_refuse(reader, place, "should be an object");
		return;
	}
	json_object_foreach((json_t *)place.json, key, value)
	{
		struct oci_place one = oci_member(reader, place, key);
		char *path = arena_strdup(reader->arena, key);
		bool dots = strcspn(key, ".") < strcspn(key, "/");

		for (char *at = path; dots && *at; at++)
			*at = (char)(*at == '.' ? '/' : *at == '/' ? '.' : *at);
		check_sysctl(reader, one, spec, path);
		const char *text = oci_string(reader, one);
		if (!text)
			oci_refuse(reader, one, "should be a string");
		*ARENA_APPEND(reader->arena, spec->sysctl,
			      spec->sysctl_count) = (struct oci_sysctl){
			.name = arena_strdup(reader->arena, key), .path = path, .value = text};
	}
}

/* For its compiler, which refuses what it does not know (libexec/sandbox/seccomp). */
static void read_seccomp(struct oci_reader *reader, struct oci_place place, struct oci_spec *spec)
{
	if (!place.json)
		return;
	if (!json_is_object(place.json)) {
		oci_refuse(reader, place, "should be an object");
		return;
	}
	spec->seccomp = json_dumps(place.json, JSON_COMPACT | JSON_SORT_KEYS);
	if (!spec->seccomp)
		oci_refuse(reader, place, "cannot be copied");
	struct oci_place path = oci_member(reader, place, "listenerPath");
	spec->listener_path = oci_string(reader, path);
	spec->listener_metadata = oci_string(reader, oci_member(reader, place, "listenerMetadata"));
	if (spec->listener_path && *spec->listener_path != '/')
		oci_refuse(reader, path, "should be an absolute path");
}

static void read_personality(struct oci_reader *reader, struct oci_place place,
			     struct oci_spec *spec)
{
	struct oci_place domain = oci_member(reader, place, "domain"),
			 flags = oci_member(reader, place, "flags");
	const char *word = oci_string(reader, domain);

	if (!place.json)
		return;
	if (oci_asks(flags))
		oci_refuse(reader, flags, "is not supported");
	spec->personality_given = true;
	if (word && strcmp(word, "LINUX") == 0)
		spec->personality = 0;
	else if (word && strcmp(word, "LINUX32") == 0)
		spec->personality = 8; /* PER_LINUX32 */
	else
		oci_refuse(reader, domain, "is neither LINUX nor LINUX32");
}

void oci_linux_read(struct oci_reader *reader, struct oci_place place, struct oci_spec *spec)
{
	static const char *const known[] = {
		"namespaces",  "uidMappings",       "gidMappings", "timeOffsets", "devices",
		"cgroupsPath", "rootfsPropagation", "resources",   "maskedPaths", "readonlyPaths",
		"mountLabel",  "seccomp",           "sysctl",      "personality", "intelRdt",
		"netDevices",  "memoryPolicy",      NULL};
	static const char *const unsupported[] = {"intelRdt", "netDevices", "memoryPolicy", NULL};
	struct oci_place list = oci_member(reader, place, "namespaces");
	struct oci_place devices = oci_member(reader, place, "devices");
	struct oci_place propagation = oci_member(reader, place, "rootfsPropagation");
	size_t count = oci_count(reader, list);

	oci_known(reader, place, known);
	oci_unsupported(reader, place, unsupported);
	for (size_t i = 0; i < count && !reader->failed; i++)
		read_namespace(reader, oci_element(reader, list, i), spec);
	oci_ids_read(reader, oci_member(reader, place, "uidMappings"), &spec->uids,
		     &spec->uids_count);
	oci_ids_read(reader, oci_member(reader, place, "gidMappings"), &spec->gids,
		     &spec->gids_count);
	read_offsets(reader, oci_member(reader, place, "timeOffsets"), spec);
	check_namespaces(reader, place, spec);
	count = oci_count(reader, devices);
	for (size_t i = 0; i < count && !reader->failed; i++)
		read_device(reader, oci_element(reader, devices, i), spec);
	spec->masked = read_paths(reader, oci_member(reader, place, "maskedPaths"));
	spec->readonly = read_paths(reader, oci_member(reader, place, "readonlyPaths"));
	read_sysctl(reader, oci_member(reader, place, "sysctl"), spec);
	const char *word = oci_string(reader, propagation);
	spec->propagation = word ? oci_propagation(word) : 0;
	if (word && *word && !spec->propagation)
		oci_refuse(reader, propagation, "'%.40s' is no propagation of mounts", word);
	spec->cgroups_path = oci_string(reader, oci_member(reader, place, "cgroupsPath"));
	const char *label = oci_string(reader, oci_member(reader, place, "mountLabel"));
	spec->mount_label = label && *label ? label : NULL;
	read_seccomp(reader, oci_member(reader, place, "seccomp"), spec);
	read_personality(reader, oci_member(reader, place, "personality"), spec);
	oci_resources_read(reader, oci_member(reader, place, "resources"), spec);
}
