/* mounts of config.json, and every option of theirs: see oci_spec.h. */
#include <string.h>
#include <sys/mount.h>

#include "oci_spec.h"

uint64_t oci_propagation(const char *word)
{
	static const struct {
		const char *word;
		uint64_t flags;
	} words[] = {
		{"private", MS_PRIVATE},       {"rprivate", MS_PRIVATE | MS_REC},
		{"shared", MS_SHARED},         {"rshared", MS_SHARED | MS_REC},
		{"slave", MS_SLAVE},           {"rslave", MS_SLAVE | MS_REC},
		{"unbindable", MS_UNBINDABLE}, {"runbindable", MS_UNBINDABLE | MS_REC},
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(words[i].word, word) == 0)
			return words[i].flags;
	return 0;
}

/* What a word does to the flags of a mount (mount_setattr(2)). With an "r" in front it is for all
 * mounts below as well. */
static const struct {
	const char *word;
	uint64_t set, clear;
} attributes[] = {
	{"ro", MOUNT_ATTR_RDONLY, 0},
	{"rw", 0, MOUNT_ATTR_RDONLY},
	{"nosuid", MOUNT_ATTR_NOSUID, 0},
	{"suid", 0, MOUNT_ATTR_NOSUID},
	{"nodev", MOUNT_ATTR_NODEV, 0},
	{"dev", 0, MOUNT_ATTR_NODEV},
	{"noexec", MOUNT_ATTR_NOEXEC, 0},
	{"exec", 0, MOUNT_ATTR_NOEXEC},
	{"nodiratime", MOUNT_ATTR_NODIRATIME, 0},
	{"diratime", 0, MOUNT_ATTR_NODIRATIME},
	{"noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME},
	{"relatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME},
	{"strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME},
	{"atime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME},
	{"norelatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME},
	{"nostrictatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME},
	{"nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0},
	{"symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW},
};

static bool is_attribute(struct oci_mount *mount, const char *word)
{
	for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
		bool below = *word == 'r' && strcmp(word + 1, attributes[i].word) == 0;
		bool here = strcmp(word, attributes[i].word) == 0;

		if (!here && !below)
			continue;
		uint64_t set = attributes[i].set, clear = attributes[i].clear;
		/* The last word wins. */
		mount->set = (mount->set & ~clear) | set;
		mount->clear = (mount->clear & ~set) | clear;
		if (below) {
			mount->set_below = (mount->set_below & ~clear) | set;
			mount->clear_below = (mount->clear_below & ~set) | clear;
		}
		return true;
	}
	return false;
}

/* Words that mean something to the runtime alone. */
static bool is_ours(struct oci_mount *mount, const char *word)
{
	uint64_t propagation = oci_propagation(word);

	if (propagation) {
		mount->propagation = propagation & ~(uint64_t)MS_REC;
		mount->propagation_below = (propagation & MS_REC) != 0;
	} else if (strcmp(word, "bind") == 0 || strcmp(word, "rbind") == 0) {
		mount->bind = true;
		mount->recursive |= *word == 'r';
	} else if (strcmp(word, "idmap") == 0 || strcmp(word, "ridmap") == 0) {
		mount->idmap = true;
		mount->idmap_below = *word == 'r';
	} else if (strcmp(word, "tmpcopyup") == 0) {
		mount->copy_up = true;
	} else {
		/* defaults, and what mount(8) alone knows. */
		return strcmp(word, "defaults") == 0 || strcmp(word, "async") == 0 ||
		       strcmp(word, "loud") == 0;
	}
	return true;
}

/* mount(8) has a context in quotes, since it has commas; fsconfig(2) takes it as it is. */
static void unquote(struct oci_reader *reader, struct fs_option *option)
{
	size_t length = option->value ? strlen(option->value) : 0;

	if (strstr(option->key, "context") && length >= 2 && *option->value == '"' &&
	    option->value[length - 1] == '"')
		option->value = arena_strndup(reader->arena, option->value + 1, length - 2);
}

static void add_data(struct oci_reader *reader, struct oci_mount *mount, const char *word)
{
	const char *equal = strchr(word, '=');
	struct fs_option option = {
		.key = equal ? arena_strndup(reader->arena, word, (size_t)(equal - word)) : word,
		.value = equal ? equal + 1 : NULL,
	};

	unquote(reader, &option);
	mount->gid_option |= strcmp(option.key, "gid") == 0;
	mount->label_option |= strstr(option.key, "context") != NULL;
	*ARENA_APPEND(reader->arena, mount->data, mount->data_count) = option;
}

/* linux.mountLabel, unless the mount has one. The policy alone labels the kernel's own file
 * systems, and what is bound keeps the labels that it has. */
static void add_label(struct oci_reader *reader, const char *label, struct oci_mount *mount)
{
	static const char *const own[] = {"proc", "sysfs", "mqueue", "cgroup", "cgroup2"};

	if (!label || mount->bind || mount->label_option || !mount->type)
		return;
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (strcmp(mount->type, own[i]) == 0)
			return;
	*ARENA_APPEND(reader->arena, mount->data, mount->data_count) =
		(struct fs_option){"context", label};
}

static void read_options(struct oci_reader *reader, struct oci_place place, const char *label,
			 struct oci_mount *mount)
{
	struct oci_place options = oci_member(reader, place, "options");
	size_t count = 0;
	char **words = oci_strings(reader, options, &count);

	for (size_t i = 0; i < count && !reader->failed; i++)
		if (*words[i] && !is_attribute(mount, words[i]) && !is_ours(mount, words[i]))
			add_data(reader, mount, words[i]);
	mount->bind |= mount->type && strcmp(mount->type, "bind") == 0;
	if (mount->bind && mount->data_count > 0)
		oci_refuse(reader, options, "'%.60s' is no option of a bind mount",
			   mount->data[0].key);
	add_label(reader, label, mount);
	/* Nothing is read from it: it is what mountinfo names. */
	if (!mount->bind && mount->source && *mount->source)
		*ARENA_APPEND(reader->arena, mount->data, mount->data_count) =
			(struct fs_option){"source", mount->source};
	size_t with_end = mount->data_count;
	*ARENA_APPEND(reader->arena, mount->data, with_end) = (struct fs_option){NULL, NULL};
}

static void check(struct oci_reader *reader, struct oci_place place, const struct oci_mount *mount)
{
	struct oci_place destination = oci_member(reader, place, "destination");

	if (!mount->destination || !*mount->destination)
		oci_refuse(reader, destination, "is missing");
	if (mount->bind && (!mount->source || !*mount->source))
		oci_refuse(reader, oci_member(reader, place, "source"), "is missing");
	if (!mount->bind && (!mount->type || !*mount->type))
		oci_refuse(reader, oci_member(reader, place, "type"), "is missing");
	if (mount->copy_up && (mount->bind || !mount->type || strcmp(mount->type, "tmpfs") != 0))
		oci_refuse(reader, oci_member(reader, place, "options"),
			   "tmpcopyup is for tmpfs only");
}

/* The container's own maps, where the mount has none. */
static void check_idmap(struct oci_reader *reader, struct oci_place place,
			const struct oci_spec *spec, const struct oci_mount *mount)
{
	if (!mount->uids_count != !mount->gids_count)
		oci_refuse(reader, place, "needs both uidMappings and gidMappings, or none");
	if (mount->idmap && !mount->uids_count && !spec->uids_count)
		oci_refuse(reader, oci_member(reader, place, "options"),
			   "idmap without uidMappings and gidMappings, and the container has no "
			   "new user namespace whose maps could be meant");
	if (mount->idmap && !mount->bind && mount->type && strncmp(mount->type, "cgroup", 6) == 0)
		oci_refuse(reader, place, "ids of cgroups cannot be mapped");
}

void oci_ids_read(struct oci_reader *reader, struct oci_place place, struct id_range **ranges,
		  size_t *count)
{
	static const char *const known[] = {"containerID", "hostID", "size", NULL};
	size_t there = oci_count(reader, place);

	if (there > 340)
		oci_refuse(reader, place, "has more than the 340 lines that a kernel takes");
	for (size_t i = 0; i < there && !reader->failed; i++) {
		struct oci_place one = oci_element(reader, place, i);
		struct id_range range = {.origin = one.path};

		oci_known(reader, one, known);
		range.inside = (uint32_t)oci_number(reader, oci_member(reader, one, "containerID"),
						    0, UINT32_MAX - 1, 0);
		range.outside = (uint32_t)oci_number(reader, oci_member(reader, one, "hostID"), 0,
						     UINT32_MAX - 1, 0);
		range.count = (uint32_t)oci_number(reader, oci_member(reader, one, "size"), 0,
						   UINT32_MAX, 0);
		if (range.count == 0 || range.count > UINT32_MAX - range.inside ||
		    range.count > UINT32_MAX - range.outside)
			oci_refuse(reader, one, "maps no ids, or ids that do not exist");
		*ARENA_APPEND(reader->arena, *ranges, *count) = range;
	}
}

void oci_mounts_read(struct oci_reader *reader, struct oci_place place, struct oci_spec *spec)
{
	static const char *const known[] = {"destination", "source",      "type", "options",
					    "uidMappings", "gidMappings", NULL};
	size_t count = oci_count(reader, place);

	for (size_t i = 0; i < count && !reader->failed; i++) {
		struct oci_place one = oci_element(reader, place, i);
		struct oci_mount mount = {.because = one.path};

		oci_known(reader, one, known);
		mount.destination = oci_string(reader, oci_member(reader, one, "destination"));
		mount.source = oci_string(reader, oci_member(reader, one, "source"));
		mount.type = oci_string(reader, oci_member(reader, one, "type"));
		read_options(reader, one, spec->mount_label, &mount);
		oci_ids_read(reader, oci_member(reader, one, "uidMappings"), &mount.uids,
			     &mount.uids_count);
		oci_ids_read(reader, oci_member(reader, one, "gidMappings"), &mount.gids,
			     &mount.gids_count);
		mount.idmap |= mount.uids_count > 0;
		check(reader, one, &mount);
		check_idmap(reader, one, spec, &mount);
		*ARENA_APPEND(reader->arena, spec->mounts, spec->mounts_count) = mount;
	}
}
