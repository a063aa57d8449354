/* New regular files of no special kind: see plain.h. */
#include "plain.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "files.h"

bool plain_is(struct archive_entry *entry)
{
	return archive_entry_filetype(entry) == AE_IFREG && !archive_entry_hardlink(entry) &&
	       archive_entry_size_is_set(entry) && archive_entry_mtime_is_set(entry) &&
	       !(archive_entry_perm(entry) & (S_ISUID | S_ISGID | S_ISVTX)) &&
	       archive_entry_sparse_count(entry) == 0 && archive_entry_xattr_count(entry) == 0 &&
	       archive_entry_acl_types(entry) == 0;
}

static int enter(struct plain *plain, const char *path, size_t length)
{
	struct stat st;

	if (plain->directory >= 0 && strncmp(plain->path, path, length) == 0 &&
	    !plain->path[length])
		return 0;
	plain_forget(plain);
	memcpy(plain->path, path, length);
	plain->path[length] = '\0';
	plain->directory = open_in_no_links(plain->top, plain->path, O_PATH | O_DIRECTORY);
	if (plain->directory < 0 || fstat(plain->directory, &st) < 0)
		return -1;
	plain->inherits = st.st_mode & S_ISGID;
	return 0;
}

int plain_open(struct plain *plain, struct archive_entry *entry, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) : 0;

	if (length >= sizeof plain->path || enter(plain, path, length) < 0)
		return -1;
	/* O_EXCL: neither through a link nor into what has another name too. */
	return openat(plain->directory, slash ? slash + 1 : path,
		      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		      archive_entry_perm(entry));
}

int plain_finish(const struct plain *plain, struct archive_entry *entry, int file)
{
	mode_t mode = archive_entry_perm(entry);
	const struct timespec times[2] = {
		{.tv_sec = archive_entry_atime(entry),
		 .tv_nsec = archive_entry_atime_is_set(entry) ? archive_entry_atime_nsec(entry)
							      : UTIME_OMIT},
		{.tv_sec = archive_entry_mtime(entry), .tv_nsec = archive_entry_mtime_nsec(entry)},
	};
	uid_t uid = (uid_t)archive_entry_uid(entry);
	gid_t gid = (gid_t)archive_entry_gid(entry);

	/* We are root, and so is what we make. */
	if (plain->owners && (uid != 0 || gid != 0 || plain->inherits) &&
	    fchown(file, uid, gid) < 0)
		return -1;
	/* The umask has taken these away. */
	if (mode & (S_IWGRP | S_IWOTH) && fchmod(file, mode) < 0)
		return -1;
	/* As with libarchive: a time that the file system cannot hold is none. */
	(void)futimens(file, times);
	return 0;
}

void plain_forget(struct plain *plain)
{
	close_cleanup(&plain->directory);
	plain->directory = -1;
}
