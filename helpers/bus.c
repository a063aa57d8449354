/*
 * bus: makes a sandbox for xdg-dbus-proxy and becomes it. Started by the supervisor, never by hand:
 *
 *     bus READYFD SOCKET APPLICATION network|- PROXY [session=BUS|system=BUS [--talk=NAME ...]]...
 *
 * BUS is the path of a bus's socket, or '@' and an abstract name. What the payload says arrives in
 * the proxy, so a flaw in it must be worth little: it has user, mount, pid, ipc and uts namespaces
 * of its own; of the host's files /usr and its links, read-only, and the buses' sockets; no
 * capability, no_new_privs, and the filter of the profile strict. The network stays the host's, for
 * a bus with an abstract name; the filter leaves no socket but local ones.
 *
 * The proxy listens in a directory of its own tmpfs, which is passed over SOCKET as a
 * detached mount: no path of the host leads there.
 *
 * A portal takes who speaks to it for an application of a sandbox when the root directory of that
 * process, which is the proxy, has a file .flatpak-info (xdg-desktop-portal, flatpak-metadata(5));
 * else it would answer as to a program outside.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bare_root.h"
#include "files.h"
#include "mounting.h"
#include "rights.h"
#include "strict.h"

enum { WORDS = 4096 };

struct options {
	int ready, socket;
	const char *application;
	bool network;
	pid_t instance; /* a number that no other sandbox has now */
	char *proxy;
	char **buses;
};

static int number(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (*end || end == text || value < 3 || value > INT32_MAX)
		errx(1, "'%s' is no descriptor", text);
	return (int)value;
}

static void write_file(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		err(1, "cannot write %s", name);
	close(fd);
}

/* --- the root that it has --- */

/* The name of a bus in "session=/run/user/1000/bus", NULL for another word; *socket is what stands
 * behind it. */
static const char *bus_of(const char *word, const char **socket)
{
	static const char *const names[] = {"session", "system"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		size_t length = strlen(names[i]);

		if (strncmp(word, names[i], length) == 0 && word[length] == '=') {
			*socket = word + length + 1;
			return names[i];
		}
	}
	return NULL;
}

static void show_buses(const struct bare_root *root, char *const buses[])
{
	int directory = bare_root_directory(root, "host");

	for (; *buses; buses++) {
		const char *socket, *name = bus_of(*buses, &socket);

		if (!name || *socket == '@')
			continue;
		int file = openat(directory, name, O_CREAT | O_EXCL | O_RDONLY | O_CLOEXEC, 0600);
		bare_root_attach(root, mount_clone(AT_FDCWD, socket, false), file,
				 MOUNT_ATTR_NOEXEC, socket);
	}
	close(directory);
}

/* Where the proxy listens; the sandbox gets the same directory, and makes it read-only for itself.
 */
static void make_listening(const struct bare_root *root, int socket)
{
	static const struct fs_option small[] = {{"size", "64k"}, {"mode", "0755"}, {NULL, NULL}};
	int target = bare_root_directory(root, "bus");
	const char *failed;
	int own = mount_new("tmpfs", small, MOUNT_SAFE | MOUNT_ATTR_NOEXEC, &failed);

	if (own < 0 || target < 0 || mount_attach(own, target) < 0)
		err(1, "cannot make a directory for the proxy's sockets");
	int passed = mount_clone(own, "", false);
	if (passed < 0)
		err(1, "cannot copy the directory of the proxy's sockets");
	if (rights_send(socket, "", 1, &passed, 1, 0) != 1)
		err(1, "cannot pass the directory of the proxy's sockets");
	close(passed);
	close(target);
	close(own);
	close(socket);
}

static void write_info(const struct bare_root *root, const struct options *options)
{
	char text[512];

	snprintf(text, sizeof text,
		 "[Application]\nname=%s\n\n[Instance]\ninstance-id=%u\n\n[Context]\n%s",
		 options->application, (unsigned)options->instance,
		 options->network ? "shared=network;\n" : "");
	write_file(root->fd, ".flatpak-info", text);
}

static void make_root(const struct options *options)
{
	struct bare_root root;

	bare_root_begin(&root, "the proxy");
	bare_root_show_system(&root);
	show_buses(&root, options->buses);
	write_info(&root, options);
	make_listening(&root, options->socket);
	if (mount_change(root.fd, MOUNT_ATTR_RDONLY, false) < 0)
		err(1, "cannot make the root directory of the proxy read-only");
	bare_root_enter(&root);
	close(root.fd);
}

/* --- the proxy --- */

static char *join(const char *before, const char *name)
{
	char *word = NULL;

	if (asprintf(&word, "%s%s", before, name) < 0)
		err(1, "cannot make the proxy's command line");
	return word;
}

/* An abstract name's bytes as an address has them. */
static char *abstract_address(const char *name)
{
	char *address = malloc(sizeof "unix:abstract=" + 3 * strlen(name));

	if (!address)
		err(1, "cannot make the proxy's command line");
	char *to = stpcpy(address, "unix:abstract=");
	for (; *name; name++)
		to += sprintf(to, "%%%02x", (unsigned char)*name);
	return address;
}

static _Noreturn void serve(const struct options *options)
{
	char *words[WORDS], ready[24];
	size_t count = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	make_root(options);
	snprintf(ready, sizeof ready, "--fd=%d", options->ready);
	words[count++] = options->proxy;
	words[count++] = ready;
	for (char **word = options->buses; *word; word++) {
		const char *socket, *name = bus_of(*word, &socket);

		if (count + 4 > WORDS)
			errx(1, "there are too many rules");
		if (!name) {
			words[count++] = *word;
			continue;
		}
		words[count++] = *socket == '@' ? abstract_address(socket + 1)
						: join("unix:path=/host/", name);
		words[count++] = join("/bus/", name);
		words[count++] = (char *)"--filter";
	}
	words[count] = NULL;
	umask(0); /* who can see the sockets may use them */
	strict_confine("the proxy");
	execv(options->proxy, words);
	err(1, "cannot run %s", options->proxy);
}

int main(int argc, char **argv)
{
	if (argc < 7)
		errx(1, "usage: bus READYFD SOCKET APPLICATION network|- PROXY BUS...");
	struct options options = {.ready = number(argv[1]),
				  .socket = number(argv[2]),
				  .application = argv[3],
				  .network = strcmp(argv[4], "network") == 0,
				  .instance = getpid(),
				  .proxy = argv[5],
				  .buses = argv + 6};
	int status = 1;

	/* Nothing else that the supervisor, or whoever called it, has open is ours. */
	const int keep[] = {options.ready, options.socket};
	if (close_all_but((struct kept){keep, 2}, (struct kept){NULL, 0}) < 0)
		err(1, "cannot close the other descriptors");
	/* With the caller's ids: a bus asks the kernel who speaks. */
	strict_enter_namespaces(CLONE_NEWIPC, "the proxy");
	/* Its own death ends the pid namespace; ours is the supervisor's to bring about. */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	pid_t pid = fork();
	if (pid < 0)
		err(1, "cannot start the proxy");
	if (pid == 0)
		serve(&options);
	close(options.ready);
	close(options.socket);
	strict_confine("the proxy");
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
