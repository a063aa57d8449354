/* Removal from the store: see store_remove.h. Called by the verbs, in the process they run in. */
#include "store_remove.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>

#include "files.h"
#include "mapped.h"
#include "store.h"
#include "tree.h"

void store_temporary_name(char name[STORE_TEMPORARY], const char *prefix)
{
	unsigned long long number = 0;

	(void)!getrandom(&number, sizeof number, 0);
	snprintf(name, STORE_TEMPORARY, ".%.8s-%016llx", prefix, number);
}

struct removal {
	int store;
	const char *name;
};

static int remove_it(void *data)
{
	const struct removal *removal = data;
	struct error err;

	if (tree_remove(removal->store, removal->name) == 0)
		return 0;
	fail(&err, "remove %s", removal->name);
	error_print(stderr, &err);
	return EXIT_SANDBOX;
}

/* As whom does not matter: every id that the caller has is mapped either way. */
static int remove_mapped(int store, const char *name, struct error *err)
{
	struct removal removal = {store, name};
	struct mapped mapped = {.function = remove_it, .data = &removal};
	int status = mapped_run(&mapped, err);

	if (status > 0) {
		fail_because(err, "not all of it could be removed");
		err->status = status;
		status =
			fail_remedy(err, "what is left (%s) is tried again at the next call", name);
	}
	return status;
}

int store_remove(int store, const char *name, struct error *err)
{
	char gone[STORE_TEMPORARY];

	store_temporary_name(gone, "gone");
	if (renameat(store, name, store, gone) < 0)
		return fail(err, "remove %s", name);
	return remove_mapped(store, gone, err);
}

void store_sweep(int store)
{
	DIR *stream = fdopendir(openat(store, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	struct error ignored;

	for (struct dirent *entry; stream && (entry = readdir(stream));) {
		if (strncmp(entry->d_name, ".new-", 5) != 0 &&
		    strncmp(entry->d_name, ".gone-", 6) != 0)
			continue;
		int cleanup_fd left = openat(store, entry->d_name,
					     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (left >= 0 && flock(left, LOCK_EX | LOCK_NB) == 0)
			remove_mapped(store, entry->d_name, &ignored);
	}
	if (stream)
		closedir(stream);
}

int store_each(const char *which, const char *what, int count, char **names,
	       int (*one)(struct arena *arena, int store, const char *name, struct error *err))
{
	struct arena arena = {NULL};
	struct error err = {0};
	int status = 0;
	int cleanup_fd store = store_open(&arena, which, false, NULL, &err);

	if (store < 0) {
		if (err.number == ENOENT)
			fail_because(&err, "there is no %s called %s", what, names[0]);
		error_print(stderr, &err);
		arena_free(&arena);
		return error_status(&err);
	}
	for (int i = 0; i < count; i++)
		if (one(&arena, store, names[i], &err) < 0) {
			error_print(stderr, &err);
			status = error_status(&err);
		}
	store_sweep(store);
	arena_free(&arena);
	return status;
}
