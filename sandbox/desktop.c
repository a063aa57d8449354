/* The directory for sockets, and the look of the host: see desktop.h. */
#include "desktop.h"

#include <string.h>

#include "mounting.h"
#include "showing.h"

static int run_runtime(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	return showing_directory(sandbox, step->target, err);
}

static const struct step_kind runtime_kind = {"runtime-dir", run_runtime};

/* Every program that uses one asks for it, and for its mode, in XDG_RUNTIME_DIR. */
static void plan_runtime(struct plan *plan)
{
	struct step *step = plan_add(plan, PHASE_SETUP, &runtime_kind, "sockets of the session");

	plan->runtime_dir = arena_printf(&plan->arena, "/run/user/%u", plan->identity.uid);
	step->target = plan->runtime_dir;
	step->options = "mode=0700";
	step->writes = WRITES_FILES;
	plan_set_variable(plan, "XDG_RUNTIME_DIR", plan->runtime_dir);
}

static const struct step_kind look_kind = {"look", showing_run};

static int run_text(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	return showing_file(sandbox, step->target, step->data, strlen(step->data), false, err);
}

static const struct step_kind text_kind = {"file", run_text};

static const char own_directory[] = "/run/sandbox/look/";
/* LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET, which older headers lack. */
#define SCOPE_ABSTRACT 1
#define FONTS_FILE     "/run/sandbox/fonts.conf"

/* The last name of a place below our own directory, or NULL. */
static const char *own_name(const char *target)
{
	return strncmp(target, own_directory, strlen(own_directory)) == 0 ? strrchr(target, '/') + 1
									  : NULL;
}

/* Fontconfig has directories in a file, and no variable that would add one. */
static void plan_fonts(struct plan *plan, const char *because)
{
	const struct host_desktop *desktop = &plan->host->desktop;
	const char *text = "";

	for (size_t i = 0; i < desktop->looks_count; i++) {
		const char *target = desktop->looks[i].target, *name = own_name(target);

		if (name && strcmp(name, "fonts") == 0)
			text = arena_printf(&plan->arena, "%s  <dir>%s</dir>\n", text, target);
	}
	if (!*text)
		return;
	struct step *step = plan_add(plan, PHASE_SETUP, &text_kind, because);
	step->target = FONTS_FILE;
	step->data =
		arena_printf(&plan->arena,
			     "<?xml version=\"1.0\"?>\n<!DOCTYPE fontconfig SYSTEM \"fonts.dtd\">\n"
			     "<fontconfig>\n"
			     "  <include ignore_missing=\"yes\">/etc/fonts/fonts.conf</include>\n%s"
			     "  <cachedir>/tmp/.fontconfig</cachedir>\n</fontconfig>\n",
			     text);
	step->writes = WRITES_FILES;
	plan_set_variable(plan, "FONTCONFIG_FILE", FONTS_FILE);
}

/* Icons, themes and kinds of files are looked for along XDG_DATA_DIRS, cursors along another path.
 */
static void plan_paths(struct plan *plan)
{
	static const char *const shares[] = {"own", "old", "host", "local"};
	const struct host_desktop *desktop = &plan->host->desktop;
	const char *data = "", *cursors = "";

	for (size_t j = 0; j < sizeof shares / sizeof *shares; j++) {
		const char *share = arena_printf(&plan->arena, "%s%s", own_directory, shares[j]);
		bool any = false;

		for (size_t i = 0; i < desktop->looks_count; i++)
			any |= strncmp(desktop->looks[i].target, share, strlen(share)) == 0;
		if (any) {
			data = arena_printf(&plan->arena, "%s%s:", data, share);
			cursors = arena_printf(&plan->arena, "%s%s/icons:", cursors, share);
		}
	}
	if (!*data)
		return;
	plan_set_variable(plan, "XDG_DATA_DIRS",
			  arena_printf(&plan->arena, "%s/usr/local/share:/usr/share", data));
	plan_set_variable(plan, "XCURSOR_PATH",
			  arena_printf(&plan->arena, "%s~/.icons:/usr/share/icons", cursors));
}

static void plan_look(struct plan *plan)
{
	const struct host_desktop *desktop = &plan->host->desktop;
	const char *because = config_origin(plan->config, OPT_HOST_LOOK);

	for (size_t i = 0; i < desktop->looks_count; i++) {
		struct step *step = plan_add(plan, PHASE_SETUP, &look_kind, because);

		step->source = desktop->looks[i].source;
		step->target = desktop->looks[i].target;
		step->options = "ro";
		step->flags = MOUNT_SAFE | MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC;
	}
	plan_fonts(plan, because);
	plan_paths(plan);
	if (desktop->time_zone)
		plan_set_variable(plan, "TZ", desktop->time_zone);
}

int desktop_plan(struct plan *plan, struct error *err)
{
	(void)err;
	if (config_wants_runtime(plan->config))
		plan_runtime(plan);
	if (plan->config->desktop.host_look)
		plan_look(plan);
	return 0;
}

static bool has_variable(const struct plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->variables_count; i++)
		if (strcmp(plan->variables[i].name, name) == 0)
			return true;
	return false;
}

/* Toolkits that try one and then the other say so in warnings, and some do not try. */
static void plan_toolkits(struct plan *plan)
{
	bool wayland = has_variable(plan, "WAYLAND_DISPLAY"), x11 = has_variable(plan, "DISPLAY");

	if (!wayland && !x11)
		return;
	plan_set_variable(plan, "XDG_SESSION_TYPE", wayland ? "wayland" : "x11");
	if (wayland && x11)
		return;
	plan_set_variable(plan, "GDK_BACKEND", wayland ? "wayland" : "x11");
	plan_set_variable(plan, "QT_QPA_PLATFORM", wayland ? "wayland" : "xcb");
}

/*
 * Without an address of a bus, GLib and libdbus have dbus-launch start one: within the sandbox, for
 * this program alone, with whatever of services its toolkit then asks for (accessibility, portals):
 * most of the time to its first window. A kind of address that there is not says that there is
 * none. Nor is there dconf then, so that settings are kept in a file.
 */
static void plan_no_bus(struct plan *plan)
{
	bool window = has_variable(plan, "WAYLAND_DISPLAY") || has_variable(plan, "DISPLAY");

	if (!window || plan->session_bus || plan->config->keep_env)
		return;
	plan_set_variable(plan, "DBUS_SESSION_BUS_ADDRESS", "disabled:");
	plan_set_variable(plan, "GSETTINGS_BACKEND", "keyfile");
	plan_set_variable(plan, "NO_AT_BRIDGE", "1"); /* GTK 3; the next is GTK 4's */
	plan_set_variable(plan, "GTK_A11Y", "none");
}

/*
 * An X server listens on an abstract socket as well, which every process of its network namespace
 * can reach, whatever is mounted. In a namespace of the sandbox's own it is not there.
 */
static int check_abstract(const struct plan *plan, struct error *err)
{
	const struct config *config = plan->config;
	enum option_id id = config->desktop.x11 == WISH_TRY ? OPT_X11_TRY : OPT_X11;

	if (!config->desktop.x11 || config->desktop.x11_mode == X11_TRUSTED ||
	    config->network != NETWORK_HOST || plan->landlock.scoped & SCOPE_ABSTRACT)
		return 0;
	fail_because(err,
		     "--%s (%s) and --network=host (%s): without Landlock's scopes the host's X "
		     "server can be reached at its abstract socket",
		     option_name(id), config_origin(config, id),
		     config_origin(config, OPT_NETWORK));
	return fail_remedy(err, "use another network, or Linux 6.12 with Landlock; or say "
				"--x11=trusted, if the command may have the display");
}

int desktop_plan_check(struct plan *plan, struct error *err)
{
	plan_toolkits(plan);
	plan_no_bus(plan);
	return check_abstract(plan, err);
}
