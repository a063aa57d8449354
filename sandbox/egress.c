/* Rules for the network: see egress.h. */
#include "egress.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "channel.h"
#include "files.h"
#include "sandbox.h"
#include "tap.h"

enum { REPORT_SECONDS = 5 };

/* The rules as the helper reads them; sealed, so that what was planned is what it gets. */
static int write_rules(const char *text, struct error *err)
{
	int cleanup_fd fd = memfd_create("egress", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || write_all(fd, text, strlen(text)) < 0 || lseek(fd, 0, SEEK_SET) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
		return fail(err, "write down the rules for the network");
	return steal_fd(&fd);
}

static int open_log(const char *path, struct error *err)
{
	struct stat st;
	/* A command that ran here before may have left a link or a FIFO under the name. */
	int cleanup_fd fd = open(
		path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0666);
	bool other = fd < 0 ? errno == ELOOP || errno == ENXIO
			    : fstat(fd, &st) == 0 && !S_ISREG(st.st_mode);

	if (other) {
		fail_because(err, "cannot write %s (--net-log): it is there, and no regular file",
			     path);
		return fail_remedy(err, "give another name, or remove it");
	}
	if (fd < 0 || ftruncate(fd, 0) < 0)
		return fail(err, "write %s (--net-log)", path);
	return steal_fd(&fd);
}

static int run_start(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	struct helper *helper = &sandbox->helpers[HELPER_EGRESS];
	const struct plan *plan = sandbox->plan;
	char words[3][16];
	int control[2];

	int cleanup_fd rules = write_rules(step->data, err);
	int cleanup_fd log =
		rules >= 0 && plan->config->net_log ? open_log(plan->config->net_log, err) : -1;
	if (rules < 0 || (plan->config->net_log && log < 0))
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) < 0)
		return fail(err, "make a socket for the rules' helper");
	helper->ready = control[0];
	const int passed[] = {rules, control[1], log};
	for (int i = 0; i < 3; i++)
		snprintf(words[i], sizeof words[i], "%d", passed[i]);
	char *argv[] = {
		(char *)plan->host->egress,     "--config-fd", words[0], "--control-fd", words[1],
		log < 0 ? NULL : "--report-fd", words[2],      NULL};
	int result = helper_start(helper, "egress", argv, passed, log < 0 ? 2 : 3, err);
	close(control[1]);
	return result;
}

static const struct step_kind start_kind = {"egress", run_start};

/* What it has been waiting for. A helper that has died is heard of by who waits for it. */
static int run_enter(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	const int fds[] = {sandbox->user_namespace, sandbox->network_namespace};

	(void)step;
	if (channel_pass(sandbox->helpers[HELPER_EGRESS].ready, fds, 2) < 0 && errno != EPIPE &&
	    errno != ECONNRESET)
		return fail(err, "pass the sandbox's namespaces to the rules' helper");
	return 0;
}

static const struct step_kind enter_kind = {"rules", run_enter};

/* --- at the end ------------------------------------------------------------------------------ */

static void add_report(struct sandbox *sandbox, const char *line)
{
	char *text = NULL;

	if (asprintf(&text, "%s%s\n", sandbox->report ? sandbox->report : "", line) < 0)
		return;
	free(sandbox->report);
	sandbox->report = text;
}

/*
 * "refused N", then up to three lines "FLAG\tTEXT": one line for the user, with the flags that
 * would allow it.
 */
static void tell(struct sandbox *sandbox, char *said)
{
	char line[2048];
	unsigned long refused = 0;
	char *entry = strchr(said, '\n');
	size_t used, shown = 0;

	if (sscanf(said, "refused %lu", &refused) != 1 || refused == 0)
		return;
	used = (size_t)snprintf(line, sizeof line,
				"the rules for the network refused %lu: ", refused);
	for (char *next = entry ? entry + 1 : NULL; next && *next && used < sizeof line; shown++) {
		char *flag = strsep(&next, "\n"), *text = strchr(flag, '\t');

		if (!text)
			continue;
		*text++ = '\0';
		used += (size_t)snprintf(line + used, sizeof line - used, "%s%s: allow with %s",
					 shown ? "; " : "", text, flag);
	}
	if (used < sizeof line && sandbox->plan->config->net_log)
		snprintf(line + used, sizeof line - used, "; all of it is in %s",
			 sandbox->plan->config->net_log);
	add_report(sandbox, line);
}

static int run_report(const struct step *step, struct sandbox *sandbox, struct error *err)
{
	struct helper *helper = &sandbox->helpers[HELPER_EGRESS];
	struct pollfd answer = {.fd = helper->ready, .events = POLLIN};
	char said[4096];

	(void)step;
	(void)err;
	if (!sandbox->started || !helper->in_use || helper_has_ended(helper) ||
	    send(helper->ready, "report", 6, MSG_NOSIGNAL) < 0)
		return 0;
	while (poll(&answer, 1, REPORT_SECONDS * 1000) < 0 && errno == EINTR)
		;
	ssize_t got = answer.revents ? recv(helper->ready, said, sizeof said - 1, 0) : -1;
	if (got > 0) {
		said[got] = '\0';
		tell(sandbox, said);
	} else if (got < 0) {
		add_report(sandbox,
			   "the helper of the network's rules did not say what it refused");
	}
	/* It ends by itself now. */
	helper->in_use = false;
	return 0;
}

static const struct step_kind report_kind = {"refusals", run_report};

/* --- planning -------------------------------------------------------------------------------- */

static const char *rule_text(struct plan *plan, const struct egress_op *op)
{
	static const char *const protocols[] = {
		[PROTOCOL_ANY] = "", [PROTOCOL_TCP] = " tcp", [PROTOCOL_UDP] = " udp"};
	const char *ports = "";

	if (op->from)
		ports = op->from == op->to ? arena_printf(&plan->arena, " %u", op->from)
					   : arena_printf(&plan->arena, " %u-%u", op->from, op->to);
	return arena_printf(&plan->arena, "%s %s%s%s%s", op->deny ? "deny" : "allow",
			    op->kind == EGRESS_BELOW ? "*." : "", op->what, protocols[op->protocol],
			    ports);
}

/* What no range of addresses opens: the host itself, link-local, and what the back end answers
 * for. */
static const char *never(struct plan *plan)
{
	const struct host *host = plan->host;
	const char *text = arena_printf(
		&plan->arena, "never 169.254.0.0/16\nnever fe80::/10\nnever %s\n", tap_cidr(plan));

	if (host->slirp4netns)
		text = arena_printf(&plan->arena, "%snever " TAP_PREFIX6 "\n", text);
	for (size_t i = 0; i < host->addresses_count; i++)
		text = arena_printf(&plan->arena, "%snever %s/%d\n", text, host->addresses[i],
				    strchr(host->addresses[i], ':') ? 128 : 32);
	return text;
}

static const char *rules_text(struct plan *plan)
{
	const struct config *config = plan->config;
	const char *text = "mark 0x5b0c\nlisten " EGRESS_DNS "\n";

	for (size_t i = 0; i < config->dns_count; i++)
		text = arena_printf(&plan->arena, "%supstream %s\n", text, config->dns[i]);
	if (!config->dns_count)
		text = arena_printf(&plan->arena, "%supstream %s\n", text,
				    tap_address(plan, TAP_DNS));
	text = arena_printf(&plan->arena, "%s%s", text, never(plan));
	for (size_t i = 0; i < config->egress_count; i++)
		text = arena_printf(&plan->arena, "%s%s\n", text,
				    rule_text(plan, &config->egress[i]));
	return config->allow_aliases ? arena_printf(&plan->arena, "%saliases\n", text) : text;
}

int egress_plan(struct plan *plan, struct error *err)
{
	const struct config *config = plan->config;

	if (!config->egress_count)
		return 0;
	if (access(plan->host->egress, X_OK) < 0) {
		fail(err, "use %s, which carries out the rules for the network",
		     plan->host->egress);
		return fail_remedy(err, "it is installed with the program (make install)");
	}
	const char *text = rules_text(plan), *shown = "";
	for (size_t i = 0; i < config->egress_count; i++)
		shown = arena_printf(&plan->arena, "%s%s%s", shown, i ? ", " : "",
				     rule_text(plan, &config->egress[i]));
	const char *origin = config->egress[config->egress_count - 1].origin;
	struct step *step = plan_add(plan, PHASE_ATTACH, &start_kind, origin);
	step->target = shown;
	step->options = "all else refused; names by " EGRESS_DNS;
	for (size_t i = 0, allows = 0; i < config->egress_count; i++) {
		allows += !config->egress[i].deny;
		if (i + 1 == config->egress_count && !allows)
			step->options = "all else allowed; names by " EGRESS_DNS;
	}
	step->data = text;
	plan_add(plan, PHASE_CONNECT, &enter_kind, origin)->target =
		"by egress, in the sandbox's network";
	step = plan_add(plan, PHASE_FINISH, &report_kind, config_origin(config, OPT_NET_LOG));
	step->target = config->net_log ? config->net_log : "say what was refused";
	return 0;
}
