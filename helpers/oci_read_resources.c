/*
 * linux.resources of config.json: what of it has a file in a cgroup of version 2 becomes a limit,
 * by the table below (the conversions are those of config-linux.md and cgroup-v2.rst); the rest is
 * refused by its name. See oci_spec.h.
 */
#include <string.h>

#include "oci_spec.h"

static void add(struct oci_reader *reader, struct oci_spec *spec, struct oci_place place,
		const char *file, const char *value)
{
	*ARENA_APPEND(reader->arena, spec->limits, spec->limits_count) =
		(struct oci_limit){.file = file, .value = value, .because = place.path};
}

/* -1: unlimited; 0 and what is not there ask for nothing. */
static int64_t amount(struct oci_reader *reader, struct oci_place place)
{
	return oci_number(reader, place, -1, INT64_MAX, 0);
}

static const char *print_amount(struct oci_reader *reader, int64_t value)
{
	return value < 0 || value == INT64_MAX
		       ? "max"
		       : arena_printf(reader->arena, "%lld", (long long)value);
}

/* Of version 2 swap is counted by itself; memory.swap here is both together. */
static void read_memory(struct oci_reader *reader, struct oci_place memory, struct oci_spec *spec)
{
	static const char *const unsupported[] = {"kernel", "kernelTCP", "disableOOMKiller",
						  "useHierarchy", NULL};
	struct oci_place limit = oci_member(reader, memory, "limit"),
			 swap = oci_member(reader, memory, "swap"),
			 low = oci_member(reader, memory, "reservation"),
			 swappiness = oci_member(reader, memory, "swappiness");
	int64_t bytes = amount(reader, limit), both = amount(reader, swap),
		least = amount(reader, low);

	oci_unsupported(reader, memory, unsupported);
	/* Of version 1 only; engines write it as soon as they write anything. */
	if (swappiness.json && oci_asks(swappiness))
		oci_refuse(reader, swappiness, "is not in cgroups of version 2");
	if (bytes)
		add(reader, spec, limit, "memory.max", print_amount(reader, bytes));
	if (least)
		add(reader, spec, low, "memory.low", print_amount(reader, least));
	if (both > 0 && both != OCI_UNLIMITED && (bytes <= 0 || both < bytes))
		oci_refuse(reader, swap, "is memory and swap together: it cannot be below limit");
	else if (both)
		add(reader, spec, swap, "memory.swap.max",
		    print_amount(reader, both < 0 || both == OCI_UNLIMITED ? -1 : both - bytes));
}

static void read_cpu(struct oci_reader *reader, struct oci_place cpu, struct oci_spec *spec)
{
	static const char *const unsupported[] = {"realtimeRuntime", "realtimePeriod", NULL};
	static const char *const files[][2] = {{"cpus", "cpuset.cpus"}, {"mems", "cpuset.mems"}};
	struct oci_place shares = oci_member(reader, cpu, "shares"),
			 quota = oci_member(reader, cpu, "quota"),
			 period = oci_member(reader, cpu, "period"),
			 idle = oci_member(reader, cpu, "idle"),
			 burst = oci_member(reader, cpu, "burst");
	int64_t weight = oci_number(reader, shares, 0, 262144, 0), most = amount(reader, quota),
		microseconds = oci_number(reader, period, 0, 1000000, 0);

	oci_unsupported(reader, cpu, unsupported);
	/* 1024 is what everybody has, and engines write it as a matter of course. */
	if (weight && weight != 1024)
		add(reader, spec, shares, "cpu.weight",
		    arena_printf(reader->arena, "%lld",
				 weight < 2 ? 1LL : 1 + ((long long)weight - 2) * 9999 / 262142));
	if (most > 0 || microseconds)
		add(reader, spec, most ? quota : period, "cpu.max",
		    arena_printf(reader->arena, "%s %lld",
				 most > 0 ? print_amount(reader, most) : "max",
				 microseconds ? (long long)microseconds : 100000LL));
	if (oci_number(reader, burst, 0, INT64_MAX, 0))
		add(reader, spec, burst, "cpu.max.burst",
		    print_amount(reader, oci_number(reader, burst, 0, INT64_MAX, 0)));
	if (oci_number(reader, idle, 0, 1, 0))
		add(reader, spec, idle, "cpu.idle", "1");
	for (size_t i = 0; i < 2; i++) {
		struct oci_place list = oci_member(reader, cpu, files[i][0]);
		const char *text = oci_string(reader, list);

		if (text && *text)
			add(reader, spec, list, files[i][1], text);
	}
}

static void read_devices(struct oci_reader *reader, struct oci_place rules, struct oci_spec *spec)
{
	size_t count = oci_count(reader, rules);

	for (size_t i = 0; i < count && !reader->failed; i++) {
		struct oci_place rule = oci_element(reader, rules, i);
		const char *type = oci_string(reader, oci_member(reader, rule, "type"));
		bool allow = oci_bool(reader, oci_member(reader, rule, "allow"));
		bool all = !type || strcmp(type, "a") == 0;
		int64_t major =
			oci_number(reader, oci_member(reader, rule, "major"), -1, UINT32_MAX, -1);

		if (all && major < 0)
			spec->all_devices = allow;
	}
}

static void read_pids(struct oci_reader *reader, struct oci_place pids, struct oci_spec *spec)
{
	struct oci_place limit = oci_member(reader, pids, "limit");
	int64_t most = amount(reader, limit);

	if (most > 0)
		add(reader, spec, limit, "pids.max", print_amount(reader, most));
}

static void read_unified(struct oci_reader *reader, struct oci_place unified, struct oci_spec *spec)
{
	const char *key;
	json_t *value;

	if (unified.json && !json_is_object(unified.json)) {
		oci_refuse(reader, unified, "should be an object");
		return;
	}
	json_object_foreach((json_t *)unified.json, key, value)
	{
		struct oci_place place = oci_member(reader, unified, key);
		const char *text = oci_string(reader, place);

		if (strchr(key, '/') || !strchr(key, '.') || *key == '.' ||
		    strncmp(key, "cgroup.", 7) == 0)
			oci_refuse(reader, place, "is no limit of a cgroup");
		else if (text)
			add(reader, spec, place, arena_strdup(reader->arena, key), text);
	}
}

void oci_resources_read(struct oci_reader *reader, struct oci_place place, struct oci_spec *spec)
{
	static const char *const known[] = {"unified", "devices", "pids",           "blockIO",
					    "cpu",     "memory",  "hugepageLimits", "network",
					    "rdma",    NULL};
	static const char *const unsupported[] = {"hugepageLimits", "network", "rdma", NULL};
	static const char *const block[] = {"leafWeight",
					    "weightDevice",
					    "throttleReadBpsDevice",
					    "throttleWriteBpsDevice",
					    "throttleReadIOPSDevice",
					    "throttleWriteIOPSDevice",
					    NULL};
	struct oci_place io = oci_member(reader, place, "blockIO"),
			 weight = oci_member(reader, io, "weight");

	oci_known(reader, place, known);
	oci_unsupported(reader, place, unsupported);
	oci_unsupported(reader, io, block);
	read_devices(reader, oci_member(reader, place, "devices"), spec);
	read_memory(reader, oci_member(reader, place, "memory"), spec);
	read_cpu(reader, oci_member(reader, place, "cpu"), spec);
	read_pids(reader, oci_member(reader, place, "pids"), spec);
	read_unified(reader, oci_member(reader, place, "unified"), spec);
	int64_t value = oci_number(reader, weight, 0, 1000, 0);
	if (value)
		add(reader, spec, weight, "io.weight",
		    arena_printf(reader->arena, "%lld",
				 1 + ((long long)(value < 10 ? 10 : value) - 10) * 9999 / 990));
}
