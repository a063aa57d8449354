/* The store's records: see record.h. */
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "files.h"

enum { MAX_RECORD = 16 << 20 };

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* In place; false for an escape that we do not write. */
static bool unescape(char *text)
{
	char *to = text;

	while (*text) {
		if (*text != '\\') {
			*to++ = *text++;
			continue;
		}
		if (text[1] != 'x' || digit(text[2]) < 0 || digit(text[3]) < 0)
			return false;
		*to++ = (char)(digit(text[2]) * 16 + digit(text[3]));
		text += 4;
	}
	*to = '\0';
	return true;
}

int record_parse(struct record *record, struct arena *arena, char *text)
{
	for (char *line; (line = strsep(&text, "\n")) != NULL;) {
		char *value = strstr(line, " = ");

		if (!*line)
			continue;
		if (!value || value == line || !unescape(value + 3)) {
			errno = EBADMSG;
			return -1;
		}
		*value = '\0';
		record_add(record, arena, line, value + 3);
	}
	return 0;
}

int record_read(struct record *record, struct arena *arena, int dir, const char *name)
{
	int cleanup_fd fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char *text = fd < 0 ? NULL : read_fd(arena, fd, MAX_RECORD, NULL);

	return text ? record_parse(record, arena, text) : -1;
}

const char *record_get(const struct record *record, const char *key)
{
	for (size_t i = 0; i < record->count; i++)
		if (strcmp(record->lines[i].key, key) == 0)
			return record->lines[i].value;
	return NULL;
}

void record_add(struct record *record, struct arena *arena, const char *key, const char *value)
{
	*ARENA_APPEND(arena, record->lines, record->count) = (struct record_line){key, value};
}

void record_print(FILE *out, const char *key, const char *value)
{
	fprintf(out, "%s = ", key);
	for (const unsigned char *p = (const unsigned char *)value; *p; p++) {
		if (*p < 0x20 || *p == 0x7f || *p == '\\')
			fprintf(out, "\\x%02x", *p);
		else
			fputc(*p, out);
	}
	fputc('\n', out);
}

int record_write(const struct record *record, int dir, const char *name)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return -1;
	for (size_t i = 0; i < record->count; i++)
		record_print(out, record->lines[i].key, record->lines[i].value);
	bool whole = !ferror(out);
	whole &= fclose(out) == 0;
	(void)unlinkat(dir, "record.new", 0);
	int result = whole && make_file_at(dir, "record.new", 0600, text, size) == 0
			     ? renameat(dir, "record.new", dir, name)
			     : -1;
	free(text);
	return result;
}
