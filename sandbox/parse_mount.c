/*
 * The values of the mount options: fields divided by ':', options in the last divided by ','.
 * A backslash takes the meaning from ':', ',' and itself. See parse.h.
 */
#include "parse.h"

#include <limits.h>
#include <string.h>

/* Cut text at the first unescaped divider: returns what follows it, or NULL at the end. */
static char *cut(char *text, char divider)
{
	for (; *text; text++) {
		if (*text == '\\' && text[1])
			text++;
		else if (*text == divider) {
			*text = '\0';
			return text + 1;
		}
	}
	return NULL;
}

/* Take the backslashes out, in place. Strict: one that means nothing is more likely a mistake. */
static const char *unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (*text == '\\') {
			text++;
			if (*text == '\0' || !strchr(":,\\", *text))
				return "a backslash stands before ':', ',' or another backslash "
				       "only";
		}
		*to++ = *text;
	}
	*to = '\0';
	return NULL;
}

const char *parse_inside_path(char *path)
{
	char *to = path;

	if (path[0] != '/')
		return "the path inside must be absolute";
	for (char *from = path; *from;) {
		size_t slashes = strspn(from, "/"), length = strcspn(from + slashes, "/");
		char *name = from + slashes;

		from = name + length;
		if (length == 2 && memcmp(name, "..", 2) == 0)
			return "the path inside must not contain '..'";
		if (length == 0 || (length == 1 && *name == '.'))
			continue;
		if (length > NAME_MAX)
			return "a part of the path inside is longer than 255 bytes";
		*to++ = '/';
		memmove(to, name, length);
		to += length;
	}
	if (to - path >= PATH_MAX)
		return "the path inside is longer than 4095 bytes";
	if (to == path)
		*to++ = '/';
	*to = '\0';
	return NULL;
}

/* The target of a mount. The root itself is ROOTFS: nothing is mounted over it. */
static const char *read_target(char *text, const char **target)
{
	const char *reason = unescape(text);

	if (!reason && !*text)
		reason = "the path inside is empty";
	if (!reason)
		reason = parse_inside_path(text);
	if (!reason && strcmp(text, "/") == 0)
		reason = "nothing is mounted over the root inside: that is what ROOTFS is for";
	*target = text;
	return reason;
}

static const char *bind_flag(const char *flag, struct mount_op *op)
{
	bool plain = op->option == OPT_BIND || op->option == OPT_BIND_TRY;

	if (strcmp(flag, "noexec") == 0) {
		op->noexec = true;
		return NULL;
	}
	if (strcmp(flag, "create") == 0) {
		op->create = true;
		return NULL;
	}
	if (strcmp(flag, "O") == 0) {
		if (!plain || op->kind != MOUNT_BIND)
			return "O, a layer over the source, is for a writable --bind only";
		op->layer = true;
		return NULL;
	}
	if (strcmp(flag, "ro") == 0) {
		if (op->layer)
			return "ro and O exclude each other";
		if (op->kind == MOUNT_DEV_BIND)
			return "a device bind cannot be read-only";
		op->kind = MOUNT_RO_BIND;
		return NULL;
	}
	if (strcmp(flag, "rw") == 0) {
		if (op->kind == MOUNT_RO_BIND)
			return plain ? "ro and rw exclude each other"
				     : "rw contradicts a read-only bind";
		return NULL;
	}
	return "the options of a bind are ro, rw, O, noexec and create";
}

static const char *file_flag(char *flag, struct mount_op *op)
{
	if (strncmp(flag, "mode=", 5) == 0)
		return parse_mode(flag + 5, &op->mode);
	return "the only option here is mode=, as in mode=0755";
}

static const char *tmpfs_flag(char *flag, struct mount_op *op)
{
	if (strncmp(flag, "size=", 5) == 0)
		return parse_size(flag + 5, &op->size);
	if (strncmp(flag, "mode=", 5) == 0)
		return parse_mode(flag + 5, &op->mode);
	if (strcmp(flag, "noexec") == 0) {
		op->noexec = true;
		return NULL;
	}
	if (strncmp(flag, "inodes=", 7) == 0) {
		const char *reason = parse_size(flag + 7, &op->inodes);

		return reason ? "inodes= takes a number more than 0, perhaps with k or m" : NULL;
	}
	return "the options of a tmpfs are size=, mode=, inodes= and noexec";
}

static const char *one_flag(char *flag, struct mount_op *op)
{
	switch (op->kind) {
	case MOUNT_BIND:
	case MOUNT_RO_BIND:
	case MOUNT_DEV_BIND:
		return bind_flag(flag, op);
	case MOUNT_TMPFS:
		return tmpfs_flag(flag, op);
	case MOUNT_MKDIR:
	case MOUNT_FILE:
		return file_flag(flag, op);
	default:
		return "this takes no options";
	}
}

static const char *read_flags(char *text, struct mount_op *op)
{
	const char *reason = NULL;

	if (text && cut(text, ':'))
		return "the value has too many parts (write \\: for a colon in a name)";
	while (text && !reason) {
		char *next = cut(text, ',');

		reason = unescape(text);
		if (!reason)
			reason = one_flag(text, op);
		text = next;
	}
	return reason;
}

/* S[:D[:opts]] */
static const char *read_bind(char *text, struct mount_op *op)
{
	char *target = cut(text, ':'), *flags = target ? cut(target, ':') : NULL;
	const char *reason = unescape(text);

	op->source = text;
	if (!reason && !*text)
		reason = "the source is empty";
	if (!reason && strlen(text) >= PATH_MAX)
		reason = "the source is longer than 4095 bytes";
	if (!reason && target)
		reason = read_target(target, &op->target);
	return reason ? reason : read_flags(flags, op);
}

/* DIR */
static const char *read_lower(char *text, struct mount_op *op)
{
	if (cut(text, ':'))
		return "the value is one directory (write \\: for a colon in its name)";
	const char *reason = unescape(text);

	op->source = text;
	return reason || strlen(text) < PATH_MAX ? reason : "the path is longer than 4095 bytes";
}

/* TARGET:LINK */
static const char *read_symlink(char *text, struct mount_op *op)
{
	char *link = cut(text, ':');

	if (!link || cut(link, ':'))
		return "a link is TARGET:LINK (write \\: for a colon in a name)";
	const char *reason = unescape(text);

	op->source = text;
	if (!reason && !*text)
		reason = "what the link points to is empty";
	if (!reason && strlen(text) >= PATH_MAX)
		reason = "what the link points to is longer than 4095 bytes";
	return reason ? reason : read_target(link, &op->target);
}

/* FD:PATH[:mode=M] */
static const char *read_file(char *text, struct mount_op *op)
{
	char *target = cut(text, ':'), *flags = target ? cut(target, ':') : NULL;
	uint64_t number = 0;

	if (!target)
		return "a file is FD:PATH[:mode=MODE]";
	if (parse_number(text, INT_MAX, &number))
		return "FD must be the number of an open descriptor";
	op->fd = (int)number;
	const char *reason = read_target(target, &op->target);

	return reason ? reason : read_flags(flags, op);
}

/* PATH[:opts] */
static const char *read_place(char *text, struct mount_op *op)
{
	char *flags = cut(text, ':');
	const char *reason = read_target(text, &op->target);

	return reason ? reason : read_flags(flags, op);
}

const char *parse_mount(char *text, struct mount_op *op)
{
	op->fd = -1;
	op->mode = (mode_t)-1;
	switch (op->kind) {
	case MOUNT_SYMLINK:
		return read_symlink(text, op);
	case MOUNT_LOWER:
		return read_lower(text, op);
	case MOUNT_FILE:
		return read_file(text, op);
	case MOUNT_TMPFS:
	case MOUNT_MKDIR:
	case MOUNT_MASK:
		return read_place(text, op);
	default:
		return read_bind(text, op);
	}
}

/* Take one component off the end of out[0..used); the root stays. */
static size_t parent(const char *out, size_t used)
{
	while (used > 0 && out[used - 1] != '/')
		used--;
	return used > 0 ? used - 1 : 0;
}

const char *parse_host_path(const char *cwd, const char *path, char *out, size_t size)
{
	size_t used = 0, base = strlen(cwd);
	bool in_cwd = path[0] != '/'; /* no name of path's own has been appended */

	if (in_cwd) {
		if (base >= size)
			return "the path is too long";
		while (base > 0 && cwd[base - 1] == '/')
			base--;
		memcpy(out, cwd, base);
		used = base;
	}
	while (*path) {
		path += strspn(path, "/");
		size_t length = strcspn(path, "/");
		bool up = length == 2 && memcmp(path, "..", 2) == 0;

		if (up && in_cwd) {
			used = parent(out, used);
		} else if (length > 0 && !(length == 1 && *path == '.')) {
			if (length + 2 > size - used)
				return "the path is too long";
			out[used++] = '/';
			memcpy(out + used, path, length);
			used += length;
			in_cwd = false;
		}
		path += length;
	}
	if (used == 0)
		out[used++] = '/';
	out[used] = '\0';
	return NULL;
}
