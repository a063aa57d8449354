/* `sandbox oci ...`: the program sandbox-oci, which is installed beside this one. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "error.h"

int cmd_oci(int argc, char **argv, char **all)
{
	struct error err;
	char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);

	(void)argc;
	(void)argv;
	path[length > 0 ? length : 0] = '\0';
	char *name = strrchr(path, '/');
	if (!name || (size_t)(name + 1 - path) + sizeof "sandbox-oci" > sizeof path) {
		fail_because(&err, "cannot find sandbox-oci: this program's own place is not "
				   "known");
		return cmd_report(&err);
	}
	strcpy(name + 1, "sandbox-oci");
	all[1] = path; /* the words behind `oci` are its own */
	execv(path, all + 1);
	fail(&err, "start %s", path);
	fail_remedy(&err, "it is installed with the program (make install); a root file system in "
			  "a directory of that name is written ./oci");
	return cmd_report(&err);
}
