/* The network: see network.h. */
#include "network.h"

#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "files.h"
#include "sandbox.h"

static int run_loopback(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	struct ifreq request = {.ifr_flags = IFF_UP | IFF_RUNNING};
	int cleanup_fd any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)sandbox;
	strcpy(request.ifr_name, step->target);
	/* netdevice(7); 127.0.0.1 and ::1 come with it. */
	if (any < 0 || ioctl(any, SIOCSIFFLAGS, &request) < 0)
		return fail(err, "bring the interface lo up");
	return 0;
}

static const struct step_kind loopback = {"loopback", run_loopback};

int network_plan(struct plan *plan, struct error *err)
{
	(void)err;
	if (plan->config->network != NETWORK_HOST)
		plan->namespaces |= CLONE_NEWNET;
	return 0;
}

int network_plan_up(struct plan *plan, struct error *err)
{
	(void)err;
	if (plan->config->network != NETWORK_HOST)
		plan_add(plan, PHASE_ISOLATE, &loopback, config_origin(plan->config, OPT_NETWORK))
			->target = "lo";
	return 0;
}
