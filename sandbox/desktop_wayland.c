/* A way to the compositor: see desktop_wayland.h. */
#include "desktop_wayland.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "files.h"
#include "mounting.h"
#include "showing.h"

enum { READY_SECONDS = 30 };

static int run_make(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)step;
	return showing_make_socket(&sandbox->wayland, err);
}

static int run_bind(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	return showing_bind_socket(sandbox, &sandbox->wayland, step->target, err);
}

/*
 * The helper hands the compositor the socket and one end of a pipe, whose other end is ours and
 * nobody else's: however we end, the compositor hears of it and lets nobody else in. The helper
 * itself has then done its work.
 */
static int run_tell(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	struct helper *helper = &sandbox->helpers[HELPER_WAYLAND];
	int control[2], closing[2];
	char words[4][16], instance[32];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) < 0)
		return fail(err, "make a socket for the compositor's helper");
	helper->ready = control[0];
	if (pipe2(closing, O_CLOEXEC) < 0) {
		close(control[1]);
		return fail(err, "make a pipe for the compositor");
	}
	helper->exit = closing[1];
	const int passed[] = {control[1], sandbox->wayland.listener, sandbox->wayland.heard,
			      closing[0]};
	for (int i = 0; i < 4; i++)
		snprintf(words[i], sizeof words[i], "%d", passed[i]);
	snprintf(instance, sizeof instance, "%d", (int)getpid());
	char *argv[] = {(char *)sandbox->plan->host->desktop.wayland_helper,
			(char *)"tell",
			(char *)step->source,
			words[0],
			words[1],
			words[2],
			words[3],
			(char *)step->data,
			instance,
			NULL};
	int result = helper_start(helper, "wayland", argv, passed, 4, err);
	close(control[1]);
	close(closing[0]);
	/* The child's end of the pipe is now the only one: if it dies, the helper hears. */
	close_cleanup(&sandbox->wayland.bound);
	sandbox->wayland.bound = -1;
	if (result < 0 || helper_wait(sandbox, HELPER_WAYLAND, READY_SECONDS, err) < 0)
		return -1;
	helper->in_use = false; /* it ends */
	return 0;
}

static const struct step_kind socket_kind = {"wayland-socket", run_make};
static const struct step_kind bind_kind = {"wayland", run_bind};
static const struct step_kind tell_kind = {"wayland", run_tell};
static const struct step_kind plain_kind = {"wayland", showing_run};

static void plan_context(struct plan *plan, const char *target, const char *because)
{
	const char *command = plan->config->command[0], *slash = strrchr(command, '/');
	const char *app = slash ? slash + 1 : command;

	plan_add(plan, PHASE_PREPARE, &socket_kind, because);
	struct step *step = plan_add(plan, PHASE_SETUP, &bind_kind, because);
	step->target = target;
	step->options = "a socket of its own";
	step->writes = WRITES_FILES;
	step = plan_add(plan, PHASE_CONNECT, &tell_kind, because);
	step->source = plan->host->desktop.wayland;
	step->data = app;
	step->options = arena_printf(&plan->arena, "security context: org.sandbox, %s", app);
}

int desktop_plan_wayland(struct plan *plan, struct error *err)
{
	const struct host_desktop *desktop = &plan->host->desktop;
	enum wish wish = plan->config->desktop.wayland;
	enum option_id id = wish == WISH_TRY ? OPT_WAYLAND_TRY : OPT_WAYLAND;
	const char *because = config_origin(plan->config, id);

	if (!wish || (!desktop->wayland && wish == WISH_TRY))
		return 0;
	if (!desktop->wayland) {
		fail_because(err, "--%s (%s): there is no Wayland compositor: %s", option_name(id),
			     because, desktop->no_wayland);
		return fail_remedy(err, "start it from within a Wayland session, or use --x11; "
					"--wayland-try goes without where there is none");
	}
	const char *target = arena_printf(&plan->arena, "%s/wayland-0", plan->runtime_dir);
	plan_set_variable(plan, "WAYLAND_DISPLAY", "wayland-0");
	if (desktop->security_context) {
		plan_context(plan, target, because);
		return 0;
	}
	struct step *step = plan_add(plan, PHASE_SETUP, &plain_kind, because);
	step->source = desktop->wayland;
	step->target = target;
	step->options = "plain: this compositor has no security context";
	step->flags = MOUNT_SAFE | MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC;
	return 0;
}
