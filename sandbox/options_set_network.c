/* The set functions of the network options; as options_set.c, whose head says what they are. */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "options_table.h"
#include "parse.h"
#include "parse_network.h"

/* MODE[:OPTS] */
int set_network(struct setting *setting)
{
	struct config *config = setting->config;
	char *mode = setting_keep(setting, setting->value), *options = strchr(mode, ':');
	struct network_settings settings = {.ipv6 = false};

	if (options)
		*options++ = '\0';
	if (setting_choose(setting, mode) < 0)
		return -1;
	const char *reason = options ? parse_network_settings(options, &settings) : NULL;
	if (!reason && options && config->network != NETWORK_SLIRP4NETNS &&
	    config->network != NETWORK_PASTA)
		reason = "only slirp4netns and pasta take options";
	if (reason)
		return option_refuse(setting, reason);
	config->network_settings = settings;
	return 0;
}

int set_egress(struct setting *setting)
{
	struct config *config = setting->config;
	struct egress_op op = {.deny = setting->option->number != 0, .origin = setting->origin};
	char buffer[PARSE_NAME_SIZE];
	size_t kept = 0;

	setting_note_origin(setting);
	if (!*setting->value) {
		for (size_t i = 0; i < config->egress_count; i++)
			if (config->egress[i].deny != op.deny)
				config->egress[kept++] = config->egress[i];
		config->egress_count = kept;
		config->egress_cleared |= !op.deny;
		config->origin[option_id(setting->option)] = NULL;
		return 0;
	}
	for (char *word, *rest = setting_keep(setting, setting->value);
	     (word = strsep(&rest, ","));) {
		const char *reason = parse_egress(word, &op, buffer);

		if (reason)
			return option_refuse(setting, reason);
		op.what = setting_keep(setting, buffer);
		*ARENA_APPEND(&config->arena, config->egress, config->egress_count) = op;
	}
	return 0;
}

/* An emptied list is one of no port: it does not open what it was there to close. */
int set_tcp(struct setting *setting)
{
	struct config *config = setting->config;
	struct tcp_op op = {.bind = setting->option->number != 0, .origin = setting->origin};
	size_t kept = 0;

	setting_note_origin(setting);
	if (!*setting->value || strcmp(setting->value, "none") == 0) {
		for (size_t i = 0; i < config->tcp_count; i++)
			if (config->tcp[i].bind != op.bind)
				config->tcp[kept++] = config->tcp[i];
		config->tcp_count = kept;
		return 0;
	}
	for (char *word, *rest = setting_keep(setting, setting->value);
	     (word = strsep(&rest, ","));) {
		const char *reason = parse_ports(word, &op.from, &op.to);

		if (reason)
			return option_refuse(setting, reason);
		*ARENA_APPEND(&config->arena, config->tcp, config->tcp_count) = op;
	}
	return 0;
}

int set_host_port(struct setting *setting)
{
	struct config *config = setting->config;
	struct host_port_op op = {.origin = setting->origin};

	setting_note_origin(setting);
	if (!*setting->value) {
		config->host_ports_count = 0;
		return 0;
	}
	const char *reason = parse_host_port(setting->value, &op);

	if (reason)
		return option_refuse(setting, reason);
	*ARENA_APPEND(&config->arena, config->host_ports, config->host_ports_count) = op;
	return 0;
}

int set_publish(struct setting *setting)
{
	struct config *config = setting->config;
	struct publish_op op = {.origin = setting->origin};

	setting_note_origin(setting);
	if (!*setting->value) {
		config->publish_count = 0;
		return 0;
	}
	const char *reason = parse_publish(setting->value, &op);

	if (reason)
		return option_refuse(setting, reason);
	*ARENA_APPEND(&config->arena, config->publish, config->publish_count) = op;
	return 0;
}

int set_dns(struct setting *setting)
{
	struct config *config = setting->config;
	char address[PARSE_ADDRESS_SIZE];

	setting_note_origin(setting);
	if (!*setting->value) {
		config->dns_count = 0;
		return 0;
	}
	const char *reason = parse_address(setting->value, address);

	if (!reason && config->dns_count == 3)
		reason = "resolvers read three name servers and no more (resolv.conf(5))";
	if (reason)
		return option_refuse(setting, reason);
	*ARENA_APPEND(&config->arena, config->dns, config->dns_count) =
		setting_keep(setting, address);
	return 0;
}

int set_dns_search(struct setting *setting)
{
	struct config *config = setting->config;
	char name[PARSE_NAME_SIZE];

	setting_note_origin(setting);
	if (!*setting->value) {
		config->dns_search_count = 0;
		return 0;
	}
	const char *reason = parse_domain(setting->value, name);

	if (reason)
		return option_refuse(setting, reason);
	*ARENA_APPEND(&config->arena, config->dns_search, config->dns_search_count) =
		setting_keep(setting, name);
	return 0;
}

int set_file_path_in(struct setting *setting, const char **text)
{
	char cwd[PATH_MAX] = "", path[PATH_MAX];
	const char *reason = NULL;

	if (setting->value[0] != '/' && !getcwd(cwd, sizeof cwd))
		reason = "the path is relative, and the working directory has no path";
	if (!reason)
		reason = parse_host_path(cwd, setting->value, path, sizeof path);
	if (reason)
		return option_refuse(setting, reason);
	*text = setting_keep(setting, path);
	setting_note_origin(setting);
	return 0;
}

int set_file_path(struct setting *setting)
{
	return set_file_path_in(setting, setting_field(setting));
}

/* FILE, or the number of a descriptor; ./3 is a file. */
int set_enforced(struct setting *setting)
{
	uint64_t fd;

	if (setting->value[strspn(setting->value, "0123456789")])
		return set_file_path(setting);
	if (parse_number(setting->value, INT32_MAX, &fd))
		return option_refuse(setting, "this is no number of a descriptor");
	setting->config->status.enforced = NULL;
	setting->config->status.enforced_fd = (int)fd;
	setting_note_origin(setting);
	return 0;
}

int set_ca_certificates(struct setting *setting)
{
	if (strcmp(setting->value, "host") == 0 || strcmp(setting->value, "none") == 0)
		return set_text(setting);
	if (!strchr(setting->value, '/')) {
		option_refuse(setting, "no such choice");
		return fail_remedy(setting->err,
				   "say host, none, or the path of a file, such as ./ca.pem");
	}
	return set_file_path(setting);
}
