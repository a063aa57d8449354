/* Records, read and kept: see learn.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "denial_decode.h"
#include "files.h"
#include "learn.h"

enum { PROFILE_MAX = 16 << 20 };

#define KEPT "#: "

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int compare_files(const void *a, const void *b)
{
	return strcmp(((const struct learnt_file *)a)->path, ((const struct learnt_file *)b)->path);
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* %XX becomes the byte, in place; false for what is none. */
static bool unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (*text == '%') {
			if (hex(text[1]) < 0 || hex(text[2]) < 0)
				return false;
			*to++ = (char)(hex(text[1]) * 16 + hex(text[2]));
			text += 2;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
	return true;
}

static unsigned use_of(const char *letters, size_t length)
{
	static const struct {
		char letter;
		unsigned use;
	} uses[] = {{'s', USE_SEE},    {'r', USE_READ},      {'w', USE_WRITE},  {'x', USE_EXECUTE},
		    {'c', USE_CHANGE}, {'d', USE_DIRECTORY}, {'m', USE_MISSING}};
	unsigned use = 0;

	for (size_t i = 0; i < length; i++)
		for (size_t j = 0; j < sizeof uses / sizeof *uses; j++)
			if (uses[j].letter == letters[i])
				use |= uses[j].use;
	return use;
}

static void write_use(FILE *out, unsigned use)
{
	const char letters[] = "srwxcdm";

	for (size_t i = 0; i < sizeof letters - 1; i++)
		if (use & use_of(&letters[i], 1))
			fputc(letters[i], out);
}

static bool read_file_line(struct learnt *learnt, const char *text)
{
	size_t length = strcspn(text, " ");

	if (text[length] != ' ' || text[length + 1] != '/')
		return false;
	struct learnt_file *file = ARENA_APPEND(learnt->arena, learnt->files, learnt->files_count);
	file->use = use_of(text, length);
	file->path = arena_strdup(learnt->arena, text + length + 1);
	return unescape(file->path);
}

/* "memory 123": the larger of the two that there are. */
static void read_peak(struct learnt *learnt, const char *text)
{
	size_t length = strcspn(text, " ");

	for (size_t i = 0; i < learnt->peaks_count; i++) {
		if (strncmp(learnt->peaks[i], text, length + 1) != 0)
			continue;
		if (strtoll(text + length, NULL, 10) > strtoll(learnt->peaks[i] + length, NULL, 10))
			learnt->peaks[i] = arena_strdup(learnt->arena, text);
		return;
	}
	*ARENA_APPEND(learnt->arena, learnt->peaks, learnt->peaks_count) =
		arena_strdup(learnt->arena, text);
}

static bool plain(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

#define ADD(list, text)                                                                            \
	(*ARENA_APPEND(learnt->arena, learnt->list, learnt->list##_count) =                        \
		 arena_strdup(learnt->arena, text))

static bool read_line(struct learnt *learnt, const char *line)
{
	size_t length = strcspn(line, " ");
	const char *rest = line + length + (line[length] == ' ');

	if (!*rest || !plain(line))
		return false;
	if (strncmp(line, "file ", 5) == 0)
		return read_file_line(learnt, rest);
	if (strncmp(line, "call ", 5) == 0)
		ADD(calls, rest);
	else if (strncmp(line, "absent ", 7) == 0)
		ADD(absent, rest);
	else if (strncmp(line, "refused ", 8) == 0)
		ADD(refused, rest);
	else if (strncmp(line, "tcp ", 4) == 0 || strncmp(line, "udp ", 4) == 0)
		ADD(addresses, line);
	else if (strncmp(line, "name ", 5) == 0)
		ADD(names, rest);
	else if (strncmp(line, "peak ", 5) == 0)
		read_peak(learnt, rest);
	else if (strncmp(line, "lost ", 5) == 0)
		learnt->lost += strtoull(rest, NULL, 10);
	else if (strncmp(line, "runs ", 5) == 0)
		learnt->runs += (unsigned)strtoul(rest, NULL, 10);
	else if (strcmp(line, "end yes") != 0)
		return false;
	return true;
}

int learnt_read(struct learnt *learnt, const char *text, struct error *err)
{
	if (!strstr(text, "\nend yes\n"))
		return fail_because(err, "the record of the run is not whole");
	for (unsigned number = 1; *text; number++) {
		size_t length = strcspn(text, "\n");
		char *line = arena_strndup(learnt->arena, text, length);

		if (!read_line(learnt, line))
			return fail_because(err,
					    "line %u of the record cannot be understood: %.60s",
					    number, line);
		text += length + (text[length] == '\n');
	}
	return 0;
}

int learnt_read_profile(struct learnt *learnt, const char *path, uint64_t *made_with,
			struct error *err)
{
	const char *text = read_file(learnt->arena, path, PROFILE_MAX, NULL);
	bool any = false;

	if (!text)
		return fail(err, "read %s, to add to it (--merge)", path);
	while (*text) {
		size_t length = strcspn(text, "\n");
		char *line = arena_strndup(learnt->arena, text, length);

		text += length + (text[length] == '\n');
		if (strncmp(line, KEPT, sizeof KEPT - 1) != 0)
			continue;
		line += sizeof KEPT - 1;
		if (strncmp(line, "made-with ", 10) == 0) {
			*made_with = strtoull(line + 10, NULL, 16);
			any = true;
		} else if (!read_line(learnt, line)) {
			return fail_because(err, "%s was not written by sandbox learn: %.60s", path,
					    line);
		}
	}
	if (any)
		return 0;
	fail_because(err, "%s is no profile that sandbox learn has written", path);
	return fail_remedy(err, "give another name with --output, or remove it");
}

/* --- order ------------------------------------------------------------------------------------ */

static void sort_texts(char **texts, size_t *count)
{
	size_t kept = 0;

	if (*count)
		qsort(texts, *count, sizeof *texts, compare_texts);
	for (size_t i = 0; i < *count; i++)
		if (kept == 0 || strcmp(texts[kept - 1], texts[i]) != 0)
			texts[kept++] = texts[i];
	*count = kept;
}

void learnt_sort(struct learnt *learnt)
{
	size_t kept = 0;

	sort_texts(learnt->calls, &learnt->calls_count);
	sort_texts(learnt->absent, &learnt->absent_count);
	sort_texts(learnt->refused, &learnt->refused_count);
	sort_texts(learnt->addresses, &learnt->addresses_count);
	sort_texts(learnt->names, &learnt->names_count);
	if (learnt->files_count)
		qsort(learnt->files, learnt->files_count, sizeof *learnt->files, compare_files);
	for (size_t i = 0; i < learnt->files_count; i++) {
		struct learnt_file *last = kept ? &learnt->files[kept - 1] : NULL;

		if (last && strcmp(last->path, learnt->files[i].path) == 0)
			last->use |= learnt->files[i].use;
		else
			learnt->files[kept++] = learnt->files[i];
	}
	learnt->files_count = kept;
}

/* --- keeping ---------------------------------------------------------------------------------- */

static void write_texts(FILE *out, const char *word, char *const texts[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		fprintf(out, KEPT "%s%s%s\n", word, *word ? " " : "", texts[i]);
}

void learnt_write(FILE *out, const struct learnt *learnt)
{
	fprintf(out, KEPT "runs %u\n", learnt->runs);
	write_texts(out, "call", learnt->calls, learnt->calls_count);
	write_texts(out, "absent", learnt->absent, learnt->absent_count);
	write_texts(out, "refused", learnt->refused, learnt->refused_count);
	for (size_t i = 0; i < learnt->files_count; i++) {
		fputs(KEPT "file ", out);
		write_use(out, learnt->files[i].use);
		fputc(' ', out);
		for (const unsigned char *p = (const unsigned char *)learnt->files[i].path; *p; p++)
			if (*p <= ' ' || *p >= 0x7f || *p == '%')
				fprintf(out, "%%%02X", *p);
			else
				fputc(*p, out);
		fputc('\n', out);
	}
	write_texts(out, "", learnt->addresses, learnt->addresses_count);
	write_texts(out, "name", learnt->names, learnt->names_count);
	write_texts(out, "peak", learnt->peaks, learnt->peaks_count);
	if (learnt->lost)
		fprintf(out, KEPT "lost %llu\n", learnt->lost);
}
