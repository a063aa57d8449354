/* Devices by name: see desktop_devices.h. */
#include "desktop_devices.h"

#include "mounting.h"
#include "showing.h"

static const struct step_kind device_kind = {"device", showing_run};

static const struct {
	const char *what, *where;
} kinds[DEVICE_KINDS] = {
	[DEVICE_GPU] = {"graphics card", "/dev/dri has no render node"},
	[DEVICE_CAMERA] = {"camera", "there is no /dev/video0 or the like"},
	[DEVICE_INPUT] = {"joystick", "the kernel has none in /sys/class/input"},
	[DEVICE_USB] = {"device on USB", "it is not plugged in"},
};

/* The groups that could open it are dropped, and the kernel would say no to the command. */
static bool is_of_use(const struct plan *plan, const struct host_device *device)
{
	return !device->closed && !(device->by_group && plan->drop_groups);
}

static int of_no_use(const struct plan *plan, const struct host_device *device, enum option_id id,
		     struct error *err)
{
	if (device->closed) {
		fail_because(err, "--%s (%s): you may not open %s", option_name(id),
			     config_origin(plan->config, id), device->path);
		return fail_remedy(err,
				   "on a seat, logind lets you; else its group can: see ls -l "
				   "%s",
				   device->path);
	}
	fail_because(err,
		     "--%s (%s): %s is open to one of your groups, and those are dropped inside",
		     option_name(id), config_origin(plan->config, id), device->path);
	return fail_remedy(err, "let your own user open it (on a seat, logind does that), or say "
				"--keep-groups");
}

/* Those that were found for one wish; how many, or -1. */
static int plan_one(struct plan *plan, size_t op, enum option_id id, bool optional,
		    const char *because, struct error *err)
{
	const struct host_desktop *desktop = &plan->host->desktop;
	int count = 0;

	for (size_t i = 0; i < desktop->devices_count; i++) {
		const struct host_device *device = &desktop->devices[i];

		if (device->op != op)
			continue;
		count++;
		if (!is_of_use(plan, device) && optional)
			continue;
		if (!is_of_use(plan, device))
			return of_no_use(plan, device, id, err);
		struct step *step = plan_add(plan, PHASE_SETUP, &device_kind, because);

		step->source = step->target = device->path;
		step->flags = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
		step->writes = WRITES_DEVICES;
	}
	return count;
}

static int missing(enum option_id id, const char *origin, enum device_kind kind, const char *name,
		   struct error *err)
{
	if (name)
		fail_because(err, "--%s (%s): %s is not there, or is no %s", option_name(id),
			     origin, name, kinds[kind].what);
	else
		fail_because(err, "--%s (%s): there is no %s here: %s", option_name(id), origin,
			     kinds[kind].what, kinds[kind].where);
	return fail_remedy(err, "to go without where there is none, use the -try form of the "
				"option");
}

static int plan_gpu(struct plan *plan, struct error *err)
{
	const struct config *config = plan->config;
	enum wish wish = config->desktop.gpu;
	enum option_id id = wish == WISH_TRY ? OPT_GPU_TRY : OPT_GPU;
	const char *because = config_origin(config, id);

	if (!wish)
		return 0;
	int count = plan_one(plan, HOST_GPU, id, wish == WISH_TRY, because, err);
	if (count == 0 && wish == WISH_YES)
		return missing(id, because, DEVICE_GPU, NULL, err);
	return count < 0 ? -1 : 0;
}

int desktop_plan_devices(struct plan *plan, struct error *err)
{
	const struct desktop_wishes *wishes = &plan->config->desktop;

	if (plan_gpu(plan, err) < 0)
		return -1;
	for (size_t i = 0; i < wishes->devices_count; i++) {
		const struct device_op *op = &wishes->devices[i];
		int count = plan_one(plan, i, op->option, op->optional, op->origin, err);

		if (count < 0)
			return -1;
		if (count == 0 && !op->optional)
			return missing(op->option, op->origin, op->kind, op->name, err);
	}
	return 0;
}
