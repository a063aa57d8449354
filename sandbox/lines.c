/* Text files, line by line: see lines.h. */
#include "lines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "files.h"

int lines_open(struct lines *lines, struct arena *arena, int directory, const char *path,
	       const char *name, struct error *err)
{
	int cleanup_fd fd = -1;

	return lines_open_kept(lines, arena, directory, path, name, &fd, err);
}

int lines_open_kept(struct lines *lines, struct arena *arena, int directory, const char *path,
		    const char *name, int *fd, struct error *err)
{
	struct stat status;

	*lines = (struct lines){.path = name};
	/* O_NONBLOCK: opening a FIFO must not wait for a writer. */
	*fd = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (*fd < 0 || fstat(*fd, &status))
		return fail(err, "open %s", name);
	lines->device = status.st_dev;
	lines->inode = status.st_ino;
	lines->text = read_fd(arena, *fd, LINES_FILE_MAX, &lines->left);
	if (lines->text)
		return 0;
	if (errno == EINVAL)
		return fail_because(err, "%s is not a regular file", name);
	if (errno == EFBIG)
		return fail_because(err, "%s has more than 1 MiB", name);
	return fail(err, "read %s", name);
}

/* The length of the UTF-8 sequence at p, or 0: overlong forms and surrogates are none. */
static size_t utf8_length(const unsigned char *p, size_t left)
{
	size_t length = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

	if (p[0] > 0xf4 || length > left)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return length;
}

static const char *check_line(const char *line, size_t length, bool first)
{
	const unsigned char *p = (const unsigned char *)line;

	if (length > LINES_LINE_MAX)
		return "the line has more than 4096 bytes";
	if (first && length >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0)
		return "the file starts with a byte order mark; save it as plain UTF-8";
	if (length > 0 && line[length - 1] == '\r')
		return "the line ends in CR LF; save the file with Unix line ends";
	for (size_t i = 0, step; i < length; i += step) {
		step = utf8_length(p + i, length - i);
		if (step == 0)
			return "the line is not UTF-8 text";
		if (p[i] == '\0')
			return "the line has a NUL byte";
		if ((p[i] < 0x20 && p[i] != '\t') || p[i] == 0x7f)
			return "the line has a control character";
	}
	return NULL;
}

int lines_next(struct lines *lines, char **line, struct error *err)
{
	while (lines->left > 0) {
		char *start = lines->text, *end = memchr(start, '\n', lines->left);
		size_t length = end ? (size_t)(end - start) : lines->left;
		const char *reason = check_line(start, length, ++lines->number == 1);

		lines->text += length + (end != NULL);
		lines->left -= length + (end != NULL);
		if (reason)
			return fail_because(err, "%s:%u: %s", lines->path, lines->number, reason);
		while (length > 0 && (start[length - 1] == ' ' || start[length - 1] == '\t'))
			length--;
		start[length] = '\0';
		start += strspn(start, " \t");
		if (*start && *start != '#') {
			*line = start;
			return 1;
		}
	}
	return 0;
}
