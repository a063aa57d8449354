/*
 * Any /etc/resolv.conf of the host, in each mode of the network: what the sandbox gets is whole
 * lines, none of which the host's file has not. Run by `make fuzz`.
 */
#include "fuzz.h"
#include "host.h"
#include "network.h"
#include "step.h"

static bool has_line(const char *text, const char *line, size_t length)
{
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
		if (strcspn(text, "\n") == length && memcmp(text, line, length) == 0)
			return true;
	return false;
}

/* Of the host's it may be any line; of ours a name server alone. */
static void check(const char *made, const char *hosts)
{
	static const char server[] = "nameserver 10.";

	for (size_t length; *made; made += length + 1) {
		length = strcspn(made, "\n");
		require(made[length] == '\n');
		require(strncmp(made, server, sizeof server - 1) == 0 ||
			has_line(hosts, made, length));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum network_mode modes[] = {NETWORK_HOST, NETWORK_SLIRP4NETNS, NETWORK_PASTA};

	if (size < 1)
		return 0;
	char *text = text_of(data + 1, size - 1);
	struct host host = {.uid = 1000, .resolv_conf = text, .pasta = "/pasta", .rootfs = "/"};
	struct config config = {.network = modes[data[0] % 3]};
	struct plan plan = {.config = &config, .host = &host};
	struct error err = {0};

	host.slirp4netns = config.network == NETWORK_SLIRP4NETNS ? "/slirp4netns" : NULL;
	if (network_plan(&plan, &err) == 0 && config.network != NETWORK_HOST)
		check(plan.resolv_conf, text);
	require(config.network != NETWORK_HOST || strcmp(plan.resolv_conf, text) == 0);
	arena_free(&plan.arena);
	free(text);
	return 0;
}
