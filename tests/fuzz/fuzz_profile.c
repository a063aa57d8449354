/*
 * A profile with any content: read, checked, and written out flattened, which must be a profile
 * that is accepted in turn. Run by `make fuzz`.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config.h"
#include "fuzz.h"
#include "profile.h"

static void check_config(struct config *config)
{
	struct error err = {0};

	for (size_t i = 0; i < config->mounts_count; i++) {
		const struct mount_op *op = &config->mounts[i];

		if (op->kind == MOUNT_LOWER) { /* it lies below ROOTFS, at no place of its own */
			require(op->origin && op->source && op->source[0] == '/');
			continue;
		}
		require(op->origin && op->target && op->target[0] == '/' && op->target[1]);
		require(!strstr(op->target, "//") && !strstr(op->target, "/../"));
		require(op->kind > MOUNT_DEV_BIND || op->source[0] == '/');
	}
	for (size_t i = 0; i < config->env_count; i++)
		require(config->env[i].name[0] && !strchr(config->env[i].name, '='));
	for (size_t i = 0; i < config->uidmap_count; i++)
		require(config->uidmap[i].inside + (uint64_t)config->uidmap[i].count <= UINT32_MAX);
	for (size_t i = 0; i < config->rlimits_count; i++)
		require(config->rlimits[i].soft <= config->rlimits[i].hard);
	config->rootfs = "/";
	require(config_check(config, &err) == 0 || err.text[0]);
}

static void write_profile(int fd, const void *data, size_t size)
{
	require(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
}

/* What `profile show` prints is itself a profile, unless it had to escape something. */
static void check_shown(int fd, char *path)
{
	char *argv[] = {"show", path}, *text = NULL;
	size_t size = 0, longest = 0, start = 0;
	FILE *out = open_memstream(&text, &size);
	struct config config = {0};
	struct error err = {0};

	require(out && profile_command(2, argv, out) == 0);
	fclose(out);
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\n') {
			longest = i - start > longest ? i - start : longest;
			start = i + 1;
		}
	}
	if (!strstr(text, "\\x") && longest <= 4096) {
		write_profile(fd, text, size);
		require(profile_apply(&config, path, &err) == 0);
	}
	config_free(&config);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	char path[64];
	struct config config = {0};
	struct error err = {0};

	if (fd < 0) {
		fd = memfd_create("profile", MFD_CLOEXEC);
		setenv("XDG_CONFIG_HOME", "/nowhere", 1);
		setenv("HOME", "/h:,\\h", 1);
	}
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	write_profile(fd, data, size);
	if (profile_apply(&config, path, &err)) {
		require(err.text[0]);
	} else {
		check_config(&config);
		check_shown(fd, path);
	}
	config_free(&config);
	return 0;
}
