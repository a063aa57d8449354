/* One archive into a directory: see unpack.h. */
#include "unpack.h"

#include <archive_entry.h>
#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <search.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "files.h"
#include "plain.h"
#include "tree.h"

enum { MAX_PARTS = 512 };

/* Where there is one id only the others are written down, as fuse-overlayfs and podman do. */
#define OVERRIDE "user.containers.override_stat"

#define CAPABILITIES "security.capability"

/* The state of one archive. */
struct one {
	struct unpack *unpack;
	struct archive *archive, *disk;
	bool layered;
	bool ended; /* its last file lacks the padding: see copy_content */
	void *made; /* tsearch: the names that this layer has made, for its whiteouts */
	int top;    /* the directory that is unpacked into */
	struct plain plain;
	struct error *err;
};

static int archive_failed(struct one *one, struct archive *archive, const char *what,
			  const char *path)
{
	const char *text = archive_error_string(archive);

	return fail_because(one->err, "cannot %s%s%s: %s", what, *path ? " " : "", path,
			    text ? text : "the archive is damaged");
}

/*
 * The plain form of a name in the archive: relative, without "." and empty parts; "" is the root.
 * ".." is refused rather than resolved: nothing honest has it.
 */
static int clean(struct one *one, const char *name, char out[PATH_MAX])
{
	size_t used = 0;
	int parts = 0;

	out[0] = '\0';
	if (!name)
		return fail_because(one->err, "the archive has a name that cannot be read");
	one->unpack->absolute += *name == '/';
	while (*name) {
		size_t length = strcspn(name, "/");

		if (length == 2 && memcmp(name, "..", 2) == 0)
			return fail_because(one->err, "the archive has a name with '..' in it");
		if (length > NAME_MAX || used + length + 2 > PATH_MAX || parts > MAX_PARTS)
			return fail_because(one->err, "the archive has a name that is too long");
		if (length > 0 && !(length == 1 && *name == '.')) {
			if (used)
				out[used++] = '/';
			memcpy(out + used, name, length);
			used += length;
			parts++;
		}
		name += length;
		name += *name == '/';
	}
	out[used] = '\0';
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Remember a name and all that lead to it: an opaque directory hides what was there before. */
static int remember(struct one *one, const char *path)
{
	char prefix[PATH_MAX];

	for (const char *p = path; p; p = strchr(p + 1, '/')) {
		const char *slash = strchr(p + 1, '/');
		size_t length = slash ? (size_t)(slash - path) : strlen(path);

		memcpy(prefix, path, length);
		prefix[length] = '\0';
		if (tfind(prefix, &one->made, compare))
			continue;
		char *copy = strdup(prefix);
		if (!copy || !tsearch(copy, &one->made, compare))
			return fail(one->err, "remember a name");
		if (!slash)
			break;
	}
	return 0;
}

/* The directory of path, below the top, no link followed; *name is the last part. -1 and errno. */
static int open_parent(struct one *one, const char *path, const char **name)
{
	char parent[PATH_MAX];
	const char *slash = strrchr(path, '/');

	*name = slash ? slash + 1 : path;
	snprintf(parent, sizeof parent, "%.*s", slash ? (int)(slash - path) : 0, path);
	return open_in_no_links(one->top, parent, O_RDONLY | O_DIRECTORY);
}

/* Take away what is in the directory parent, called prefix ("a/b/" or ""), but for what this layer
 * has made. As deep as names can be, MAX_PARTS. */
static int hide_below(struct one *one, int parent, const char *prefix)
{
	int cleanup_fd copy = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = copy < 0 ? NULL : fdopendir(copy);
	char whole[PATH_MAX];
	int result = 0;

	if (!stream)
		return fail(one->err, "look into %s", prefix);
	(void)steal_fd(&copy);
	for (struct dirent *entry; result == 0 && (entry = readdir(stream));) {
		const char *name = entry->d_name;
		int length = snprintf(whole, sizeof whole, "%s%s", prefix, name);

		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
			continue;
		if ((size_t)length < sizeof whole - 1 && tfind(whole, &one->made, compare)) {
			int cleanup_fd below = openat(
				parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

			strcat(whole, "/");
			result = below < 0 ? 0 : hide_below(one, below, whole);
		} else if (unlinkat(parent, name, 0) < 0 && tree_remove(parent, name) < 0) {
			result = fail(one->err, "follow a whiteout in %s", prefix);
		}
	}
	closedir(stream);
	return result;
}

/* ".wh.NAME" takes NAME of the layers below away, and leaves what this layer itself has there. */
static int whiteout(struct one *one, const char *path, const char *hidden)
{
	const char *name;
	char whole[PATH_MAX];
	int cleanup_fd parent = open_parent(one, path, &name);

	if (!*hidden || strcmp(hidden, ".") == 0 || strcmp(hidden, "..") == 0)
		return fail_because(one->err, "the layer has a whiteout of '%s'", hidden);
	if (parent < 0)
		return errno == ENOENT ? 0 : fail(one->err, "follow the whiteout %s", path);
	snprintf(whole, sizeof whole - 1, "%.*s%s", (int)(name - path), path, hidden);
	if (tfind(whole, &one->made, compare)) {
		int cleanup_fd own =
			openat(parent, hidden, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		strcat(whole, "/");
		return own < 0 ? 0 : hide_below(one, own, whole);
	}
	if (unlinkat(parent, hidden, 0) == 0 || errno == ENOENT)
		return 0;
	return tree_remove(parent, hidden) < 0 ? fail(one->err, "follow the whiteout %s", path) : 0;
}

/* ".wh..wh..opq": nothing of the layers below is left in its directory. */
static int opaque(struct one *one, const char *path)
{
	const char *name;
	char prefix[PATH_MAX];
	int cleanup_fd parent = open_parent(one, path, &name);

	if (parent < 0)
		return errno == ENOENT ? 0 : fail(one->err, "follow the whiteout %s", path);
	snprintf(prefix, sizeof prefix, "%.*s", (int)(name - path), path);
	return hide_below(one, parent, prefix);
}

/* A part of the name that only a whiteout may have. 1: it was one, and has been followed. */
static int take_whiteout(struct one *one, const char *path)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;

	for (const char *part = path; part != name; part = strchr(part, '/') + 1)
		if (strncmp(part, ".wh.", 4) == 0)
			return fail_because(one->err, "the layer has a directory called like a "
						      "whiteout");
	if (strncmp(name, ".wh.", 4) != 0)
		return 0;
	plain_forget(&one->plain);
	if (strcmp(name, ".wh..wh..opq") == 0)
		return opaque(one, path) < 0 ? -1 : 1;
	/* aufs's own book-keeping */
	if (strncmp(name, ".wh..wh.", 8) == 0)
		return 1;
	return whiteout(one, path, name + 4) < 0 ? -1 : 1;
}

/* What stands in the way goes first, but a directory for a directory: one never merges with a link
 * to one, and a file is never written through a link, nor into what has another name too. (The flag
 * ARCHIVE_EXTRACT_UNLINK would do that for files, with a call for each.) */
static int make_way(struct one *one, const char *path, struct archive_entry *entry)
{
	const char *name;
	struct stat st;
	bool directory =
		archive_entry_filetype(entry) == AE_IFDIR && !archive_entry_hardlink(entry);

	if (lstat(path, &st) < 0)
		return 0; /* its directory may not be there either, or be a link: that is told */
	if (S_ISDIR(st.st_mode) && directory)
		return 0;
	int cleanup_fd parent = open_parent(one, path, &name);
	if (parent < 0)
		return fail(one->err, "replace %s", path);
	if (!S_ISDIR(st.st_mode))
		return unlinkat(parent, name, 0) < 0 ? fail(one->err, "replace %s", path) : 0;
	return tree_remove(parent, name) < 0 ? fail(one->err, "replace %s", path) : 0;
}

/* Only the user's own: no labels, nothing that overlayfs would believe. */
static bool is_users(const char *name)
{
	return strncmp(name, "user.", 5) == 0 && strncmp(name, "user.overlay.", 13) != 0 &&
	       strncmp(name, "user.fuseoverlayfs.", 19) != 0 && strcmp(name, OVERRIDE) != 0;
}

/*
 * File capabilities, as capabilities(7) has them: the second version, or the third, which names a
 * root id behind it. Both are written as the second, of which the kernel makes the third with the
 * id that is root here: so they count in user namespaces of that root's alone, and never on the
 * host.
 */
static bool take_capabilities(struct archive_entry *entry, const void *value, size_t size)
{
	struct vfs_cap_data data;

	if (archive_entry_filetype(entry) != AE_IFREG ||
	    (size != XATTR_CAPS_SZ_2 && size != XATTR_CAPS_SZ_3))
		return false;
	memcpy(&data, value, sizeof data);
	uint32_t magic = le32toh(data.magic_etc);
	if ((magic & VFS_CAP_REVISION_MASK) !=
	    (size == XATTR_CAPS_SZ_2 ? VFS_CAP_REVISION_2 : VFS_CAP_REVISION_3))
		return false;
	data.magic_etc = htole32(VFS_CAP_REVISION_2 | (magic & VFS_CAP_FLAGS_EFFECTIVE));
	archive_entry_xattr_add_entry(entry, CAPABILITIES, &data, sizeof data);
	return true;
}

static void filter_attributes(struct one *one, struct archive_entry *entry)
{
	const char *name;
	const void *value;
	size_t size;

	if (archive_entry_xattr_count(entry) == 0)
		return;
	struct archive_entry *copy = archive_entry_clone(entry);
	archive_entry_xattr_clear(entry);
	archive_entry_xattr_reset(copy);
	while (archive_entry_xattr_next(copy, &name, &value, &size) == ARCHIVE_OK) {
		if (name && is_users(name))
			archive_entry_xattr_add_entry(entry, name, value, size);
		else if (!name || strcmp(name, CAPABILITIES) != 0 ||
			 !take_capabilities(entry, value, size))
			one->unpack->attributes++;
	}
	archive_entry_free(copy);
}

/* Lists of access (acl(5)) name ids, and all of those have to be mapped. */
static void filter_acl(struct one *one, struct archive_entry *entry)
{
	int type, permset, tag, id;
	const char *name;
	bool good = one->unpack->ids > 1 && !one->unpack->squash &&
		    !(archive_entry_acl_types(entry) & ARCHIVE_ENTRY_ACL_TYPE_NFS4);

	if (!archive_entry_acl_types(entry))
		return;
	archive_entry_acl_reset(entry, ARCHIVE_ENTRY_ACL_TYPE_POSIX1E);
	while (good && archive_entry_acl_next(entry, ARCHIVE_ENTRY_ACL_TYPE_POSIX1E, &type,
					      &permset, &tag, &id, &name) == ARCHIVE_OK)
		if (tag == ARCHIVE_ENTRY_ACL_USER || tag == ARCHIVE_ENTRY_ACL_GROUP)
			good = id >= 0 && (uint64_t)id < one->unpack->ids;
	if (good)
		return;
	archive_entry_acl_clear(entry);
	one->unpack->attributes++;
}

/* Whose it will be. Where there is one id, the others' are recorded afterwards. */
static int set_owner(struct one *one, struct archive_entry *entry, const char *path)
{
	struct unpack *unpack = one->unpack;
	int64_t uid = archive_entry_uid(entry), gid = archive_entry_gid(entry);

	if (unpack->squash) {
		archive_entry_set_uid(entry, 0);
		archive_entry_set_gid(entry, 0);
		return 0;
	}
	if (unpack->ids == 1)
		return 0;
	if (uid >= 0 && gid >= 0 && (uint64_t)uid < unpack->ids && (uint64_t)gid < unpack->ids)
		return 0;
	fail_because(one->err, "%s belongs to %lld:%lld, and %llu ids are mapped", path,
		     (long long)uid, (long long)gid, (unsigned long long)unpack->ids);
	return fail_remedy(one->err, "say --squash to make all files root's");
}

/* "uid:gid:mode", on files and directories: no other kind can have attributes of the user's. */
static void record_owner(struct one *one, struct archive_entry *entry, const char *path)
{
	char text[64];
	mode_t type = archive_entry_filetype(entry);

	if (one->unpack->squash || one->unpack->ids != 1 || archive_entry_hardlink(entry) ||
	    (archive_entry_uid(entry) == 0 && archive_entry_gid(entry) == 0))
		return;
	one->unpack->owners++;
	if (type != AE_IFREG && type != AE_IFDIR)
		return;
	snprintf(text, sizeof text, "%lld:%lld:0%o", (long long)archive_entry_uid(entry),
		 (long long)archive_entry_gid(entry), archive_entry_mode(entry));
	(void)setxattr(*path ? path : ".", OVERRIDE, text, strlen(text), 0);
}

static int too_large(struct one *one, const char *what, uint64_t limit, const char *flag)
{
	fail_because(one->err, "the archive holds more than %llu %s", (unsigned long long)limit,
		     what);
	return fail_remedy(one->err, "if that is what you want, say %s with a larger number", flag);
}

/* Over a hole, where there is one. */
static int skip_to(int file, int64_t at, int64_t offset)
{
	return at != offset && lseek(file, offset, SEEK_SET) < 0 ? -1 : 0;
}

/*
 * Some tools (umoci 0.4's insert) end a layer right behind the last file's content, where a tar has
 * padding and an end. All of it is there then, and whoever calls checks the layer's digest: so that
 * is an end. In an archive without a digest it is a sign that something has been cut off.
 * To file, or where that is -1 to what libarchive is writing.
 */
static int copy_content(struct one *one, const char *path, int64_t announced, int file)
{
	struct unpack *unpack = one->unpack;
	const void *block;
	size_t size;
	int64_t offset, end = 0;
	int got;

	while ((got = archive_read_data_block(one->archive, &block, &size, &offset)) ==
	       ARCHIVE_OK) {
		unpack->size += size;
		if (unpack->size > unpack->max_size)
			return too_large(one, "bytes", unpack->max_size, "--max-size=SIZE");
		if (file >= 0 &&
		    (skip_to(file, end, offset) < 0 || write_all(file, block, size) < 0))
			return fail(one->err, "write %s", path);
		if (file < 0 &&
		    archive_write_data_block(one->disk, block, size, offset) < ARCHIVE_OK)
			return archive_failed(one, one->disk, "write", path);
		end = offset + (int64_t)size;
	}
	one->ended = got != ARCHIVE_EOF && one->layered && end == announced;
	if (file >= 0 && end < announced && ftruncate(file, announced) < 0)
		return fail(one->err, "write %s", path);
	return got == ARCHIVE_EOF || one->ended ? 0
						: archive_failed(one, one->archive, "read", path);
}

/* Left out: 1. Taken: 0. */
static int prepare(struct one *one, struct archive_entry *entry, char path[PATH_MAX])
{
	char link[PATH_MAX];
	mode_t type = archive_entry_filetype(entry);
	bool hard = archive_entry_hardlink(entry) != NULL;

	if (clean(one, archive_entry_pathname(entry), path) < 0)
		return -1;
	if (++one->unpack->files > one->unpack->max_files)
		return too_large(one, "entries", one->unpack->max_files, "--max-files=N");
	int taken = one->layered && *path ? take_whiteout(one, path) : 0;
	if (taken != 0)
		return taken;
	if (!hard && (type == AE_IFBLK || type == AE_IFCHR || type == AE_IFSOCK)) {
		one->unpack->devices++;
		return 1;
	}
	if (!*path && (type != AE_IFDIR || hard))
		return fail_because(one->err,
				    "the archive would replace the root directory itself");
	if (hard) {
		if (clean(one, archive_entry_hardlink(entry), link) < 0)
			return -1;
		if (!*link)
			return fail_because(one->err, "%s is a hard link to the root directory",
					    path);
		/* A name that is to be a link to itself is there. */
		if (strcmp(link, path) == 0)
			return 1;
		archive_entry_set_hardlink(entry, link);
	}
	archive_entry_set_pathname(entry, *path ? path : ".");
	filter_attributes(one, entry);
	filter_acl(one, entry);
	archive_entry_set_fflags(entry, 0, 0);
	return set_owner(one, entry, path);
}

/* 1: it is not of that kind, or something is in the way. */
static int take_plain(struct one *one, struct archive_entry *entry, const char *path)
{
	int cleanup_fd file = plain_is(entry) && *path ? plain_open(&one->plain, entry, path) : -1;

	if (file < 0)
		return 1;
	if (archive_entry_size(entry) > 0 &&
	    copy_content(one, path, archive_entry_size(entry), file) < 0)
		return -1;
	return plain_finish(&one->plain, entry, file) < 0 ? fail(one->err, "finish %s", path) : 0;
}

static int take_other(struct one *one, struct archive_entry *entry, const char *path)
{
	plain_forget(&one->plain);
	if (*path && make_way(one, path, entry) < 0)
		return -1;
	/* A warning is an attribute or a time that the file system cannot hold. */
	int made = archive_write_header(one->disk, entry);
	if (made < ARCHIVE_WARN)
		return archive_failed(one, one->disk, "make", path);
	if (archive_entry_size(entry) > 0 && !archive_entry_hardlink(entry) &&
	    copy_content(one, path, archive_entry_size(entry), -1) < 0)
		return -1;
	int finished = archive_write_finish_entry(one->disk);
	one->unpack->warnings += made == ARCHIVE_WARN || finished == ARCHIVE_WARN;
	return finished < ARCHIVE_WARN ? archive_failed(one, one->disk, "finish", path) : 0;
}

static int take(struct one *one, struct archive_entry *entry)
{
	char path[PATH_MAX];
	int taken = prepare(one, entry, path);

	if (taken != 0)
		return taken < 0 ? -1 : 0;
	if (one->layered && *path && remember(one, path) < 0)
		return -1;
	taken = take_plain(one, entry, path);
	if (taken > 0)
		taken = take_other(one, entry, path);
	if (taken < 0)
		return -1;
	record_owner(one, entry, path);
	return 0;
}

int unpack_archive(struct unpack *unpack, struct archive *archive,
		   struct archive_entry *const first[], bool layered, struct error *err)
{
	struct one one = {.unpack = unpack, .archive = archive, .layered = layered, .err = err};
	struct archive_entry *entry;
	int got = ARCHIVE_OK, result = 0;
	int flags = ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_XATTR;

	if (unpack->ids > 1 || unpack->squash)
		flags |= ARCHIVE_EXTRACT_OWNER;
	if (unpack->ids > 1 && !unpack->squash)
		flags |= ARCHIVE_EXTRACT_ACL;
	int cleanup_fd top = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	one.top = top;
	one.plain = (struct plain){.top = top, .directory = -1};
	one.plain.owners = flags & ARCHIVE_EXTRACT_OWNER;
	one.disk = archive_write_disk_new();
	if (top < 0 || !one.disk)
		return fail(err, "open the new root");
	archive_write_disk_set_options(one.disk, flags);
	for (; result == 0 && first && *first; first++)
		result = take(&one, *first);
	while (result == 0 && !one.ended &&
	       (got = archive_read_next_header(archive, &entry)) != ARCHIVE_EOF) {
		if (got < ARCHIVE_WARN)
			result = archive_failed(&one, archive, "read the archive", "");
		else
			result = take(&one, entry);
	}
	/* Modes and times of directories come last. */
	if (result == 0 && archive_write_close(one.disk) < ARCHIVE_WARN)
		result = archive_failed(&one, one.disk, "finish the directories", "");
	archive_write_free(one.disk);
	plain_forget(&one.plain);
	tdestroy(one.made, free);
	return result;
}
