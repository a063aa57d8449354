/* What was refused: see egress_report.h. */
#include "egress_report.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"

static const char *const kinds[] = {
	[REFUSAL_NAME] = "name",           [REFUSAL_ADDRESS] = "address", [REFUSAL_ALIAS] = "alias",
	[REFUSAL_REBINDING] = "rebinding", [REFUSAL_TYPE] = "type",       [REFUSAL_CUT] = "cut",
};

void report_free(struct report *report)
{
	free(report->table);
	*report = (struct report){0};
}

static struct refusal *find(struct report *report, const struct refusal *like)
{
	for (size_t i = 0; i < report->count; i++) {
		struct refusal *refusal = &report->table[i];

		if (refusal->kind == like->kind && refusal->port == like->port &&
		    refusal->protocol == like->protocol && strcmp(refusal->what, like->what) == 0 &&
		    strcmp(refusal->name, like->name) == 0)
			return refusal;
	}
	return NULL;
}

/* A new entry like this one, or NULL: there is no room. A flood of names leaves room for addresses,
 * and the other way round. */
static struct refusal *make(struct report *report, const struct refusal *like)
{
	size_t *kinds_count = &report->of[like->kind == REFUSAL_ADDRESS];

	if (*kinds_count == REPORT_MAX)
		return NULL;
	if ((report->count & (report->count - 1)) == 0) {
		size_t room = report->count ? report->count * 2 : 1;
		struct refusal *more = reallocarray(report->table, room, sizeof *more);

		if (!more)
			return NULL;
		report->table = more;
	}
	++*kinds_count;
	report->table[report->count] = *like;
	return &report->table[report->count++];
}

static void count(struct report *report, const struct refusal *like, unsigned way,
		  unsigned long long times)
{
	struct refusal *refusal = find(report, like);

	if (!refusal)
		refusal = make(report, like);
	if (refusal)
		refusal->counts[way] += times;
	else
		report->more += times;
}

/* How long name is without a domain of the search list at its end; 0 when it has none. */
static size_t without_search(const struct policy *policy, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < policy->search_count; i++) {
		size_t domain = strlen(policy->search[i]);

		if (length > domain + 1 && name[length - domain - 1] == '.' &&
		    strcmp(name + length - domain, policy->search[i]) == 0)
			return length - domain - 1;
	}
	return 0;
}

void report_name(struct report *report, const struct policy *policy, const char *name, bool aaaa)
{
	struct refusal like = {.kind = REFUSAL_NAME};
	size_t searched = without_search(policy, name);

	snprintf(like.what, sizeof like.what, "%.*s", searched ? (int)searched : NAME_SIZE - 1,
		 name);
	/* A name that is allowed, with a domain behind it that nobody typed. */
	if (searched && policy_name(policy, like.what).allowed)
		return;
	count(report, &like, (searched ? 2 : 0) + aaaa, 1);
}

void report_add(struct report *report, enum refusal_kind kind, const char *what, const char *name,
		int protocol, unsigned port, unsigned long long times)
{
	struct refusal like = {.kind = kind, .port = port, .protocol = protocol};

	snprintf(like.what, sizeof like.what, "%s", what);
	snprintf(like.name, sizeof like.name, "%s", name ? name : "");
	count(report, &like, 0, times);
}

/* Each way of asking is one and the same attempt. */
static unsigned long long times(const struct refusal *refusal)
{
	unsigned long long most = 0;

	for (size_t i = 0; i < 4; i++)
		if (refusal->counts[i] > most)
			most = refusal->counts[i];
	return most;
}

/* Types and cuts are no refusals that a flag could lift, and come last. */
static bool is_minor(const struct refusal *refusal)
{
	return refusal->kind >= REFUSAL_TYPE;
}

static int compare(const void *left, const void *right)
{
	const struct refusal *a = left, *b = right;

	if (is_minor(a) != is_minor(b))
		return is_minor(a) - is_minor(b);
	if (times(a) != times(b))
		return times(a) > times(b) ? -1 : 1;
	if (a->kind != b->kind)
		return (int)a->kind - (int)b->kind;
	int order = strcmp(a->what, b->what);
	if (order == 0)
		order = strcmp(a->name, b->name);
	return order ? order : (int)a->port - (int)b->port;
}

void report_sort(struct report *report)
{
	if (report->count)
		qsort(report->table, report->count, sizeof report->table[0], compare);
}

static const char *protocol_text(int protocol, char out[12])
{
	static const struct {
		int number;
		const char *name;
	} known[] = {{IPPROTO_TCP, "tcp"},
		     {IPPROTO_UDP, "udp"},
		     {IPPROTO_ICMP, "icmp"},
		     {IPPROTO_SCTP, "sctp"},
		     {IPPROTO_ICMPV6, "icmp6"}};

	snprintf(out, 12, "%d", protocol);
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (known[i].number == protocol)
			return known[i].name;
	return out;
}

void report_write(FILE *out, const struct report *report)
{
	char text[12];

	fputs("#count\tkind\twhat\tport\tproto\tname\n", out);
	for (size_t i = 0; i < report->count; i++) {
		const struct refusal *refusal = &report->table[i];

		fprintf(out, "%llu\t%s\t", times(refusal), kinds[refusal->kind]);
		print_escaped(out, refusal->what);
		fputc('\t', out);
		if (refusal->port)
			fprintf(out, "%u", refusal->port);
		fprintf(out, "\t%s\t",
			refusal->protocol ? protocol_text(refusal->protocol, text) : "");
		print_escaped(out, refusal->name);
		fputc('\n', out);
	}
	if (report->more)
		fprintf(out, "%llu\tmore\t\t\t\t\n", report->more);
}

/* ---- in a few words ---- */

/* The ports with which name is allowed, as a flag has them: ":443", ":53/udp", "". */
static void ports_of(const struct policy *policy, const char *name, char *out, size_t size)
{
	uint64_t specs = policy_name(policy, name).allow;
	unsigned first = 0;

	snprintf(out, size, ":443");
	if (!specs)
		return;
	while (!(specs >> first & 1))
		first++;
	const struct port_spec *spec = &policy->specs[first];
	if (spec->protocol == 0 || spec->first == 0)
		*out = '\0';
	else if (spec->first == spec->last)
		snprintf(out, size, ":%u%s", spec->first,
			 spec->protocol == IPPROTO_UDP ? "/udp" : "");
	else
		snprintf(out, size, ":%u-%u%s", spec->first, spec->last,
			 spec->protocol == IPPROTO_UDP ? "/udp" : "");
}

/* NAME, ADDRESS or [ADDRESS], which a port can be put behind. */
static void print_host(FILE *out, const char *host)
{
	fputs(strchr(host, ':') ? "[" : "", out);
	print_escaped(out, host);
	fputs(strchr(host, ':') ? "]" : "", out);
}

static void print_flag(FILE *out, const struct refusal *refusal, const struct policy *policy)
{
	char ports[24];
	const char *host = refusal->what;

	if (refusal->kind == REFUSAL_ADDRESS && refusal->name[0])
		host = refusal->name;
	fputs("--allow-net=", out);
	print_host(out, host);
	if (refusal->kind == REFUSAL_ADDRESS) {
		if (refusal->port)
			fprintf(out, ":%u%s", refusal->port,
				refusal->protocol == IPPROTO_UDP ? "/udp" : "");
		return;
	}
	ports_of(policy, refusal->kind == REFUSAL_NAME ? refusal->what : refusal->name, ports,
		 sizeof ports);
	fputs(ports, out);
}

static void print_text(FILE *out, const struct refusal *refusal)
{
	unsigned long long n = times(refusal);
	char text[12];

	if (refusal->kind == REFUSAL_ADDRESS) {
		print_host(out, refusal->what);
		if (refusal->port)
			fprintf(out, ":%u", refusal->port);
		fprintf(out, " (%s", protocol_text(refusal->protocol, text));
		if (refusal->name[0]) {
			fputs(", ", out);
			print_escaped(out, refusal->name);
		}
	} else {
		print_escaped(out, refusal->what);
		fprintf(out, " (%s", kinds[refusal->kind]);
		if (refusal->name[0]) {
			fputs(refusal->kind == REFUSAL_ALIAS ? " that stands behind "
							     : ", the answer for ",
			      out);
			print_escaped(out, refusal->name);
		}
	}
	if (n == 1)
		fputs(", once)", out);
	else
		fprintf(out, ", %llu times)", n);
}

size_t report_message(char out[REPORT_MESSAGE_MAX], const struct report *report,
		      const struct policy *policy)
{
	size_t refused = 0, hints = 0;
	FILE *stream = fmemopen(out, REPORT_MESSAGE_MAX, "w");

	if (!stream)
		return 0;
	for (size_t i = 0; i < report->count; i++)
		refused += !is_minor(&report->table[i]);
	fprintf(stream, "refused %zu\n", refused);
	for (size_t i = 0; i < report->count && hints < REPORT_HINTS; i++, hints++) {
		if (is_minor(&report->table[i]))
			break;
		print_flag(stream, &report->table[i], policy);
		fputc('\t', stream);
		print_text(stream, &report->table[i]);
		fputc('\n', stream);
	}
	long size = ftell(stream);
	fclose(stream);
	return size < 0 ? 0 : (size_t)size;
}
