/* Sound: see desktop_audio.h. */
#include "desktop_audio.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "files.h"
#include "mounting.h"
#include "showing.h"

enum { READY_SECONDS = 30 };

static int run_helper(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const struct plan *plan = sandbox->plan;
	struct helper *helper = &sandbox->helpers[HELPER_AUDIO];
	int control[2];
	char words[3][16];

	if (showing_make_socket(&sandbox->audio, err) < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) < 0)
		return fail(err, "make a socket for sound's helper");
	helper->ready = control[0];
	const int passed[] = {control[1], sandbox->audio.listener, sandbox->audio.heard};
	for (int i = 0; i < 3; i++)
		snprintf(words[i], sizeof words[i], "%d", passed[i]);
	char *argv[] = {(char *)plan->host->desktop.audio_helper,
			(char *)(plan->config->desktop.microphone ? "record" : "play"),
			words[0],
			words[1],
			words[2],
			(char *)step->source,
			NULL};
	int result = helper_start(helper, "audio", argv, passed, 3, err);
	close(control[1]);
	return result;
}

static int run_wait(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	(void)step;
	return helper_wait(sandbox, HELPER_AUDIO, READY_SECONDS, err);
}

static int run_bind(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	return showing_bind_socket(sandbox, &sandbox->audio, step->target, err);
}

/* No server of its own that nobody would hear, and no memory shared by name, which is not shared
 * here. pulse-client.conf(5). */
static const char client_conf[] = "autospawn = no\nenable-shm = no\n";
#define CLIENT_CONF "/run/sandbox/pulse-client.conf"

static int run_conf(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	return showing_file(sandbox, step->target, client_conf, strlen(client_conf), false, err);
}

static const struct step_kind helper_kind = {"audio", run_helper};
static const struct step_kind wait_kind = {"audio", run_wait};
static const struct step_kind bind_kind = {"audio", run_bind};
static const struct step_kind conf_kind = {"file", run_conf};
static const struct step_kind pipewire_kind = {"audio", showing_run};

static void plan_pulse(struct plan *plan, const char *because)
{
	const char *target = arena_printf(&plan->arena, "%s/pulse/native", plan->runtime_dir);
	struct step *step = plan_add(plan, PHASE_PREPARE, &helper_kind, because);

	step->source = plan->host->desktop.pulse;
	step->options = plan->config->desktop.microphone ? "playing and recording" : "playing";
	showing_plan_wait(plan, &wait_kind, because);
	step = plan_add(plan, PHASE_SETUP, &bind_kind, because);
	step->target = target;
	step->options = "a socket of its own";
	step->writes = WRITES_FILES;
	step = plan_add(plan, PHASE_SETUP, &conf_kind, because);
	step->target = CLIENT_CONF;
	step->writes = WRITES_FILES;
	plan_set_variable(plan, "PULSE_SERVER", arena_printf(&plan->arena, "unix:%s", target));
	plan_set_variable(plan, "PULSE_CLIENTCONFIG", CLIENT_CONF);
}

static void plan_pipewire(struct plan *plan, const char *because)
{
	struct step *step = plan_add(plan, PHASE_SETUP, &pipewire_kind, because);

	step->source = plan->host->desktop.pipewire;
	step->target = arena_printf(&plan->arena, "%s/pipewire-0", plan->runtime_dir);
	step->options = "plain: with all that PipeWire can do";
	step->flags = MOUNT_SAFE | MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC;
	plan_set_variable(plan, "PIPEWIRE_RUNTIME_DIR", plan->runtime_dir);
	plan_set_variable(plan, "PIPEWIRE_REMOTE", "pipewire-0");
}

static int missing(const struct plan *plan, enum option_id id, const char *what, const char *why,
		   struct error *err)
{
	fail_because(err, "--%s (%s): there is no %s server: %s", option_name(id),
		     config_origin(plan->config, id), what, why);
	return fail_remedy(err, "start it in the session, or say --audio-try to go without where "
				"there is none");
}

int desktop_plan_audio(struct plan *plan, struct error *err)
{
	const struct host_desktop *desktop = &plan->host->desktop;
	const struct desktop_wishes *wishes = &plan->config->desktop;
	enum option_id id = wishes->audio == WISH_TRY ? OPT_AUDIO_TRY : OPT_AUDIO;
	const char *because = config_origin(plan->config, id);
	int by = wishes->audio_by ? wishes->audio_by : AUDIO_PULSE;

	if (!wishes->audio)
		return 0;
	if (wishes->audio == WISH_YES && by & AUDIO_PULSE && !desktop->pulse)
		return missing(plan, id, "PulseAudio", desktop->no_pulse, err);
	if (wishes->audio == WISH_YES && by & AUDIO_PIPEWIRE && !desktop->pipewire)
		return missing(plan, id, "PipeWire", desktop->no_pipewire, err);
	if (by & AUDIO_PULSE && desktop->pulse)
		plan_pulse(plan, because);
	if (by & AUDIO_PIPEWIRE && desktop->pipewire)
		plan_pipewire(plan, because);
	return 0;
}
