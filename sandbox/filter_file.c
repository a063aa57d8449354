/* Filters of files, and those that are kept: see filter_file.h. Supervisor, before the plan. */
#include "filter_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>

#include "files.h"
#include "filter_image.h"
#include "installed.h"
#include "places.h"
#include "spawn.h"

enum {
	PROFILE_MAX = 1 << 20, /* bytes; Docker's has 15,000 */
	IMAGE_MAX = sizeof(struct filter_image) + BPF_MAXINSNS * sizeof(struct sock_filter),
	KEPT_MAX = 64, /* filters; the oldest make room */
	NAME_SIZE = 32,
};

/* What a filter is made of, all of it: where two are alike, so are their filters. */
struct source {
	const char *path; /* for messages, and for the helper to say */
	const char *origin;
	bool listens; /* filter_file.h */
	char *text;
	size_t size;
	const char *key; /* what else decides */
	size_t key_size;
	char name[NAME_SIZE]; /* of the kept filter: a hash, which is not trusted */
};

/* Memory for a file's bytes, all of it at once: a launch would take a fault for every page. */
static char *make_room(size_t size)
{
	void *room = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	return room == MAP_FAILED ? NULL : room;
}

/* All of a file of at most max bytes; NULL and errno. It is whole, or an error. */
static char *read_whole(int fd, size_t max, size_t *size)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return NULL;
	errno = S_ISREG(st.st_mode) ? EFBIG : EINVAL;
	if (!S_ISREG(st.st_mode) || st.st_size < 0 || (size_t)st.st_size > max)
		return NULL;
	char *text = make_room((size_t)st.st_size + 1);
	if (!text)
		return NULL;
	for (*size = 0; *size < (size_t)st.st_size;) {
		ssize_t got = read(fd, text + *size, (size_t)st.st_size - *size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		*size += (size_t)got;
	}
	if (*size == (size_t)st.st_size)
		return text;
	munmap(text, (size_t)st.st_size + 1);
	errno = EIO;
	return NULL;
}

/* ---- what it is made of ---- */

static int read_source(struct source *source, struct error *err)
{
	int cleanup_fd fd = open(source->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	source->text = fd < 0 ? NULL : read_whole(fd, PROFILE_MAX, &source->size);
	if (source->text)
		return 0;
	if (errno == EFBIG)
		return fail_because(err,
				    "will not read %s (%s): it has more than %d bytes, which no "
				    "seccomp profile needs",
				    source->path, source->origin, PROFILE_MAX);
	if (errno == EINVAL)
		return fail_because(err, "will not read %s (%s): it is no regular file",
				    source->path, source->origin);
	fail(err, "read the seccomp profile %s (%s)", source->path, source->origin);
	return fail_remedy(err, "--seccomp takes default, build, strict, nested, sandboxes, "
				"unconfined, or the path "
				"of a JSON file");
}

/* filters_compiler stands for the helper and its libseccomp, which is linked into it. */
static int make_key(struct arena *arena, struct source *source, const char *machine,
		    uint64_t capabilities, struct error *err)
{
	struct utsname system;

	if (uname(&system) < 0)
		return fail(err, "ask for the kernel's version");
	system.release[strspn(system.release, "0123456789.")] = '\0';
	source->key = arena_printf(arena, "%s\n%s\n%s\n%s\n%llx%s\n", VERSION, filters_compiler,
				   machine, system.release, (unsigned long long)capabilities,
				   source->listens ? " listens" : "");
	source->key_size = strlen(source->key);
	snprintf(source->name, sizeof source->name, "%016llx",
		 (unsigned long long)filter_image_mix(
			 filter_image_mix(1, source->key, source->key_size), source->text,
			 source->size));
	return 0;
}

/* ---- from an image to a filter ---- */

/* Would the kernel take it, and does it end: what a program of ours looks like, and nothing else.
 */
static bool is_program(const struct sock_filter *code, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		size_t left = length - i - 1;

		switch (code[i].code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (code[i].k % 4 != 0 || code[i].k >= sizeof(struct seccomp_data))
				return false;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			break;
		case BPF_JMP | BPF_JA:
			if (code[i].k >= left)
				return false;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
		case BPF_JMP | BPF_JGE | BPF_K:
		case BPF_JMP | BPF_JGT | BPF_K:
			if (code[i].jt >= left || code[i].jf >= left)
				return false;
			break;
		case BPF_RET | BPF_K:
			break;
		default:
			return false;
		}
	}
	return length > 0 && code[length - 1].code == (BPF_RET | BPF_K);
}

/* The filter in bytes, which stay; NULL when they are not whole. */
static struct filter *take_image(struct arena *arena, const struct source *source,
				 const char *bytes, size_t size, const char **note)
{
	struct filter_image image;

	if (size < sizeof image)
		return NULL;
	memcpy(&image, bytes, sizeof image);
	if (memcmp(image.magic, FILTER_IMAGE_MAGIC, sizeof image.magic) != 0 ||
	    image.length > BPF_MAXINSNS ||
	    size != sizeof image + image.length * sizeof(struct sock_filter) ||
	    memchr(image.note, '\0', sizeof image.note) == NULL)
		return NULL;
	/* As instructions have to lie. */
	struct sock_filter *code = arena_alloc(arena, image.length * sizeof *code + 1);
	memcpy(code, bytes + sizeof image, image.length * sizeof *code);
	if (image.sum != filter_image_sum(&image, code) || !is_program(code, image.length))
		return NULL;

	struct filter *filter = arena_alloc(arena, sizeof *filter);
	*filter = (struct filter){
		.description = arena_printf(arena, "%s, %u calls, %u instructions, fnv1a:%016llx",
					    source->path, image.calls, image.length,
					    (unsigned long long)image.hash),
		.instructions = code,
		.length = (unsigned short)image.length,
		.flags = image.flags,
		.attempt = image.attempt,
	};
	if (*image.note)
		*note = *note ? arena_printf(arena, "%s\n%s", *note, image.note)
			      : arena_strdup(arena, image.note);
	return filter;
}

/* ---- kept ones ---- */

/* A kept filter: the head, the key, the file's text, the image. */
struct head {
	char magic[16];
	uint64_t key_size, size;
};

#define HEAD_MAGIC "sandbox kept 01"

static struct filter *find_kept(struct arena *arena, const struct source *source, int directory,
				const char **note)
{
	size_t size = 0, before = sizeof(struct head) + source->key_size + source->size;
	struct filter *filter = NULL;
	struct head head = {.size = 0};
	int cleanup_fd fd = open_own_file(directory, source->name);
	char *bytes = fd < 0 ? NULL : read_whole(fd, before + IMAGE_MAX, &size);

	if (!bytes)
		return NULL;
	memcpy(&head, bytes, size < sizeof head ? size : sizeof head);
	if (size >= before && memcmp(head.magic, HEAD_MAGIC, sizeof head.magic) == 0 &&
	    head.key_size == source->key_size && head.size == source->size &&
	    memcmp(bytes + sizeof head, source->key, source->key_size) == 0 &&
	    memcmp(bytes + sizeof head + source->key_size, source->text, source->size) == 0)
		filter = take_image(arena, source, bytes + before, size - before, note);
	munmap(bytes, size + 1);
	return filter;
}

/* Make room for one more: the oldest goes, and what was not finished an hour ago. */
static void drop_old(struct arena *arena, int directory)
{
	int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = copy < 0 ? NULL : fdopendir(copy);
	const char *oldest = NULL;
	time_t when = 0, now = time(NULL);
	size_t count = 0;

	if (!list && copy >= 0)
		close(copy);
	for (struct dirent *entry; list && (entry = readdir(list)) != NULL;) {
		struct stat st;

		if (entry->d_name[0] == '.' ||
		    fstatat(directory, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (strchr(entry->d_name, '.') && st.st_mtime < now - 3600)
			unlinkat(directory, entry->d_name, 0);
		count++;
		if (!oldest || st.st_mtime < when) {
			oldest = arena_strdup(arena, entry->d_name);
			when = st.st_mtime;
		}
	}
	if (list)
		closedir(list);
	if (oldest && count >= KEPT_MAX)
		unlinkat(directory, oldest, 0);
}

/* Under a name of its own first: whoever looks finds all of it or nothing. What cannot be kept is
 * made anew each time. */
static void keep(struct arena *arena, const struct source *source, int directory, const char *image,
		 size_t size)
{
	const struct head head = {HEAD_MAGIC, source->key_size, source->size};
	const char *name = arena_printf(arena, "%s.%d", source->name, (int)getpid());

	drop_old(arena, directory);
	unlinkat(directory, name, 0);
	int cleanup_fd fd =
		openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	if (write_all(fd, &head, sizeof head) < 0 ||
	    write_all(fd, source->key, source->key_size) < 0 ||
	    write_all(fd, source->text, source->size) < 0 || write_all(fd, image, size) < 0 ||
	    renameat(directory, name, directory, source->name) < 0)
		unlinkat(directory, name, 0);
}

/* The directory, made where it may be; -1: nothing is kept. */
static int open_kept(struct arena *arena, bool make)
{
	const char *path = places_filters(arena);
	int fd = path ? open_own_directory(path) : -1;

	if (fd >= 0 || !path || !make || errno != ENOENT)
		return fd;
	return make_directories(path) < 0 ? -1 : open_own_directory(path);
}

/* ---- the helper ---- */

/* What it says is FILE:LINE:COLUMN: WORDS, and perhaps a second line: what to do. */
static int report(const struct source *source, const char *helper, char *words, int status,
		  struct error *err)
{
	char *second = strchr(words, '\n');

	if (second)
		*second++ = '\0';
	if (!*words)
		return fail_because(
			err, "cannot read the seccomp profile %s: %s %s %d", source->path, helper,
			WIFSIGNALED(status) ? "was ended by signal" : "left with status",
			WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	fail_because(err, "--seccomp (%s): %.900s", source->origin, words);
	return second ? fail_remedy(err, "%.700s", second + strspn(second, " ")) : -1;
}

/* The helper gets the very bytes that the key has, not the file, which may change. */
static char *compile(struct arena *arena, const struct source *source, uint64_t capabilities,
		     size_t *size, struct error *err)
{
	const char *helper = installed_path(arena, NULL, "libexec/sandbox/seccomp");
	char has[32], words[2048];
	char *argv[] = {(char *)helper, (char *)source->path, has,
			source->listens ? "listens" : NULL, NULL};
	struct spawned spawned;
	int cleanup_fd input = memfd_create("seccomp profile", MFD_CLOEXEC);
	int cleanup_fd output = memfd_create("seccomp filter", MFD_CLOEXEC);

	snprintf(has, sizeof has, "%llx", (unsigned long long)capabilities);
	if (input < 0 || output < 0 || write_all(input, source->text, source->size) < 0 ||
	    lseek(input, 0, SEEK_SET) < 0) {
		fail(err, "hand %s to %s", source->path, helper);
		return NULL;
	}
	if (spawn_start_on(&spawned, argv, input, output, err) < 0) {
		fail_remedy(err, "it is installed with this program, in libexec/sandbox");
		return NULL;
	}
	int status = spawn_finish(&spawned, words, sizeof words);
	if (status != 0) {
		report(source, helper, words, status, err);
		return NULL;
	}
	char *image =
		lseek(output, 0, SEEK_SET) < 0 ? NULL : read_fd(arena, output, IMAGE_MAX, size);
	if (!image)
		fail(err, "read the filter that %s made of %s", helper, source->path);
	return image;
}

/* The kept one, or one made now. */
static struct filter *find_or_make(struct arena *arena, const struct source *source, bool may_keep,
				   uint64_t capabilities, const char **note, struct error *err)
{
	int cleanup_fd directory = open_kept(arena, may_keep);
	struct filter *filter = directory < 0 ? NULL : find_kept(arena, source, directory, note);
	size_t size;

	if (filter)
		return filter;
	char *image = compile(arena, source, capabilities, &size, err);
	if (!image)
		return NULL;
	filter = take_image(arena, source, image, size, note);
	if (!filter)
		fail_because(err, "the filter that was made of %s is not whole", source->path);
	else if (directory >= 0 && may_keep)
		keep(arena, source, directory, image, size);
	return filter;
}

/* Of a source that has been read. */
static struct filter *load(struct arena *arena, struct source *source, bool may_keep,
			   const char *machine, uint64_t capabilities, const char **note,
			   struct error *err)
{
	if (make_key(arena, source, machine, capabilities, err) < 0 || !source->key)
		return NULL;
	return find_or_make(arena, source, may_keep, capabilities, note, err);
}

const struct filter *filter_file_load(struct arena *arena, const struct config *config,
				      const char *machine, uint64_t capabilities, const char **note,
				      struct error *err)
{
	struct source source = {.path = config->seccomp_file,
				.origin = config_origin(config, OPT_SECCOMP)};

	if (read_source(&source, err) < 0 || !source.text)
		return NULL;
	struct filter *filter =
		load(arena, &source, !config->dry_run, machine, capabilities, note, err);
	munmap(source.text, source.size + 1);
	return filter;
}

const struct filter *filter_text_load(struct arena *arena, const struct filter_text *text,
				      const char *machine, uint64_t capabilities, const char **note,
				      struct error *err)
{
	struct source source = {.path = text->name,
				.origin = text->name,
				.listens = text->listens,
				.text = text->text,
				.size = strlen(text->text)};

	if (source.size > PROFILE_MAX) {
		fail_because(err,
			     "will not use %s: it has more than %d bytes, which no seccomp "
			     "profile needs",
			     text->name, PROFILE_MAX);
		return NULL;
	}
	return load(arena, &source, true, machine, capabilities, note, err);
}
