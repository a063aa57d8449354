/* The outermost object of config.json: see oci_spec.h. */
#include <fcntl.h>
#include <string.h>
#include <strings.h>

#include "oci_spec.h"

static void read_version(struct oci_reader *reader, struct oci_place top, struct oci_spec *spec)
{
	struct oci_place place = oci_member(reader, top, "ociVersion");
	unsigned major, minor, patch;

	spec->version = oci_string(reader, place);
	if (!spec->version)
		oci_refuse(reader, place, "is missing");
	else if (sscanf(spec->version, "%u.%u.%u", &major, &minor, &patch) != 3)
		oci_refuse(reader, place, "'%.40s' is no version", spec->version);
	else if (major != 1)
		oci_refuse(reader, place, "is %.40s, and this runtime reads version 1",
			   spec->version);
}

static void read_root(struct oci_reader *reader, struct oci_place top, struct oci_spec *spec)
{
	static const char *const known[] = {"path", "readonly", NULL};
	struct oci_place root = oci_member(reader, top, "root");
	struct oci_place path = oci_member(reader, root, "path");

	oci_known(reader, root, known);
	spec->rootfs = oci_string(reader, path);
	if (!spec->rootfs || !*spec->rootfs)
		oci_refuse(reader, path, "is missing");
	spec->rootfs_readonly = oci_bool(reader, oci_member(reader, root, "readonly"));
}

/* Host names go to the kernel as they are; it takes 64 bytes. */
static const char *read_name(struct oci_reader *reader, struct oci_place place)
{
	const char *name = oci_string(reader, place);

	if (name && strlen(name) > 64)
		oci_refuse(reader, place, "is longer than 64 bytes");
	return name && *name ? name : NULL;
}

static void read_hook(struct oci_reader *reader, struct oci_place place, struct oci_hook *hook)
{
	static const char *const known[] = {"path", "args", "env", "timeout", NULL};
	struct oci_place path = oci_member(reader, place, "path");

	oci_known(reader, place, known);
	hook->path = oci_string(reader, path);
	if (!hook->path || *hook->path != '/')
		oci_refuse(reader, path, "should be an absolute path");
	hook->args = oci_strings(reader, oci_member(reader, place, "args"), NULL);
	hook->env = oci_strings(reader, oci_member(reader, place, "env"), NULL);
	hook->timeout = (int)oci_number(reader, oci_member(reader, place, "timeout"), 0, 86400, 0);
}

static void read_hooks(struct oci_reader *reader, struct oci_place top, struct oci_spec *spec)
{
	static const char *const words[] = {
		"prestart",
		"createRuntime",
		"createContainer",
		"startContainer",
		"poststart",
		"poststop",
		NULL,
	};
	struct oci_place hooks = oci_member(reader, top, "hooks");

	if (!hooks.json)
		return;
	oci_known(reader, hooks, words);
	for (int kind = 0; kind < HOOK_KINDS; kind++) {
		struct oci_place list = oci_member(reader, hooks, words[kind]);
		size_t count = oci_count(reader, list);
		struct oci_hooks *into = &spec->hooks[kind];

		for (size_t i = 0; i < count && !reader->failed; i++)
			read_hook(reader, oci_element(reader, list, i),
				  ARENA_APPEND(reader->arena, into->list, into->count));
	}
}

static void read_annotations(struct oci_reader *reader, struct oci_place top, struct oci_spec *spec)
{
	struct oci_place annotations = oci_member(reader, top, "annotations");
	const char *key;
	json_t *value;

	if (annotations.json && !json_is_object(annotations.json)) {
		oci_refuse(reader, annotations, "should be an object");
		return;
	}
	json_object_foreach((json_t *)annotations.json, key, value)
	{
		if (strncmp(key, "sandbox.", 8) != 0)
			continue;
		struct oci_place place = oci_member(reader, annotations, key);
		if (strcmp(key, "sandbox.profile") == 0)
			spec->profile = oci_string(reader, place);
		else
			oci_refuse(reader, place,
				   "is no annotation that this runtime knows: there is "
				   "sandbox.profile");
	}
}

int oci_spec_read(struct oci_spec *spec, json_t *json, const char *name, struct error *err)
{
	static const char *const elsewhere[] = {"windows", "solaris", "vm", "zos", "freebsd", NULL};
	static const char *const all[] = {"ociVersion", "root",    "process", "hostname",
					  "domainname", "hooks",   "mounts",  "annotations",
					  "linux",      "windows", "solaris", "vm",
					  "zos",        "freebsd", NULL};
	struct oci_reader reader = {.arena = &spec->arena, .err = err, .name = name, .notes = ""};
	const struct oci_place top = {.json = json, .path = ""};

	spec->json = json;
	oci_known(&reader, top, all);
	read_version(&reader, top, spec);
	oci_unsupported(&reader, top, elsewhere);
	read_root(&reader, top, spec);
	spec->hostname = read_name(&reader, oci_member(&reader, top, "hostname"));
	spec->domainname = read_name(&reader, oci_member(&reader, top, "domainname"));
	struct oci_place process = oci_member(&reader, top, "process");
	if (process.json)
		oci_process_read(&reader, process, &spec->process);
	else
		oci_refuse(&reader, process, "is missing");
	oci_linux_read(&reader, oci_member(&reader, top, "linux"), spec);
	oci_mounts_read(&reader, oci_member(&reader, top, "mounts"), spec);
	read_hooks(&reader, top, spec);
	read_annotations(&reader, top, spec);
	spec->notes = reader.notes;
	return reader.failed ? -1 : 0;
}

void oci_spec_free(struct oci_spec *spec)
{
	json_free_t give_back; /* oci_json_start: to nobody, in the program */

	json_get_alloc_funcs(NULL, &give_back);
	json_decref(spec->json);
	give_back(spec->seccomp);
	arena_free(&spec->arena);
}
