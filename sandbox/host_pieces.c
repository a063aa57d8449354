/*
 * What of / can be read with --confine-only: see host_probe_pieces in host.h. A rule of Landlock is
 * for a directory and all below it, and nothing can be taken out again: so where something secret
 * is below, the rule is one for each other name in there, as they are now.
 */
#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "host.h"

static bool is_secret(const struct host *host, const char *path)
{
	for (size_t i = 0; i < host->secrets_count; i++)
		if (strcmp(host->secrets[i], path) == 0)
			return true;
	return false;
}

static bool holds_secret(const struct host *host, const char *path)
{
	size_t length = strlen(path);

	for (size_t i = 0; i < host->secrets_count; i++)
		if (strncmp(host->secrets[i], path, length) == 0 && host->secrets[i][length] == '/')
			return true;
	return false;
}

static void add(struct host *host, const char *path, bool names_only)
{
	bool part = strchr(path + 1, '/') != NULL;

	*ARENA_APPEND(&host->arena, host->pieces, host->pieces_count) =
		(struct host_piece){path, names_only, part};
}

/* Secrets are two or three names deep, and so is this. A link is left out: what it leads to is
 * there by its own name or not at all. */
static int divide(struct host *host, const char *path, struct error *err)
{
	if (is_secret(host, path))
		return 0;
	add(host, path, holds_secret(host, path));
	if (!holds_secret(host, path))
		return 0;
	DIR *dir = opendir(path);
	if (!dir && (errno == EACCES || errno == ENOTDIR))
		return 0; /* then the caller cannot read it either */
	if (!dir)
		return fail(err, "read the directory %s", path);
	int result = 0;
	for (struct dirent *entry; result == 0 && (entry = readdir(dir));)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    entry->d_type != DT_LNK)
			result = divide(host,
					arena_printf(&host->arena, "%s/%s", path, entry->d_name),
					err);
	closedir(dir);
	return result;
}

int host_probe_pieces(struct host *host, struct error *err)
{
	for (size_t i = 0; i < host->entries_count; i++)
		if (!host->entries[i].link && divide(host, host->entries[i].path, err) < 0)
			return -1;
	return 0;
}
