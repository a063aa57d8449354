/*
 * Any command line, its words divided by NUL: the two walks over it agree, and what is accepted is
 * what the rooms may rely on. Run by `make fuzz`.
 */
#include "config.h"
#include "fuzz.h"
#include "options.h"

enum { WORDS = 512 };

static int split(char *text, size_t size, char *argv[WORDS])
{
	int count = 0;

	for (size_t i = 0; i < size && count < WORDS; i += strlen(text + i) + 1)
		argv[count++] = text + i;
	return count;
}

static void check_config(struct config *config)
{
	struct error err = {0};

	for (size_t i = 0; i < config->mounts_count; i++) {
		const struct mount_op *op = &config->mounts[i];

		if (op->kind == MOUNT_LOWER) { /* a directory of the host, and no place inside */
			require(op->source[0] == '/' && !op->target);
			continue;
		}
		require(op->target && op->target[0] == '/' && op->target[1]);
		require(!strstr(op->target, "//") && !strstr(op->target, "/../"));
		require(op->kind > MOUNT_DEV_BIND || op->source[0] == '/');
		require((op->kind == MOUNT_FILE) == (op->fd >= 0));
		require(op->mode == (mode_t)-1 || op->mode <= 01777);
	}
	for (size_t i = 0; i < config->caps_count; i++)
		require(config->caps[i].all == (config->caps[i].capability == -1));
	for (size_t i = 0; i < config->gidmap_count; i++)
		require(config->gidmap[i].count &&
			config->gidmap[i].outside + (uint64_t)config->gidmap[i].count <=
				UINT32_MAX);
	if (config_check(config, &err) == 0)
		require(config->command[0] && config->command_count > 0);
	else
		require(err.text[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *argv[WORDS], *text = malloc(size + 1);
	struct command_line found;
	struct config config = {0};
	struct error err = {0};

	memcpy(text, data, size);
	text[size] = '\0';
	int argc = split(text, size, argv);
	int scanned = options_scan(argc, argv, &found, &err);

	require(scanned == 0 || err.text[0]);
	if (scanned == 0 && !found.help && !found.version) {
		if (options_apply(&config, argc, argv, &err) == 0) {
			config.rootfs = found.rest_count ? found.rest[0] : NULL;
			config.command = found.rest + 1;
			config.command_count =
				found.rest_count > 1 ? (size_t)found.rest_count - 1 : 0;
			check_config(&config);
		} else {
			require(err.text[0]);
		}
	}
	config_free(&config);
	free(text);
	return 0;
}
