/*
 * Any /etc/subuid, any output of getsubids(1), and the maps that are made of them: what is written
 * with them has to be what the kernel takes (user_namespaces(7)), and nobody else's ids. Run by
 * `make fuzz`.
 */
#include "fuzz.h"
#include "host.c" // NOLINT(bugprone-suspicious-include): what reads it is the file's own

#include "identity.h"
#include "idmap.h"
#include "step.h"

enum { OWN = 1000, MAX_EXTENTS = 340 };

static void check_grants(const struct id_grant *grants, size_t count)
{
	for (size_t i = 0; i < count; i++)
		require(grants[i].count > 0 && grants[i].start <= UINT32_MAX - grants[i].count);
}

static bool overlap(uint64_t a, uint64_t a_count, uint64_t b, uint64_t b_count)
{
	return a < b + b_count && b < a + a_count;
}

static bool is_granted(const struct id_range *range, const struct id_grant *grants, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (range->outside >= grants[i].start &&
		    (uint64_t)range->outside + range->count <=
			    (uint64_t)grants[i].start + grants[i].count)
			return true;
	return range->outside == OWN && range->count == 1;
}

/* mappings_overlap() and map_write() in kernel/user_namespace.c */
static void check_map(const struct id_range *map, size_t extents, const struct id_grant *grants,
		      size_t count)
{
	require(extents > 0 && extents <= MAX_EXTENTS);
	for (size_t i = 0; i < extents; i++) {
		const struct id_range *one = &map[i];

		require(one->count > 0 && is_granted(one, grants, count));
		require((uint64_t)one->inside + one->count <= UINT32_MAX);
		require((uint64_t)one->outside + one->count <= UINT32_MAX);
		for (size_t j = 0; j < i; j++)
			require(!overlap(one->inside, one->count, map[j].inside, map[j].count) &&
				!overlap(one->outside, one->count, map[j].outside, map[j].count));
	}
}

static void check_plan(const struct host *host, uint8_t flags)
{
	struct config config = {.userns = flags & 1 ? USERNS_KEEP_ID : USERNS_AUTO};
	struct plan plan = {.config = &config, .host = host};
	struct error err = {0};

	if (identity_plan(&plan, &err) == 0 && idmap_plan(&plan, &err) == 0) {
		require(id_is_mapped(plan.uids, plan.uids_count, plan.identity.uid));
		require(id_is_mapped(plan.gids, plan.gids_count, plan.identity.gid));
		check_map(plan.uids, plan.uids_count, host->subuids, host->subuids_count);
		check_map(plan.gids, plan.gids_count, host->subgids, host->subgids_count);
	} else {
		require(err.text[0]);
	}
	arena_free(&plan.arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	struct host host = {.uid = OWN,
			    .gid = OWN,
			    .user = "user",
			    .rootfs = "/r",
			    .newuidmap = "/usr/bin/newuidmap",
			    .newgidmap = "/usr/bin/newgidmap",
			    .rootfs_subordinate = data[0] & 2};
	char *text = text_of(data + 1, size - 1), *second = next_part(text);

	parse_grants(&host, text, &host.subuids, &host.subuids_count);
	if (*second)
		parse_getsubids(&host, second, &host.subgids, &host.subgids_count);
	else
		parse_grants(&host, text, &host.subgids, &host.subgids_count);
	check_grants(host.subuids, host.subuids_count);
	check_grants(host.subgids, host.subgids_count);
	check_plan(&host, data[0]);
	host_free(&host);
	free(text);
	return 0;
}
