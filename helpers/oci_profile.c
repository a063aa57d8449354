/* From the text of a profile to rules: see oci_profile.h. */
#include "oci_profile.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter_names.h"
#include "oci_words.h"

enum {
	CALLS_MAX = 8192,  /* names, each as often as it stands there */
	RULES_MAX = 20000, /* of one architecture */
	NAME_SIZE = 64,
	HOT_MAX = 32,
	ERRNO_MAX = 4095, /* the kernel's, of a filter's answer */
};

/* One name of one entry of `syscalls`. */
struct call {
	char name[NAME_SIZE];
	struct json_place place;
	uint32_t action;
	struct filter_condition conditions[FILTER_CONDITIONS_MAX];
	size_t conditions_count;
	bool included;
};

struct reader {
	const struct oci_machine *machine;
	struct oci_profile *profile;
	/* The members of the outermost object; .at is NULL for those that are not there. */
	struct json_place action, errno_ret, errno_name, architectures, arch_map, flags, syscalls,
		listener;
	uint32_t otherwise;             /* the default action, with its errno */
	bool covered[OCI_SECTIONS_MAX]; /* of filter_architectures */
	struct call *calls;
	size_t calls_count;
};

/* A member that a reader knows, and where its value is to go. */
struct known {
	const char *key;
	struct json_place *place; /* NULL: it is known, and means nothing */
};

/* Find an object's members; what is null counts as not there, as for every engine. */
static void find_members(struct json_place object, const char *what, const struct known *known,
			 size_t count)
{
	struct json_member member = place_first_member(object, what);

	for (; member.key.at; member = place_next_member(member)) {
		char key[NAME_SIZE];
		size_t i = 0;

		place_take_string(member.key, "a key", key, sizeof key);
		while (i < count && strcmp(known[i].key, key) != 0)
			i++;
		if (i == count)
			place_refuse(member.key, "unknown key '%s' in %s", key, what);
		if (known[i].place && !place_is_null(member.value))
			*known[i].place = member.value;
	}
}

#define FIND_MEMBERS(object, what, known)                                                          \
	find_members(object, what, known, sizeof(known) / sizeof *(known))

/* Put the errno into an action that has one: by number, by name, or EPERM. */
static uint32_t add_errno(uint32_t action, struct json_place number, struct json_place name)
{
	bool takes = action == SECCOMP_RET_ERRNO || action == SECCOMP_RET_TRACE;
	uint64_t value = EPERM;

	if (number.at)
		value = place_take_number(number, "errnoRet", ERRNO_MAX);
	if (name.at) {
		uint64_t named =
			*name.at == '"' && name.at[1] == '"' ? value : oci_errno(name, "errno");

		if (number.at && named != value)
			place_refuse(name, "errno and errnoRet (%llu) say two things",
				     (unsigned long long)value);
		value = named;
	}
	if (takes)
		return action | (uint32_t)value;
	if (number.at)
		place_refuse(number, "errnoRet means something with SCMP_ACT_ERRNO and "
				     "SCMP_ACT_TRACE only");
	return action;
}

/* Whom would it be handed to? A call that waits for an answer of nobody's would never return. */
static uint32_t read_action(const struct reader *reader, struct json_place place)
{
	uint32_t action = oci_action(place);

	if (action != SECCOMP_RET_USER_NOTIF)
		return action;
	if (!reader->machine->listens)
		place_refuse(place, "SCMP_ACT_NOTIFY is not supported: there is no agent that such "
				    "calls could be handed to");
	if (!reader->listener.at)
		place_refuse(place, "SCMP_ACT_NOTIFY needs listenerPath, the socket of the agent "
				    "that such calls are handed to");
	return action;
}

static void read_flags(struct reader *reader)
{
	for (struct json_place one = place_first_element(reader->flags, "flags"); one.at;
	     one = place_next_element(one)) {
		unsigned flag = oci_flag(one);

		if (flag == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV &&
		    !(reader->profile->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER))
			place_refuse(one, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV is not supported "
					  "without SCMP_ACT_NOTIFY, which it is for");
		reader->profile->flags |= flag;
	}
}

/* ---- includes and excludes ---- */

struct asked {
	struct json_place caps, arches, kernel;
};

static struct asked read_asked(struct json_place object, const char *what)
{
	struct asked asked = {.caps = {.at = NULL}};
	const struct known known[] = {
		{"caps", &asked.caps}, {"arches", &asked.arches}, {"minKernel", &asked.kernel}};

	FIND_MEMBERS(object, what, known);
	return asked;
}

static bool is_kernel_new_enough(const struct reader *reader, struct json_place place)
{
	const int *ours = reader->machine->kernel;
	int least[2];

	oci_kernel(place, least);
	return ours[0] > least[0] || (ours[0] == least[0] && ours[1] >= least[1]);
}

/* Of a list of capabilities: how many there are, and how many of them the command has. */
static void count_caps(const struct reader *reader, struct json_place array, size_t *count,
		       size_t *had)
{
	*count = *had = 0;
	if (!array.at)
		return;
	for (struct json_place one = place_first_element(array, "caps"); one.at;
	     one = place_next_element(one)) {
		*had += (oci_capability(one) & reader->machine->capabilities) != 0;
		(*count)++;
	}
}

static void count_arches(struct json_place array, size_t *count, size_t *ours)
{
	*count = *ours = 0;
	if (!array.at)
		return;
	for (struct json_place one = place_first_element(array, "arches"); one.at;
	     one = place_next_element(one)) {
		*ours += oci_is_this_machine(one);
		(*count)++;
	}
}

/* Includes: all capabilities, one of the architectures, the kernel. Excludes: any of all that. */
static bool is_included(const struct reader *reader, struct json_place includes,
			struct json_place excludes)
{
	size_t caps, had, arches, ours;
	bool included = true;

	if (includes.at) {
		struct asked asked = read_asked(includes, "includes");

		count_caps(reader, asked.caps, &caps, &had);
		count_arches(asked.arches, &arches, &ours);
		included = had == caps && (arches == 0 || ours > 0) &&
			   (!asked.kernel.at || is_kernel_new_enough(reader, asked.kernel));
	}
	if (excludes.at) {
		struct asked asked = read_asked(excludes, "excludes");

		count_caps(reader, asked.caps, &caps, &had);
		count_arches(asked.arches, &arches, &ours);
		included = included && had == 0 && ours == 0 &&
			   !(asked.kernel.at && is_kernel_new_enough(reader, asked.kernel));
	}
	return included;
}

/* ---- syscalls ---- */

static void read_condition(struct json_place object, struct filter_condition *condition)
{
	struct json_place index = {.at = NULL}, value = index, second = index, word = index;
	const struct known known[] = {
		{"index", &index}, {"value", &value}, {"valueTwo", &second}, {"op", &word}};
	bool masked;

	FIND_MEMBERS(object, "args", known);
	if (!index.at || !value.at || !word.at)
		place_refuse(object, "args needs index, value and op");
	condition->argument = (unsigned)place_take_number(index, "index", 5);
	condition->operator= oci_operator(word, &masked);
	condition->values[0] = place_take_number(value, "value", UINT64_MAX);
	condition->values_count = 1;
	condition->mask = UINT64_MAX;

	uint64_t two = second.at ? place_take_number(second, "valueTwo", UINT64_MAX) : 0;
	if (masked) {
		/* The mask comes first, then what has to be left of the argument below it. */
		condition->mask = condition->values[0];
		condition->values[0] = two;
		if (two & ~condition->mask)
			place_refuse(second, "valueTwo has bits that the mask, value, does not: "
					     "such an argument cannot be");
	} else if (two) {
		place_refuse(second, "valueTwo means something with SCMP_CMP_MASKED_EQ only");
	}
}

static size_t read_conditions(struct json_place array,
			      struct filter_condition conditions[FILTER_CONDITIONS_MAX])
{
	size_t count = 0;

	for (struct json_place one = place_first_element(array, "args"); one.at;
	     one = place_next_element(one)) {
		struct filter_condition condition = {.argument = 0};

		read_condition(one, &condition);
		for (size_t i = 0; i < count; i++)
			if (conditions[i].argument == condition.argument)
				place_refuse(
					one,
					"a second condition for argument %u: some engines take "
					"two as \"both\", some as \"either\"\nfor \"either\", "
					"write two entries",
					condition.argument);
		conditions[count++] = condition; /* six arguments, six conditions */
	}
	return count;
}

static void add_call(struct reader *reader, struct json_place name, const struct call *call)
{
	if (reader->calls_count == CALLS_MAX)
		place_refuse(name, "more than %d system calls are named", CALLS_MAX);
	struct call *own =
		ARENA_APPEND(&reader->profile->arena, reader->calls, reader->calls_count);

	*own = *call;
	own->place = name;
	place_take_string(name, "the name of a system call", own->name, sizeof own->name);
	if (!*own->name)
		place_refuse(name, "the name of a system call is empty");
}

static void read_entry(struct reader *reader, struct json_place object)
{
	const struct json_place none = {.at = NULL};
	struct json_place names = none, name = none, action = none, number = none, word = none,
			  args = none, includes = none, excludes = none;
	const struct known known[] = {
		{"names", &names},       {"name", &name},         {"action", &action},
		{"errnoRet", &number},   {"errno", &word},        {"args", &args},
		{"includes", &includes}, {"excludes", &excludes}, {"comment", NULL},
	};
	struct call call = {.included = true};

	FIND_MEMBERS(object, "an entry of syscalls", known);
	if (!action.at)
		place_refuse(object, "an entry of syscalls without action");
	if ((names.at != NULL) == (name.at != NULL))
		place_refuse(object, "an entry of syscalls needs names, or name, and not both");
	call.action = add_errno(read_action(reader, action), number, word);
	if (args.at)
		call.conditions_count = read_conditions(args, call.conditions);
	call.included = is_included(reader, includes, excludes);
	if (call.included && call.action == SECCOMP_RET_USER_NOTIF)
		reader->profile->flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	if (name.at)
		add_call(reader, name, &call);
	else
		for (struct json_place one = place_first_element(names, "names"); one.at;
		     one = place_next_element(one))
			add_call(reader, one, &call);
}

/* ---- architectures ---- */

static void cover(struct reader *reader, uint32_t token)
{
	for (size_t i = 0; filter_architectures[i].name; i++)
		if (filter_architectures[i].token == token)
			reader->covered[i] = true;
}

static void read_architectures(struct reader *reader)
{
	for (struct json_place one = place_first_element(reader->architectures, "architectures");
	     one.at; one = place_next_element(one))
		cover(reader, oci_architecture(one));
	if (!reader->covered[0])
		place_refuse(reader->architectures,
			     "the profile is not for this machine: architectures lacks %s",
			     filter_architectures[0].name);
}

/* Each entry is for the machine it names, and says what else that machine's calls may be. */
static void read_arch_map(struct reader *reader)
{
	for (struct json_place one = place_first_element(reader->arch_map, "archMap"); one.at;
	     one = place_next_element(one)) {
		struct json_place main = {.at = NULL}, others = main;
		const struct known known[] = {{"architecture", &main},
					      {"subArchitectures", &others}};

		FIND_MEMBERS(one, "an entry of archMap", known);
		if (!main.at)
			place_refuse(one, "an entry of archMap without architecture");
		uint32_t token = oci_architecture(main);
		bool ours = token == filter_architectures[0].token;

		if (ours)
			cover(reader, token);
		if (!others.at)
			continue;
		for (struct json_place other = place_first_element(others, "subArchitectures");
		     other.at; other = place_next_element(other)) {
			token = oci_architecture(other);
			if (ours)
				cover(reader, token);
		}
	}
	if (!reader->covered[0])
		place_refuse(reader->arch_map,
			     "the profile is not for this machine: archMap lacks %s",
			     filter_architectures[0].name);
}

/* ---- from calls to rules ---- */

/* A section that is being made: its rules grow, and are sorted in the end. */
struct making {
	struct filter_section *section;
	struct filter_rule *rules;
	size_t count;
	struct filter_range ranges[5];
	size_t ranges_count;
	uint32_t hot[HOT_MAX];
};

/* What does not depend on the upper half of a register is compared without it. */
static void narrow(struct filter_rule *rule, bool narrow_machine)
{
	unsigned arguments = narrow_machine ? ~0u : oci_narrow_arguments(rule->name);

	for (size_t i = 0; i < rule->conditions_count; i++) {
		struct filter_condition *condition = &rule->conditions[i];

		if (arguments & 1u << condition->argument && condition->values[0] <= UINT32_MAX)
			condition->mask &= UINT32_MAX;
	}
}

static struct filter_rule *add_rule(const struct reader *reader, struct making *making,
				    const struct call *call, uint32_t number, uint32_t action)
{
	if (making->count == RULES_MAX)
		place_refuse(call->place, "the profile makes more than %d rules", RULES_MAX);
	int line = (int)making->count;
	struct filter_rule *rule =
		ARENA_APPEND(&reader->profile->arena, making->rules, making->count);

	*rule = (struct filter_rule){
		.name = call->name, .number = number, .action = action, .line = line};
	return rule;
}

/* Does another entry say the same of the call, with no conditions? */
static bool is_plain_elsewhere(const struct reader *reader, const struct call *call)
{
	for (size_t i = 0; i < reader->calls_count; i++) {
		const struct call *other = &reader->calls[i];

		if (other->included && other->conditions_count == 0 &&
		    other->action == call->action && strcmp(other->name, call->name) == 0)
			return true;
	}
	return false;
}

/*
 * socketcall and ipc pass the arguments in memory, where no filter sees them. What a profile lets
 * pass only with some arguments does not pass this way, and what it refuses with some is refused.
 */
static void add_multiplexed(struct reader *reader, struct making *making,
			    const struct filter_architecture *architecture, const struct call *call)
{
	uint32_t number, selector, action = call->action;

	if (!filter_call_multiplexed(architecture, call->name, &number, &selector))
		return;
	if (call->conditions_count && oci_rank(action) > oci_rank(reader->otherwise)) {
		if (is_plain_elsewhere(reader, call))
			return;
		action = reader->otherwise;
	}
	struct filter_rule *rule = add_rule(reader, making, call, number, action);
	bool versioned = number == 117; /* ipc: the upper half of its argument is a version */

	rule->conditions[0] = (struct filter_condition){
		.mask = versioned ? 0xffff : UINT32_MAX, .values = {selector}, .values_count = 1};
	rule->conditions_count = 1;
}

static void refuse_unknown(const struct reader *reader, const struct call *call)
{
	if (call->included && oci_rank(call->action) < oci_rank(reader->otherwise))
		place_refuse(call->place,
			     "unknown system call '%s', which is to be refused\nwithout its number "
			     "it would be allowed: take it out, if this kernel does not have it",
			     call->name);
}

/* Add the calls of one architecture; returns the highest number that the profile names. */
static uint32_t add_calls(struct reader *reader, struct making *making,
			  const struct filter_architecture *architecture)
{
	uint32_t newest = architecture->bit, number;

	for (size_t i = 0; i < reader->calls_count; i++) {
		const struct call *call = &reader->calls[i];

		switch (filter_call_number(architecture, call->name, &number)) {
		case FILTER_CALL_UNKNOWN:
			refuse_unknown(reader, call);
			continue;
		case FILTER_CALL_ELSEWHERE:
			if (call->included)
				add_multiplexed(reader, making, architecture, call);
			continue;
		case FILTER_CALL_FOUND:
			break;
		}
		newest = number > newest ? number : newest;
		if (!call->included)
			continue;
		struct filter_rule *rule = add_rule(reader, making, call, number, call->action);
		memcpy(rule->conditions, call->conditions, sizeof rule->conditions);
		rule->conditions_count = call->conditions_count;
		narrow(rule, architecture->audit != filter_architectures[0].audit);
		add_multiplexed(reader, making, architecture, call);
	}
	return newest;
}

static void add_range(struct making *making, uint32_t first, uint32_t answer)
{
	making->ranges[making->ranges_count++] = (struct filter_range){first, answer};
}

/* By number; of one call the strictest first, then as they stand there. */
static int compare_rules(const void *a, const void *b)
{
	const struct filter_rule *left = a, *right = b;
	int ranks = oci_rank(left->action) - oci_rank(right->action);

	if (left->number != right->number)
		return left->number < right->number ? -1 : 1;
	return ranks ? ranks : left->line - right->line;
}

/* What follows a rule without conditions is never reached; a call without such a rule ends with the
 * default. */
static void finish_rules(const struct reader *reader, struct making *making)
{
	struct filter_rule *rules =
		arena_alloc(&reader->profile->arena, (2 * making->count + 1) * sizeof *rules);
	size_t kept = 0;

	if (making->count > 1)
		qsort(making->rules, making->count, sizeof *making->rules, compare_rules);
	for (size_t i = 0; i < making->count; i++) {
		const struct filter_rule *rule = &making->rules[i];
		bool last = i + 1 == making->count || rule[1].number != rule->number;
		bool reached = kept == 0 || rules[kept - 1].number != rule->number ||
			       rules[kept - 1].conditions_count > 0;

		if (reached)
			rules[kept++] = *rule;
		if (!last || rules[kept - 1].conditions_count == 0)
			continue;
		rules[kept] = (struct filter_rule){
			.name = rule->name, .number = rule->number, .action = reader->otherwise};
		kept++;
	}
	making->section->rules = rules;
	making->section->rules_count = kept;
}

/* Calls that are newer than all that the profile names: to whoever wrote it they did not exist, and
 * programs go on without them after ENOSYS, not after EPERM. */
static uint32_t newer(const struct reader *reader)
{
	bool refuses = (reader->otherwise & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO;

	return refuses ? SECCOMP_RET_ERRNO | ENOSYS : reader->otherwise;
}

/* One section for each AUDIT_ARCH: x32 shares that of x86-64, and has numbers of its own. */
static void make_section(struct reader *reader, size_t which)
{
	const struct filter_architecture *architecture = &filter_architectures[which];
	struct oci_profile *profile = reader->profile;
	struct making *making = arena_alloc(&profile->arena, sizeof *making);
	uint32_t newest;

	making->section = &profile->sections[profile->sections_count++];
	add_range(making, 0, reader->otherwise);
	newest = add_calls(reader, making, architecture);
	add_range(making, newest + 1, newer(reader));
	for (size_t i = which + 1; filter_architectures[i].name; i++) {
		const struct filter_architecture *other = &filter_architectures[i];

		if (other->audit != architecture->audit)
			continue;
		add_range(making, other->bit,
			  reader->covered[i] ? reader->otherwise : profile->foreign);
		if (!reader->covered[i])
			continue;
		newest = add_calls(reader, making, other);
		add_range(making, newest + 1, newer(reader));
	}
	finish_rules(reader, making);
	making->section->architecture = architecture->audit;
	making->section->ranges = making->ranges;
	making->section->ranges_count = making->ranges_count;
	making->section->hot = making->hot;
	making->section->hot_count = filter_hot_calls(architecture, making->hot, HOT_MAX);
}

static void make_sections(struct reader *reader)
{
	uint32_t action = reader->otherwise & SECCOMP_RET_ACTION_FULL;
	bool ends = action == SECCOMP_RET_KILL_PROCESS || action == SECCOMP_RET_KILL_THREAD ||
		    action == SECCOMP_RET_TRAP;

	/* As from a kernel without them; where what is unknown ends the process, this does too. */
	reader->profile->foreign = ends ? reader->otherwise : SECCOMP_RET_ERRNO | ENOSYS;
	for (size_t i = 0; filter_architectures[i].name; i++) {
		bool shared =
			i > 0 && filter_architectures[i].audit == filter_architectures[0].audit;

		if (reader->covered[i] && !shared)
			make_section(reader, i);
	}
}

/* Names that nobody here knows, and that were to be allowed: they are not. */
static void note_unknown(struct reader *reader)
{
	char *note = reader->profile->note, names[128] = "";
	size_t size = sizeof reader->profile->note, count = 0;
	uint32_t number;

	for (size_t i = 0; i < reader->calls_count; i++) {
		const struct call *call = &reader->calls[i];

		if (!call->included || oci_rank(call->action) <= oci_rank(reader->otherwise) ||
		    filter_call_number(&filter_architectures[0], call->name, &number) !=
			    FILTER_CALL_UNKNOWN)
			continue;
		if (strlen(names) + strlen(call->name) + 3 < sizeof names)
			sprintf(names + strlen(names), "%s%s", *names ? ", " : "", call->name);
		count++;
	}
	if (count)
		snprintf(note, size,
			 "the seccomp profile allows %zu system call%s that this version does not "
			 "know, and which stay%s refused: %s",
			 count, count == 1 ? "" : "s", count == 1 ? "s" : "", names);
}

static uint32_t count_allowed(const struct oci_profile *profile)
{
	const struct filter_section *section = &profile->sections[0];
	uint32_t count = 0, lax = (uint32_t)oci_rank(SECCOMP_RET_LOG);
	int64_t counted = -1;

	for (size_t i = 0; i < section->rules_count; i++) {
		const struct filter_rule *rule = &section->rules[i];

		if ((uint32_t)oci_rank(rule->action) >= lax && rule->number != counted &&
		    rule->number < 0x40000000) {
			counted = rule->number;
			count++;
		}
	}
	return count;
}

static void read_outermost(struct reader *reader, struct json_place top)
{
	struct json_place metadata = {.at = NULL};
	const struct known known[] = {
		{"defaultAction", &reader->action},
		{"defaultErrnoRet", &reader->errno_ret},
		{"defaultErrno", &reader->errno_name},
		{"architectures", &reader->architectures},
		{"archMap", &reader->arch_map},
		{"flags", &reader->flags},
		{"syscalls", &reader->syscalls},
		{"listenerPath", &reader->listener},
		{"listenerMetadata", &metadata},
		{"comment", NULL},
		{"$schema", NULL},
	};

	FIND_MEMBERS(top, "the profile", known);
	if (reader->listener.at && !reader->machine->listens)
		place_refuse(reader->listener, "listenerPath is not supported: no call is handed "
					       "to a program outside");
	if (metadata.at && !reader->machine->listens)
		place_refuse(metadata, "listenerMetadata is not supported: no call is handed to a "
				       "program outside");
	if (metadata.at && !reader->listener.at)
		place_refuse(metadata, "listenerMetadata is for listenerPath, which is missing");
	if (!reader->action.at)
		place_refuse(top, "the profile has no defaultAction");
	if (reader->architectures.at && reader->arch_map.at)
		place_refuse(reader->arch_map, "archMap and architectures: one of them");
}

void oci_profile_read(struct oci_profile *profile, const struct json_text *text,
		      const struct oci_machine *machine)
{
	struct reader reader = {.machine = machine, .profile = profile};
	struct json_place top = place_read(text);

	read_outermost(&reader, top);
	reader.otherwise =
		add_errno(read_action(&reader, reader.action), reader.errno_ret, reader.errno_name);
	if (reader.otherwise == SECCOMP_RET_USER_NOTIF)
		profile->flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	reader.covered[0] = !reader.architectures.at && !reader.arch_map.at;
	if (reader.architectures.at)
		read_architectures(&reader);
	if (reader.arch_map.at)
		read_arch_map(&reader);
	if (reader.syscalls.at)
		for (struct json_place one = place_first_element(reader.syscalls, "syscalls");
		     one.at; one = place_next_element(one))
			read_entry(&reader, one);
	if (reader.flags.at)
		read_flags(&reader);
	make_sections(&reader);
	note_unknown(&reader);
	profile->calls = count_allowed(profile);
}
