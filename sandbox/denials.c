/* Filters that ask: see denials.h. */
#include "denials.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "channel.h"
#include "files.h"
#include "filters.h"
#include "rights.h"
#include "sandbox.h"

enum { START_SECONDS = 10, REPORT_SECONDS = 20, REPORT_SIZE = 32 * 1024 };

/* As helpers/denial_filter.h has them. */
enum { EXPLAIN = 1, LOG = 2, LEARN = 4 };

/* Linux 5.19: once the helper has a call, only a fatal signal takes it back, so that a timer's
 * signals do not have it start anew for ever. */
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

static unsigned mode_of(const struct config *config)
{
	return (config->explain ? EXPLAIN : 0) | (config->seccomp_log ? LOG : 0) |
	       (config->learn_fd > 0 ? LEARN : 0);
}

/* No filter at all is one that allows. */
static const struct filter *filter_of(const struct plan *plan)
{
	static const struct sock_filter allow[] = {{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
	static const struct filter none = {
		.description = "unconfined", .instructions = allow, .length = 1};

	return plan->filter ? plan->filter : &none;
}

/* --- PREPARE: the helper, and the filter that it makes ---------------------------------------- */

static int memory_file(const char *name, const void *bytes, size_t size, struct error *err)
{
	int cleanup_fd fd = memfd_create(name, MFD_CLOEXEC);

	if (fd < 0 || write_all(fd, bytes, size) < 0)
		return fail(err, "tell the helper for refused calls what the run is");
	return steal_fd(&fd);
}

static void put(FILE *out, const char *key, const char *value)
{
	fprintf(out, "%s%c%s%c", key, '\0', value, '\0');
}

static void put_mounts(FILE *out, const struct config *config)
{
	for (size_t i = 0; i < config->mounts_count; i++) {
		const struct mount_op *op = &config->mounts[i];
		const char *kind = op->kind == MOUNT_RO_BIND ? "ro-bind" : option_name(op->option);

		put(out, "mount", kind);
		put(out, op->target, op->origin);
	}
}

/* NUL-terminated fields: denial_advice.h. */
static int write_facts(const struct plan *plan, struct error *err)
{
	const struct config *config = plan->config;
	char *text = NULL, number[40];
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return fail(err, "make room for what the run is");
	snprintf(number, sizeof number, "%llx", (unsigned long long)plan->capabilities);
	put(out, "capabilities", number);
	snprintf(number, sizeof number, "%u", plan->identity.uid);
	put(out, "uid", number);
	put(out, "network", config_network_word(config));
	put(out, "root", config->rootfs);
	put(out, "layer", config_layer_word(config));
	put(out, config->seccomp_file ? "filter-file" : "filter",
	    config->seccomp_file ? config->seccomp_file : filter_of(plan)->description);
	const struct filter_try *attempt = &filter_of(plan)->attempt;
	snprintf(number, sizeof number, "%d:%x:%x", attempt->refusal ? attempt->number : -1,
		 (unsigned)attempt->arguments[0], (unsigned)attempt->arguments[1]);
	put(out, "proof", number);
	put_mounts(out, config);
	if (fclose(out) != 0) {
		free(text);
		return fail(err, "make room for what the run is");
	}
	int fd = memory_file("facts", text, size, err);
	free(text);
	return fd;
}

/* Its first message is the filter to load. */
static int receive_filter(struct sandbox *sandbox, struct error *err)
{
	struct helper *helper = &sandbox->helpers[HELPER_DENIALS];
	struct pollfd wait = {.fd = helper->ready, .events = POLLIN};
	size_t size = BPF_MAXINSNS * sizeof *sandbox->asking;

	sandbox->asking = arena_alloc(&sandbox->arena, size);
	ssize_t got = -1;
	int ready;
	while ((ready = poll(&wait, 1, START_SECONDS * 1000)) < 0 && errno == EINTR)
		;
	if (ready == 0)
		return fail_because(err, "%s was not ready after %d seconds", helper->name,
				    START_SECONDS);
	while (ready > 0 && (got = recv(helper->ready, sandbox->asking, size, 0)) < 0 &&
	       errno == EINTR)
		;
	/* It lives: nobody is waited for. */
	if (got < 0 && errno != ECONNRESET)
		return fail(err, "hear %s", helper->name);
	if (got <= 0)
		return helper_failed(helper, err);
	sandbox->asking_length = (unsigned short)((size_t)got / sizeof *sandbox->asking);
	helper->in_use = true;
	return 0;
}

static int run_start(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	struct helper *helper = &sandbox->helpers[HELPER_DENIALS];
	const struct plan *plan = sandbox->plan;
	const struct filter *filter = step->data;
	char words[5][16];
	int control[2];

	int cleanup_fd code = memory_file("filter", filter->instructions,
					  filter->length * sizeof *filter->instructions, err);
	int cleanup_fd facts = code < 0 ? -1 : write_facts(plan, err);
	if (facts < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) < 0)
		return fail(err, "make a socket for the helper for refused calls");
	helper->ready = control[0];
	/* A report is one message. */
	const int room = 4 * REPORT_SIZE;
	setsockopt(control[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
	const int passed[] = {code, facts, control[1], plan->config->learn_fd};
	bool learns = step->flags & LEARN;
	for (int i = 0; i < 4; i++)
		snprintf(words[i], sizeof words[i], "%d", passed[i]);
	snprintf(words[4], sizeof words[4], "%d", (int)step->flags);
	char *argv[] = {(char *)step->source,
			"--mode",
			words[4],
			"--filter-fd",
			words[0],
			"--facts-fd",
			words[1],
			"--control-fd",
			words[2],
			learns ? "--record-fd" : NULL,
			words[3],
			NULL};
	int result = helper_start(helper, "the helper for refused calls", argv, passed,
				  learns ? 4 : 3, err);
	close(control[1]);
	return result < 0 ? -1 : receive_filter(sandbox, err);
}

static const struct step_kind start_kind = {"denials", run_start};

/* --- CONFINE: the filter ---------------------------------------------------------------------- */

/*
 * The call that shows that a filter refuses (filters.h) is answered by the helper now, so this
 * proves both. Under a log it is made, and what it answers is the kernel's.
 */
static int check_answer(unsigned mode, const struct filter *filter, struct error *err)
{
	const struct filter_try *attempt = &filter->attempt;

	if (!attempt->refusal)
		return 0;
	long result = syscall(attempt->number, attempt->arguments[0], attempt->arguments[1],
			      attempt->arguments[2], 0, 0, 0);
	bool refused = result == -1 && errno == attempt->refusal;
	if (mode & LOG ? errno != ENOSYS : refused)
		return 0;
	if (errno == ENOSYS)
		return fail_because(err, "the helper for refused calls has ended");
	return fail_because(err, "the system call filter was loaded but does not refuse call %d",
			    attempt->number);
}

static int run_install(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	struct sock_fprog program = {.len = sandbox->asking_length, .filter = sandbox->asking};
	const struct filter *filter = filter_of(sandbox->plan);
	unsigned long flags =
		SECCOMP_FILTER_FLAG_NEW_LISTENER |
		(filter->flags & (SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW));
	int control = sandbox->helpers[HELPER_DENIALS].ready;

	long listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
				flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &program);
	if (listener < 0 && errno == EINVAL)
		listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
	if (listener < 0)
		return fail(err, "load the system call filter that asks");
	/* The kernel makes it close-on-exec; it is not there even then. */
	int passed = (int)listener;
	ssize_t result = rights_send(control, "L", 1, &passed, 1, 0);
	int number = errno;
	close((int)listener);
	errno = number;
	if (result < 0)
		return fail(err, "hand the listener of the filter to the helper");
	return check_answer((unsigned)step->flags, filter, err);
}

static const struct step_kind install_kind = {"seccomp", run_install};

/* --- FINISH: what it has to tell -------------------------------------------------------------- */

static void add_report(struct sandbox *sandbox, const char *text)
{
	char *all = NULL;

	if (asprintf(&all, "%s%s", sandbox->report ? sandbox->report : "", text) < 0)
		return;
	free(sandbox->report);
	sandbox->report = all;
}

/* What the cgroup alone has seen; the rest that can be reached ends the run, and is told by that.
 */
static void report_limits(struct sandbox *sandbox)
{
	const struct counters *counters = &sandbox->outcome.counters;
	char line[160];

	if (!sandbox->plan->config->explain || counters->tasks_refused <= 0)
		return;
	snprintf(line, sizeof line,
		 "refused: %lld new processes or threads: raise --pids-limit (%s)\n",
		 (long long)counters->tasks_refused,
		 config_origin(sandbox->plan->config, OPT_PIDS_LIMIT));
	add_report(sandbox, line);
}

/* For `sandbox learn`, behind what the helper has written. */
static void note_peaks(const struct sandbox *sandbox)
{
	const struct counters *counters = &sandbox->outcome.counters;
	int fd = sandbox->plan->config->learn_fd;
	const struct {
		const char *name;
		int64_t value;
	} peaks[] = {{"largest-process-bytes", (int64_t)sandbox->outcome.usage.max_rss},
		     {"memory-bytes", counters->memory_peak},
		     {"tasks", counters->tasks_peak},
		     {"tasks-refused", counters->tasks_refused},
		     {"out-of-memory-kills", counters->oom_kills}};

	for (size_t i = 0; fd > 0 && i < sizeof peaks / sizeof *peaks; i++)
		if (peaks[i].value > 0)
			dprintf(fd, "peak %s %lld\n", peaks[i].name, (long long)peaks[i].value);
}

static int run_report(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	struct helper *helper = &sandbox->helpers[HELPER_DENIALS];
	struct pollfd answer = {.fd = helper->ready, .events = POLLIN};
	char *said = arena_alloc(&sandbox->arena, REPORT_SIZE + 1);
	ssize_t got = -1;

	(void)step;
	(void)err;
	if (!helper->in_use || !sandbox->started)
		return 0;
	if (!helper_has_ended(helper) && send(helper->ready, "report", 6, MSG_NOSIGNAL) > 0) {
		int ready;

		while ((ready = poll(&answer, 1, REPORT_SECONDS * 1000)) < 0 && errno == EINTR)
			;
		while (ready > 0 && (got = recv(helper->ready, said, REPORT_SIZE, 0)) < 0 &&
		       errno == EINTR)
			;
	}
	helper->in_use = false; /* it ends by itself now */
	if (got <= 0) {
		add_report(sandbox,
			   "the helper for refused calls has ended before the command: what "
			   "it was to answer has failed (ENOSYS), and is not told\n");
		return 0;
	}
	said[got] = '\0';
	/* Who has asked hears that too. */
	if (strcmp(said, "\n") == 0 && sandbox->plan->config->explain)
		strcpy(said, "nothing was refused\n");
	add_report(sandbox, said);
	report_limits(sandbox);
	note_peaks(sandbox);
	return 0;
}

static const struct step_kind report_kind = {"denials", run_report};

/* --- planning --------------------------------------------------------------------------------- */

static const char *words_of(unsigned mode)
{
	return mode & LEARN ? "every call is noted"
	       : mode & LOG ? "nothing is refused, and told"
			    : "what is refused is told";
}

/* The filter's own step does the same in another way. */
static void take_over(struct plan *plan)
{
	for (size_t i = plan->steps_count; i-- > 0;) {
		struct step *step = &plan->steps[i];

		if (step->phase != PHASE_CONFINE || strcmp(step->kind->name, "seccomp") != 0)
			continue;
		step->kind = &install_kind;
		step->flags = mode_of(plan->config);
		step->options = words_of((unsigned)step->flags);
	}
}

static const char *origin_of(const struct config *config)
{
	return config_origin(config, config->seccomp_log ? OPT_SECCOMP : OPT_EXPLAIN);
}

int denials_plan(struct plan *plan, struct error *err)
{
	const struct config *config = plan->config;
	unsigned mode = mode_of(config);

	if (!mode)
		return 0;
	const char *helper = plan->host->denials;
	if (!helper || access(helper, X_OK) < 0) {
		fail(err, "use %s, which answers refused calls", helper);
		return fail_remedy(err, "it is installed with the program (make install)");
	}
	struct step *step = plan_add(plan, PHASE_PREPARE, &start_kind, origin_of(config));
	step->source = helper;
	step->flags = mode;
	step->data = filter_of(plan);
	step->options = words_of(mode);
	take_over(plan);
	step = plan_add(plan, PHASE_FINISH, &report_kind, origin_of(config));
	step->target = mode & LOG ? "say what would have been refused" : "say what was refused";
	return 0;
}

int denials_plan_join(struct plan *plan, struct error *err)
{
	(void)err;
	if (mode_of(plan->config))
		take_over(plan);
	return 0;
}
