/*
 * The config as a whole: see config.h. Looks across options, once all have been set; each value
 * by itself has been checked when it was set. Reads nothing and changes only what loses.
 */
#include "config.h"

#include <string.h>

#include "options_table.h"

/* More extents than this the kernel does not take (user_namespaces(7), since 4.15). */
enum { MAP_EXTENTS = 340 };

const char *config_origin(const struct config *config, enum option_id option)
{
	return config->origin[option] ? config->origin[option] : "default";
}

void config_free(struct config *config)
{
	arena_free(&config->arena);
	*config = (struct config){0};
}

static bool from_command_line(const char *origin)
{
	return strcmp(origin, "command line") == 0;
}

static int exclude(enum option_id a, const char *origin_a, enum option_id b, const char *origin_b,
		   struct error *err)
{
	fail_because(err, "--%s (%s) and --%s (%s) exclude each other", option_table[a].name,
		     origin_a, option_table[b].name, origin_b);
	return fail_remedy(err, "leave one of them out");
}

/* Both on the command line; in two profiles the later one has already taken over. */
static int check_pair(const struct config *config, enum option_id a, enum option_id b,
		      struct error *err)
{
	const char *of_a = config->origin[a], *of_b = config->origin[b];

	return of_a && of_b ? exclude(a, of_a, b, of_b, err) : 0;
}

/*
 * --layer says where the layer is, --rw and --read-only that there is none. The command line wins
 * over a profile; from the same side they are a contradiction.
 */
static int check_layer(struct config *config, struct error *err)
{
	enum option_id mode = config->layer_mode == LAYER_READ_WRITE ? OPT_RW : OPT_READ_ONLY;
	const char *place = config->origin[OPT_LAYER], *none = config->origin[mode];

	if (config->layer_mode == LAYER_THROW_AWAY || !place || !none)
		return 0;
	if (from_command_line(place) == from_command_line(none))
		return exclude(OPT_LAYER, place, mode, none, err);
	if (from_command_line(place)) {
		config->layer_mode = LAYER_THROW_AWAY;
		config->origin[mode] = NULL;
	} else {
		config->layer_place = LAYER_AUTO;
		config->origin[OPT_LAYER] = NULL;
	}
	return 0;
}

/* The first extent that came from the command line, or the first one; NULL without any. */
static const struct id_range *first_extent(const struct id_range *map, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (from_command_line(map[i].origin))
			return &map[i];
	return count ? map : NULL;
}

/* A map says it all; --userns=keep-id and single say it in another way. */
static int check_userns(struct config *config, struct error *err)
{
	const struct id_range *uids = first_extent(config->uidmap, config->uidmap_count);
	const struct id_range *gids = first_extent(config->gidmap, config->gidmap_count);
	const struct id_range *map = uids ? uids : gids;
	const char *mode = config->origin[OPT_USERNS];

	if (uids && gids && from_command_line(gids->origin))
		map = gids;
	if (!map || config->userns == USERNS_AUTO || !mode)
		return 0;
	if (from_command_line(mode) == from_command_line(map->origin)) {
		exclude(map == gids ? OPT_GIDMAP : OPT_UIDMAP, map->origin, OPT_USERNS, mode, err);
		return fail_remedy(err, "leave one of them out, or set userns to auto");
	}
	if (from_command_line(mode)) {
		config->uidmap_count = config->gidmap_count = 0;
	} else {
		config->userns = USERNS_AUTO;
		config->origin[OPT_USERNS] = NULL;
	}
	return 0;
}

static bool overlap(uint32_t a, uint32_t b, const struct id_range *x, const struct id_range *y)
{
	return a < (uint64_t)b + y->count && b < (uint64_t)a + x->count;
}

static int check_map(enum option_id option, const struct id_range *map, size_t count,
		     struct error *err)
{
	const char *name = option_table[option].name;

	if (count > MAP_EXTENTS)
		return fail_because(err, "--%s was given %zu times, and the kernel takes %d", name,
				    count, MAP_EXTENTS);
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < i; j++) {
			const struct id_range *x = &map[j], *y = &map[i];
			bool inside = overlap(x->inside, y->inside, x, y);

			if (!inside && !overlap(x->outside, y->outside, x, y))
				continue;
			return fail_because(
				err, "--%s %u:%u:%u (%s) overlaps %u:%u:%u (%s) in the ids %s",
				name, y->inside, y->outside, y->count, y->origin, x->inside,
				x->outside, x->count, x->origin, inside ? "inside" : "outside");
		}
	}
	return 0;
}

static int check_descriptors(const struct config *config, struct error *err)
{
	for (size_t i = 0; i < config->mounts_count; i++) {
		const struct mount_op *op = &config->mounts[i];

		for (size_t j = 0; op->kind == MOUNT_FILE && j < i; j++)
			if (config->mounts[j].kind == MOUNT_FILE && config->mounts[j].fd == op->fd)
				return fail_because(
					err, "--file reads descriptor %d twice, for %s and %s",
					op->fd, config->mounts[j].target, op->target);
	}
	return 0;
}

static int check_rootfs(struct config *config, struct error *err)
{
	if (!config->rootfs || !*config->rootfs) {
		fail_because(err, config->rootfs ? "ROOTFS is empty" : "no ROOTFS was given");
		return fail_remedy(err, "give a directory, or / for the host's own programs:\n"
					"sandbox / COMMAND [ARG...]");
	}
	if (config->command_count == 0) {
		config->command = arena_alloc(&config->arena, 2 * sizeof *config->command);
		config->command[0] = arena_strdup(&config->arena, "/bin/sh");
		config->command_count = 1;
	}
	if (!*config->command[0])
		return fail_because(err, "COMMAND is empty");
	return 0;
}

int config_check(struct config *config, struct error *err)
{
	if (!config->profile)
		config->profile = "default";
	if (check_rootfs(config, err) || check_pair(config, OPT_RW, OPT_READ_ONLY, err) ||
	    check_pair(config, OPT_INIT, OPT_AS_PID_1, err) || check_layer(config, err) ||
	    check_userns(config, err) || check_descriptors(config, err))
		return -1;
	return check_map(OPT_UIDMAP, config->uidmap, config->uidmap_count, err) ||
			       check_map(OPT_GIDMAP, config->gidmap, config->gidmap_count, err)
		       ? -1
		       : 0;
}
