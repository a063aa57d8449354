/* What git takes orders from: see layer_git.h. */
#include "layer_git.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "layer.h"

/* What of the upper is no whiteout is there, and so is what the lower alone has. */
static bool has(int upper, int lower, const char *name)
{
	struct stat st;

	if (fstatat(upper, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return !layer_is_whiteout(&st);
	return lower >= 0 && fstatat(lower, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

bool layer_git_is_repository(int upper, int lower)
{
	return has(upper, lower, "HEAD") &&
	       (has(upper, lower, "commondir") ||
		(has(upper, lower, "objects") && has(upper, lower, "refs")));
}

static bool is_one_of(const char *rest, const char *const *names)
{
	size_t length = strcspn(rest, "/");

	for (; *names; names++)
		if (strlen(*names) == length && strncasecmp(rest, *names, length) == 0)
			return true;
	return false;
}

bool layer_git_is_order_in(const char *rest, bool added)
{
	static const char *const orders[] = {"hooks", "config",    "config.worktree",
					     "info",  "commondir", NULL};
	static const char *const makers[] = {"HEAD", "objects", "refs", NULL};

	/* Further below: modules/NAME/hooks of submodules. */
	return is_one_of(rest, orders) || strstr(rest, "/hooks") || strstr(rest, "/config") ||
	       strstr(rest, "/commondir") ||
	       (added && !strchr(rest, '/') && is_one_of(rest, makers));
}

bool layer_git_is_order(const char *path)
{
	for (const char *part = path; part; part = strchr(part, '/')) {
		part += *part == '/';
		if (strcspn(part, "/") != 4 || strncasecmp(part, ".git", 4) != 0)
			continue;
		/* A file or a link that stands for one. */
		if (!part[4] || layer_git_is_order_in(part + 5, false))
			return true;
	}
	return false;
}
