/* The mounts of this process: see mountinfo.h. Used where something has gone wrong, or is old. */
#include "mountinfo.h"

#include <errno.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>

#include "files.h"

#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256 /* Linux 5.10 */
#endif

enum { MOUNTINFO_MAX = 1 << 26 };

/* In place: blanks, tabs, newlines and backslashes are written as three octal digits. */
static void unescape(char *text)
{
	char *out = text;

	for (; *text; text++) {
		unsigned code;

		if (*text == '\\' && sscanf(text + 1, "%3o", &code) == 1) {
			*out++ = (char)code;
			text += 3;
		} else {
			*out++ = *text;
		}
	}
	*out = '\0';
}

static unsigned long parse_flags(char *options)
{
	static const struct {
		const char *word;
		unsigned long flag;
	} words[] = {{"ro", MS_RDONLY},
		     {"nosuid", MS_NOSUID},
		     {"nodev", MS_NODEV},
		     {"noexec", MS_NOEXEC},
		     {"nosymfollow", MS_NOSYMFOLLOW}};
	unsigned long flags = 0;
	char *word;

	while ((word = strsep(&options, ",")))
		for (size_t i = 0; i < sizeof words / sizeof *words; i++)
			if (strcmp(word, words[i].word) == 0)
				flags |= words[i].flag;
	return flags;
}

/* 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue */
static bool parse_line(char *line, struct mounted *one)
{
	unsigned long long id, parent;
	int start = 0;

	if (sscanf(line, "%llu %llu %*s %n", &id, &parent, &start) < 2 || !start)
		return false;
	line += start;
	char *root = strsep(&line, " "), *path = strsep(&line, " "), *options = strsep(&line, " ");
	char *type = line ? strstr(line, "- ") : NULL;
	if (!options || !type)
		return false;
	type += 2;
	type[strcspn(type, " ")] = '\0';
	unescape(root);
	unescape(path);
	*one = (struct mounted){id, parent, root, path, type, parse_flags(options)};
	return true;
}

int mountinfo_read(struct mountinfo *list)
{
	*list = (struct mountinfo){{NULL}, NULL, 0};
	char *text = read_file(&list->arena, "/proc/self/mountinfo", MOUNTINFO_MAX, NULL), *line;
	struct mounted one;

	if (!text) {
		int number = errno;

		mountinfo_free(list);
		errno = number;
		return -1;
	}
	while ((line = strsep(&text, "\n")))
		if (parse_line(line, &one))
			*ARENA_APPEND(&list->arena, list->all, list->count) = one;
	return 0;
}

void mountinfo_free(struct mountinfo *list)
{
	arena_free(&list->arena);
	*list = (struct mountinfo){{NULL}, NULL, 0};
}

const struct mounted *mountinfo_find(const struct mountinfo *list, uint64_t id)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->all[i].id == id)
			return &list->all[i];
	return NULL;
}

bool mountinfo_is_above(const struct mountinfo *list, const struct mounted *above,
			const struct mounted *one)
{
	for (size_t depth = 0; one && depth <= list->count; depth++) {
		if (one == above)
			return true;
		one = one->parent == one->id ? NULL : mountinfo_find(list, one->parent);
	}
	return false;
}
