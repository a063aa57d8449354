/* A way to an X server: see desktop_x11.h. */
#include "desktop_x11.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "channel.h"
#include "files.h"
#include "mounting.h"
#include "showing.h"

enum { READY_SECONDS = 30, MAX_TEXT = 4096 };

static const char *const words[] = {[X11_UNTRUSTED] = "untrusted",
				    [X11_TRUSTED] = "trusted",
				    [X11_NESTED] = "nested",
				    [X11_VIRTUAL] = "virtual"};

/*
 * The helper writes "NUMBER\n" and the Xauthority file's bytes into memory that the child has too,
 * and stays: with its end the cookie is revoked, or the server ended. It is tied to us by a pipe
 * and not by a signal, so that it can do that whatever becomes of us.
 */
static int run_helper(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct plan *plan = sandbox->plan;
	const struct host_desktop *desktop = &plan->host->desktop;
	struct helper *helper = &sandbox->helpers[HELPER_X11];
	int control[2], closing[2];
	char numbers[3][16];

	sandbox->x11 = memfd_create("x11", MFD_CLOEXEC);
	if (sandbox->x11 < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) < 0)
		return fail(err, "make a socket for the display's helper");
	helper->ready = control[0];
	if (pipe2(closing, O_CLOEXEC) < 0) {
		close(control[1]);
		return fail(err, "make a pipe for the display's helper");
	}
	helper->exit = closing[1];
	helper->tidies = true;
	const int passed[] = {control[1], closing[0], sandbox->x11};
	for (int i = 0; i < 3; i++)
		snprintf(numbers[i], sizeof numbers[i], "%d", passed[i]);
	char *argv[] = {(char *)desktop->x11_helper,
			(char *)words[plan->config->desktop.x11_mode],
			numbers[0],
			numbers[1],
			numbers[2],
			(char *)(desktop->x_server ? desktop->x_server : "-"),
			(char *)(desktop->display ? desktop->display : "-"),
			(char *)(desktop->xauthority ? desktop->xauthority : "-"),
			(char *)(plan->config->hostname ? plan->config->hostname : "sandbox"),
			plan->x11_shares ? "shares" : "-",
			NULL};
	(void)step;
	int result = helper_start(helper, "x11", argv, passed, 3, err);
	close(control[1]);
	close(closing[0]);
	return result;
}

static int run_wait(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)step;
	return helper_wait(sandbox, HELPER_X11, READY_SECONDS, err);
}

/* The server itself starts beside SETUP: what it waits for is there. */
static int run_enter(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	struct helper *helper = &sandbox->helpers[HELPER_X11];

	(void)step;
	for (int i = 0; i < 2; i++) {
		const int *fd = i ? &sandbox->ipc_namespace : &sandbox->user_namespace;

		if (channel_pass(helper->ready, fd, 1) < 0 && errno != EPIPE && errno != ECONNRESET)
			return fail(err, "pass the sandbox's namespaces to the display's helper");
	}
	helper->in_use = false;
	return helper_wait(sandbox, HELPER_X11, READY_SECONDS, err);
}

static const struct step_kind enter_kind = {"x11-server", run_enter};
static const struct step_kind helper_kind = {"x11", run_helper};
static const struct step_kind wait_kind = {"x11", run_wait};

/* What the helper has written: the bytes behind the number's line. */
static ssize_t read_text(const struct sandbox *sandbox, char text[MAX_TEXT + 1], char **rest)
{
	ssize_t length = pread(sandbox->x11, text, MAX_TEXT, 0);

	if (length <= 0)
		return -1;
	text[length] = '\0';
	*rest = strchr(text, '\n');
	if (!*rest || !isdigit((unsigned char)text[0]))
		return -1;
	++*rest;
	return length - (*rest - text);
}

/* The helper was stopped by a signal that wants our end: the supervisor says so. */
static int not_there(struct error *err)
{
	return fail_because(err, "the display was not ready");
}

/* The socket of a server of our own has the number that the server has found free. */
static int run_socket(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	struct step found = *step;
	char text[MAX_TEXT + 1], path[48], *rest;

	if (!step->source) {
		if (read_text(sandbox, text, &rest) < 0)
			return not_there(err);
		snprintf(path, sizeof path, "/tmp/.X11-unix/X%ld", strtol(text, NULL, 10));
		found.source = path;
	}
	return showing_run(&found, sandbox, err);
}

static int run_authority(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	char text[MAX_TEXT + 1], *rest;
	ssize_t length = read_text(sandbox, text, &rest);

	if (length < 0)
		return not_there(err);
	int result = showing_file(sandbox, step->target, rest, (size_t)length, true, err);
	close_cleanup(&sandbox->x11);
	sandbox->x11 = -1;
	return result;
}

static const struct step_kind socket_kind = {"x11-socket", run_socket};
static const struct step_kind authority_kind = {"xauthority", run_authority};

/*
 * A server refuses its untrusted clients the bell (BadAccess on Bell), and GTK, which rings it for
 * a key without effect, ends over that. There is no variable for it, but a file of settings.
 */
static const char settings[] = "[Settings]\ngtk-error-bell=false\n";
#define CONFIG_DIR "/run/sandbox/xdg"

static int run_settings(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	return showing_file(sandbox, step->target, settings, strlen(settings), false, err);
}

static const struct step_kind settings_kind = {"file", run_settings};

static void plan_no_bell(struct plan *plan, const char *because)
{
	static const char *const files[] = {CONFIG_DIR "/gtk-3.0/settings.ini",
					    CONFIG_DIR "/gtk-4.0/settings.ini"};

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct step *step = plan_add(plan, PHASE_SETUP, &settings_kind, because);

		step->target = files[i];
		step->options = "no bell, which the display would refuse";
		step->writes = WRITES_FILES;
	}
	plan_set_variable(plan, "XDG_CONFIG_DIRS", CONFIG_DIR ":/etc/xdg");
}

static int missing(const struct plan *plan, enum option_id id, struct error *err)
{
	fail_because(err, "--%s (%s): there is no X11 display: %s", option_name(id),
		     config_origin(plan->config, id), plan->host->desktop.no_display);
	return fail_remedy(err, "start it from within an X11 session (or one with Xwayland); "
				"--x11-try goes without where\nthere is none, --x11=virtual has a "
				"screen that nobody sees");
}

static int no_server(const struct plan *plan, enum option_id id, bool nested, struct error *err)
{
	fail_because(err, "--%s=%s (%s): %s is not installed", option_name(id),
		     nested ? "nested" : "virtual", config_origin(plan->config, id),
		     nested ? "Xephyr" : "Xvfb");
	return fail_remedy(err, "run: sudo apt-get install %s", nested ? "xserver-xephyr" : "xvfb");
}

int desktop_plan_x11(struct plan *plan, struct error *err)
{
	const struct host_desktop *desktop = &plan->host->desktop;
	const struct desktop_wishes *wishes = &plan->config->desktop;
	enum option_id id = wishes->x11 == WISH_TRY ? OPT_X11_TRY : OPT_X11;
	const char *because = config_origin(plan->config, id);
	enum x11_mode mode = wishes->x11_mode;
	bool own = mode == X11_NESTED || mode == X11_VIRTUAL;

	if (!wishes->x11)
		return 0;
	/* One window system is enough, and a display that cannot be used as asked is an error. */
	if (wishes->x11 == WISH_TRY && wishes->wayland && plan->host->desktop.wayland)
		return 0;
	if (mode != X11_VIRTUAL && !desktop->display)
		return wishes->x11 == WISH_TRY ? 0 : missing(plan, id, err);
	if (own && !desktop->x_server)
		return no_server(plan, id, mode == X11_NESTED, err);
	const char *display = own ? ":0" : desktop->display;
	const char *authority = arena_printf(&plan->arena, "%s/Xauthority", plan->runtime_dir);

	struct step *step = plan_add(plan, PHASE_PREPARE, &helper_kind, because);
	step->source = own ? desktop->x_server : desktop->display;
	step->options = words[mode];
	showing_plan_wait(plan, &wait_kind, because);
	if (plan->x11_shares)
		plan_add(plan, PHASE_CONNECT, &enter_kind, because)->target =
			"in the sandbox's IPC namespace";
	step = plan_add(plan, PHASE_SETUP, &socket_kind, because);
	step->source = own ? NULL : desktop->x11_socket;
	step->target = arena_printf(&plan->arena, "/tmp/.X11-unix/X%s", display + 1);
	step->flags = MOUNT_SAFE | MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC;
	step = plan_add(plan, PHASE_SETUP, &authority_kind, because);
	step->target = authority;
	step->options = "one cookie";
	step->writes = WRITES_FILES;
	plan_set_variable(plan, "DISPLAY", display);
	plan_set_variable(plan, "XAUTHORITY", authority);
	/* The server could not attach to memory of another IPC namespace; one of our own has no
	 * such extension. */
	if (mode == X11_TRUSTED && plan->config->ipc == IPC_OWN)
		plan_set_variable(plan, "QT_X11_NO_MITSHM", "1");
	if (mode == X11_UNTRUSTED)
		plan_no_bell(plan, because);
	return 0;
}
