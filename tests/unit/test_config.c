/* config_check: what depends on two options, and which of two sides wins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "options.h"

/* Last: it has a macro fail(). */
#include <cmocka.h>

static struct config config;
static struct error err;

static int start(void **state)
{
	(void)state;
	memset(&config, 0, sizeof config);
	memset(&err, 0, sizeof err);
	config.rootfs = "/";
	return 0;
}

static int end(void **state)
{
	(void)state;
	config_free(&config);
	return 0;
}

/* "rw" or "layer=disk", as a line of profile x.conf. */
static void profile(const char *line)
{
	char key[64];
	size_t length = strcspn(line, "=");

	snprintf(key, sizeof key, "%.*s", (int)length, line);
	assert_int_equal(options_set(&config, key, line[length] ? line + length + 1 : NULL,
				     "profile x.conf:7", &err),
			 0);
}

static void command_line(const char *word)
{
	char *argv[] = {(char *)word};

	assert_int_equal(options_apply(&config, 1, argv, &err), 0);
}

static void accepted(void)
{
	if (config_check(&config, &err))
		fail_msg("refused: %s", err.text);
}

static void refused(const char *text)
{
	assert_int_equal(config_check(&config, &err), -1);
	assert_string_equal(err.text, text);
}

static void test_defaults(void **state)
{
	(void)state;
	accepted();
	assert_string_equal(config.profile, "default");
	assert_int_equal(config.command_count, 1);
	assert_string_equal(config.command[0], "/bin/sh");
	assert_null(config.command[1]);
	assert_string_equal(config_origin(&config, OPT_NETWORK), "default");
	assert_int_equal(config.network, NETWORK_NONE);
	assert_int_equal(config.layer_mode, LAYER_THROW_AWAY);
	assert_int_equal(config.seccomp, SECCOMP_DEFAULT);
}

static void test_rootfs(void **state)
{
	char *command[] = {"", NULL};

	(void)state;
	config.rootfs = NULL;
	refused("no ROOTFS was given");
	config.rootfs = "";
	refused("ROOTFS is empty");
	config.rootfs = "x";
	config.command = command;
	config.command_count = 1;
	refused("COMMAND is empty");
}

static void test_layer_pair(void **state)
{
	(void)state;
	command_line("--rw");
	command_line("--read-only");
	refused("--rw (command line) and --read-only (command line) exclude each other");
	command_line("--rw=false");
	accepted();
	assert_int_equal(config.layer_mode, LAYER_READ_ONLY);
}

static void test_layer_pair_over_profile(void **state)
{
	(void)state;
	profile("read-only");
	command_line("--rw");
	accepted();
	assert_int_equal(config.layer_mode, LAYER_READ_WRITE);
	assert_string_equal(config_origin(&config, OPT_RW), "command line");
	assert_string_equal(config_origin(&config, OPT_READ_ONLY), "default");
}

static void test_init_pair(void **state)
{
	(void)state;
	command_line("--init");
	command_line("--as-pid-1");
	refused("--init (command line) and --as-pid-1 (command line) exclude each other");
}

static void test_init_over_profile(void **state)
{
	(void)state;
	profile("as-pid-1");
	command_line("--init");
	accepted();
	assert_false(config.as_pid_1);
}

static void test_layer_place_refused(void **state)
{
	(void)state;
	command_line("--layer=disk");
	command_line("--read-only");
	refused("--layer (command line) and --read-only (command line) exclude each other");
}

static void test_layer_place_refused_in_profile(void **state)
{
	(void)state;
	profile("layer=disk");
	profile("rw");
	refused("--layer (profile x.conf:7) and --rw (profile x.conf:7) exclude each other");
}

static void test_layer_place_over_profile(void **state)
{
	(void)state;
	profile("rw");
	command_line("--layer=disk");
	accepted();
	assert_int_equal(config.layer_mode, LAYER_THROW_AWAY);
	assert_int_equal(config.layer_place, LAYER_DISK);
	assert_string_equal(config_origin(&config, OPT_RW), "default");
}

static void test_rw_over_layer_place(void **state)
{
	(void)state;
	profile("layer=disk");
	command_line("--rw");
	accepted();
	assert_int_equal(config.layer_mode, LAYER_READ_WRITE);
	assert_int_equal(config.layer_place, LAYER_AUTO);
}

static void test_map_and_userns(void **state)
{
	(void)state;
	command_line("--uidmap=0:1000:1");
	command_line("--userns=keep-id");
	refused("--uidmap (command line) and --userns (command line) exclude each other");
	command_line("--userns=auto");
	accepted();
}

static void test_gidmap_and_userns(void **state)
{
	(void)state;
	command_line("--gidmap=0:1000:1");
	command_line("--userns=single");
	refused("--gidmap (command line) and --userns (command line) exclude each other");
}

static void test_map_over_profile(void **state)
{
	(void)state;
	profile("userns=keep-id");
	profile("uidmap=0:1000:1");
	command_line("--gidmap=0:1000:1");
	accepted();
	assert_int_equal(config.userns, USERNS_AUTO);
	assert_int_equal(config.uidmap_count, 1);
}

static void test_userns_over_profile(void **state)
{
	(void)state;
	profile("uidmap=0:1000:1");
	profile("gidmap=0:1000:1");
	command_line("--userns=keep-id");
	accepted();
	assert_int_equal(config.userns, USERNS_KEEP_ID);
	assert_int_equal(config.uidmap_count + config.gidmap_count, 0);
}

static void test_overlap_inside(void **state)
{
	(void)state;
	command_line("--uidmap=0:1000:10");
	command_line("--uidmap=9:5000:1");
	refused("--uidmap 9:5000:1 (command line) overlaps 0:1000:10 (command line) in the ids "
		"inside");
}

static void test_overlap_outside(void **state)
{
	(void)state;
	profile("gidmap=100:0:4294967194");
	command_line("--gidmap=0:4294967193:1");
	refused("--gidmap 0:4294967193:1 (command line) overlaps 100:0:4294967194 (profile "
		"x.conf:7) "
		"in the ids outside");
}

static void test_adjacent(void **state)
{
	(void)state;
	command_line("--uidmap=0:1000:10");
	command_line("--uidmap=10:1010:10");
	command_line("--uidmap=4294967284:0:10");
	command_line("--gidmap=0:1000:10");
	accepted();
}

static void test_extents(void **state)
{
	char word[64];

	(void)state;
	for (int i = 0; i < 340; i++) {
		snprintf(word, sizeof word, "--uidmap=%d:%d:1", i, i + 1000);
		command_line(word);
	}
	accepted();
	command_line("--uidmap=1000:5000:1");
	refused("--uidmap was given 341 times, and the kernel takes 340");
}

static void test_descriptor_twice(void **state)
{
	(void)state;
	command_line("--file=3:/a");
	command_line("--file=4:/b");
	accepted();
	command_line("--file=3:/c");
	refused("--file reads descriptor 3 twice, for /a and /c");
}

static void test_rules_imply_a_network(void **state)
{
	(void)state;
	command_line("--allow-net=a.b:443");
	accepted();
	assert_int_equal(config.network, NETWORK_SLIRP4NETNS);
	assert_string_equal(config_origin(&config, OPT_NETWORK), "command line");
}

static void test_denials_imply_a_network(void **state)
{
	(void)state;
	profile("network=none");
	profile("deny-net=a.b");
	accepted();
	assert_int_equal(config.network, NETWORK_SLIRP4NETNS);
	assert_string_equal(config_origin(&config, OPT_NETWORK), "profile x.conf:7");
}

static void test_rules_with_pasta(void **state)
{
	(void)state;
	command_line("--network=pasta:mtu=1500");
	command_line("--allow-net=a.b");
	accepted();
	assert_int_equal(config.network, NETWORK_PASTA);
	assert_int_equal(config.network_settings.mtu, 1500);
}

static void test_rules_without_a_network(void **state)
{
	(void)state;
	command_line("--network=none");
	command_line("--allow-net=a.b");
	refused("--allow-net (command line) and --network (command line) exclude each other");
	command_line("--allow-net=");
	command_line("--deny-net=a.b");
	refused("--deny-net (command line) and --network (command line) exclude each other");
}

/* An unset variable must not open the network. */
static void test_emptied_rules_allow_nothing(void **state)
{
	(void)state;
	profile("allow-net=a.b");
	profile("network=slirp4netns");
	command_line("--allow-net=");
	accepted();
	assert_int_equal(config.egress_count, 2);
	assert_true(config.egress[0].deny && config.egress[1].deny);
	assert_string_equal(config.egress[0].what, "0.0.0.0/0");
	assert_string_equal(config.egress[1].what, "::/0");
}

static void test_rules_with_the_hosts_network(void **state)
{
	(void)state;
	command_line("--network=host");
	command_line("--allow-net=a.b");
	refused("--allow-net (command line) and --network (command line) exclude each other");
}

/* A profile that gives the whole network and rules in one is as wrong as a command line. */
static void test_rules_with_the_hosts_network_in_a_profile(void **state)
{
	(void)state;
	profile("network=host");
	profile("allow-net=a.b");
	refused("--allow-net (profile x.conf:7) and --network (profile x.conf:7) exclude each "
		"other");
}

static void test_no_network_over_rules(void **state)
{
	(void)state;
	profile("network=slirp4netns");
	profile("allow-net=a.b");
	profile("dns=192.0.2.1");
	profile("dns-search=a");
	profile("publish=8080:80");
	profile("allow-host-port=5432");
	command_line("--network=none");
	accepted();
	assert_int_equal(config.network, NETWORK_NONE);
	assert_int_equal(config.egress_count, 0);
	assert_int_equal(config.dns_count, 0);
	assert_int_equal(config.dns_search_count, 0);
	/* These two work without a network. */
	assert_int_equal(config.publish_count, 1);
	assert_int_equal(config.host_ports_count, 1);
}

static void test_hosts_network_over_rules(void **state)
{
	(void)state;
	profile("network=slirp4netns");
	profile("allow-net=a.b");
	profile("dns=192.0.2.1");
	profile("publish=8080:80");
	profile("allow-host-port=5432");
	command_line("--network=host");
	accepted();
	assert_int_equal(config.network, NETWORK_HOST);
	assert_int_equal(config.egress_count, 0);
	assert_int_equal(config.publish_count, 0);
	assert_int_equal(config.host_ports_count, 0);
	assert_int_equal(config.dns_count, 1);
}

/* What the command line adds to a profile's rules does not go with them in silence. */
static void test_both_sides_have_rules(void **state)
{
	(void)state;
	profile("allow-net=a.b");
	command_line("--allow-net=c.d");
	command_line("--network=none");
	refused("--allow-net (command line) and --network (command line) exclude each other");
}

static void test_rules_over_a_profiles_network(void **state)
{
	(void)state;
	profile("network=host");
	command_line("--allow-net=a.b");
	refused("--allow-net (command line) and --network (profile x.conf:7) exclude each other");
}

static void test_rules_over_a_profile_without_network(void **state)
{
	(void)state;
	profile("network=none");
	command_line("--allow-net=a.b");
	accepted();
	assert_int_equal(config.network, NETWORK_SLIRP4NETNS);
}

static void test_net_log(void **state)
{
	(void)state;
	command_line("--net-log=/l");
	refused("--net-log (command line) has nothing to write: without rules for the network "
		"nothing is refused");
	command_line("--deny-net=a.b");
	accepted();
}

static void test_net_log_of_dropped_rules(void **state)
{
	(void)state;
	profile("allow-net=a.b");
	command_line("--network=none");
	command_line("--net-log=/l");
	refused("--net-log (command line) has nothing to write: without rules for the network "
		"nothing is refused");
}

static void test_publish_and_the_hosts_network(void **state)
{
	(void)state;
	command_line("--network=host");
	command_line("--publish=1:1");
	refused("--publish (command line) and --network (command line) exclude each other");
	command_line("--publish=");
	command_line("--allow-host-port=1");
	refused("--allow-host-port (command line) and --network (command line) exclude each other");
	command_line("--allow-host-port=");
	accepted();
}

static void test_publish_without_a_network(void **state)
{
	(void)state;
	command_line("--publish=1:1");
	command_line("--allow-host-port=2");
	accepted();
	assert_int_equal(config.network, NETWORK_NONE);
	command_line("--allow-host-port=1/udp");
	accepted();
	profile("publish=8000-8009:80-89");
	command_line("--allow-host-port=85");
	refused("--publish (profile x.conf:7) leads to port 85 inside, which --allow-host-port "
		"(command line) makes a port of the host's");
}

static void test_dns_without_a_network(void **state)
{
	(void)state;
	command_line("--dns=192.0.2.1");
	refused("--dns (command line) and --network (default) exclude each other");
	command_line("--dns=");
	command_line("--dns-search=a");
	refused("--dns-search (command line) and --network (default) exclude each other");
	command_line("--network=pasta");
	accepted();
}

static void test_freed(void **state)
{
	(void)state;
	command_line("--bind=/a");
	config_free(&config);
	assert_null(config.mounts);
	assert_int_equal(config.mounts_count, 0);
	config_free(&config);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, start, end)
	const struct CMUnitTest tests[] = {
		CASE(test_defaults),
		CASE(test_rootfs),
		CASE(test_layer_pair),
		CASE(test_layer_pair_over_profile),
		CASE(test_init_pair),
		CASE(test_init_over_profile),
		CASE(test_layer_place_refused),
		CASE(test_layer_place_refused_in_profile),
		CASE(test_layer_place_over_profile),
		CASE(test_rw_over_layer_place),
		CASE(test_map_and_userns),
		CASE(test_gidmap_and_userns),
		CASE(test_map_over_profile),
		CASE(test_userns_over_profile),
		CASE(test_overlap_inside),
		CASE(test_overlap_outside),
		CASE(test_adjacent),
		CASE(test_extents),
		CASE(test_descriptor_twice),
		CASE(test_rules_imply_a_network),
		CASE(test_denials_imply_a_network),
		CASE(test_rules_with_pasta),
		CASE(test_rules_without_a_network),
		CASE(test_emptied_rules_allow_nothing),
		CASE(test_rules_with_the_hosts_network),
		CASE(test_rules_with_the_hosts_network_in_a_profile),
		CASE(test_no_network_over_rules),
		CASE(test_hosts_network_over_rules),
		CASE(test_both_sides_have_rules),
		CASE(test_rules_over_a_profiles_network),
		CASE(test_rules_over_a_profile_without_network),
		CASE(test_net_log),
		CASE(test_net_log_of_dropped_rules),
		CASE(test_publish_and_the_hosts_network),
		CASE(test_publish_without_a_network),
		CASE(test_dns_without_a_network),
		CASE(test_freed),
	};
	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
