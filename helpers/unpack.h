/*
 * unpack: one tar archive into the current directory, which is "/" of the importer (it has changed
 * its root to the new one, so no name leads out). Part of the helper `import`.
 */
#ifndef UNPACK_H
#define UNPACK_H

#include <archive.h>
#include <stdbool.h>
#include <stdint.h>

#include "error.h"

/* What one import may make, and what it has made and left out, over all its archives. */
struct unpack {
	uint64_t max_size, max_files; /* bytes of content, entries */
	uint64_t ids;                 /* how many are mapped: 0 to ids - 1 */
	bool squash;                  /* all is root's */

	uint64_t size, files;
	uint64_t devices, owners, attributes,
		absolute;  /* left out; recorded; left out; made relative */
	uint64_t warnings; /* files that the file system did not take all of */
};

/*
 * Unpack what archive (opened for reading, formats set) holds; first are entries that
 * have been read already, ended by NULL; the last is the archive's own. layered: it is an OCI
 * layer, whose whiteouts take away what earlier ones have made. -1 with err filled.
 */
int unpack_archive(struct unpack *unpack, struct archive *archive,
		   struct archive_entry *const first[], bool layered, struct error *err);

#endif
