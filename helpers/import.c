/*
 * import: a root file system from an archive or image, for `sandbox rootfs create|import`.
 *
 *   import --source=TEXT --ids=caller|subordinate --count=N [--squash] [--image=NAME]
 *          [--max-size=SIZE] [--max-files=N]
 *
 * Runs inside a user namespace with the caller's ids (sandbox/mapped.h), where it is root.
 * Descriptor 0 is the archive, or the directory of an OCI layout; descriptor 3 the new directory of
 * the store, empty: `root` and `record` are made in it. What is hostile is read only after the root
 * directory has been changed to `root`, so no name leads outside of it.
 */
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "files.h"
#include "image.h"
#include "parse.h"
#include "tree.h"

enum { DIRECTORY_FD = 3 };

struct import {
	struct arena arena;
	struct unpack unpack;
	struct record record;
	const char *source, *ids, *image;
	bool of_maker; /* who writes the archive says itself why there is none */
};

static const char *value_of(const char *word, const char *name)
{
	size_t length = strlen(name);

	return strncmp(word, name, length) == 0 ? word + length : NULL;
}

static int read_option(struct import *import, const char *word, struct error *err)
{
	const char *value, *reason = NULL;

	if (strcmp(word, "--squash") == 0)
		import->unpack.squash = true;
	else if (strcmp(word, "--of-maker") == 0)
		import->of_maker = true;
	else if ((value = value_of(word, "--source=")))
		import->source = value;
	else if ((value = value_of(word, "--ids=")))
		import->ids = value;
	else if ((value = value_of(word, "--image=")))
		import->image = value;
	else if ((value = value_of(word, "--count=")))
		reason = parse_number(value, UINT32_MAX, &import->unpack.ids);
	else if ((value = value_of(word, "--max-size=")))
		reason = parse_size(value, &import->unpack.max_size);
	else if ((value = value_of(word, "--max-files=")))
		reason = parse_number(value, UINT64_MAX >> 1, &import->unpack.max_files);
	else
		return fail_because(err, "unknown option %s", word);
	return reason ? fail_because(err, "%s: %s", word, reason) : 0;
}

/* Into the new root, and nothing else is left to be found by name. */
static int enter(struct error *err)
{
	if (mkdirat(DIRECTORY_FD, "root", 0755) < 0)
		return fail(err, "make the root directory");
	int cleanup_fd root =
		openat(DIRECTORY_FD, "root", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (root < 0 || fchdir(root) < 0 || chroot(".") < 0)
		return fail(err, "enter the root directory");
	return 0;
}

static int take_image(struct import *import, struct archive *archive, struct archive_entry *first,
		      struct error *err)
{
	struct image_files files = {.directory = STDIN_FILENO};
	int cleanup_fd spool = -1;
	int result = 0;

	if (archive) {
		if (mkdirat(DIRECTORY_FD, "spool", 0700) < 0 ||
		    (spool = openat(DIRECTORY_FD, "spool",
				    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0)
			return fail(err, "make a directory for the image's files");
		result = image_spool(&files, &import->unpack, &import->arena, archive, first, spool,
				     err);
	}
	if (result == 0)
		result = image_unpack(&files, &import->unpack, &import->arena, import->image,
				      &import->record, err);
	if (archive && tree_remove(DIRECTORY_FD, "spool") < 0 && result == 0)
		result = fail(err, "remove the image's files");
	return result;
}

/* A name that says nothing of what the archive holds: "./" comes first in many. */
static bool is_top(const char *name)
{
	return name && (strcmp(name, ".") == 0 || strcmp(name, "./") == 0);
}

/* By its first name an archive is one of an image or a root file system. */
static int sort_out(struct import *import, struct archive *archive, struct archive_entry *entry,
		    struct error *err)
{
	struct archive_entry *first[3] = {NULL, NULL, NULL};
	size_t count = 0;
	int result;

	if (is_top(archive_entry_pathname(entry))) {
		first[count++] = archive_entry_clone(entry);
		if (archive_read_next_header(archive, &entry) < ARCHIVE_WARN)
			entry = NULL;
	}
	first[count] = entry;
	if (entry && image_is_first_name(archive_entry_pathname(entry)))
		result = take_image(import, archive, entry, err);
	else
		result = unpack_archive(&import->unpack, archive, first, false, err);
	if (count)
		archive_entry_free(first[0]);
	return result;
}

static int take_archive(struct import *import, struct error *err)
{
	struct archive *archive = image_reader(err);
	struct archive_entry *first;
	int result = -1;

	if (!archive)
		return -1;
	if (archive_read_open_fd(archive, STDIN_FILENO, 1 << 18) == ARCHIVE_OK &&
	    archive_read_next_header(archive, &first) >= ARCHIVE_WARN) {
		result = sort_out(import, archive, first, err);
	} else {
		if (import->of_maker && archive_filter_bytes(archive, -1) == 0)
			_exit(EXIT_SANDBOX);
		fail_because(err, "cannot read the archive: %s",
			     archive_errno(archive) ? archive_error_string(archive)
						    : "it is empty");
		fail_remedy(err, "a tar, plain or compressed with gzip, xz or zstd, an archive of "
				 "docker save, or an OCI layout is wanted");
	}
	archive_read_free(archive);
	return result;
}

static int write_record(struct import *import, struct error *err)
{
	struct record whole = {0};
	char date[32];
	time_t now = time(NULL);
	struct tm broken;

	strftime(date, sizeof date, "%Y-%m-%d %H:%M", localtime_r(&now, &broken));
	record_add(&whole, &import->arena, "source", import->source ? import->source : "");
	record_add(&whole, &import->arena, "created", date);
	record_add(&whole, &import->arena, "ids", import->ids ? import->ids : "caller");
	for (size_t i = 0; i < import->record.count; i++)
		record_add(&whole, &import->arena, import->record.lines[i].key,
			   import->record.lines[i].value);
	/* With --ids=subordinate it is not the caller's, who has to read it; the directory is. */
	return record_write(&whole, DIRECTORY_FD, "record") < 0 ||
			       fchmodat(DIRECTORY_FD, "record", 0644, 0) < 0
		       ? fail(err, "write the record")
		       : 0;
}

/* What is not as it was in the archive. */
static void tell(const struct unpack *unpack)
{
	fprintf(stderr, "sandbox: %llu files, %llu MB\n", (unsigned long long)unpack->files,
		(unsigned long long)(unpack->size >> 20));
	if (unpack->devices)
		fprintf(stderr,
			"sandbox: note: %llu device nodes and sockets left out: a sandbox has its "
			"own /dev\n",
			(unsigned long long)unpack->devices);
	if (unpack->attributes)
		fprintf(stderr,
			"sandbox: note: %llu attributes left out (labels, lists of access that "
			"name "
			"ids beyond yours, and the like)\n",
			(unsigned long long)unpack->attributes);
	if (unpack->warnings)
		fprintf(stderr,
			"sandbox: note: of %llu files the file system has not taken an attribute "
			"or a time\n",
			(unsigned long long)unpack->warnings);
	if (unpack->owners)
		fprintf(stderr,
			"sandbox: note: you have one id only, so %llu files of other owners are "
			"yours;\n"
			"  who owned the files and directories among them is recorded in their "
			"attribute\n"
			"  user.containers.override_stat, where the file system can hold it\n",
			(unsigned long long)unpack->owners);
}

int main(int argc, char **argv)
{
	struct import import = {
		.unpack = {.max_size = UINT64_C(32) << 30, .max_files = 4000000, .ids = 1}};
	struct error err = {0};
	struct stat st;
	int result = 0;

	/* Names are bytes; without this libarchive refuses those that are not ASCII. */
	setlocale(LC_CTYPE, "C.UTF-8");
	/* localtime_r would look for it below the new root */
	tzset();
	umask(0022);
	for (int i = 1; i < argc && result == 0; i++)
		result = read_option(&import, argv[i], &err);
	if (result == 0 && fstat(STDIN_FILENO, &st) < 0)
		result = fail(&err, "read standard input");
	if (result == 0)
		result = enter(&err);
	if (result == 0)
		result = S_ISDIR(st.st_mode) ? take_image(&import, NULL, NULL, &err)
					     : take_archive(&import, &err);
	if (result == 0)
		result = write_record(&import, &err);
	if (result < 0)
		error_print(stderr, &err);
	else
		tell(&import.unpack);
	arena_free(&import.arena);
	return result < 0 ? EXIT_SANDBOX : 0;
}
