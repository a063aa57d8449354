/* The option table and its walks: every row on the command line and as a profile key. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "options.h"
#include "options_table.h"

/* Last: it has a macro fail(). */
#include <cmocka.h>

enum { WORDS = 12 };

/* A command line, and what came of it. */
struct run {
	struct config config;
	struct error err;
	int result;
};

static void apply(struct run *run, const char *const words[])
{
	int count = 0;

	memset(run, 0, sizeof *run);
	while (words[count])
		count++;
	run->result = options_apply(&run->config, count, (char **)words, &run->err);
}

#define APPLY(run, ...) apply((run), (const char *const[]){__VA_ARGS__, NULL})

static void done(struct run *run)
{
	config_free(&run->config);
}

static void expect_error(const struct run *run, const char *text, const char *remedy)
{
	assert_int_equal(run->result, -1);
	assert_string_equal(run->err.text, text);
	if (remedy)
		assert_string_equal(run->err.remedy, remedy);
}

#define REFUSED(text, remedy, ...)                                                                 \
	do {                                                                                       \
		struct run refused;                                                                \
		APPLY(&refused, __VA_ARGS__);                                                      \
		expect_error(&refused, text, remedy);                                              \
		done(&refused);                                                                    \
	} while (0)

/* A value that each row accepts; flags take true. */
static const char *sample(enum option_id id, char *file)
{
	static const char *const values[OPTION_COUNT] = {
		[OPT_PROFILE] = "build",
		[OPT_LAYER] = "disk",
		[OPT_BIND] = "/a:/b",
		[OPT_BIND_TRY] = "/a",
		[OPT_RO_BIND] = "a",
		[OPT_RO_BIND_TRY] = "/a:/b:noexec",
		[OPT_DEV_BIND] = "/dev/kvm",
		[OPT_DEV_BIND_TRY] = "/dev/kvm",
		[OPT_TMPFS] = "/t:size=1m",
		[OPT_MASK] = "/m",
		[OPT_SYMLINK] = "a:/b",
		[OPT_MKDIR] = "/d",
		[OPT_FILE] = "3:/f",
		[OPT_WORKDIR] = "/w",
		[OPT_ENV] = "A=b",
		[OPT_UNSETENV] = "A",
		[OPT_USERNS] = "keep-id",
		[OPT_USER] = "1:1",
		[OPT_UIDMAP] = "0:1000:1",
		[OPT_GIDMAP] = "0:1000:1",
		[OPT_NETWORK] = "host",
		[OPT_HOSTNAME] = "box",
		[OPT_BOOTTIME_OFFSET] = "1",
		[OPT_MONOTONIC_OFFSET] = "-1h",
		[OPT_SECCOMP] = "strict",
		[OPT_CAP_ADD] = "CHOWN",
		[OPT_CAP_DROP] = "ALL",
		[OPT_ULIMIT] = "core=0",
		[OPT_ALLOW_NET] = "a.b:1",
		[OPT_DENY_NET] = "*.a.b",
		[OPT_NET_LOG] = "/l",
		[OPT_ALLOW_HOST_PORT] = "53/udp",
		[OPT_PUBLISH] = "8080:80",
		[OPT_DNS] = "192.0.2.1",
		[OPT_DNS_SEARCH] = "a.b",
		[OPT_CA_CERTIFICATES] = "none",
		[OPT_OVERLAY] = "try",
		[OPT_OVERLAY_SIZE] = "1m",
		[OPT_LOWER] = "/l",
		[OPT_NAME] = "web",
		[OPT_LOG_SIZE] = "1m",
		[OPT_MEMORY] = "512m",
		[OPT_MEMORY_SWAP] = "1g",
		[OPT_CPUS] = "1.5",
		[OPT_CPUSET] = "0-3,5",
		[OPT_PIDS_LIMIT] = "64",
		[OPT_IO_WEIGHT] = "50",
		[OPT_LIMITS] = "systemd",
		[OPT_TIMEOUT] = "5m",
		[OPT_TIMEOUT_GRACE] = "0",
		[OPT_CPU_TIME] = "10s",
		[OPT_NICE] = "5",
		[OPT_OOM_SCORE_ADJ] = "500",
		[OPT_META] = "run.json",
		[OPT_JSON_STATUS_FD] = "3",
		[OPT_INFO_FD] = "4",
		[OPT_PASS_FD] = "5",
		[OPT_LANDLOCK] = "require",
		[OPT_CONNECT_TCP] = "443,80-81",
		[OPT_BIND_TCP] = "none",
		[OPT_PRINT_ENFORCED] = "3",
		[OPT_APPLICATION] = "edit",
		[OPT_HOME] = "private",
		[OPT_DBUS] = "filtered",
		[OPT_DBUS_TALK] = "a.b",
		[OPT_DBUS_OWN] = "a.b.*",
		[OPT_DBUS_SEE] = "system:a.b",
		[OPT_DBUS_CALL] = "a.b=c.d",
		[OPT_IPC] = "host",
		[OPT_PROC] = "bind",
		[OPT_USB] = "1d6b:0002",
		[OPT_USB_TRY] = "/dev/bus/usb/001/001",
	};
	if (id == OPT_ENV_FILE)
		return file;
	return option_table[id].value ? values[id] : "true";
}

static char *make_file(const char *text, size_t length)
{
	char *path = strdup("/tmp/test_options.XXXXXX");
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, length), length);
	close(fd);
	return path;
}

static void drop_file(char *path)
{
	unlink(path);
	free(path);
}

/* --- the table --- */

static void test_rows_complete(void **state)
{
	(void)state;
	for (int i = 0; i < OPTION_COUNT; i++) {
		const struct option *row = &option_table[i];

		assert_non_null(row->name);
		assert_non_null(row->set);
		assert_non_null(row->group);
		assert_non_null(row->help);
		assert_int_equal(row->help[strlen(row->help) - 1], '.');
		if (row->more)
			assert_int_equal(row->more[strlen(row->more) - 1], '.');
		assert_true(!row->choices || row->value);
		assert_true(!row->complete || row->value);
		assert_true(!row->optional || !row->value);
		assert_ptr_equal(option_find(row->name, strlen(row->name)), row);
		if (row->alias)
			assert_ptr_equal(option_find(row->alias, strlen(row->alias)), row);
		for (int j = 0; row->letter && j < i; j++)
			assert_int_not_equal(row->letter, option_table[j].letter);
		/* The rows of a group stand together: --help prints a heading once. */
		for (int j = 0; j + 1 < i; j++)
			if (strcmp(option_table[j].group, row->group) == 0)
				assert_string_equal(option_table[i - 1].group, row->group);
	}
}

/* The first choice is the built-in default, as the manual says, and 0, as config.h says. */
static void test_first_choice_is_default(void **state)
{
	(void)state;
	for (int i = 0; i < OPTION_COUNT; i++) {
		if (option_table[i].choices) {
			assert_int_equal(option_table[i].choices[0].value, 0);
			assert_null(option_table[i].choices[0].refused);
		}
	}
}

static void test_round_trip(void **state)
{
	char *file = make_file("A=b\n", 4);

	(void)state;
	for (int i = 0; i < OPTION_COUNT; i++) {
		const struct option *row = &option_table[i];
		const char *value = sample((enum option_id)i, file);
		char joined[256], alone[64];
		struct config config = {0};
		struct error err = {0};
		struct run run;
		bool acted_on_elsewhere = i == OPT_HELP || i == OPT_VERSION;

		if (i == OPT_EXTENDS)
			continue; /* profile files only */
		assert_non_null(value);
		snprintf(joined, sizeof joined, "--%s=%s", row->name, value);
		snprintf(alone, sizeof alone, "--%s", row->name);
		APPLY(&run, joined);
		assert_int_equal(run.result, 0);
		if (!acted_on_elsewhere)
			assert_string_equal(config_origin(&run.config, (enum option_id)i),
					    "command line");
		done(&run);
		APPLY(&run, alone, row->value ? value : "/");
		assert_int_equal(run.result, 0);
		if (!acted_on_elsewhere)
			assert_string_equal(config_origin(&run.config, (enum option_id)i),
					    "command line");
		done(&run);

		int result = options_set(&config, row->name, value, "profile x.conf:7", &err);

		assert_int_equal(result, row->flags & OPTION_NOT_IN_PROFILE ? -1 : 0);
		if (result == 0)
			assert_string_equal(config_origin(&config, (enum option_id)i),
					    "profile x.conf:7");
		else
			assert_non_null(strstr(err.text, "has no meaning in a profile"));
		config_free(&config);
	}
	drop_file(file);
}

static void test_every_choice(void **state)
{
	(void)state;
	for (int i = 0; i < OPTION_COUNT; i++) {
		for (const struct choice *choice = option_table[i].choices; choice && choice->name;
		     choice++) {
			struct run run;
			char word[128];
			int value;

			snprintf(word, sizeof word, "--%s=%s", option_table[i].name, choice->name);
			APPLY(&run, word);
			assert_int_equal(run.result, choice->refused ? -1 : 0);
			memcpy(&value, (char *)&run.config + option_table[i].field, sizeof value);
			/* A log is of the filter that was chosen before. */
			if (i == OPT_SECCOMP && choice->value == SECCOMP_LOG)
				assert_true(run.config.seccomp_log && value == SECCOMP_DEFAULT);
			else
				assert_int_equal(value, choice->refused ? 0 : choice->value);
			done(&run);
		}
	}
}

/* --- reading argv --- */

static void test_forms(void **state)
{
	struct run run;

	(void)state;
	APPLY(&run, "--env=A=b", "--env", "C=d", "-e", "E=f", "-eG=h", "-vve=", "-e", "I=", "/",
	      "--rw");
	assert_int_equal(run.result, -1); /* -e= names no variable */
	done(&run);
	APPLY(&run, "--env=A=b", "--env", "C=d", "-e", "E=f", "-veG=h", "--", "--rw");
	assert_int_equal(run.result, 0);
	assert_int_equal(run.config.env_count, 4);
	assert_string_equal(run.config.env[3].name, "G");
	assert_string_equal(run.config.env[3].value, "h");
	assert_true(run.config.verbose);
	assert_int_equal(run.config.layer_mode, LAYER_THROW_AWAY);
	done(&run);
	APPLY(&run, "--keep-env=true", "--verbose", "--verbose=false", "--net=host");
	assert_int_equal(run.result, 0);
	assert_true(run.config.keep_env);
	assert_false(run.config.verbose);
	assert_int_equal(run.config.network, NETWORK_HOST);
	done(&run);
}

static void scan(struct command_line *found, struct run *run, const char *const words[])
{
	int count = 0;

	memset(run, 0, sizeof *run);
	while (words[count])
		count++;
	run->result = options_scan(count, (char **)words, found, &run->err);
}

#define SCAN(found, run, ...) scan((found), (run), (const char *const[]){__VA_ARGS__, NULL})

static void test_scan(void **state)
{
	struct command_line found;
	struct run run;

	(void)state;
	SCAN(&found, &run, "--profile", "a", "--bind", "--profile=c", "--profile=b", "/", "--help");
	assert_int_equal(run.result, 0);
	assert_string_equal(found.profile, "b");
	assert_int_equal(found.rest_count, 2);
	assert_string_equal(found.rest[0], "/");
	assert_string_equal(found.rest[1], "--help");
	assert_false(found.help);

	SCAN(&found, &run, "--", "--bind", "/", "/", "sh");
	assert_int_equal(run.result, 0);
	assert_int_equal(found.rest_count, 4);
	assert_string_equal(found.rest[0], "--bind");

	SCAN(&found, &run, "-", "x");
	assert_int_equal(run.result, 0);
	assert_string_equal(found.rest[0], "-");

	SCAN(&found, &run, "--rw");
	assert_int_equal(run.result, 0);
	assert_int_equal(found.rest_count, 0);

	SCAN(&found, &run, "-vh", "--bogus");
	assert_int_equal(run.result, 0);
	assert_true(found.help);

	SCAN(&found, &run, "--version");
	assert_true(found.version);

	SCAN(&found, &run, "--bogus", "--help");
	assert_int_equal(run.result, -1);
	assert_string_equal(run.err.text, "unknown option --bogus");

	found.rest_count = 7;
	assert_int_equal(options_scan(0, (char *[]){NULL}, &found, &run.err), 0);
	assert_int_equal(found.rest_count, 0);
}

static void test_unknown(void **state)
{
	char longest[5000];

	(void)state;
	REFUSED("unknown option --bnid", "did you mean --bind?", "--bnid", "x");
	REFUSED("unknown option --bin", "did you mean --bind?", "--bin=x");
	REFUSED("unknown option --netwrk", "did you mean --network?", "--netwrk=none");
	REFUSED("unknown option --readonly", "did you mean --read-only?", "--readonly");
	REFUSED("unknown option --zzzz", "see sandbox --help for all options", "--zzzz");
	REFUSED("unknown option --y", "see sandbox --help for all options", "--y");
	REFUSED("unknown option --BIND", "see sandbox --help for all options", "--BIND");
	REFUSED("unknown option --", "see sandbox --help for all options", "--=x");
	REFUSED("unknown option -z", "see sandbox --help for all options", "-z");
	REFUSED("unknown option -=", "see sandbox --help for all options", "-v=true");
	REFUSED("--extends is for profile files only", "on the command line use --profile=NAME",
		"--extends=x");
	/* Not a suggestion that would not be accepted. */
	REFUSED("unknown option --extend", "see sandbox --help for all options", "--extend=x");
	memset(longest, 'a', sizeof longest);
	memcpy(longest, "--", 2);
	longest[sizeof longest - 1] = '\0';
	struct run run;
	APPLY(&run, longest);
	assert_int_equal(run.result, -1);
	assert_true(strlen(run.err.text) < 300);
	done(&run);
}

static void test_missing_value(void **state)
{
	(void)state;
	REFUSED("option --bind needs a value", "write it as: --bind=S[:D[:OPTS]]", "--bind");
	REFUSED("option --net needs a value", "write it as: --network=MODE[:OPTS]", "--net");
	REFUSED("option -e needs a value", "write it as: --env=V[=VALUE]", "-ve");
	REFUSED("--hostname '': the value is empty", NULL, "--hostname=");
	REFUSED("--network '': the value is empty", NULL, "--network", "");
	REFUSED("--user '': the value is empty", NULL, "--user=");
	REFUSED("--rw '': a flag is true or false", NULL, "--rw=");
	REFUSED("--keep-env 'yes': a flag is true or false", NULL, "--keep-env=yes");
	REFUSED("--init '1': a flag is true or false", NULL, "--init=1");
}

static void test_reasons(void **state)
{
	(void)state;
	REFUSED("--network 'hots': no such choice",
		"did you mean host? The choices are: none, slirp4netns, slirp, pasta, host",
		"--net=hots");
	REFUSED("--seccomp 'x': no such choice",
		"the choices are: default, build, strict, nested, sandboxes, log, unconfined",
		"--seccomp=x");
	REFUSED("--network 'host:ipv6': only slirp4netns and pasta take options", NULL,
		"--network=host:ipv6");
	REFUSED("--network 'slirp:mtu=100': mtu= takes a number from 1280 to 65520", NULL,
		"--net=slirp:mtu=100");
	REFUSED("--network 'pasta:x': the options of a network are ipv6, cidr= and mtu=", NULL,
		"--net", "pasta:x");
	REFUSED("--bind '/a:b': the path inside must be absolute", NULL, "--bind=/a:b");
	REFUSED("--bind '/': nothing is mounted over the root inside: give / as ROOTFS, or a path "
		"inside as S:D",
		NULL, "--bind=/");
	REFUSED("--bind 'a/../b': the path has '..' behind a name: give the path inside too, as "
		"S:D",
		NULL, "--bind=a/../b");
	REFUSED("--workdir 'x': the path inside must be absolute", NULL, "--workdir=x");
	REFUSED("--user '-1': an id has no sign, and no name starts with one", NULL, "--user=-1");
	REFUSED("--hostname '-': a host name has letters, digits and inner hyphens, in parts "
		"divided "
		"by dots",
		NULL, "--hostname=-");
	REFUSED("--boottime-offset '1x': not a duration: a number with s, m, h or d, as in 30m",
		NULL, "--boottime-offset=1x");
	REFUSED("--monotonic-offset '4611686019': the duration is too long", NULL,
		"--monotonic-offset=4611686019");
	REFUSED("--monotonic-offset '-4611686019': the duration is too long", NULL,
		"--monotonic-offset=-4611686019");
	REFUSED("--cap-add 'CHOWN,FOO': no such capability",
		"the names are in capabilities(7), such as NET_ADMIN; ALL is all of them",
		"--cap-add=CHOWN,FOO");
	REFUSED("--cap-drop 'CHOWN,': no such capability", NULL, "--cap-drop=CHOWN,");
	REFUSED("--ulimit 'nofile': a limit is NAME=SOFT[:HARD]", NULL, "--ulimit=nofile");
	REFUSED("--uidmap '0:0': an id range is INSIDE:OUTSIDE:COUNT", NULL, "--uidmap=0:0");
	REFUSED("--env '=x': the variable has no name", NULL, "--env==x");
	REFUSED("--env 'A B=x': the name of a variable has no blank and no control character", NULL,
		"--env=A B=x");
	REFUSED("--unsetenv 'A=b': the name of a variable has no blank and no control character",
		NULL, "--unsetenv=A=b");
}

static void expect_rule(const struct config *config, size_t i, bool deny, const char *what,
			uint16_t port, const char *origin)
{
	assert_true(i < config->egress_count);
	assert_int_equal(config->egress[i].deny, deny);
	assert_string_equal(config->egress[i].what, what);
	assert_int_equal(config->egress[i].from, port);
	assert_string_equal(config->egress[i].origin, origin);
}

/* Lists append over profile and command line, commas divide, and an empty value clears its own kind
 * alone. */
static void test_network_rules(void **state)
{
	struct config config = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(options_set(&config, "allow-net", "a.b:1,c.d", "p:1", &err), 0);
	assert_int_equal(options_set(&config, "deny-net", "e.f:3", "p:2", &err), 0);
	char *words[] = {"--allow-net=192.0.2.1:4", "--deny-net", "*.g.h"};
	assert_int_equal(options_apply(&config, 3, words, &err), 0);
	assert_int_equal(config.egress_count, 5);
	expect_rule(&config, 0, false, "a.b", 1, "p:1");
	expect_rule(&config, 1, false, "c.d", 0, "p:1");
	expect_rule(&config, 2, true, "e.f", 3, "p:2");
	expect_rule(&config, 3, false, "192.0.2.1", 4, "command line");
	expect_rule(&config, 4, true, "g.h", 0, "command line");
	assert_int_equal(config.egress[4].kind, EGRESS_BELOW);
	words[0] = "--allow-net=";
	assert_int_equal(options_apply(&config, 1, words, &err), 0);
	assert_int_equal(config.egress_count, 2);
	expect_rule(&config, 0, true, "e.f", 3, "p:2");
	assert_string_equal(config_origin(&config, OPT_ALLOW_NET), "default");
	words[0] = "--deny-net=";
	assert_int_equal(options_apply(&config, 1, words, &err), 0);
	assert_int_equal(config.egress_count, 0);
	config_free(&config);
}

static void test_network_lists(void **state)
{
	struct run run;

	(void)state;
	APPLY(&run, "-p", "1:2", "-p3:4/udp", "--publish=[::1]:5-6:7-8", "--allow-host-port=9",
	      "--allow-host-port=10/udp", "--dns=192.0.2.1", "--dns=2001:DB8::1",
	      "--dns-search=A.b.");
	assert_int_equal(run.result, 0);
	assert_int_equal(run.config.publish_count, 3);
	assert_int_equal(run.config.publish[1].protocol, PROTOCOL_UDP);
	assert_int_equal(run.config.publish[2].count, 2);
	assert_string_equal(run.config.publish[2].address, "::1");
	assert_string_equal(run.config.publish[2].origin, "command line");
	assert_int_equal(run.config.host_ports_count, 2);
	assert_int_equal(run.config.host_ports[1].port, 10);
	assert_int_equal(run.config.dns_count, 2);
	assert_string_equal(run.config.dns[1], "2001:db8::1");
	assert_string_equal(run.config.dns_search[0], "a.b");
	done(&run);
	APPLY(&run, "-p", "1:2", "--publish=", "--allow-host-port=9",
	      "--allow-host-port=", "--dns=192.0.2.1", "--dns=", "--dns-search=a", "--dns-search",
	      "");
	assert_int_equal(run.result, 0);
	assert_int_equal(run.config.publish_count, 0);
	assert_int_equal(run.config.host_ports_count, 0);
	assert_int_equal(run.config.dns_count, 0);
	assert_int_equal(run.config.dns_search_count, 0);
	done(&run);
}

static void test_network_values(void **state)
{
	struct run run;

	(void)state;
	APPLY(&run, "--network=pasta:ipv6,mtu=1500", "--network=slirp:cidr=10.9.0.0/16");
	assert_int_equal(run.result, 0);
	assert_int_equal(run.config.network, NETWORK_SLIRP4NETNS);
	/* The last one as a whole, not what it does not say from the one before. */
	assert_false(run.config.network_settings.ipv6);
	assert_int_equal(run.config.network_settings.mtu, 0);
	assert_int_equal(run.config.network_settings.prefix, 16);
	done(&run);
	REFUSED("--allow-net '*': '*' stands for the first parts of a name only, as in "
		"*.example.org",
		NULL, "--allow-net=*");
	REFUSED("--allow-net 'a.b,': the name is empty", NULL, "--allow-net=a.b,");
	REFUSED("--deny-net 'a.b:0': a port is a number from 1 to 65535", NULL, "--deny-net=a.b:0");
	REFUSED("--publish '80': a published port is [IP:]HOST:INSIDE[/udp]", NULL, "-p", "80");
	REFUSED("--allow-host-port '0': a port is a number from 1 to 65535", NULL,
		"--allow-host-port=0");
	REFUSED("--dns 'one': this is no IPv4 or IPv6 address", NULL, "--dns=one");
	REFUSED("--dns '192.0.2.4': resolvers read three name servers and no more (resolv.conf(5))",
		NULL, "--dns=192.0.2.1", "--dns=192.0.2.2", "--dns=192.0.2.3", "--dns=192.0.2.4");
	REFUSED("--ca-certificates 'hots': no such choice",
		"say host, none, or the path of a file, such as ./ca.pem",
		"--ca-certificates=hots");
	REFUSED("--network 'none:ipv6': only slirp4netns and pasta take options", NULL,
		"--network=none:ipv6");
}

static void test_long_value_is_cut(void **state)
{
	char word[5000];
	struct run run;

	(void)state;
	memset(word, 'a', sizeof word);
	memcpy(word, "--network=", 10);
	word[sizeof word - 1] = '\0';
	APPLY(&run, word);
	assert_int_equal(run.result, -1);
	assert_non_null(strstr(run.err.text, "aaa...': no such choice"));
	assert_true(strlen(run.err.text) < 300);
	done(&run);
}

/* --- what is set --- */

static void test_binds(void **state)
{
	char cwd[512], expected[600];
	struct run run;

	(void)state;
	assert_non_null(getcwd(cwd, sizeof cwd));
	APPLY(&run, "--bind=sub", "--ro-bind-try=/s:/d:noexec", "--tmpfs=/t",
	      "--dev-bind=/dev/null", "--mask=/m", "--symlink=x:/l", "--bind=./y:/z:ro",
	      "--file=7:/f", "--mkdir=/n");
	assert_int_equal(run.result, 0);
	assert_int_equal(run.config.mounts_count, 9);
	const struct mount_op *ops = run.config.mounts;

	snprintf(expected, sizeof expected, "%s/sub", cwd);
	assert_string_equal(ops[0].source, expected);
	assert_string_equal(ops[0].target, expected);
	assert_int_equal(ops[0].kind, MOUNT_BIND);
	assert_false(ops[0].optional);
	assert_string_equal(ops[0].origin, "command line");
	assert_int_equal(ops[1].kind, MOUNT_RO_BIND);
	assert_true(ops[1].optional && ops[1].noexec);
	assert_int_equal(ops[1].option, OPT_RO_BIND_TRY);
	assert_int_equal(ops[2].kind, MOUNT_TMPFS);
	assert_int_equal(ops[3].kind, MOUNT_DEV_BIND);
	assert_int_equal(ops[4].kind, MOUNT_MASK);
	assert_int_equal(ops[5].kind, MOUNT_SYMLINK);
	assert_string_equal(ops[5].source, "x");
	snprintf(expected, sizeof expected, "%s/y", cwd);
	assert_string_equal(ops[6].source, expected);
	assert_string_equal(ops[6].target, "/z");
	assert_int_equal(ops[6].kind, MOUNT_RO_BIND);
	assert_int_equal(ops[6].option, OPT_BIND);
	assert_int_equal(ops[7].fd, 7);
	assert_int_equal(ops[8].fd, -1);
	assert_true(ops[8].mode == (mode_t)-1);
	done(&run);
}

static void test_no_working_directory(void **state)
{
	char path[] = "/tmp/test_options.XXXXXX";
	int back = open(".", O_PATH | O_CLOEXEC);

	(void)state;
	assert_non_null(mkdtemp(path));
	assert_int_equal(chdir(path), 0);
	assert_int_equal(rmdir(path), 0);
	REFUSED("--bind 'a:/a': the path is relative, and the working directory has no path", NULL,
		"--bind=a:/a");
	assert_int_equal(fchdir(back), 0);
	close(back);
}

/* An empty value clears what this option added, and leaves its neighbours in their order. */
static void test_clearing(void **state)
{
	struct run run;

	(void)state;
	APPLY(&run, "--bind=/a", "--tmpfs=/t", "--bind=/b:/c:ro", "--ro-bind=/d", "--bind-try=/e",
	      "--bind=", "--bind=/f");
	assert_int_equal(run.result, 0);
	assert_int_equal(run.config.mounts_count, 4);
	assert_string_equal(run.config.mounts[0].target, "/t");
	assert_string_equal(run.config.mounts[1].target, "/d");
	assert_string_equal(run.config.mounts[2].target, "/e");
	assert_string_equal(run.config.mounts[3].target, "/f");
	done(&run);
	APPLY(&run, "--env=A=1", "--unsetenv=B", "--env=C", "--env=", "--cap-add=CHOWN,KILL",
	      "--cap-drop=ALL", "--cap-add=", "--uidmap=0:1:1", "--uidmap=");
	assert_int_equal(run.result, 0);
	assert_int_equal(run.config.env_count, 1);
	assert_string_equal(run.config.env[0].name, "B");
	assert_int_equal(run.config.caps_count, 1);
	assert_true(run.config.caps[0].all && !run.config.caps[0].add);
	assert_int_equal(run.config.uidmap_count, 0);
	done(&run);
	APPLY(&run, "--unsetenv=B", "--unsetenv=", "--gidmap=0:1:1", "--ulimit=core=0",
	      "--ulimit=", "--env-file=", "--cap-drop=");
	assert_int_equal(run.result, 0);
	assert_int_equal(run.config.env_count, 0);
	assert_int_equal(run.config.gidmap_count, 1);
	assert_int_equal(run.config.rlimits_count, 0);
	done(&run);
}

static void test_environment(void **state)
{
	struct run run;

	(void)state;
	APPLY(&run, "-e", "A=b=c", "-e", "P", "-e", "E=", "--unsetenv=A");
	assert_int_equal(run.result, 0);
	const struct env_op *ops = run.config.env;

	assert_int_equal(run.config.env_count, 4);
	assert_int_equal(ops[0].kind, ENV_SET);
	assert_string_equal(ops[0].name, "A");
	assert_string_equal(ops[0].value, "b=c");
	assert_int_equal(ops[1].kind, ENV_PASS);
	assert_null(ops[1].value);
	assert_int_equal(ops[2].kind, ENV_SET);
	assert_string_equal(ops[2].value, "");
	assert_int_equal(ops[3].kind, ENV_UNSET);
	done(&run);
}

static void expect_file_error(const char *text, size_t length, const char *error)
{
	char *path = make_file(text, length), word[256], expected[512];
	struct run run;

	snprintf(word, sizeof word, "--env-file=%s", path);
	snprintf(expected, sizeof expected, "--env-file: %s:%s", path, error);
	APPLY(&run, word);
	expect_error(&run, expected, NULL);
	done(&run);
	drop_file(path);
}

#define FILE_ERROR(text, error) expect_file_error(text, sizeof(text) - 1, error)

static void test_env_file(void **state)
{
	static const char text[] = "# one\nA=b c \n\n  B=$HOME#x\nC=";
	char *path = make_file(text, sizeof text - 1), word[256], origin[256];
	struct run run;

	(void)state;
	snprintf(word, sizeof word, "--env-file=%s", path);
	snprintf(origin, sizeof origin, "%s:4", path);
	APPLY(&run, "-e", "X=1", word);
	assert_int_equal(run.result, 0);
	assert_int_equal(run.config.env_count, 4);
	assert_string_equal(run.config.env[1].value, "b c");
	assert_string_equal(run.config.env[2].value, "$HOME#x");
	assert_string_equal(run.config.env[2].origin, origin);
	assert_string_equal(run.config.env[3].value, "");
	done(&run);
	/* Each of the two clears its own. */
	APPLY(&run, "-e", "X=1", word, "--env-file=");
	assert_int_equal(run.config.env_count, 1);
	done(&run);
	APPLY(&run, "-e", "X=1", word, "--env=");
	assert_int_equal(run.config.env_count, 3);
	done(&run);
	drop_file(path);

	FILE_ERROR("A=b\nPEM\n", "2: the line is not V=VALUE");
	FILE_ERROR("=b\n", "1: the variable has no name");
	FILE_ERROR("A =b\n", "1: the name of a variable has no blank and no control character");
	FILE_ERROR("A=b\n\nB=\0c\n", "3: the line has a NUL byte");
	FILE_ERROR("A=b\r\n", "1: the line ends in CR LF; save the file with Unix line ends");
	FILE_ERROR("A=\xff\n", "1: the line is not UTF-8 text");
	REFUSED("--env-file: /dev/zero is not a regular file", NULL, "--env-file=/dev/zero");
	REFUSED("--env-file: /tmp is not a regular file", NULL, "--env-file=/tmp");
	REFUSED("--env-file: cannot open /nowhere/x: No such file or directory", NULL,
		"--env-file=/nowhere/x");
}

static void test_capabilities(void **state)
{
	struct run run;

	(void)state;
	APPLY(&run, "--cap-drop=all", "--cap-add=net_raw,CAP_SYS_CHROOT");
	assert_int_equal(run.result, 0);
	assert_int_equal(run.config.caps_count, 3);
	assert_true(run.config.caps[0].all && !run.config.caps[0].add);
	assert_int_equal(run.config.caps[0].capability, -1);
	assert_string_equal(run.config.caps[0].name, "ALL");
	assert_int_equal(run.config.caps[1].capability, CAP_NET_RAW);
	assert_string_equal(run.config.caps[1].name, "CAP_NET_RAW");
	assert_true(run.config.caps[2].add);
	done(&run);
}

static void test_scalars(void **state)
{
	struct run run;

	(void)state;
	APPLY(&run, "--user=1:2", "--user=root", "--workdir=//a/./b/", "--hostname=a.b",
	      "--profile=x", "--boottime-offset=-1d", "--ulimit=nofile=5:6", "--uidmap=0:1000:1",
	      "--gidmap=1:2:3");
	assert_int_equal(run.result, 0);
	assert_string_equal(run.config.user, "root");
	assert_string_equal(run.config.workdir, "/a/b");
	assert_string_equal(run.config.hostname, "a.b");
	assert_string_equal(run.config.profile, "x");
	assert_true(run.config.time_namespace);
	assert_true(run.config.boottime_offset == -86400 && run.config.monotonic_offset == 0);
	assert_int_equal(run.config.rlimits[0].resource, RLIMIT_NOFILE);
	assert_true(run.config.rlimits[0].hard == 6);
	assert_true(run.config.uidmap[0].outside == 1000 && run.config.gidmap[0].count == 3);
	assert_string_equal(run.config.uidmap[0].origin, "command line");
	done(&run);
}

/* Flags that share a field; that both on the command line are refused is in test_config. */
static void test_pairs(void **state)
{
	struct run run;
	struct error err;

	(void)state;
	memset(&run, 0, sizeof run);
	assert_int_equal(options_set(&run.config, "rw", NULL, "profile x:1", &err), 0);
	assert_int_equal(run.config.layer_mode, LAYER_READ_WRITE);
	assert_int_equal(options_set(&run.config, "read-only", NULL, "profile y:1", &err), 0);
	assert_int_equal(run.config.layer_mode, LAYER_READ_ONLY);
	assert_null(run.config.origin[OPT_RW]);
	assert_int_equal(options_set(&run.config, "rw", "false", "profile z:1", &err), 0);
	assert_int_equal(run.config.layer_mode, LAYER_READ_ONLY);
	assert_int_equal(options_set(&run.config, "read-only", "false", "profile z:2", &err), 0);
	assert_int_equal(run.config.layer_mode, LAYER_THROW_AWAY);
	assert_null(run.config.origin[OPT_READ_ONLY]);

	assert_int_equal(options_set(&run.config, "as-pid-1", NULL, "profile z:3", &err), 0);
	assert_true(run.config.as_pid_1);
	assert_int_equal(options_set(&run.config, "init", NULL, "profile z:4", &err), 0);
	assert_false(run.config.as_pid_1);
	assert_null(run.config.origin[OPT_AS_PID_1]);
	assert_int_equal(options_set(&run.config, "init", "false", "profile z:5", &err), 0);
	assert_true(run.config.as_pid_1);
	assert_string_equal(run.config.origin[OPT_AS_PID_1], "profile z:5");
	done(&run);
}

static void test_profile_keys(void **state)
{
	struct config config = {0};
	struct error err;

	(void)state;
	assert_int_equal(options_set(&config, "bnid", "x", "p", &err), -1);
	assert_string_equal(err.text, "unknown key bnid");
	assert_string_equal(err.remedy, "did you mean bind?");
	assert_int_equal(options_set(&config, "--bind", "x", "p", &err), -1);
	assert_string_equal(err.remedy, "did you mean bind?");
	assert_int_equal(options_set(&config, "help", NULL, "p", &err), -1);
	assert_string_equal(err.text, "help has no meaning in a profile");
	assert_string_equal(err.remedy, "give it on the command line: --help");
	assert_int_equal(options_set(&config, "hel", NULL, "p", &err), -1);
	assert_string_not_equal(err.remedy, "did you mean help?");
	assert_int_equal(options_set(&config, "bind", NULL, "p", &err), -1);
	assert_string_equal(err.text, "bind needs a value");
	assert_string_equal(err.remedy, "write it as: bind = S[:D[:OPTS]]");
	assert_int_equal(options_set(&config, "network", "x", "p", &err), -1);
	assert_string_equal(err.text, "network 'x': no such choice");
	config_free(&config);
}

/* The strings that options_set was given may go away. */
static void test_strings_are_copied(void **state)
{
	char name[] = "env", value[] = "A=b", origin[] = "profile x:1";
	struct config config = {0};
	struct error err;

	(void)state;
	assert_int_equal(options_set(&config, name, value, origin, &err), 0);
	memset(name, 'z', 3);
	memset(value, 'z', 3);
	memset(origin, 'z', 3);
	assert_string_equal(config.env[0].name, "A");
	assert_string_equal(config.env[0].value, "b");
	assert_string_equal(config.env[0].origin, "profile x:1");
	config_free(&config);
}

static void test_many_binds(void **state)
{
	enum { COUNT = 10000 };
	static char *argv[COUNT * 2];
	struct config config = {0};
	struct command_line found;
	struct error err;
	struct timespec before, after;

	(void)state;
	for (int i = 0; i < COUNT; i++) {
		argv[2 * i] = "--bind";
		argv[2 * i + 1] = "some/where:/else/where:ro";
	}
	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_int_equal(options_scan(COUNT * 2, argv, &found, &err), 0);
	assert_int_equal(options_apply(&config, COUNT * 2, argv, &err), 0);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_int_equal(config.mounts_count, COUNT);
	double seconds = (double)(after.tv_sec - before.tv_sec) +
			 (double)(after.tv_nsec - before.tv_nsec) / 1e9;

	/* A hundredth of that without sanitizers on an idle machine. */
	assert_true(seconds < 1.0);
	config_free(&config);
}

/* --- texts --- */

/* Every option and no other appears in every text. */
static void test_texts(void **state)
{
	static void (*const print[])(FILE * out) = {options_print_help, options_print_man,
						    options_print_bash, options_print_zsh,
						    options_print_fish};
	(void)state;
	for (size_t i = 0; i < sizeof print / sizeof *print; i++) {
		char *text = NULL;
		size_t size = 0;
		FILE *out = open_memstream(&text, &size);

		print[i](out);
		fclose(out);
		for (int j = 0; j < OPTION_COUNT; j++) {
			char name[64], *to = name;

			/* The manual writes \- for a hyphen. */
			for (const char *p = option_table[j].name; *p; p++) {
				if (*p == '-' && i == 1)
					*to++ = '\\';
				*to++ = *p;
			}
			*to = '\0';
			if (j != OPT_EXTENDS || i == 1)
				assert_non_null(strstr(text, name));
		}
		free(text);
	}
}

static void test_help_fits(void **state)
{
	char *text = NULL, *next;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	options_print_help(out);
	fclose(out);
	next = text;
	for (char *line; (line = strsep(&next, "\n")) != NULL;) {
		assert_true(strlen(line) <= 80);
		assert_true(!*line || line[strlen(line) - 1] != ' ');
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_complete),
		cmocka_unit_test(test_first_choice_is_default),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_every_choice),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_scan),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_missing_value),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_network_rules),
		cmocka_unit_test(test_network_lists),
		cmocka_unit_test(test_network_values),
		cmocka_unit_test(test_long_value_is_cut),
		cmocka_unit_test(test_binds),
		cmocka_unit_test(test_no_working_directory),
		cmocka_unit_test(test_clearing),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_env_file),
		cmocka_unit_test(test_capabilities),
		cmocka_unit_test(test_scalars),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_profile_keys),
		cmocka_unit_test(test_strings_are_copied),
		cmocka_unit_test(test_many_binds),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_help_fits),
	};
	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
