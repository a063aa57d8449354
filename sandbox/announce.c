/* What a sandbox says of itself: see announce.h. In the supervisor. */
#include "announce.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "plan.h"
#include "record.h"

enum { LOG_SIZE = 4 << 20 };

static const char *ports_text(struct arena *arena, const struct config *config)
{
	const char *ports = "";

	for (size_t i = 0; i < config->publish_count; i++) {
		const struct publish_op *op = &config->publish[i];

		ports = arena_printf(arena, "%s%s%s:%u-%u:%u%s", ports, i ? " " : "", op->address,
				     op->host, op->host + op->count - 1u, op->inside,
				     op->protocol == PROTOCOL_UDP ? "/udp" : "");
	}
	return ports;
}

int announce_write(struct sandbox *sandbox, struct error *err)
{
	const struct config *config = sandbox->plan->config;
	struct arena *arena = &sandbox->arena;
	struct record record = {NULL, 0};
	struct timespec now, clock;

	clock_gettime(CLOCK_REALTIME, &now);
	clock_gettime(CLOCK_BOOTTIME, &clock);
	const struct record_line lines[] = {
		{"supervisor", arena_printf(arena, "%d", getpid())},
		{"child", arena_printf(arena, "%d", sandbox->started ? sandbox->child : 0)},
		{"started", arena_printf(arena, "%lld", (long long)now.tv_sec)},
		{"clock", arena_printf(arena, "%lld", (long long)clock.tv_sec)},
		{"detached", config->detach ? "1" : "0"},
		{"rootfs", sandbox->plan->host->rootfs},
		{"command", state_command_text(arena, config->command, config->command_count)},
		{"ports", ports_text(arena, config)},
	};

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		record_add(&record, arena, lines[i].key, lines[i].value);
	if (record_write(&record, sandbox->state.dir, "record") < 0)
		return fail(err, "write the record of the sandbox");
	return 0;
}

/* A record costs a launch some thirty system calls, and one that is killed leaves it behind until
 * somebody comes by: so only those that are to be spoken of have one. */
int announce_take(struct sandbox *sandbox, struct error *err)
{
	const struct config *config = sandbox->plan->config;

	if (!config->name && !config->detach)
		return 0;
	if (state_take(&sandbox->state, &sandbox->arena, config->name, config->command[0], err) < 0)
		return -1;
	/* So that ps can show it, and kill end it, before the command runs. */
	if (announce_write(sandbox, err) < 0) {
		state_drop(&sandbox->state);
		return -1;
	}
	sandbox->state.kept = config->detach;
	sandbox->output.dir = sandbox->state.dir;
	sandbox->output.bound = config->log_size ? config->log_size : LOG_SIZE;
	return 0;
}
