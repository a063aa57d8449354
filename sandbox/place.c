/* Places of the host's: see place.h. */
#include "place.h"

#include <fcntl.h>

#include "files.h"

int place_open(const struct sandbox *sandbox, const struct place *place)
{
	if (place->own_part)
		return open_in_no_links(sandbox->layer, place->path, O_PATH);
	if (!place->no_links)
		return open(place->path, O_PATH | O_CLOEXEC);
	int cleanup_fd top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return top < 0 ? -1 : open_in_no_links(top, place->path, O_PATH);
}
