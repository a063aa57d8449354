/* What of the caller's session there is; supervisor, before the plan: see struct host_desktop in
 * host.h. The caller's environment says where to look, never a profile. */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "host.h"
#include "installed.h"
#include "spawn.h"

/* The path of a socket, with no link in it; NULL: there is none. */
static const char *find_socket(struct host *host, const char *path)
{
	struct stat st;
	char real[PATH_MAX];

	if (!realpath(path, real) || stat(real, &st) < 0 || !S_ISSOCK(st.st_mode))
		return NULL;
	return arena_strdup(&host->arena, real);
}

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* NAME, which is a path or a name in the directory for sockets; *no says why it is not there. */
static const char *find_in_runtime(struct host *host, const char *name, const char *directory,
				   const char **no)
{
	if (*name != '/' && !directory) {
		*no = "XDG_RUNTIME_DIR is not set";
		return NULL;
	}
	const char *path =
		*name == '/' ? name : arena_printf(&host->arena, "%s/%s", directory, name);
	const char *found = find_socket(host, path);

	if (!found)
		*no = arena_printf(&host->arena, "there is no socket %s", path);
	return found;
}

static void probe_wayland(struct host *host)
{
	struct host_desktop *desktop = &host->desktop;
	const char *name = variable("WAYLAND_DISPLAY");
	char said[64];
	struct spawned spawned;
	struct error ignored;

	desktop->wayland = find_in_runtime(host, name ? name : "wayland-0",
					   variable("XDG_RUNTIME_DIR"), &desktop->no_wayland);
	desktop->wayland_helper = installed_path(&host->arena, NULL, "libexec/sandbox/wayland");
	if (!desktop->wayland)
		return;
	char *argv[] = {(char *)desktop->wayland_helper, (char *)"probe", (char *)desktop->wayland,
			NULL};
	if (access(desktop->wayland_helper, X_OK) < 0 ||
	    spawn_start(&spawned, argv, &ignored) < 0 ||
	    spawn_finish(&spawned, said, sizeof said) != 0) {
		desktop->no_wayland =
			arena_printf(&host->arena, "no compositor answers at %s", desktop->wayland);
		desktop->wayland = NULL;
		return;
	}
	desktop->security_context = strncmp(said, "security-context", 16) == 0;
}

/* ":N", ":N.SCREEN", with "unix" before it perhaps. */
static bool local_display(const char *display, unsigned *number)
{
	char *end;

	if (strncmp(display, "unix:", 5) == 0)
		display += 4;
	if (display[0] != ':' || display[1] < '0' || display[1] > '9')
		return false;
	unsigned long value = strtoul(display + 1, &end, 10);
	*number = (unsigned)value;
	return value < 65536 && (*end == '\0' || *end == '.');
}

static void probe_display(struct host *host)
{
	struct host_desktop *desktop = &host->desktop;
	const char *display = variable("DISPLAY"), *authority = variable("XAUTHORITY");
	unsigned number;

	if (!display) {
		desktop->no_display = "DISPLAY is not set";
		return;
	}
	if (!local_display(display, &number)) {
		desktop->no_display = arena_printf(
			&host->arena, "the display %s is not one of this machine's sockets",
			display);
		return;
	}
	const char *path = arena_printf(&host->arena, "/tmp/.X11-unix/X%u", number);
	desktop->x11_socket = find_socket(host, path);
	if (!desktop->x11_socket) {
		desktop->no_display = arena_printf(&host->arena, "there is no socket %s", path);
		return;
	}
	desktop->display = arena_printf(&host->arena, ":%u", number);
	if (authority)
		desktop->xauthority = arena_strdup(&host->arena, authority);
	else if (host->home)
		desktop->xauthority = arena_printf(&host->arena, "%s/.Xauthority", host->home);
}

static void probe_x11(struct host *host, const struct config *config)
{
	struct host_desktop *desktop = &host->desktop;
	enum x11_mode mode = config->desktop.x11_mode;

	desktop->x11_helper = installed_path(&host->arena, NULL, "libexec/sandbox/x11");
	if (mode == X11_NESTED || mode == X11_VIRTUAL)
		desktop->x_server =
			spawn_find(&host->arena, mode == X11_NESTED ? "Xephyr" : "Xvfb");
	if (mode != X11_VIRTUAL)
		probe_display(host);
}

static void probe_pulse(struct host *host)
{
	struct host_desktop *desktop = &host->desktop;
	const char *server = variable("PULSE_SERVER"), *path = server;
	const char *own = variable("PULSE_RUNTIME_PATH");

	desktop->audio_helper = installed_path(&host->arena, NULL, "libexec/sandbox/audio");
	if (server && strncmp(server, "unix:", 5) == 0)
		path = server + 5;
	if (server && *path != '/') {
		desktop->no_pulse = arena_printf(
			&host->arena, "PULSE_SERVER (%s) is no socket of this machine", server);
		return;
	}
	if (!path && own)
		path = arena_printf(&host->arena, "%s/native", own);
	desktop->pulse = find_in_runtime(host, path ? path : "pulse/native",
					 variable("XDG_RUNTIME_DIR"), &desktop->no_pulse);
}

static void probe_pipewire(struct host *host)
{
	struct host_desktop *desktop = &host->desktop;
	const char *name = variable("PIPEWIRE_REMOTE");
	const char *directory = variable("PIPEWIRE_RUNTIME_DIR");

	desktop->pipewire = find_in_runtime(host, name ? name : "pipewire-0",
					    directory ? directory : variable("XDG_RUNTIME_DIR"),
					    &desktop->no_pipewire);
}

static void add_look(struct host *host, const char *source, const char *target)
{
	struct stat st;

	*ARENA_APPEND(&host->arena, host->desktop.looks, host->desktop.looks_count) =
		(struct host_look){source, target};
	if (stat(source, &st) < 0 || !S_ISDIR(st.st_mode))
		host->desktop.looks_count--;
}

/* Below the home directory nothing is followed: a link there may be what an earlier payload has
 * left. */
static void add_home_look(struct host *host, const char *name, const char *target)
{
	const char *path = arena_printf(&host->arena, "%s/%s", host->home, name);
	int cleanup_fd top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int cleanup_fd there = top < 0 ? -1 : open_in_no_links(top, path, O_PATH | O_DIRECTORY);

	if (there >= 0)
		add_look(host, path, target);
}

/* "Europe/Vienna", of a link to /usr/share/zoneinfo/Europe/Vienna. */
static const char *find_time_zone(struct host *host)
{
	static const char marker[] = "/zoneinfo/";
	char link[PATH_MAX];
	ssize_t length = readlink("/etc/localtime", link, sizeof link - 1);

	if (length <= 0)
		return NULL;
	link[length] = '\0';
	const char *found = strstr(link, marker);
	return found ? arena_strdup(&host->arena, found + strlen(marker)) : NULL;
}

#define LOOK "/run/sandbox/look"

static void probe_look(struct host *host)
{
	static const char *const own[][2] = {
		{".local/share/fonts", LOOK "/own/fonts"},
		{".local/share/icons", LOOK "/own/icons"},
		{".local/share/themes", LOOK "/own/themes"},
		{".fonts", LOOK "/old/fonts"},
		{".icons", LOOK "/old/icons"},
		{".themes", LOOK "/old/themes"},
	};
	/* What programs look for along XDG_DATA_DIRS stands beside ROOTFS's; the rest lies over. */
	static const char *const system[][2] = {
		{"/usr/share/fonts", LOOK "/host/fonts"},
		{"/usr/local/share/fonts", LOOK "/local/fonts"},
		{"/usr/share/icons", LOOK "/host/icons"},
		{"/usr/share/themes", LOOK "/host/themes"},
		{"/usr/share/mime", LOOK "/host/mime"},
		{"/usr/lib/locale", "/usr/lib/locale"},
		{"/usr/share/zoneinfo", "/usr/share/zoneinfo"},
	};

	for (size_t i = 0; host->home && i < sizeof own / sizeof *own; i++)
		add_home_look(host, own[i][0], own[i][1]);
	if (host->rootfs_is_host) {
		add_look(host, "/var/cache/fontconfig", "/var/cache/fontconfig");
		return;
	}
	for (size_t i = 0; i < sizeof system / sizeof *system; i++)
		add_look(host, system[i][0], system[i][1]);
	host->desktop.time_zone = find_time_zone(host);
}

void host_probe_desktop(struct host *host, const struct config *config)
{
	const struct desktop_wishes *wishes = &config->desktop;

	if (wishes->wayland)
		probe_wayland(host);
	if (wishes->x11)
		probe_x11(host, config);
	if (wishes->audio) {
		probe_pulse(host);
		probe_pipewire(host);
	}
	if (wishes->host_look)
		probe_look(host);
}
