/* Records of containers: see oci_state.h. */
#include "oci_state.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "files.h"
#include "processes.h"
#include "state.h"
#include "tree.h"

enum { LOCK_SECONDS = 30, ID_MAX = 200 };

unsigned long long oci_process_started(pid_t pid)
{
	struct process process;

	return process_read(&process, pid) < 0 ? 0 : process.started;
}

static const char *usual_root(struct arena *arena)
{
	return arena_printf(arena, "%s/.oci", state_path(arena));
}

int oci_root_open(const char *root, struct error *err)
{
	struct arena arena = {NULL};
	const char *path = root ? root : usual_root(&arena);
	int fd = make_directories(path) < 0 ? -1 : open_own_directory(path);

	if (fd < 0) {
		fail(err, "use %s for the records of containers", path);
		if (err->number == EPERM)
			fail_remedy(err, "it has to be a directory of yours that nobody else can "
					 "write to: --root names another");
	}
	arena_free(&arena);
	return fd;
}

static int check_id(const char *id, struct error *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_+.-";

	if (!*id || strlen(id) > ID_MAX || *id == '.' || strspn(id, letters) != strlen(id))
		return fail_because(err,
				    "'%.220s' is no name of a container: letters, digits, _ + . "
				    "and -, at most %d of them, and no dot at the beginning",
				    id, ID_MAX);
	return 0;
}

static int take_lock(struct oci_container *container, struct error *err)
{
	container->lock = openat(container->directory, "lock",
				 O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (container->lock < 0)
		return fail(err, "open the lock of the container %s", container->id);
	for (int tries = 0; flock(container->lock, LOCK_EX | LOCK_NB) < 0; tries++) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return fail(err, "lock the container %s", container->id);
		if (tries >= LOCK_SECONDS * 100)
			return fail_because(err,
					    "the container %s is held by another command of this "
					    "runtime, for %d seconds now",
					    container->id, LOCK_SECONDS);
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	}
	return 0;
}

static int open_directory(struct oci_container *container, const char *root, const char *id,
			  struct error *err)
{
	if (check_id(id, err) < 0)
		return -1;
	container->id = arena_strdup(&container->arena, id);
	container->root = oci_root_open(root, err);
	return container->root < 0 ? -1 : 0;
}

int oci_container_make(struct oci_container *container, const char *root, const char *id,
		       struct error *err)
{
	if (open_directory(container, root, id, err) < 0)
		return -1;
	if (mkdirat(container->root, id, 0700) < 0) {
		if (errno != EEXIST)
			return fail(err, "make the record of the container %s", id);
		fail_because(err, "there is a container %s already", id);
		return fail_remedy(err, "delete it first, or choose another name");
	}
	container->directory =
		openat(container->root, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (container->directory < 0)
		return fail(err, "open the record of the container %s", id);
	return take_lock(container, err);
}

static const char *text_of(struct oci_container *container, const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));

	return arena_strdup(&container->arena, text ? text : "");
}

/* Its process, if it is still that one. */
static void open_process(struct oci_container *container)
{
	int cleanup_fd fd =
		container->pid > 0 ? (int)syscall(SYS_pidfd_open, container->pid, 0) : -1;

	if (fd < 0 || oci_process_started(container->pid) != container->started)
		return;
	container->process = steal_fd(&fd);
	if (oci_container_wait(container, 0)) {
		close(container->process);
		container->process = -1;
	}
}

static int read_state(struct oci_container *container, struct error *err)
{
	size_t size;
	char *text = read_file_in(&container->arena, container->directory, "state.json",
				  OCI_JSON_MAX, &size);

	container->known = false;
	if (!text && errno == ENOENT)
		return 0;
	json_t *json = text ? oci_json_parse(text, size, "state.json", err) : NULL;
	if (!json)
		return text ? -1 : fail(err, "read the record of the container %s", container->id);
	container->known = true;
	container->pid = (pid_t)json_integer_value(json_object_get(json, "pid"));
	container->started =
		(unsigned long long)json_integer_value(json_object_get(json, "started"));
	container->own_pids = json_is_true(json_object_get(json, "ownPids"));
	container->version = text_of(container, json, "ociVersion");
	container->bundle = text_of(container, json, "bundle");
	container->rootfs = text_of(container, json, "rootfs");
	container->created = text_of(container, json, "created");
	container->cgroup = text_of(container, json, "cgroup");
	container->owner = text_of(container, json, "owner");
	container->unit = text_of(container, json, "unit");
	container->listener_path = text_of(container, json, "listenerPath");
	container->listener_metadata = text_of(container, json, "listenerMetadata");
	container->annotations = json_incref(json_object_get(json, "annotations"));
	json_decref(json);
	open_process(container);
	return 0;
}

int oci_container_find(struct oci_container *container, const char *root, const char *id, bool wait,
		       struct error *err)
{
	if (open_directory(container, root, id, err) < 0)
		return -1;
	container->directory =
		openat(container->root, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (container->directory < 0) {
		if (errno != ENOENT)
			return fail(err, "open the record of the container %s", id);
		fail_because(err, "there is no container %s: container does not exist", id);
		err->number = ENOENT;
		return -1;
	}
	if (wait && take_lock(container, err) < 0)
		return -1;
	return read_state(container, err);
}

bool oci_container_wait(const struct oci_container *container, int milliseconds)
{
	struct pollfd process = {.fd = container->process, .events = POLLIN};

	return container->process < 0 || poll(&process, 1, milliseconds) > 0;
}

bool oci_container_waits(const struct oci_container *container)
{
	return faccessat(container->directory, "start", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

void oci_container_socket(const struct oci_container *container, char path[64])
{
	snprintf(path, 64, "/proc/self/fd/%d/start", container->directory);
}

void oci_container_started(const struct oci_container *container)
{
	unlinkat(container->directory, "start", 0);
}

static bool is_frozen(const struct oci_container *container)
{
	char path[4200], text[4] = "";

	if (!container->cgroup || !*container->cgroup)
		return false;
	snprintf(path, sizeof path, "%s/cgroup.freeze", container->cgroup);
	int cleanup_fd fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && read(fd, text, sizeof text - 1) > 0 && *text == '1';
}

enum oci_status oci_container_status(const struct oci_container *container)
{
	if (!container->known) {
		/* Whoever makes it holds the lock; if nobody does, it died over it. */
		int cleanup_fd lock =
			openat(container->directory, "lock", O_RDWR | O_CLOEXEC | O_NOFOLLOW);

		return container->lock < 0 && lock >= 0 && flock(lock, LOCK_SH | LOCK_NB) < 0
			       ? OCI_CREATING
			       : OCI_STOPPED;
	}
	if (container->process < 0)
		return OCI_STOPPED;
	if (oci_container_waits(container))
		return OCI_CREATED;
	return is_frozen(container) ? OCI_PAUSED : OCI_RUNNING;
}

const char *oci_status_word(enum oci_status status)
{
	static const char *const words[] = {"creating", "created", "running", "paused", "stopped"};

	return words[status];
}

static int write_json(const struct oci_container *container, const char *name, const json_t *json)
{
	char *text = oci_json_text(json);
	char unfinished[32];

	if (!text) {
		errno = ENOMEM;
		return -1;
	}
	snprintf(unfinished, sizeof unfinished, "%s.new", name);
	unlinkat(container->directory, unfinished, 0);
	int result = make_file_at(container->directory, unfinished, 0600, text, strlen(text));
	if (result == 0)
		result = renameat(container->directory, unfinished, container->directory, name);
	return result;
}

int oci_container_write(struct oci_container *container, const struct oci_spec *spec,
			struct error *err)
{
	json_t *json = json_pack(
		"{s:s, s:s, s:I, s:I, s:b, s:s, s:s, s:s, s:s, s:s}", "ociVersion",
		container->version, "id", container->id, "pid", (json_int_t)container->pid,
		"started", (json_int_t)container->started, "ownPids", container->own_pids, "bundle",
		container->bundle, "rootfs", container->rootfs, "created", container->created,
		"cgroup", container->cgroup ? container->cgroup : "", "owner",
		container->owner ? container->owner : "");
	json_t *annotations = json_object_get(spec->json, "annotations");
	int result = -1;

	if (json && annotations)
		json_object_set(json, "annotations", annotations);
	if (json && container->unit)
		json_object_set_new(json, "unit", json_string(container->unit));
	if (json && container->listener_path)
		json_object_set_new(json, "listenerPath", json_string(container->listener_path));
	if (json && container->listener_metadata)
		json_object_set_new(json, "listenerMetadata",
				    json_string(container->listener_metadata));
	if (json && write_json(container, "config.json", spec->json) == 0 &&
	    write_json(container, "state.json", json) == 0)
		result = 0;
	json_decref(json);
	if (result < 0)
		return fail(err, "write the record of the container %s", container->id);
	container->known = true;
	return 0;
}

json_t *oci_container_config(const struct oci_container *container, struct error *err)
{
	struct arena arena = {NULL};
	size_t size;
	char *text = read_file_in(&arena, container->directory, "config.json", OCI_JSON_MAX, &size);
	json_t *json = NULL;

	if (text)
		json = oci_json_parse(text, size, "config.json", err);
	else
		fail(err, "read what the container %s was made of", container->id);
	arena_free(&arena);
	return json;
}

int oci_container_signal(const struct oci_container *container, int number, struct error *err)
{
	errno = ESRCH;
	if (container->process < 0 ||
	    syscall(SYS_pidfd_send_signal, container->process, number, NULL, 0) < 0) {
		if (errno != ESRCH)
			return fail(err, "send signal %d to the container %s", number,
				    container->id);
		fail_because(err, "the container %s is not running: container not running",
			     container->id);
		err->number = ESRCH;
		return -1;
	}
	return 0;
}

json_t *oci_container_state(const struct oci_container *container, enum oci_status status)
{
	pid_t pid = container->process >= 0 ? container->pid : 0;
	json_t *json = json_pack("{s:s, s:s, s:s, s:i, s:s, s:s, s:s, s:s}", "ociVersion",
				 container->version ? container->version : "1.2.0", "id",
				 container->id, "status", oci_status_word(status), "pid", (int)pid,
				 "bundle", container->bundle ? container->bundle : "", "rootfs",
				 container->rootfs ? container->rootfs : "", "created",
				 container->created ? container->created : "", "owner",
				 container->owner ? container->owner : "");

	if (json && container->annotations)
		json_object_set(json, "annotations", container->annotations);
	return json;
}

int oci_container_remove(struct oci_container *container, struct error *err)
{
	if (container->directory < 0)
		return 0;
	if (tree_remove(container->root, container->id) < 0 && errno != ENOENT)
		return fail(err, "remove the record of the container %s", container->id);
	return 0;
}

void oci_container_close(struct oci_container *container)
{
	close_cleanup(&container->process);
	close_cleanup(&container->lock);
	close_cleanup(&container->directory);
	close_cleanup(&container->root);
	json_decref(container->annotations);
	arena_free(&container->arena);
	*container = (struct oci_container)OCI_CONTAINER_NONE;
}
