/* Why a run has ended: see conclude.h. In the supervisor. */
#include "conclude.h"

#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

#include "parse_limits.h"

int64_t monotonic_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static bool ended_by(const struct outcome *outcome, int number)
{
	return outcome->known && WIFSIGNALED(outcome->wait_status) &&
	       WTERMSIG(outcome->wait_status) == number;
}

/* RLIMIT_CPU's signal, or, where that was not heeded, its SIGKILL a second later. */
static bool used_cpu_time(const struct outcome *outcome, const struct limits *limits)
{
	uint64_t used = (outcome->usage.user + outcome->usage.system) / 1000;

	return limits->cpu_time && (ended_by(outcome, SIGXCPU) ||
				    (ended_by(outcome, SIGKILL) && used >= limits->cpu_time));
}

/* A process that was killed for want of memory ends the command only when the command is among
 * them, or gives up over it. */
static bool out_of_memory(const struct outcome *outcome)
{
	return outcome->counters.oom_kills > 0 &&
	       (!outcome->known || ended_by(outcome, SIGKILL) || outcome->status != 0);
}

static enum reason find_reason(const struct sandbox *sandbox, int status)
{
	const struct outcome *outcome = &sandbox->outcome;

	if (out_of_memory(outcome))
		return REASON_OOM;
	if (sandbox->deadline.step > DEADLINE_NOT_YET)
		return REASON_TIMEOUT;
	if (sandbox->cpu_watch.step > DEADLINE_NOT_YET ||
	    used_cpu_time(outcome, &sandbox->plan->config->limits))
		return REASON_CPU_TIME;
	if (outcome->known)
		return WIFSIGNALED(outcome->wait_status) ? REASON_SIGNALLED : REASON_EXITED;
	/* Pid 1 was killed, or a signal has stopped the start. */
	return sandbox->started || status > 0 ? REASON_KILLED : REASON_FAILED;
}

static void say(struct sandbox *sandbox, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void say(struct sandbox *sandbox, const char *format, ...)
{
	char *all = NULL, text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (asprintf(&all, "%s%s\n", sandbox->report ? sandbox->report : "", text) < 0)
		return;
	free(sandbox->report);
	sandbox->report = all;
}

static int timed_out(struct sandbox *sandbox)
{
	const struct limits *limits = &sandbox->plan->config->limits;
	char span[PARSE_SPAN_SIZE], grace[PARSE_SPAN_SIZE];

	parse_print_span(limits->timeout, span);
	parse_print_span(limits->timeout_grace, grace);
	if (sandbox->deadline.step == DEADLINE_TERMINATE) {
		say(sandbox, "timed out after %s: ended by TERM", span);
		return 128 + SIGTERM;
	}
	if (limits->timeout_grace)
		say(sandbox, "timed out after %s: TERM was not heeded for %s, ended by KILL", span,
		    grace);
	else
		say(sandbox, "timed out after %s: ended by KILL", span);
	return 128 + SIGKILL;
}

static int ran_out(struct sandbox *sandbox, int status)
{
	const struct config *config = sandbox->plan->config;
	char size[PARSE_SPAN_SIZE];

	if (config->limits.memory)
		say(sandbox, "out of memory: more than --memory %s allows (%s)",
		    parse_print_size(config->limits.memory, size),
		    config_origin(config, OPT_MEMORY));
	else
		say(sandbox, "out of memory: ended by the kernel");
	return status > 0 || !sandbox->started ? status : 128 + SIGKILL;
}

/* Of one process, whose end that was; or of all together, where nobody was told but by us. */
static int ran_over(struct sandbox *sandbox, int status)
{
	char span[PARSE_SPAN_SIZE];

	say(sandbox, "used up its CPU time of %s",
	    parse_print_span(sandbox->plan->config->limits.cpu_time, span));
	if (sandbox->cpu_watch.step == DEADLINE_NOT_YET)
		return status;
	return 128 + (sandbox->cpu_watch.step == DEADLINE_TERMINATE ? SIGXCPU : SIGKILL);
}

int conclude(struct sandbox *sandbox, int status, const struct error *err)
{
	struct outcome *outcome = &sandbox->outcome;

	if (outcome->started && !outcome->ended)
		outcome->ended = monotonic_now();
	outcome->status = status;
	outcome->reason = find_reason(sandbox, status);
	if (outcome->reason == REASON_TIMEOUT)
		status = timed_out(sandbox);
	else if (outcome->reason == REASON_OOM)
		status = ran_out(sandbox, status);
	else if (outcome->reason == REASON_CPU_TIME)
		status = ran_over(sandbox, status);
	outcome->failure = status < 0 ? err->text : NULL;
	outcome->status = status >= 0 ? status : err->status ? err->status : EXIT_SANDBOX;
	return status;
}
