/* Graphics cards, cameras, joysticks and what is on USB; supervisor, before the plan: see struct
 * host_device in host.h. */
#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "files.h"
#include "host.h"

/* Of the kernel's Documentation/admin-guide/devices.txt: a path is believed no further than this.
 */
static const unsigned majors[DEVICE_KINDS] = {
	[DEVICE_GPU] = 226, [DEVICE_CAMERA] = 81, [DEVICE_INPUT] = 13, [DEVICE_USB] = 189};

/* Has the access control list an entry for the caller by name? That is how logind lets who sits at
 * the screen in. Layout: linux/posix_acl_xattr.h, acl(5). */
static bool listed(const char *path, uid_t uid)
{
	enum { ACL_VERSION = 2, ACL_OF_USER = 2, READ_WRITE = 6 };
	struct {
		uint16_t tag, permissions;
		uint32_t id;
	} entry;
	char list[1024];
	uint32_t version;
	ssize_t size = getxattr(path, "system.posix_acl_access", list, sizeof list);

	if (size < (ssize_t)sizeof version)
		return false;
	memcpy(&version, list, sizeof version);
	for (size_t at = sizeof version;
	     version == ACL_VERSION && at + sizeof entry <= (size_t)size; at += sizeof entry) {
		memcpy(&entry, list + at, sizeof entry);
		if (entry.tag == ACL_OF_USER && entry.id == uid &&
		    (entry.permissions & READ_WRITE) == READ_WRITE)
			return true;
	}
	return false;
}

static void add(struct host *host, size_t op, enum device_kind kind, const char *path)
{
	struct host_desktop *desktop = &host->desktop;
	struct stat st;

	if (lstat(path, &st) < 0 || !S_ISCHR(st.st_mode) || major(st.st_rdev) != majors[kind])
		return;
	for (size_t i = 0; i < desktop->devices_count; i++)
		if (desktop->devices[i].op == op && strcmp(desktop->devices[i].path, path) == 0)
			return;
	bool others = (st.st_mode & 06) == 06, owner = st.st_uid == host->uid;
	struct host_device *device =
		ARENA_APPEND(&host->arena, desktop->devices, desktop->devices_count);
	*device = (struct host_device){
		.op = op,
		.path = arena_strdup(&host->arena, path),
		.by_group = !others && !owner && !listed(path, host->uid),
		.closed = access(path, R_OK) < 0,
	};
}

/* Every PREFIX and a number in a directory. */
static void add_all(struct host *host, size_t op, enum device_kind kind, const char *directory,
		    const char *prefix)
{
	DIR *dir = opendir(directory);
	char path[PATH_MAX];
	size_t length = strlen(prefix);

	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		const char *number = entry->d_name + length;

		if (strncmp(entry->d_name, prefix, length) != 0 || !*number ||
		    number[strspn(number, "0123456789")])
			continue;
		snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
		add(host, op, kind, path);
	}
	if (dir)
		closedir(dir);
}

/* What the kernel calls a joystick, jsN, and the event device of the same thing: never a
 * keyboard's.
 */
static void add_joysticks(struct host *host, size_t op)
{
	DIR *dir = opendir("/sys/class/input");
	char path[PATH_MAX];

	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		if (strncmp(entry->d_name, "js", 2) != 0)
			continue;
		snprintf(path, sizeof path, "/dev/input/%s", entry->d_name);
		add(host, op, DEVICE_INPUT, path);
		snprintf(path, sizeof path, "/sys/class/input/%s/device", entry->d_name);
		DIR *siblings = opendir(path);
		for (struct dirent *sibling; siblings && (sibling = readdir(siblings));) {
			if (strncmp(sibling->d_name, "event", 5) != 0)
				continue;
			snprintf(path, sizeof path, "/dev/input/%s", sibling->d_name);
			add(host, op, DEVICE_INPUT, path);
		}
		if (siblings)
			closedir(siblings);
	}
	if (dir)
		closedir(dir);
}

/* The whole number in a file of one of USB's devices; -1: there is none. */
static long usb_number(struct host *host, const char *device, const char *name, int base)
{
	const char *path = arena_printf(&host->arena, "/sys/bus/usb/devices/%s/%s", device, name);
	const char *text = read_file(&host->arena, path, 64, NULL);
	char *end;
	long value = text ? strtol(text, &end, base) : -1;

	return text && end > text ? value : -1;
}

/* VENDOR:PRODUCT: each that there is. */
static void add_usb(struct host *host, size_t op, const char *id)
{
	DIR *dir = opendir("/sys/bus/usb/devices");
	long vendor = strtol(id, NULL, 16), product = strtol(id + 5, NULL, 16);
	char path[PATH_MAX];

	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		if (usb_number(host, entry->d_name, "idVendor", 16) != vendor ||
		    usb_number(host, entry->d_name, "idProduct", 16) != product)
			continue;
		snprintf(path, sizeof path, "/dev/bus/usb/%03ld/%03ld",
			 usb_number(host, entry->d_name, "busnum", 10),
			 usb_number(host, entry->d_name, "devnum", 10));
		add(host, op, DEVICE_USB, path);
	}
	if (dir)
		closedir(dir);
}

void host_probe_devices(struct host *host, const struct config *config)
{
	const struct desktop_wishes *wishes = &config->desktop;
	char real[PATH_MAX];

	if (wishes->gpu) {
		add_all(host, HOST_GPU, DEVICE_GPU, "/dev/dri", "renderD");
		if (wishes->gpu_cards)
			add_all(host, HOST_GPU, DEVICE_GPU, "/dev/dri", "card");
	}
	for (size_t i = 0; i < wishes->devices_count; i++) {
		const struct device_op *op = &wishes->devices[i];

		/* udev's names, by-id and the like, are links. */
		if (op->name && *op->name == '/' && realpath(op->name, real))
			add(host, i, op->kind, real);
		else if (op->name && *op->name == '/')
			continue;
		else if (op->name)
			add_usb(host, i, op->name);
		else if (op->kind == DEVICE_CAMERA)
			add_all(host, i, DEVICE_CAMERA, "/dev", "video");
		else
			add_joysticks(host, i);
	}
}
