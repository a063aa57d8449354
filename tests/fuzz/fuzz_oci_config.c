/*
 * Any bytes as a config.json, or as a process.json: refused in words, or all that the runtime
 * relies on holds of every value. Run by `make fuzz`.
 */
#include "fuzz.h"
#include "oci_spec.h"

#include <linux/mount.h>
#include <sched.h>
#include <sys/resource.h>

static void check_absolute(const char *path)
{
	require(path && *path == '/');
}

static void check_strings(char **list)
{
	require(list != NULL);
	while (*list)
		list++;
}

/* One line each, which nothing in the document ends. */
static void check_notes(const char *notes)
{
	require(notes && strlen(notes) < 4096);
	for (; *notes; notes += strcspn(notes, "\n") + 1) {
		require(strncmp(notes, "config.json: ", 13) == 0 && strchr(notes, '\n'));
		for (size_t i = 0; notes[i] != '\n'; i++)
			require((unsigned char)notes[i] >= ' ' && notes[i] != 127);
	}
}

static void check_process(const struct oci_process *process)
{
	const struct oci_capabilities *sets = &process->capabilities;

	check_absolute(process->cwd);
	check_strings(process->args);
	require(process->args[0] && *process->args[0]);
	check_strings(process->env);
	for (char **entry = process->env; *entry; entry++)
		require(strchr(*entry, '=') > *entry);
	require(process->uid != UINT32_MAX && process->gid != UINT32_MAX);
	for (size_t i = 0; i < process->groups_count; i++)
		require(process->groups[i] != UINT32_MAX);
	require((process->umask & ~(mode_t)0777) == 0);
	require((sets->effective & ~sets->permitted) == 0);
	require((sets->ambient & ~(sets->permitted & sets->inheritable)) == 0);
	require((sets->bounding | sets->permitted | sets->inheritable) < UINT64_C(1) << 48);
	for (size_t i = 0; i < process->rlimits_count; i++) {
		require(process->rlimits[i].resource >= 0 &&
			process->rlimits[i].resource < RLIM_NLIMITS);
		require(process->rlimits[i].soft <= process->rlimits[i].hard);
		for (size_t j = 0; j < i; j++)
			require(process->rlimits[i].resource != process->rlimits[j].resource);
	}
	require(process->oom_score_adj >= -1000 && process->oom_score_adj <= 1000);
	require(process->scheduler.nice >= -20 && process->scheduler.nice <= 19);
	require((process->io_priority & 0x1fff) < 8 && process->io_priority >> 13 < 4);
}

static void check_ids(const struct id_range *ranges, size_t count)
{
	require(count <= 340);
	for (size_t i = 0; i < count; i++)
		require(ranges[i].count > 0 &&
			(uint64_t)ranges[i].inside + ranges[i].count <= UINT32_MAX &&
			(uint64_t)ranges[i].outside + ranges[i].count <= UINT32_MAX);
}

static void check_mounts(const struct oci_spec *spec)
{
	for (size_t i = 0; i < spec->mounts_count; i++) {
		const struct oci_mount *mount = &spec->mounts[i];
		size_t count = 0;

		require(mount->destination && *mount->destination && mount->because);
		require(mount->bind ? mount->source && *mount->source
				    : mount->type && *mount->type);
		require(!mount->bind || mount->data_count == 0);
		require(!mount->copy_up || strcmp(mount->type, "tmpfs") == 0);
		/* mount_setattr(2) refuses what is both; the times are one field. */
		require((mount->set & mount->clear & ~(uint64_t)MOUNT_ATTR__ATIME) == 0);
		require((mount->set_below & mount->clear_below & ~(uint64_t)MOUNT_ATTR__ATIME) ==
			0);
		while (mount->data[count].key)
			count++;
		require(count == mount->data_count);
	}
}

/* Nothing of the whole machine's. */
static void check_sysctl(const struct oci_spec *spec)
{
	for (size_t i = 0; i < spec->sysctl_count; i++) {
		const char *path = spec->sysctl[i].path;

		require(spec->sysctl[i].value && *path != '/' && !strstr(path, ".."));
		require(strncmp(path, "net/", 4) == 0 || strncmp(path, "kernel/", 7) == 0 ||
			strncmp(path, "fs/mqueue/", 10) == 0 || strncmp(path, "user/", 5) == 0);
		require(strncmp(path, "net/", 4) != 0 || spec->namespaces[OCI_NET].given);
		require(strncmp(path, "kernel/", 7) != 0 || spec->namespaces[OCI_IPC].given ||
			spec->namespaces[OCI_UTS].given);
	}
}

static void check_limits(const struct oci_spec *spec)
{
	for (size_t i = 0; i < spec->limits_count; i++) {
		const char *file = spec->limits[i].file;

		require(spec->limits[i].value && strchr(file, '.') && !strchr(file, '/'));
		require(*file != '.' && strncmp(file, "cgroup.", 7) != 0);
	}
}

static void check_spec(const struct oci_spec *spec)
{
	require(spec->version && spec->rootfs && *spec->rootfs);
	require(!spec->hostname ||
		(strlen(spec->hostname) <= 64 && spec->namespaces[OCI_UTS].given));
	require(spec->namespaces[OCI_MOUNT].given && !spec->namespaces[OCI_MOUNT].path);
	for (int i = 0; i < OCI_NAMESPACES; i++)
		require(!spec->namespaces[i].path || *spec->namespaces[i].path == '/');
	check_process(&spec->process);
	check_ids(spec->uids, spec->uids_count);
	check_ids(spec->gids, spec->gids_count);
	require(!spec->uids_count == !spec->gids_count);
	check_mounts(spec);
	for (size_t i = 0; i < spec->devices_count; i++) {
		check_absolute(spec->devices[i].path);
		require((spec->devices[i].mode & ~(mode_t)07777) == 0);
	}
	check_strings(spec->masked);
	for (char **path = spec->masked; *path; path++)
		check_absolute(*path);
	check_strings(spec->readonly);
	for (char **path = spec->readonly; *path; path++)
		check_absolute(*path);
	check_sysctl(spec);
	check_limits(spec);
	for (int kind = 0; kind < HOOK_KINDS; kind++)
		for (size_t i = 0; i < spec->hooks[kind].count; i++) {
			check_absolute(spec->hooks[kind].list[i].path);
			require(spec->hooks[kind].list[i].timeout >= 0);
		}
	/* Its compiler is a target of its own. */
	require(!spec->seccomp || *spec->seccomp == '{');
}

static void read_process_alone(json_t *json)
{
	struct arena arena = {NULL};
	struct error err = {.text = ""};
	struct oci_reader reader = {
		.arena = &arena, .err = &err, .name = "config.json", .notes = ""};
	struct oci_process process = {.args = NULL};

	oci_process_read(&reader, (struct oci_place){.json = json, .path = ""}, &process);
	if (reader.failed)
		require(err.text[0]);
	else
		check_process(&process);
	check_notes(reader.notes);
	arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct oci_spec spec = {.version = NULL};
	struct error err = {.text = ""};
	/* The text need not end in NUL: give it none. */
	char *text = malloc(size ? size : 1);

	require(text != NULL);
	if (size)
		memcpy(text, data, size);
	json_t *json = oci_json_parse(text, size, "config.json", &err);
	free(text);
	if (!json) {
		require(err.text[0]);
		return 0;
	}
	read_process_alone(json);
	if (oci_spec_read(&spec, json, "config.json", &err) < 0)
		require(err.text[0]);
	else
		check_spec(&spec);
	check_notes(spec.notes);
	oci_spec_free(&spec);
	return 0;
}
