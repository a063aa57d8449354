/*
 * image: an OCI layout or an archive of `docker save`: finds the image in it, checks digests and
 * sizes, unpacks its layers in order, and keeps its configuration. Part of the helper `import`.
 */
#ifndef IMAGE_H
#define IMAGE_H

#include "record.h"
#include "unpack.h"

/* Where the parts of an image are read from. */
struct image_files {
	int directory; /* the layout, or the spooled files, which are called by number */
	bool spooled;
	struct spooled_file {
		const char *name; /* in the archive, plain */
		const char *link; /* a symbolic link's target, or NULL */
	} * files;
	size_t count;
};

/* Does this first name of an archive say that it holds an image and no root file system? */
bool image_is_first_name(const char *name);

/* Copy the files of an image's archive into directory, where first is the entry read already. */
int image_spool(struct image_files *files, struct unpack *unpack, struct arena *arena,
		struct archive *archive, struct archive_entry *first, int directory,
		struct error *err);

/*
 * Unpack the image called wanted (NULL: the only one) into the current directory and add its
 * configuration to the record: env, entrypoint, cmd, user, workdir. -1 with err filled.
 */
int image_unpack(const struct image_files *files, struct unpack *unpack, struct arena *arena,
		 const char *wanted, struct record *record, struct error *err);

/* A reader of archives with the formats and filters that we take. NULL with err filled. */
struct archive *image_reader(struct error *err);

#endif
