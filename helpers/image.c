/*
 * Images: see image.h. The formats: OCI image-spec 1.0 (image-layout.md, manifest.md, config.md,
 * layer.md) and Docker's image-spec v1.2 (manifest.json). Everything in them is hostile: names of
 * blobs are made from checked digests, and what is read is bounded and hashed.
 */
#include "image.h"

#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <nettle/sha2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "files.h"

enum { MAX_JSON = 8 << 20, MAX_LAYERS = 500, MAX_DEPTH = 4, MAX_FILES = 10000, BLOCK = 1 << 18 };

struct image {
	const struct image_files *files;
	struct unpack *unpack;
	struct arena *arena;
	const char *wanted;
	struct record *record;
	struct error *err;
};

/* --- archives --- */

struct archive *image_reader(struct error *err)
{
	struct archive *archive = archive_read_new();

	/* No filter that runs a program, and tar alone. */
	if (!archive || archive_read_support_format_tar(archive) < ARCHIVE_WARN ||
	    archive_read_support_filter_gzip(archive) != ARCHIVE_OK ||
	    archive_read_support_filter_xz(archive) != ARCHIVE_OK ||
	    archive_read_support_filter_zstd(archive) != ARCHIVE_OK ||
	    archive_read_support_filter_bzip2(archive) != ARCHIVE_OK) {
		fail_because(err, "cannot read archives: %s",
			     archive ? archive_error_string(archive) : "out of memory");
		archive_read_free(archive);
		return NULL;
	}
	return archive;
}

static bool is_hex(const char *text, size_t length)
{
	return strspn(text, "0123456789abcdef") >= length;
}

bool image_is_first_name(const char *name)
{
	static const char *const names[] = {"oci-layout",   "index.json", "manifest.json",
					    "repositories", "blobs",      "blobs/"};

	if (!name)
		return false;
	if (strncmp(name, "./", 2) == 0)
		name += 2;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return strncmp(name, "blobs/sha256", 12) == 0 ||
	       (strlen(name) >= 64 && is_hex(name, 64) &&
		(!name[64] || name[64] == '/' || name[64] == '.'));
}

static int spool_one(struct image_files *files, struct unpack *unpack, struct arena *arena,
		     struct archive *archive, struct archive_entry *entry, struct error *err)
{
	const char *name = archive_entry_pathname(entry);
	mode_t type = archive_entry_filetype(entry);
	char number[24];
	const void *block;
	size_t size;
	int64_t offset;
	int got;

	if (!name || files->count >= MAX_FILES)
		return fail_because(err, "the image's archive has too many files, or a name that "
					 "cannot be read");
	if (archive_entry_hardlink(entry) || (type != AE_IFREG && type != AE_IFLNK))
		return 0;
	snprintf(number, sizeof number, "%zu", files->count);
	struct spooled_file *file = ARENA_APPEND(arena, files->files, files->count);
	file->name = arena_strdup(arena, strncmp(name, "./", 2) == 0 ? name + 2 : name);
	if (type == AE_IFLNK) {
		const char *link = archive_entry_symlink(entry);

		/* NULL: one that cannot be read as text. */
		file->link = arena_strdup(arena, link ? link : "");
		return 0;
	}
	int cleanup_fd fd = openat(files->directory, number,
				   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(err, "keep a file of the image");
	while ((got = archive_read_data_block(archive, &block, &size, &offset)) == ARCHIVE_OK) {
		unpack->size += size;
		if (unpack->size > unpack->max_size)
			return fail_because(err, "the archive holds more than %llu bytes",
					    (unsigned long long)unpack->max_size);
		if (pwrite(fd, block, size, offset) != (ssize_t)size)
			return fail(err, "keep a file of the image");
	}
	return got == ARCHIVE_EOF ? 0
				  : fail_because(err, "cannot read the archive: %s",
						 archive_error_string(archive));
}

int image_spool(struct image_files *files, struct unpack *unpack, struct arena *arena,
		struct archive *archive, struct archive_entry *first, int directory,
		struct error *err)
{
	int got = ARCHIVE_OK;

	files->directory = directory;
	files->spooled = true;
	for (struct archive_entry *entry = first; got != ARCHIVE_EOF;
	     got = archive_read_next_header(archive, &entry)) {
		if (got < ARCHIVE_WARN)
			return fail_because(err, "cannot read the archive: %s",
					    archive_error_string(archive));
		if (spool_one(files, unpack, arena, archive, entry, err) < 0)
			return -1;
	}
	/* The layers are counted again when they are unpacked. */
	unpack->size = 0;
	return 0;
}

/* --- files of the image --- */

/* "abc/../def.tar" as docker's links have it: relative to where the link is. */
static const char *follow(struct arena *arena, const char *name, const char *link)
{
	size_t length = strrchr(name, '/') ? (size_t)(strrchr(name, '/') - name) : 0;

	while (strncmp(link, "../", 3) == 0) {
		while (length > 0 && name[length - 1] != '/')
			length--;
		length -= length > 0;
		link += 3;
	}
	return length ? arena_printf(arena, "%.*s/%s", (int)length, name, link) : link;
}

/* -1 with err filled; err->number ENOENT when there is no such file. */
static int open_name(struct image *image, const char *name)
{
	const struct image_files *files = image->files;
	int fd = -1;

	if (!name)
		return fail_because(image->err, "the image has a file without a name");

	if (!files->spooled) {
		fd = open_in_no_links(files->directory, name, O_RDONLY | O_NONBLOCK);
		return fd < 0 ? fail(image->err, "read %s of the image", name) : fd;
	}
	for (int hops = 0; hops < 2; hops++) {
		for (size_t i = files->count; i-- > 0;) {
			char number[24];

			if (strcmp(files->files[i].name, name) != 0)
				continue;
			if (files->files[i].link) {
				name = follow(image->arena, name, files->files[i].link);
				break;
			}
			snprintf(number, sizeof number, "%zu", i);
			fd = openat(files->directory, number, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
			return fd < 0 ? fail(image->err, "read %s of the image", name) : fd;
		}
	}
	fail_because(image->err, "the image has no file %s", name);
	image->err->number = ENOENT;
	return -1;
}

/* What a descriptor says of a blob. */
struct blob {
	const char *path;       /* blobs/sha256/HEX */
	const char *hex;        /* NULL: not known */
	bool hex_is_of_content; /* of what is in it, decompressed */
	int64_t size;           /* -1: not known */
};

/* sha256:HEX, and nothing else can be in it. */
static const char *hex_of(struct image *image, const char *digest)
{
	if (digest && strncmp(digest, "sha256:", 7) == 0 && strlen(digest) == 71 &&
	    is_hex(digest + 7, 64))
		return digest + 7;
	fail_because(image->err,
		     "the image names something by the digest '%.100s', which is no "
		     "sha256 digest",
		     digest ? digest : "");
	return NULL;
}

static int read_descriptor(struct image *image, const json_t *descriptor, struct blob *blob)
{
	const json_t *size = json_object_get(descriptor, "size");
	const char *hex = hex_of(image, json_string_value(json_object_get(descriptor, "digest")));

	if (!hex)
		return -1;
	if (!json_is_integer(size) || json_integer_value(size) < 0)
		return fail_because(image->err, "the image says no size of %s", hex);
	*blob = (struct blob){
		.path = arena_printf(image->arena, "blobs/sha256/%s", hex),
		.hex = arena_strdup(image->arena, hex),
		.size = json_integer_value(size),
	};
	return 0;
}

static void to_hex(struct sha256_ctx *hash, char hex[65])
{
	uint8_t sum[SHA256_DIGEST_SIZE];

	sha256_digest(hash, sizeof sum, sum);
	for (size_t i = 0; i < sizeof sum; i++)
		snprintf(hex + 2 * i, 3, "%02x", sum[i]);
}

static int check_hash(struct image *image, struct sha256_ctx *hash, const char *hex,
		      const char *what)
{
	char seen[65];

	to_hex(hash, seen);
	if (strcmp(seen, hex) == 0)
		return 0;
	return fail_because(image->err, "%s has the digest %s, and should have %s", what, seen,
			    hex);
}

static json_t *read_json(struct image *image, const struct blob *blob)
{
	struct sha256_ctx hash;
	json_error_t why;
	size_t size;
	int cleanup_fd fd = open_name(image, blob->path);
	const char *text = fd < 0 ? NULL : read_fd(image->arena, fd, MAX_JSON, &size);

	if (fd < 0)
		return NULL;
	if (!text) {
		fail(image->err, "read %s of the image", blob->path);
		return NULL;
	}
	sha256_init(&hash);
	sha256_update(&hash, size, (const uint8_t *)text);
	if (blob->size >= 0 && (uint64_t)blob->size != size) {
		fail_because(image->err, "%s has %zu bytes, and should have %lld", blob->path, size,
			     (long long)blob->size);
		return NULL;
	}
	if (blob->hex && check_hash(image, &hash, blob->hex, blob->path) < 0)
		return NULL;
	json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES, &why);
	if (!json)
		fail_because(image->err, "%s of the image is no JSON: %s, line %d", blob->path,
			     why.text, why.line);
	return json;
}

/* --- layers --- */

struct reading {
	int fd;
	struct sha256_ctx hash;
	uint64_t size;
	uint8_t block[BLOCK];
	struct archive *content; /* what fd decompresses to, where the hash is of that */
	bool ended;
};

/* The next piece of what is hashed: 0 at the end, -1 with why. */
static la_ssize_t read_hashed(struct reading *reading, const void **block, const char **why)
{
	size_t size = 0;
	int64_t offset;
	ssize_t got = 0;

	*block = reading->block;
	if (!reading->content) {
		got = read(reading->fd, reading->block, sizeof reading->block);
		*why = got < 0 ? strerror(errno) : NULL;
	} else if (!reading->ended) {
		int result = archive_read_data_block(reading->content, block, &size, &offset);

		/* An end stays one. */
		reading->ended = result != ARCHIVE_OK;
		got = result == ARCHIVE_OK ? (ssize_t)size : result == ARCHIVE_EOF ? 0 : -1;
		*why = got < 0 ? archive_error_string(reading->content) : NULL;
	}
	if (got > 0) {
		sha256_update(&reading->hash, (size_t)got, *block);
		reading->size += (uint64_t)got;
	}
	return got;
}

static la_ssize_t read_block(struct archive *archive, void *data, const void **block)
{
	const char *why = NULL;
	la_ssize_t got = read_hashed(data, block, &why);

	if (got < 0)
		archive_set_error(archive, EIO, "%s", why ? why : "it is damaged");
	return got;
}

/* What follows the end of the tar belongs to the blob too. */
static int check_rest(struct image *image, struct reading *reading, const struct blob *blob)
{
	const char *why = NULL;
	const void *block;
	la_ssize_t got;

	do {
		got = read_hashed(reading, &block, &why);
		/* Zeroes without end are a bomb too. */
		if (reading->size > image->unpack->max_size)
			return fail_because(
				image->err, "%s of the image holds more than %llu bytes",
				blob->path, (unsigned long long)image->unpack->max_size);
	} while (got > 0);
	if (got < 0)
		return fail_because(image->err, "cannot read %s of the image: %s", blob->path,
				    why ? why : "it is damaged");
	if (blob->size >= 0 && (uint64_t)blob->size != reading->size)
		return fail_because(image->err, "%s has %llu bytes, and should have %lld",
				    blob->path, (unsigned long long)reading->size,
				    (long long)blob->size);
	return !blob->hex ? 0 : check_hash(image, &reading->hash, blob->hex, blob->path);
}

/* What a blob decompresses to, whatever it is compressed with. NULL: an empty one, or one of no
 * kind that is known, whose own bytes are its content. */
static struct archive *open_content(int fd)
{
	struct archive *content = archive_read_new();
	struct archive_entry *entry;

	if (content && archive_read_support_format_raw(content) == ARCHIVE_OK &&
	    archive_read_support_filter_gzip(content) == ARCHIVE_OK &&
	    archive_read_support_filter_xz(content) == ARCHIVE_OK &&
	    archive_read_support_filter_zstd(content) == ARCHIVE_OK &&
	    archive_read_support_filter_bzip2(content) == ARCHIVE_OK &&
	    archive_read_open_fd(content, fd, BLOCK) == ARCHIVE_OK &&
	    archive_read_next_header(content, &entry) == ARCHIVE_OK)
		return content;
	archive_read_free(content);
	(void)lseek(fd, 0, SEEK_SET);
	return NULL;
}

static int unpack_layer(struct image *image, const struct blob *blob)
{
	int cleanup_fd fd = open_name(image, blob->path);
	struct reading *reading = arena_alloc(image->arena, sizeof *reading);
	struct archive *archive = fd < 0 ? NULL : image_reader(image->err);
	int result = -1;

	if (!archive)
		return -1;
	reading->fd = fd;
	sha256_init(&reading->hash);
	if (blob->hex_is_of_content)
		reading->content = open_content(fd);
	if (archive_read_open(archive, reading, NULL, read_block, NULL) != ARCHIVE_OK)
		fail_because(image->err, "cannot read the layer %s: %s", blob->path,
			     archive_error_string(archive));
	else
		result = unpack_archive(image->unpack, archive, NULL, true, image->err);
	if (result == 0)
		result = check_rest(image, reading, blob);
	archive_read_free(archive);
	archive_read_free(reading->content);
	return result;
}

static int check_count(struct image *image, const json_t *layers)
{
	if (!json_is_array(layers) || json_array_size(layers) == 0)
		return fail_because(image->err, "the image has no layers");
	if (json_array_size(layers) > MAX_LAYERS)
		return fail_because(image->err, "the image has %zu layers, and %d are taken",
				    json_array_size(layers), MAX_LAYERS);
	return 0;
}

/* --- configuration --- */

static int add_strings(struct image *image, const json_t *list, const char *key)
{
	size_t index;
	json_t *item;

	if (json_array_size(list) > 10000)
		return fail_because(image->err, "the image's %s is too long", key);
	json_array_foreach(list, index, item)
	{
		if (!json_is_string(item))
			return fail_because(image->err, "the image's %s is no list of strings",
					    key);
		record_add(image->record, image->arena, key,
			   arena_strdup(image->arena, json_string_value(item)));
	}
	return 0;
}

static int take_configuration(struct image *image, const json_t *json)
{
	static const char *const single[][2] = {{"User", "user"}, {"WorkingDir", "workdir"}};
	const json_t *config = json_object_get(json, "config");

	for (size_t i = 0; i < 2; i++) {
		const char *value = json_string_value(json_object_get(config, single[i][0]));

		if (value && *value)
			record_add(image->record, image->arena, single[i][1],
				   arena_strdup(image->arena, value));
	}
	return add_strings(image, json_object_get(config, "Env"), "env") < 0 ||
			       add_strings(image, json_object_get(config, "Entrypoint"),
					   "entrypoint") < 0 ||
			       add_strings(image, json_object_get(config, "Cmd"), "cmd") < 0
		       ? -1
		       : 0;
}

/* --- OCI --- */

/* As the Go world calls machines. */
static const char *architecture(void)
{
	static const char *const names[][2] = {{"x86_64", "amd64"},    {"aarch64", "arm64"},
					       {"i686", "386"},        {"armv7l", "arm"},
					       {"ppc64le", "ppc64le"}, {"s390x", "s390x"},
					       {"riscv64", "riscv64"}};
	static const char *const unknown = "unknown";
	struct utsname machine;

	if (uname(&machine) == 0)
		for (size_t i = 0; i < sizeof names / sizeof *names; i++)
			if (strcmp(machine.machine, names[i][0]) == 0)
				return names[i][1];
	return unknown;
}

static bool is_called(const json_t *descriptor, const char *wanted)
{
	static const char *const keys[] = {"org.opencontainers.image.ref.name",
					   "io.containerd.image.name"};
	const json_t *notes = json_object_get(descriptor, "annotations");

	for (size_t i = 0; i < 2; i++) {
		const char *name = json_string_value(json_object_get(notes, keys[i]));

		if (name && strcmp(name, wanted) == 0)
			return true;
	}
	return false;
}

/* Not for this machine, as far as it says. */
static bool is_foreign(const json_t *descriptor)
{
	const json_t *platform = json_object_get(descriptor, "platform");
	const char *arch = json_string_value(json_object_get(platform, "architecture"));
	const char *os = json_string_value(json_object_get(platform, "os"));

	return (arch && strcmp(arch, architecture()) != 0) || (os && strcmp(os, "linux") != 0);
}

static const json_t *choose(struct image *image, const json_t *manifests, bool by_name)
{
	const json_t *found = NULL;
	size_t index, matches = 0;
	json_t *item;

	json_array_foreach(manifests, index, item)
	{
		if (by_name && image->wanted ? !is_called(item, image->wanted) : is_foreign(item))
			continue;
		found = item;
		matches++;
	}
	if (matches == 1)
		return found;
	if (matches == 0)
		fail_because(image->err,
			     by_name && image->wanted
				     ? "there is no image called '%s' in it"
				     : "there is no image for this machine in it%s",
			     by_name && image->wanted ? image->wanted : "");
	else
		fail_because(image->err, "there are %zu images in it", matches);
	fail_remedy(image->err, "say which one: --image=NAME (its annotation "
				"org.opencontainers.image.ref.name)");
	return NULL;
}

static int unpack_manifest(struct image *image, const json_t *manifest)
{
	const json_t *layers = json_object_get(manifest, "layers");
	struct blob blob = {0};
	size_t index;
	json_t *item;

	if (check_count(image, layers) < 0 ||
	    read_descriptor(image, json_object_get(manifest, "config"), &blob) < 0)
		return -1;
	json_t *config = read_json(image, &blob);
	int result = config ? take_configuration(image, config) : -1;
	json_decref(config);
	json_array_foreach(layers, index, item)
	{
		if (result < 0 || read_descriptor(image, item, &blob) < 0)
			return -1;
		result = unpack_layer(image, &blob);
	}
	return result;
}

/* An index leads to a manifest, perhaps by way of other indexes. */
static int unpack_index(struct image *image, json_t *json, int depth)
{
	const json_t *manifests = json_object_get(json, "manifests");
	struct blob blob = {0};

	/* One document read as both is how a digest comes to mean two things (CVE-2021-41190). */
	if (manifests && json_object_get(json, "layers"))
		return fail_because(image->err,
				    "a document of the image is an index and a manifest "
				    "at once");
	if (!manifests)
		return unpack_manifest(image, json);
	if (depth == MAX_DEPTH)
		return fail_because(image->err, "the image's indexes lead to indexes without end");
	const json_t *chosen = choose(image, manifests, depth == 0);
	if (!chosen || read_descriptor(image, chosen, &blob) < 0)
		return -1;
	json_t *next = read_json(image, &blob);
	int result = next ? unpack_index(image, next, depth + 1) : -1;
	json_decref(next);
	return result;
}

/* --- docker save --- */

static bool is_tagged(const json_t *item, const char *wanted)
{
	size_t index;
	json_t *tag;

	json_array_foreach(json_object_get(item, "RepoTags"), index, tag)
	{
		const char *text = json_string_value(tag);
		size_t length = strlen(wanted);

		if (text && strncmp(text, wanted, length) == 0 &&
		    (!text[length] || strcmp(text + length, ":latest") == 0))
			return true;
	}
	return false;
}

static int unpack_docker_layers(struct image *image, const json_t *layers, const json_t *config)
{
	const json_t *ids = json_object_get(json_object_get(config, "rootfs"), "diff_ids");
	size_t index;
	json_t *item;

	if (check_count(image, layers) < 0)
		return -1;
	if (json_array_size(ids) != json_array_size(layers))
		return fail_because(image->err, "the image has %zu layers and %zu digests of them",
				    json_array_size(layers), json_array_size(ids));
	json_array_foreach(layers, index, item)
	{
		struct blob blob = {.size = -1, .hex_is_of_content = true};

		blob.path = json_string_value(item);
		blob.hex = hex_of(image, json_string_value(json_array_get(ids, index)));
		if (!blob.path)
			return fail_because(image->err,
					    "the image's list of layers is no list of names");
		if (!blob.hex || unpack_layer(image, &blob) < 0)
			return -1;
	}
	return 0;
}

static int unpack_docker(struct image *image, const json_t *json)
{
	const json_t *found = NULL;
	size_t index, matches = 0;
	json_t *item;

	json_array_foreach(json, index, item)
	{
		if (image->wanted && !is_tagged(item, image->wanted))
			continue;
		found = item;
		matches++;
	}
	struct blob blob = {.path = json_string_value(json_object_get(found, "Config")),
			    .size = -1};
	if (matches == 1 && !blob.path)
		return fail_because(image->err, "the image in it names no configuration");
	if (matches == 0 && !image->wanted)
		return fail_because(image->err, "there is no image in it");
	if (matches != 1) {
		if (image->wanted)
			fail_because(image->err, "there are %zu images called '%s' in it", matches,
				     image->wanted);
		else
			fail_because(image->err, "there are %zu images in it", matches);
		return fail_remedy(image->err, "say which one: --image=NAME[:TAG]");
	}
	json_t *config = read_json(image, &blob);
	int result = config ? take_configuration(image, config) : -1;
	if (result == 0)
		result = unpack_docker_layers(image, json_object_get(found, "Layers"), config);
	json_decref(config);
	return result;
}

int image_unpack(const struct image_files *files, struct unpack *unpack, struct arena *arena,
		 const char *wanted, struct record *record, struct error *err)
{
	struct image image = {files, unpack, arena, wanted, record, err};
	struct blob blob = {.path = "index.json", .size = -1};
	json_t *json = read_json(&image, &blob);
	bool docker = !json && err->number == ENOENT;
	int result = -1;

	if (docker) {
		blob.path = "manifest.json";
		json = read_json(&image, &blob);
		if (!json && err->number == ENOENT)
			return fail_because(err,
					    "it holds neither index.json nor manifest.json: no "
					    "OCI layout and no archive of docker save");
	}
	if (json)
		result = docker ? unpack_docker(&image, json) : unpack_index(&image, json, 0);
	json_decref(json);
	return result;
}
