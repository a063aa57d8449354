/* sandbox ps: the sandboxes of this user. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "json.h"
#include "processes.h"
#include "state.h"
#include "unrecorded.h"

/* What a sandbox's processes use, all of them together. */
struct usage {
	unsigned long long memory; /* bytes, what they share counted for each */
	double seconds;            /* of processor, of those that live */
	unsigned processes;
};

/* Whose sandbox is it? Up the parents, to one that is a sandbox's first process. */
static size_t owner(const struct processes *processes, const struct process *process,
		    const struct sandbox_record *records, size_t count)
{
	for (int depth = 0; process && depth < 64; depth++) {
		for (size_t i = 0; i < count; i++)
			if (records[i].running && process->pid == records[i].child)
				return i;
		process = processes_find(processes, process->parent);
	}
	return count;
}

static struct usage *add_up(const struct sandbox_record *records, size_t count,
			    const struct processes *processes, struct arena *arena)
{
	struct usage *usage = arena_alloc(arena, (count + 1) * sizeof *usage);
	double ticks = (double)sysconf(_SC_CLK_TCK);
	unsigned long long page = (unsigned long long)sysconf(_SC_PAGESIZE);

	for (size_t i = 0; i < processes->count; i++) {
		const struct process *process = &processes->list[i];
		struct usage *of = &usage[owner(processes, process, records, count)];

		of->memory += process->pages * page;
		of->seconds += (double)process->ticks / ticks;
		of->processes++;
	}
	return usage;
}

static void print_size(unsigned long long bytes)
{
	static const char *const units[] = {"B", "K", "M", "G", "T"};
	double value = (double)bytes;
	int unit = 0;

	while (value >= 1024 && unit < 4) {
		value /= 1024;
		unit++;
	}
	printf(value < 10 && unit ? "%6.1f%s" : "%6.0f%s", value, units[unit]);
}

static void print_age(long long seconds)
{
	if (seconds < 0)
		seconds = 0;
	if (seconds < 60)
		printf("  %5llds", seconds);
	else if (seconds < 3600)
		printf("  %2lldm%02llds", seconds / 60, seconds % 60);
	else if (seconds < 86400)
		printf("  %2lldh%02lldm", seconds / 3600, seconds / 60 % 60);
	else
		printf("  %2lldd%02lldh", seconds / 86400, seconds / 3600 % 24);
}

static const char *state_of(const struct sandbox_record *record)
{
	return !record->running ? "ended" : record->child ? "running" : "starting";
}

static void print_row(const struct sandbox_record *record, const struct usage *usage, long long now)
{
	printf("%-20s", record->name);
	if (record->running) {
		printf("%8d", record->child);
		print_age(now - record->clock);
		printf("  ");
		print_size(usage->memory);
		printf("%8.2fs  %-13s  ", usage->seconds, state_of(record));
	} else {
		char state[32];

		snprintf(state, sizeof state, "%s %d", record->reason, record->status);
		printf("%8s  %6s  %7s%9s  %-13s  ", "-", "-", "-", "-", state);
	}
	print_escaped(stdout, record->rootfs);
	printf("  ");
	print_escaped(stdout, record->command);
	if (*record->ports) {
		printf("  ");
		print_escaped(stdout, record->ports);
	}
	putchar('\n');
}

static void print_text(const char *name, const char *value)
{
	printf(",\"%s\":", name);
	json_quoted(stdout, value);
}

static void print_json(const struct sandbox_record *record, const struct usage *usage,
		       long long now)
{
	printf("{\"name\":\"%s\",\"state\":\"%s\"", record->name, state_of(record));
	if (record->running)
		printf(",\"pid\":%d,\"supervisor\":%d,\"age\":%lld,\"memory\":%llu,\"cpu\":%.2f,"
		       "\"processes\":%u",
		       record->child, record->supervisor, now - record->clock, usage->memory,
		       usage->seconds, usage->processes);
	else
		printf(",\"exit\":%d,\"reason\":\"%s\"", record->status, record->reason);
	printf(",\"detached\":%s,\"recorded\":%s,\"started\":%lld",
	       record->detached ? "true" : "false", record->unrecorded ? "false" : "true",
	       (long long)record->started);
	print_text("rootfs", record->rootfs);
	print_text("command", record->command);
	print_text("ports", record->ports);
	putchar('}');
}

static void print_all(const struct sandbox_record *records, size_t count, const struct usage *usage,
		      bool all, bool json)
{
	struct timespec clock;
	const char *divider = "";

	clock_gettime(CLOCK_BOOTTIME, &clock);
	long long now = clock.tv_sec;

	if (json)
		putchar('[');
	else
		puts("NAME                     PID      AGE   MEMORY      CPU  STATE          "
		     "ROOTFS  "
		     "COMMAND  PORTS");
	for (size_t i = 0; i < count; i++) {
		if (!records[i].running && !all)
			continue;
		if (json) {
			printf("%s", divider);
			print_json(&records[i], &usage[i], now);
			divider = ",\n";
		} else {
			print_row(&records[i], &usage[i], now);
		}
	}
	if (json)
		puts("]");
}

int cmd_ps(int argc, char **argv, char **call)
{
	struct arena arena = {NULL};
	struct sandbox_record *records = NULL;
	struct processes processes;
	size_t count = 0;
	bool all = false, json = false;
	struct error err;

	(void)call;
	for (int i = 0; i < argc; i++) {
		all |= cmd_is(argv[i], 'a', "all");
		json |= cmd_is(argv[i], 0, "json");
		if (!cmd_is(argv[i], 'a', "all") && !cmd_is(argv[i], 0, "json"))
			return cmd_usage("usage: sandbox ps [-a|--all] [--json]\n");
	}
	if (state_list(&records, &count, &arena, &err) < 0) {
		arena_free(&arena);
		return cmd_report(&err);
	}
	processes_read(&processes, &arena);
	unrecorded_add(&records, &count, &processes, &arena);
	if (count > 0)
		qsort(records, count, sizeof *records, sandbox_record_by_name);
	print_all(records, count, add_up(records, count, &processes, &arena), all, json);
	arena_free(&arena);
	return 0;
}
