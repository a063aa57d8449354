/*
 * The documents of an image (index, manifest, configuration), of any content and each with the
 * right digest, so that those deeper down are read at all. Run by `make fuzz`.
 *
 * The input is one byte of flags and then documents, divided by lines "--". The first one is
 * index.json, or manifest.json. In a document @Dn, @Sn and @Pn stand for the digest, size and path
 * of document n, which has to come later. A document "TAR" is an empty layer.
 */
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "fuzz.h"
#include "image.h"
#include "tree.h"

/* Shorter than a block of tar: none of them can be a layer that puts files here. */
enum { DOCUMENTS = 8, LONGEST = 500 };

struct document {
	char *text; /* with its references filled in */
	size_t size;
	char hex[65];
	char path[96];
};

int LLVMFuzzerInitialize(int *argc, char ***argv);

static int directory;
static char top[] = "/dev/shm/fuzz-image.XXXXXX"; /* in memory: ten times as fast */

static void remove_top(void)
{
	tree_remove(AT_FDCWD, top);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	/* Layers are unpacked into the current directory. */
	require(mkdtemp(top) || mkdtemp(strcpy(top, "/tmp/fuzz-image.XXXXXX")));
	require(chdir(top) == 0 && mkdir("spool", 0700) == 0);
	directory = open("spool", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	require(directory >= 0);
	return atexit(remove_top);
}

static void fill(FILE *out, const char *text, const struct document *all, int from)
{
	for (; *text; text++) {
		int n = text[0] == '@' && text[1] ? text[2] - '0' : -1;

		if (n <= from || n >= DOCUMENTS || !all[n].text || !strchr("DSP", text[1])) {
			fputc(*text, out);
			continue;
		}
		if (text[1] == 'D')
			fprintf(out, "sha256:%s", all[n].hex);
		else if (text[1] == 'S')
			fprintf(out, "%zu", all[n].size);
		else
			fputs(all[n].path, out);
		text += 2;
	}
}

static void finish(struct document *document)
{
	struct sha256_ctx hash;
	uint8_t sum[SHA256_DIGEST_SIZE];

	sha256_init(&hash);
	sha256_update(&hash, document->size, (const uint8_t *)document->text);
	sha256_digest(&hash, sizeof sum, sum);
	for (size_t i = 0; i < sizeof sum; i++)
		snprintf(document->hex + 2 * i, 3, "%02x", sum[i]);
	snprintf(document->path, sizeof document->path, "blobs/sha256/%s", document->hex);
}

static void make_document(struct document *all, int i, const char *text)
{
	if (strcmp(text, "TAR") == 0 || strcmp(text, "TAR\n") == 0) {
		all[i].text = calloc(1, 1024);
		all[i].size = 1024;
	} else {
		FILE *out = open_memstream(&all[i].text, &all[i].size);

		require(out != NULL);
		fill(out, text, all, i);
		fclose(out);
		all[i].size = all[i].size > LONGEST ? LONGEST : all[i].size;
	}
	require(all[i].text != NULL);
	finish(&all[i]);
}

static void spool(const struct document *all, struct spooled_file *list, struct image_files *files,
		  bool docker)
{
	for (int i = 0; i < DOCUMENTS; i++) {
		char number[24];

		if (!all[i].text)
			continue;
		snprintf(number, sizeof number, "%zu", files->count);
		int cleanup_fd fd =
			openat(directory, number, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		require(fd >= 0 && write(fd, all[i].text, all[i].size) == (ssize_t)all[i].size);
		list[files->count++] = (struct spooled_file){.name = i        ? all[i].path
								     : docker ? "manifest.json"
									      : "index.json"};
	}
}

/* What goes into the store's record came out of the image whole. */
static void check(const struct record *record)
{
	for (size_t i = 0; i < record->count; i++)
		require(record->lines[i].key[0] && record->lines[i].value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct document all[DOCUMENTS] = {{0}};
	struct spooled_file list[DOCUMENTS];
	struct image_files files = {.directory = directory, .spooled = true, .files = list};
	struct unpack unpack = {.max_size = 1 << 20, .max_files = 100, .ids = 1};
	struct arena arena = {NULL};
	struct record record = {NULL, 0};
	struct error err = {.text = ""};
	char *parts[DOCUMENTS];
	int count = 0;

	if (size < 1)
		return 0;
	char *text = text_of(data + 1, size - 1);
	for (char *part = text; count < DOCUMENTS && *part; count++) {
		parts[count] = part;
		part = next_part(part);
	}
	for (int i = count; i-- > 0;)
		make_document(all, i, parts[i]);
	spool(all, list, &files, data[0] & 1);
	if (image_unpack(&files, &unpack, &arena, data[0] & 2 ? "wanted" : NULL, &record, &err) ==
	    0)
		check(&record);
	else
		require(err.text[0]);
	for (int i = 0; i < count; i++)
		free(all[i].text);
	arena_free(&arena);
	free(text);
	return 0;
}
