/* What --info-fd and --json-status-fd are told; supervisor. The layout is what readers know. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "bwrap.h"

/* Appends `SEPARATOR"NAME-namespace": INODE` for those of pid that are not the caller's. */
static void add_namespaces(const struct bwrap_request *request, pid_t pid, const char *separator,
			   char *text, size_t size)
{
	const struct {
		const char *name;
		bool own;
	} namespaces[] = {
		{"cgroup", request->unshare_cgroup},
		{"ipc", request->unshare_ipc},
		{"mnt", true},
		{"net", request->unshare_net},
		{"pid", request->unshare_pid},
		{"uts", request->unshare_uts},
	};
	struct stat st;
	char path[64];

	for (size_t i = 0; i < sizeof namespaces / sizeof *namespaces; i++) {
		size_t used = strlen(text);

		snprintf(path, sizeof path, "/proc/%d/ns/%s", pid, namespaces[i].name);
		if (namespaces[i].own && stat(path, &st) == 0)
			snprintf(text + used, size - used, ",%s\"%s-namespace\": %ju", separator,
				 namespaces[i].name, (uintmax_t)st.st_ino);
	}
}

static int tell(int fd, char *text, size_t size, const char *end, struct error *err)
{
	size_t used = strlen(text);

	snprintf(text + used, size - used, "%s", end);
	return write_all(fd, text, strlen(text)) < 0 ? bwrap_fail(err, "Write to info_fd") : 0;
}

int bwrap_tell_start(struct bwrap_request *request, pid_t pid, struct error *err)
{
	char text[1024];

	if (request->info >= 0) {
		snprintf(text, sizeof text, "{\n    \"child-pid\": %d", pid);
		add_namespaces(request, pid, "\n    ", text, sizeof text);
		if (tell(request->info, text, sizeof text, "\n}\n", err) < 0)
			return -1;
		close(request->info);
	}
	if (request->json_status >= 0) {
		snprintf(text, sizeof text, "{ \"child-pid\": %d", pid);
		add_namespaces(request, pid, " ", text, sizeof text);
		if (tell(request->json_status, text, sizeof text, " }\n", err) < 0)
			return -1;
	}
	return 0;
}

void bwrap_tell_exit(const struct bwrap_request *request, int status)
{
	char text[64];

	snprintf(text, sizeof text, "{ \"exit-code\": %d }\n", status);
	(void)!write_all(request->json_status, text, strlen(text));
}
