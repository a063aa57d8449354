/*
 * The importer's way through an archive: bytes to files below a directory of its own, which it has
 * changed its root to as the helper does; and through an image's archive. A file that appears
 * outside of it is a finding too.
 */
#include <archive_entry.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "image.h"
#include "tree.h"
#include "unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static void write_text(const char *path, const char *text)
{
	int cleanup_fd fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		(void)!write(fd, text, strlen(text));
}

/* A header with a wrong sum is all that a change to it would be: put the sums right (ustar, 148).
 */
static void mend(uint8_t *header, size_t left)
{
	while (left >= 512) {
		char size[13] = {0};
		unsigned sum = 0;

		memset(header + 148, ' ', 8);
		for (size_t i = 0; i < 512; i++)
			sum += header[i];
		snprintf((char *)header + 148, 7, "%06o", sum & 0777777);
		header[155] = ' ';
		memcpy(size, header + 124, 12);
		size_t content = strtoul(size, NULL, 8);
		size_t step = 512 + (content > left ? left : (content + 511) / 512 * 512);
		if (step > left)
			return;
		header += step;
		left -= step;
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	size = LLVMFuzzerMutate(data, size, max);
	/* Not always: what is damaged or compressed has its turn too. */
	if (seed % 4 && size > 1)
		mend(data + 1, size - 1);
	return size;
}

/* Descriptor 900: the directory that holds the root, empty otherwise. */
enum { OUTSIDE = 900 };

static char top[] = "/dev/shm/fuzz-import.XXXXXX"; /* in memory: ten times as fast */

static void remove_top(void)
{
	rmdir(top);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char map[64];
	uid_t uid = getuid();
	gid_t gid = getgid();

	(void)argc;
	(void)argv;
	/* Root can change its root as it is. */
	if (uid != 0) {
		if (unshare(CLONE_NEWUSER) < 0)
			abort();
		write_text("/proc/self/setgroups", "deny");
		snprintf(map, sizeof map, "0 %u 1\n", uid);
		write_text("/proc/self/uid_map", map);
		snprintf(map, sizeof map, "0 %u 1\n", gid);
		write_text("/proc/self/gid_map", map);
	}
	if (!mkdtemp(top) && !mkdtemp(strcpy(top, "/tmp/fuzz-import.XXXXXX")))
		abort();
	if (dup2(open(top, O_RDONLY | O_DIRECTORY), OUTSIDE) < 0)
		abort();
	return atexit(remove_top);
}

static void check_outside(void)
{
	struct stat st;

	if (fstatat(OUTSIDE, "root", &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
		abort();
	if (fstat(OUTSIDE, &st) < 0 || st.st_nlink != 4) /* ".", "root", "spool" and its name */
		abort();
}

static void unpack(const uint8_t *data, size_t size, int spool, bool layered)
{
	struct unpack unpack = {.max_size = 1 << 20, .max_files = 1000, .ids = 1};
	struct image_files files = {.directory = spool};
	struct arena arena = {NULL};
	struct record record = {0};
	struct error err = {0};
	struct archive *archive = image_reader(&err);
	struct archive_entry *first;

	if (archive && archive_read_open_memory(archive, data, size) == ARCHIVE_OK &&
	    archive_read_next_header(archive, &first) >= ARCHIVE_WARN) {
		struct archive_entry *const list[] = {first, NULL};

		if (!layered && image_is_first_name(archive_entry_pathname(first))) {
			if (image_spool(&files, &unpack, &arena, archive, first, spool, &err) == 0)
				image_unpack(&files, &unpack, &arena, NULL, &record, &err);
		} else {
			unpack_archive(&unpack, archive, list, layered, &err);
		}
	}
	archive_read_free(archive);
	arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int here = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int working = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (size < 1)
		return 0;
	mkdirat(OUTSIDE, "root", 0755);
	mkdirat(OUTSIDE, "spool", 0700);
	int spool = openat(OUTSIDE, "spool", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int root = openat(OUTSIDE, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fchdir(root) < 0 || chroot(".") < 0)
		abort();
	unpack(data + 1, size - 1, spool, data[0] & 1);
	check_outside();
	if (fchdir(here) < 0 || chroot(".") < 0 || fchdir(working) < 0)
		abort();
	close(working);
	close(spool);
	close(root);
	close(here);
	tree_remove(OUTSIDE, "root");
	tree_remove(OUTSIDE, "spool");
	return 0;
}
