/* `sandbox bundle`: libexec/sandbox/bundle writes an OCI bundle of what a run would be. */
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "cmd.h"
#include "error.h"
#include "installed.h"

int cmd_bundle(int argc, char **argv, char **all)
{
	struct arena arena = {NULL};
	struct error err;
	const char *helper = installed_path(&arena, NULL, "libexec/sandbox/bundle");
	char **words = arena_alloc(&arena, ((size_t)argc + 2) * sizeof *words);

	(void)all;
	words[0] = (char *)"sandbox-bundle";
	memcpy(words + 1, argv, (size_t)argc * sizeof *words);
	words[argc + 1] = NULL;
	execv(helper, words);
	fail(&err, "start %s", helper);
	fail_remedy(&err, "it is installed with the program (make install)");
	arena_free(&arena);
	return cmd_report(&err);
}
