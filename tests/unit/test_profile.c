/*
 * Profiles: where they are found, what they extend, and all that a file can have wrong in it. Run
 * with arguments, this program is `sandbox profile ...`, so that a copy of it in a tree of its own
 * can show where the installed profiles are looked for.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "options.h"
#include "profile.h"

/* Last: it has a macro fail(). */
#include <cmocka.h>

#define BIG(text) text, sizeof(text) - 1

static char top[64]; /* holds config/ (XDG_CONFIG_HOME), home/, project/ (the working directory) */

static const char *at(const char *path)
{
	static char full[4][4096];
	static int turn;
	char *out = full[turn++ % 4];

	snprintf(out, sizeof full[0], "%s/%s", top, path);
	return out;
}

static void make_directories(const char *path)
{
	char full[4096];

	snprintf(full, sizeof full, "%s", path);
	for (char *slash = full + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		assert_true(mkdir(full, 0755) == 0 || errno == EEXIST);
		*slash = '/';
	}
}

static void write_bytes(const char *path, const char *text, size_t length)
{
	char full[4096];

	snprintf(full, sizeof full, "%s", at(path));
	make_directories(full);
	FILE *file = fopen(full, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

static void write_text(const char *path, const char *text)
{
	write_bytes(path, text, strlen(text));
}

/* A profile of the user's. */
static void user(const char *name, const char *text)
{
	char path[512];

	snprintf(path, sizeof path, "config/sandbox/profiles/%s", name);
	write_text(path, text);
}

static int start(void **state)
{
	(void)state;
	strcpy(top, "/tmp/test_profile.XXXXXX");
	if (!mkdtemp(top) || mkdir(at("project"), 0755) || chdir(at("project")))
		return -1;
	setenv("XDG_CONFIG_HOME", at("config"), 1);
	setenv("HOME", at("home"), 1);
	unsetenv("XDG_DATA_HOME");
	unsetenv("XDG_STATE_HOME");
	unsetenv("XDG_RUNTIME_DIR");
	return 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	(void)status;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int end(void **state)
{
	(void)state;
	return chdir("/") || nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static struct config config;
static struct error err;

static void load(const char *name)
{
	memset(&err, 0, sizeof err);
	memset(&config, 0, sizeof config);
	if (profile_apply(&config, name, &err))
		fail_msg("refused: %s", err.text);
}

static void done(void)
{
	config_free(&config);
}

/* The error, in which @ stands for the top directory; remedy NULL: any. */
static void refused(const char *name, const char *text, const char *remedy)
{
	char expected[2048] = "";
	size_t used = 0;

	for (; *text; text++) {
		bool directory = *text == '@';

		used += (size_t)snprintf(expected + used, sizeof expected - used, "%.*s",
					 directory ? (int)strlen(top) : 1, directory ? top : text);
	}
	memset(&config, 0, sizeof config);
	memset(&err, 0, sizeof err);
	if (profile_apply(&config, name, &err) == 0)
		fail_msg("accepted, not: %s", expected);
	assert_string_equal(err.text, expected);
	if (remedy)
		assert_string_equal(err.remedy, remedy);
	done();
}

/* --- lines --- */

static void test_lines(void **state)
{
	(void)state;
	user("a.conf", "# comment\n"
		       "\n"
		       "   # another\n"
		       "  keep-env\n"
		       "verbose = true\n"
		       "bind=/a\n"
		       "\tbind \t=\t /b c:/d  \n"
		       "env = A=b # no comment\n"
		       "env = E=\n"
		       "network = host");
	load("a");
	assert_true(config.keep_env && config.verbose);
	assert_int_equal(config.mounts_count, 2);
	assert_string_equal(config.mounts[1].source, "/b c");
	assert_string_equal(config.mounts[1].origin, "profile a.conf:7");
	assert_string_equal(config.env[0].value, "b # no comment");
	assert_string_equal(config.env[1].value, "");
	assert_string_equal(config_origin(&config, OPT_NETWORK), "profile a.conf:10");
	assert_string_equal(config.profile, "a");
	done();
}

static void test_list_cleared(void **state)
{
	(void)state;
	user("a.conf", "bind = /a\nmask = /m\n");
	user("b.conf", "extends = a\nbind =\nbind = /b\n");
	load("b");
	assert_int_equal(config.mounts_count, 2);
	assert_string_equal(config.mounts[0].target, "/m");
	assert_string_equal(config.mounts[1].target, "/b");
	done();
}

static void test_bad_lines(void **state)
{
	static const char *const cases[][3] = {
		{"bnid = x", "unknown key bnid", "did you mean bind?"},
		{"zzzzzz", "unknown key zzzzzz", "see sandbox --help for all keys"},
		{"= x", "unknown key ", NULL},
		{"--bind = /a", "unknown key --bind", "did you mean bind?"},
		{"[section]", "unknown key [section]", NULL},
		{"network = hots", "network 'hots': no such choice",
		 "did you mean host? The choices are: none, slirp4netns, slirp, pasta, host"},
		{"network = slirp:x",
		 "network 'slirp:x': the options of a network are ipv6, cidr= and mtu=", NULL},
		{"network", "network needs a value", "write it as: network = MODE[:OPTS]"},
		{"network =", "network '': the value is empty", NULL},
		{"keep-env = yes", "keep-env 'yes': a flag is true or false", NULL},
		{"keep-env =", "keep-env '': a flag is true or false", NULL},
		{"bind = /a:b", "bind '/a:b': the path inside must be absolute", NULL},
		{"bind = \"/a\"x:/",
		 "bind '\"/a\"x:/': nothing is mounted over the root inside: that is "
		 "what ROOTFS is for",
		 NULL},
		{"dry-run", "dry-run has no meaning in a profile",
		 "give it on the command line: --dry-run"},
		{"help", "help has no meaning in a profile", NULL},
		{"version", "version has no meaning in a profile", NULL},
		{"profile = x", "profile has no meaning in a profile", NULL},
		{"file = 3:/x", "file has no meaning in a profile", NULL},
		{"env-file = /nowhere", "env-file: cannot open /nowhere: No such file or directory",
		 NULL},
		{"bind = $HOME", "bind: a '$' alone",
		 "write ${NAME} for a variable and $$ for a dollar"},
		{"bind = /a$", "bind: a '$' alone", NULL},
		{"bind = ${HOME", "bind: '${' without '}'", NULL},
		{"bind = ${}", "bind: no variable ${} in profiles", NULL},
		{"bind = ${PATH}", "bind: no variable ${PATH} in profiles",
		 "there are ${HOME}, ${PWD}, ${UID}, ${XDG_...}, ${NPM_REGISTRY}, "
		 "${PIP_INDEX} and ${CARGO_REGISTRY}"},
		{"bind = ${HOME }", "bind: no variable ${HOME } in profiles", NULL},
		{"bind = ${XDG_RUNTIME_DIR}",
		 "bind: ${XDG_RUNTIME_DIR} is not set, or is no absolute path", NULL},
		{"bind = a\tb\x01", "the line has a control character", NULL},
		{"\x1b[31m", "the line has a control character", NULL},
		{"bind = /a\r", "the line ends in CR LF; save the file with Unix line ends", NULL},
		{"bind = /\r/a", "the line has a control character", NULL},
		{"# \xff", "the line is not UTF-8 text", NULL},
		{"# \xc3", "the line is not UTF-8 text", NULL},
		{"# \xc0\xaf", "the line is not UTF-8 text", NULL},
		{"# \xe0\x80\xaf", "the line is not UTF-8 text", NULL},
		{"# \xed\xa0\x80", "the line is not UTF-8 text", NULL},
		{"# \xf4\x90\x80\x80", "the line is not UTF-8 text", NULL},
		{"# \xf0\x80\x80\x80", "the line is not UTF-8 text", NULL},
		{"\x7f", "the line has a control character", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[256], expected[512];

		snprintf(text, sizeof text, "# \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\n\n%s\n",
			 cases[i][0]);
		user("a.conf", text);
		snprintf(expected, sizeof expected, "@/config/sandbox/profiles/a.conf:3: %s",
			 cases[i][1]);
		refused("a", expected, cases[i][2]);
	}
}

static void test_twice(void **state)
{
	static const char *const cases[][2] = {
		{"network = none\nnetwork = host", "network was settled on line 1 already"},
		{"keep-env\nkeep-env", "keep-env was settled on line 1 already"},
		{"rw\nread-only", "read-only was settled on line 1 already, by rw"},
		{"as-pid-1\ninit", "init was settled on line 1 already, by as-pid-1"},
		{"rw\nrw = false", "rw was settled on line 1 already"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char expected[512];

		user("a.conf", cases[i][0]);
		snprintf(expected, sizeof expected, "@/config/sandbox/profiles/a.conf:2: %s",
			 cases[i][1]);
		refused("a", expected, NULL);
	}
	/* In two files it is a change of mind; `rw = false` says nothing about read-only. */
	user("a.conf", "network = host\nrw = false\nread-only\n");
	user("b.conf", "extends = a\nnetwork = none\n");
	load("b");
	assert_int_equal(config.network, NETWORK_NONE);
	assert_int_equal(config.layer_mode, LAYER_READ_ONLY);
	done();
}

static void test_limits(void **state)
{
	static char line[4100], large[(1 << 20) + 1];

	(void)state;
	memset(line, 'a', sizeof line);
	line[0] = '#';
	line[4096] = '\n';
	write_bytes("config/sandbox/profiles/a.conf", line, 4097);
	load("a");
	done();
	line[4096] = 'a';
	line[4097] = '\n';
	write_bytes("config/sandbox/profiles/a.conf", line, 4098);
	refused("a", "@/config/sandbox/profiles/a.conf:1: the line has more than 4096 bytes", NULL);
	memset(large, '\n', sizeof large);
	write_bytes("config/sandbox/profiles/a.conf", large, sizeof large - 1);
	load("a");
	done();
	write_bytes("config/sandbox/profiles/a.conf", large, sizeof large);
	refused("a", "@/config/sandbox/profiles/a.conf has more than 1 MiB", NULL);
	memset(large, 'a', sizeof large);
	write_bytes("config/sandbox/profiles/a.conf", large, sizeof large - 1);
	refused("a", "@/config/sandbox/profiles/a.conf:1: the line has more than 4096 bytes", NULL);
	write_bytes("config/sandbox/profiles/a.conf", BIG("rw\nbind = /a\0/b\n"));
	refused("a", "@/config/sandbox/profiles/a.conf:2: the line has a NUL byte", NULL);
	write_bytes("config/sandbox/profiles/a.conf", BIG("\0"));
	refused("a", "@/config/sandbox/profiles/a.conf:1: the line has a NUL byte", NULL);
	write_text("config/sandbox/profiles/a.conf", "\xef\xbb\xbfrw\n");
	refused("a",
		"@/config/sandbox/profiles/a.conf:1: the file starts with a byte order mark; save "
		"it as "
		"plain UTF-8",
		NULL);
	write_text("config/sandbox/profiles/a.conf", "");
	load("a");
	done();
}

static void test_not_files(void **state)
{
	(void)state;
	user("x.conf", "");
	assert_int_equal(mkfifo(at("config/sandbox/profiles/a.conf"), 0644), 0);
	refused("a", "@/config/sandbox/profiles/a.conf is not a regular file", NULL);
	assert_int_equal(mkdir(at("config/sandbox/profiles/b.conf"), 0755), 0);
	refused("b", "@/config/sandbox/profiles/b.conf is not a regular file", NULL);
	assert_int_equal(symlink("/dev/zero", at("config/sandbox/profiles/c.conf")), 0);
	refused("c", "@/config/sandbox/profiles/c.conf is not a regular file", NULL);
	assert_int_equal(symlink("d.conf", at("config/sandbox/profiles/d.conf")), 0);
	refused("d",
		"cannot open @/config/sandbox/profiles/d.conf: Too many levels of symbolic links",
		NULL);
	assert_int_equal(mkdir(at("config/sandbox/profiles/e.conf.d"), 0755), 0);
	user("e.conf", "");
	assert_int_equal(mkfifo(at("config/sandbox/profiles/e.conf.d/f.conf"), 0644), 0);
	refused("e", "@/config/sandbox/profiles/e.conf.d/f.conf is not a regular file", NULL);
}

/* --- variables --- */

static void test_variables(void **state)
{
	char expected[4200];

	(void)state;
	setenv("XDG_RUNTIME_DIR", "/run/user/5", 1);
	setenv("XDG_SESSION_ID", "c1", 1);
	user("a.conf", "bind = ${PWD}\n"
		       "bind = ${HOME}/x:/x\n"
		       "env = U=${UID}$${UID}$$\n"
		       "env = X=${XDG_RUNTIME_DIR},${XDG_SESSION_ID}\n"
		       "env = D=${XDG_DATA_HOME}\n"
		       "env = C=${XDG_CONFIG_HOME}\n");
	load("a");
	assert_string_equal(config.mounts[0].source, at("project"));
	assert_string_equal(config.mounts[1].source, at("home/x"));
	snprintf(expected, sizeof expected, "%u${UID}$", getuid());
	assert_string_equal(config.env[0].value, expected);
	assert_string_equal(config.env[1].value, "/run/user/5,c1");
	assert_string_equal(config.env[2].value, at("home/.local/share"));
	assert_string_equal(config.env[3].value, at("config"));
	done();
	unsetenv("XDG_RUNTIME_DIR");
	setenv("HOME", "relative", 1);
	refused("a",
		"@/config/sandbox/profiles/a.conf:2: bind: ${HOME} is not set, or is no absolute "
		"path",
		"set it in the environment, or write the path itself");
}

/* What ${NPM_REGISTRY} stands for: the first rule that comes of it, as "WHAT PORT"; the variable
 * itself in the environment. */
static void registry(const char *variable, const char *rule)
{
	char text[256];

	snprintf(text, sizeof text, "allow-net = ${%s}\nenv = R=${%s}\n", variable, variable);
	user("registry.conf", text);
	load("registry");
	assert_int_equal(config.egress_count, 1);
	snprintf(text, sizeof text, "%s %u", config.egress[0].what, config.egress[0].from);
	assert_string_equal(text, rule);
	done();
}

static void no_registry(const char *variable)
{
	char text[512];

	snprintf(text, sizeof text, "\nallow-net = ${%s}\n", variable);
	user("registry.conf", text);
	snprintf(text, sizeof text,
		 "@/config/sandbox/profiles/registry.conf:2: allow-net: ${%s}: your settings do "
		 "not say which server is used",
		 variable);
	refused("registry", text, NULL);
	assert_true(err.remedy[0]);
}

static bool names_one(const char *path, const char *key)
{
	char line[4096];
	bool found = false;
	FILE *file = fopen(path, "re");

	while (file && fgets(line, sizeof line, file))
		found |= strncmp(line, key, strlen(key)) == 0;
	if (file)
		fclose(file);
	return found;
}

static void forget_registries(void)
{
	/* These have a say too, and cannot be moved away. */
	if (names_one("/etc/npmrc", "registry") || names_one("/usr/etc/npmrc", "registry") ||
	    names_one("/etc/pip.conf", "index-url"))
		skip();
	static const char *const names[] = {"npm_config_registry", "NPM_CONFIG_REGISTRY",
					    "PIP_INDEX_URL", "SANDBOX_CARGO_REGISTRY"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unsetenv(names[i]);
	setenv("HOME", at("home"), 1);
}

static void test_registry_in_files(void **state)
{
	static const struct {
		const char *line, *rule; /* NULL: none is named */
	} lines[] = {
		{"registry=https://one.example/npm/\n", "one.example 443"},
		{"; registry=https://no.example\n# registry=https://no.example\n \tregistry \t= "
		 "\"http://two.example:4873/\" \n",
		 "two.example 4873"},
		{"registry='https://three.example'", "three.example 443"},
		{"registry=https://four.example\r\nregistry=https://no.example\n",
		 "four.example 443"},
		{"@scope:registry=https://no.example\nregistry-x=https://no.example\n"
		 "registryx=https://no.example\nregistry https://no.example\n",
		 NULL},
		/* That is for npm to expand, with variables of npm's. */
		{"registry=https://${HOST}/\n", NULL},
		{"registry=$HOST\nregistry=https://five.example\n", "five.example 443"},
		{"registry=\n", NULL},
		{"registry", NULL},
		{"", NULL},
	};
	(void)state;
	forget_registries();
	no_registry("NPM_REGISTRY");
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		write_text("home/.npmrc", lines[i].line);
		if (lines[i].rule)
			registry("NPM_REGISTRY", lines[i].rule);
		else
			no_registry("NPM_REGISTRY");
	}
	/* The project's own has no say. */
	write_text("project/.npmrc", "registry=https://evil.example/\n");
	no_registry("NPM_REGISTRY");
	write_text("home/.pip/pip.conf", "[global]\nindex-url = https://six.example/simple\n");
	registry("PIP_INDEX", "six.example 443");
	write_text("home/.config/pip/pip.conf", "[global]\nindex-url = https://seven.example/\n");
	registry("PIP_INDEX", "seven.example 443");
	no_registry("CARGO_REGISTRY");
	write_text("home/.cargo/config.toml",
		   "[source.mirror]\nregistry = \"sparse+https://eight.example/index/\"\n");
	registry("CARGO_REGISTRY", "eight.example 443");
}

static void test_registry_in_the_environment(void **state)
{
	(void)state;
	forget_registries();
	write_text("home/.npmrc", "registry=https://file.example/\n");
	setenv("NPM_CONFIG_REGISTRY", "", 1); /* as good as not set */
	registry("NPM_REGISTRY", "file.example 443");
	setenv("NPM_CONFIG_REGISTRY", "http://upper.example/", 1);
	registry("NPM_REGISTRY", "upper.example 80");
	/* What npm tells the scripts of a project, from the project's own settings. */
	setenv("npm_config_registry", "http://lower.example:81/", 1);
	registry("NPM_REGISTRY", "upper.example 80");
	setenv("PIP_INDEX_URL", "https://index.example/simple", 1);
	registry("PIP_INDEX", "index.example 443");
	setenv("SANDBOX_CARGO_REGISTRY", "index.example:443,files.example:443", 1);
	user("registry.conf", "allow-net = ${CARGO_REGISTRY}\n");
	load("registry");
	assert_int_equal(config.egress_count, 2);
	assert_string_equal(config.egress[1].what, "files.example");
	done();
	/* It is one value: it adds no line, and what is wrong in it is said. */
	setenv("PIP_INDEX_URL", "https://index.example/\nnetwork = host", 1);
	registry("PIP_INDEX", "index.example 443");
	setenv("PIP_INDEX_URL", "https://me:secret@index.example/", 1);
	user("registry.conf", "allow-net = ${PIP_INDEX}\n");
	memset(&config, 0, sizeof config);
	assert_int_equal(profile_apply(&config, "registry", &err), -1);
	assert_non_null(strstr(err.text, "the URL has a user name in it"));
	done();
	forget_registries();
}

static void test_registry_without_home(void **state)
{
	(void)state;
	forget_registries();
	write_text("project/.npmrc", "registry=https://evil.example/\n");
	setenv("HOME", ".", 1);
	no_registry("NPM_REGISTRY");
	unsetenv("HOME");
	no_registry("NPM_REGISTRY");
	user("registry.conf", "allow-net = ${APT_SOURCE}\n");
	refused("registry",
		"@/config/sandbox/profiles/registry.conf:1: allow-net: no variable ${APT_SOURCE} "
		"in "
		"profiles",
		"there are ${HOME}, ${PWD}, ${UID}, ${XDG_...}, ${NPM_REGISTRY}, ${PIP_INDEX} and "
		"${CARGO_REGISTRY}");
	setenv("HOME", at("home"), 1);
}

/* The name of a directory cannot add a target or options to a bind. */
static void test_variables_are_escaped(void **state)
{
	(void)state;
	assert_int_equal(mkdir(at("project/a:b,c\\d"), 0755), 0);
	assert_int_equal(chdir(at("project/a:b,c\\d")), 0);
	user("a.conf", "bind = ${PWD}:/x\nworkdir = ${PWD}\nenv = W=${PWD}\nmask = ${PWD}\n");
	load("a");
	assert_string_equal(config.mounts[0].source, at("project/a:b,c\\d"));
	assert_string_equal(config.mounts[0].target, "/x");
	assert_string_equal(config.mounts[1].target, at("project/a:b,c\\d"));
	assert_string_equal(config.workdir, at("project/a:b,c\\d"));
	assert_string_equal(config.env[0].value, at("project/a:b,c\\d"));
	done();
}

static void test_pwd_is_asked_of_the_kernel(void **state)
{
	(void)state;
	setenv("PWD", "/etc", 1);
	user("a.conf", "workdir = ${PWD}\n");
	load("a");
	assert_string_equal(config.workdir, at("project"));
	done();
}

/* --- chains --- */

static void test_extends(void **state)
{
	(void)state;
	user("base.conf", "network = host\nbind = /base\nhostname = base\n");
	user("mid.conf", "# comes first\nextends = base\nbind = /mid\nhostname = mid\n");
	user("top.conf", "extends=mid\nbind = /top\n");
	load("top");
	assert_int_equal(config.mounts_count, 3);
	assert_string_equal(config.mounts[0].target, "/base");
	assert_string_equal(config.mounts[2].target, "/top");
	assert_string_equal(config.hostname, "mid");
	assert_string_equal(config_origin(&config, OPT_HOSTNAME), "profile mid.conf:4");
	assert_string_equal(config_origin(&config, OPT_NETWORK), "profile base.conf:1");
	done();
}

static void test_extends_refused(void **state)
{
	static const char *const cases[][3] = {
		{"rw\nextends = b", "2: extends stands before all other keys, and only once", NULL},
		{"extends = b\nextends = b",
		 "2: extends stands before all other keys, and only once", NULL},
		{"extends = a b",
		 "1: profile 'a b': a name has letters, digits and ._+- and does not start "
		 "with '.' or '-'",
		 NULL},
		{"extends", "1: extends needs the name of a profile", NULL},
		{"extends =", "1: extends needs the name of a profile", NULL},
		{"extends = bb", "1: no profile 'bb' was found", "did you mean b?"},
		{"extends = ./zz",
		 "1: cannot open @/config/sandbox/profiles/./zz: No such file or directory", NULL},
		{"extends = ./a.conf",
		 "1: extends goes in a circle: @/config/sandbox/profiles/./a.conf "
		 "extends itself",
		 NULL},
		{"extends = a", "1: no profile 'a' was found", NULL},
		{"extends = circle",
		 "1: extends goes in a circle: @/config/sandbox/profiles/a.conf extends itself by "
		 "way of "
		 "@/config/sandbox/profiles/circle.conf",
		 NULL},
	};
	(void)state;
	user("b.conf", "");
	user("circle.conf", "extends = a\n");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char expected[512];

		user("a.conf", cases[i][0]);
		snprintf(expected, sizeof expected, "@/config/sandbox/profiles/%s.conf:%s",
			 strstr(cases[i][0], "circle") ? "circle" : "a", cases[i][1]);
		refused("a", expected, cases[i][2]);
	}
	user("a.conf", "extends = bad");
	user("bad.conf", "\nbnid = x");
	refused("a", "@/config/sandbox/profiles/bad.conf:2: unknown key bnid",
		"did you mean bind?");
}

static void test_depth(void **state)
{
	char name[32], text[64];

	(void)state;
	for (int i = 0; i < 17; i++) {
		snprintf(name, sizeof name, "p%d.conf", i);
		snprintf(text, sizeof text, i ? "extends = p%d\n" : "rw\n", i - 1);
		user(name, text);
	}
	load("p15");
	assert_int_equal(config.layer_mode, LAYER_READ_WRITE);
	done();
	refused("p16",
		"@/config/sandbox/profiles/p1.conf:1: more than 16 profiles extend one another",
		NULL);
}

static void test_paths(void **state)
{
	(void)state;
	/* Beside the working directory: what is in it comes with a project. */
	write_text("own/p.conf", "extends = ../base.conf\nbind = /p\n");
	write_text("base.conf", "bind = /base\n");
	write_text("own/p.conf.d/x.conf", "bind = /not\n");
	load("../own/p.conf");
	assert_int_equal(config.mounts_count, 2);
	assert_string_equal(config.mounts[0].origin, "profile ../own/../base.conf:1");
	assert_string_equal(config.mounts[1].origin, "profile ../own/p.conf:2");
	done();
	load(at("own/p.conf"));
	assert_int_equal(config.mounts_count, 2);
	done();
	refused("../none", "cannot open ../none: No such file or directory", NULL);
	refused("../own", "../own is not a regular file", NULL);
}

/* What comes with a project adds to default, tightens it, and nothing else. */
static void test_strangers(void **state)
{
	char remedy[512];

	(void)state;
	user("default.conf", "mask = /x\n");
	user("wide.conf", "bind = /w\n");
	write_text("project/p.conf", "mask = /y\nread-only\nulimit = nofile=10\ntimeout = 5s\n");
	load("./p.conf");
	assert_int_equal(config.mounts_count, 2);
	assert_string_equal(config.mounts[0].target, "/x");
	assert_int_equal(config.layer_mode, LAYER_READ_ONLY);
	done();
	write_text("project/p.conf", "timeout = 5s\nbind = /b\n");
	refused("./p.conf",
		"./p.conf:2: bind = /b: it can loosen the sandbox, and ./p.conf, which comes with "
		"the project, is not trusted",
		"read it, and when you trust it: sandbox profile trust ./p.conf");
	write_text("project/p.conf", "extends = wide\n");
	refused("./p.conf",
		"@/config/sandbox/profiles/wide.conf:1: bind = /w: it can loosen the sandbox, and "
		"./p.conf, which comes with the project, is not trusted",
		"read it, and when you trust it: sandbox profile trust ./p.conf");
	user("own.conf", "extends = ../../../project/p.conf\n");
	snprintf(remedy, sizeof remedy, "read it, and when you trust it: sandbox profile trust %s",
		 at("config/sandbox/profiles/../../../project/p.conf"));
	refused("own",
		"@/config/sandbox/profiles/wide.conf:1: bind = /w: it can loosen the sandbox, and "
		"@/config/sandbox/profiles/../../../project/p.conf, which comes with the project, "
		"is "
		"not "
		"trusted",
		remedy);
	user("default.conf", "");
}

static void test_drop_ins(void **state)
{
	(void)state;
	user("a.conf", "hostname = a\nbind = /a\n");
	user("a.conf.d/20-late.conf", "bind = /late\nhostname = late\n");
	user("a.conf.d/10-early.conf", "bind = /early\nhostname = early\n");
	user("a.conf.d/.hidden.conf", "bnid\n");
	user("a.conf.d/readme", "bnid\n");
	user("b.conf", "extends = a\nbind = /b\n");
	load("b");
	assert_int_equal(config.mounts_count, 4);
	assert_string_equal(config.mounts[1].target, "/early");
	assert_string_equal(config.mounts[2].target, "/late");
	assert_string_equal(config.mounts[3].target, "/b");
	assert_string_equal(config.hostname, "late");
	char expected[512];
	snprintf(expected, sizeof expected, "profile %s:2",
		 at("config/sandbox/profiles/a.conf.d/20-late.conf"));
	assert_string_equal(config_origin(&config, OPT_HOSTNAME), expected);
	done();
	user("a.conf.d/30.conf", "extends = b\n");
	refused("a",
		"@/config/sandbox/profiles/a.conf.d/30.conf:1: a drop-in cannot extend a profile",
		NULL);
}

static void test_default(void **state)
{
	(void)state;
	load("default");
	assert_int_equal(config.mounts_count, 0);
	done();
	user("default.conf.d/x.conf", "network = host\n");
	load("default");
	assert_int_equal(config.network, NETWORK_HOST);
	done();
	user("default.conf", "extends = default\nnetwork = none\nhostname = mine\n");
	load("default");
	assert_int_equal(config.network, NETWORK_HOST);
	assert_string_equal(config.hostname, "mine");
	done();
}

static void test_names(void **state)
{
	static const char *const names[] = {"",    ".",   "..", ".a",      "-a",
					    "a b", "a\n", "a*", "\xc3\xa9"};
	char longest[200] = "";

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		memset(&config, 0, sizeof config);
		assert_int_equal(profile_apply(&config, names[i], &err), -1);
		assert_non_null(strstr(err.text, "name "));
		done();
	}
	memset(longest, 'a', 129);
	memset(&config, 0, sizeof config);
	assert_int_equal(profile_apply(&config, longest, &err), -1);
	assert_non_null(strstr(err.text, "too long"));
	done();
	user("built.conf", "");
	refused("buit", "no profile 'buit' was found", "did you mean built?");
	refused("zzzz", "no profile 'zzzz' was found",
		"sandbox profile list shows them; a file is given with a slash: ./zzzz");
	refused("../x", "cannot open ../x: No such file or directory", NULL);
}

static void test_search_order(void **state)
{
	struct arena arena = {0};
	const char *const *list = profile_directories(&arena);

	(void)state;
	assert_string_equal(list[0], at("config/sandbox/profiles"));
	assert_string_equal(list[1], "/etc/sandbox/profiles");
	assert_non_null(list[2]);
	assert_null(list[3]);
	setenv("XDG_CONFIG_HOME", "relative", 1);
	list = profile_directories(&arena);
	assert_string_equal(list[0], at("home/.config/sandbox/profiles"));
	unsetenv("HOME");
	list = profile_directories(&arena);
	assert_string_equal(list[0], "/etc/sandbox/profiles");
	arena_free(&arena);
	/* What is no directory holds no profiles; what may not be searched is an error. */
	setenv("XDG_CONFIG_HOME", "/dev/null", 1);
	load("default");
	done();
	if (geteuid() == 0)
		return;
	user("x.conf", "");
	assert_int_equal(chmod(at("config"), 0), 0);
	setenv("XDG_CONFIG_HOME", at("config"), 1);
	refused("default",
		"cannot look for profiles in @/config/sandbox/profiles: Permission denied",
		"make it readable, or set XDG_CONFIG_HOME or HOME");
	assert_int_equal(chmod(at("config"), 0755), 0);
}

/* --- the verbs --- */

static char *output;

/* Run `sandbox profile WORD...`; its output is in output, its status is returned. */
static int command(const char *a, const char *b, const char *c)
{
	char *argv[] = {(char *)a, (char *)b, (char *)c};
	size_t size = 0;

	free(output);
	output = NULL;
	FILE *out = open_memstream(&output, &size);
	int status = profile_command(a ? b ? c ? 3 : 2 : 1 : 0, argv, out);

	fclose(out);
	return status;
}

static void has(const char *text)
{
	if (!strstr(output, text))
		fail_msg("'%s' is not in: %s", text, output);
}

static void test_list(void **state)
{
	(void)state;
	user("b.conf", "# b.conf: what it does\n");
	user("a.conf", "#\x1b[31m red\n");
	user("c.conf", "rw\n");
	user(".d.conf", "rw\n");
	assert_int_equal(command("list", NULL, NULL), 0);
	has("a  ");
	has("\\x1b[31m red\n");
	has("b.conf  what it does\n");
	assert_null(strchr(output, '\x1b'));
	assert_null(strstr(output, ".d.conf"));
	assert_true(strstr(output, "a.conf") < strstr(output, "b.conf"));
}

static void test_show(void **state)
{
	(void)state;
	user("base.conf", "rw\nbind = /a\nenv = A=$$x\nenv = T=a\tb\nnetwork = host\nas-pid-1\n");
	user("a.conf",
	     "extends = base\nread-only\nbind =\nbind = ${PWD}\nnetwork = none\ninit = false\n");
	assert_int_equal(command("show", "a", NULL), 0);
	assert_null(strstr(output, "rw"));
	assert_null(strstr(output, "host"));
	assert_null(strstr(output, "/a\n"));
	has("# a.conf:2\nread-only\n");
	has("# base.conf:3\nenv = A=$$x\n");
	has("# a.conf:5\nnetwork = none\n");
	has("/project\n");
	assert_null(strstr(output, "\\t"));
	/* What is shown is a profile, and means the same. */
	char *first = strdup(output);
	user("shown.conf", output);
	assert_int_equal(command("show", "shown", NULL), 0);
	assert_int_equal(strlen(first) > 0, 1);
	load("shown");
	assert_int_equal(config.layer_mode, LAYER_READ_ONLY);
	assert_true(config.as_pid_1);
	assert_string_equal(config.env[0].value, "$x");
	assert_int_equal(config.mounts_count, 1);
	done();
	free(first);
	assert_int_equal(command("show", "none-such", NULL), 125);
	assert_string_equal(output, "");
	user("default.conf", "");
	assert_int_equal(command("show", NULL, NULL), 0);
	has("built-in defaults");
}

static void test_check(void **state)
{
	(void)state;
	user("base.conf", "hots\n");
	write_text("project/a.conf",
		   "extends = base\nbnid = /a\nrw\nnetwork = x\nkeep-env\n\x01\nbind = /a:b\n");
	write_text("project/b.conf", "read-only\n");
	write_text("project/d.conf", "rw\nhostname = d\n");
	write_text("project/c.conf", "uidmap = 0:1:1\nuidmap = 0:2:1\n");
	assert_int_equal(command("check", "a.conf", "b.conf"), 125);
	has("/base.conf:1: unknown key hots\n");
	has("a.conf:2: unknown key bnid\n  did you mean bind?\n");
	has("a.conf:4: network 'x': no such choice\n");
	has("a.conf:6: the line has a control character\n");
	has("a.conf:7: bind '/a:b': the path inside must be absolute\n");
	has("b.conf: ok\n");
	assert_null(strstr(output, "a.conf: ok"));
	assert_null(strstr(output, "a.conf:1:"));
	int lines = 0;
	for (const char *p = output; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	assert_int_equal(lines, 9); /* five errors, three remedies, one ok */
	assert_int_equal(command("check", "b.conf", NULL), 0);
	assert_int_equal(command("check", "d.conf", NULL), 0);
	has("d.conf:1: rw: it would loosen what is confined already");
	has("d.conf: ok, for who trusts it\n");
	assert_int_equal(command("check", "c.conf", NULL), 125);
	has("c.conf: --uidmap 0:2:1 (profile c.conf:2) overlaps");
	assert_int_equal(command("check", "none", NULL), 125);
	has("cannot open none: No such file or directory\n");
}

static void test_usage(void **state)
{
	int saved = dup(2), null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	(void)state;
	dup2(null, 2);
	assert_int_equal(command(NULL, NULL, NULL), 125);
	assert_int_equal(command("lisst", NULL, NULL), 125);
	assert_int_equal(command("list", "x", NULL), 125);
	assert_int_equal(command("show", "a", "b"), 125);
	assert_int_equal(command("check", NULL, NULL), 125);
	dup2(saved, 2);
	close(saved);
	close(null);
}

/* --- beside the program --- */

/* Does a copy of this program at path find profile x? */
static bool finds(const char *path)
{
	char full[512], self[4096];

	snprintf(full, sizeof full, "%s", at(path));
	make_directories(full);
	ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);

	assert_true(length > 0);
	self[length] = '\0';
	pid_t copy = fork();
	if (copy == 0) {
		execlp("cp", "cp", self, full, (char *)NULL);
		_exit(1);
	}
	int status;
	assert_int_equal(waitpid(copy, &status, 0), copy);
	assert_int_equal(status, 0);
	pid_t child = fork();
	if (child == 0) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, 1);
		dup2(null, 2);
		execl(full, "sandbox", "show", "x", (char *)NULL);
		_exit(1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status == 0;
}

static void test_beside_the_program(void **state)
{
	(void)state;
	write_text("share/sandbox/profiles/x.conf", "rw\n");
	write_text("tree/profiles/x.conf", "rw\n");
	assert_true(finds("bin/sandbox"));
	assert_true(finds("tree/build/sandbox"));
	assert_true(finds("tree/build/san/sandbox"));
	/* ../profiles is for the source tree only. */
	assert_false(finds("tree/other/sandbox"));
	/* The user's own extends the one that is installed. */
	user("x.conf", "extends = x\n");
	assert_true(finds("bin/sandbox"));
	assert_int_equal(unlink(at("share/sandbox/profiles/x.conf")), 0);
	assert_false(finds("bin/sandbox"));
	assert_int_equal(unlink(at("config/sandbox/profiles/x.conf")), 0);
	/* A directory that anybody may write to is not taken. */
	assert_int_equal(chmod(at("tree/profiles"), 0777), 0);
	assert_false(finds("tree/build/sandbox"));
}

int main(int argc, char **argv)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, start, end)
	const struct CMUnitTest tests[] = {
		CASE(test_lines),
		CASE(test_list_cleared),
		CASE(test_bad_lines),
		CASE(test_twice),
		CASE(test_limits),
		CASE(test_not_files),
		CASE(test_variables),
		CASE(test_registry_in_files),
		CASE(test_registry_in_the_environment),
		CASE(test_registry_without_home),
		CASE(test_variables_are_escaped),
		CASE(test_pwd_is_asked_of_the_kernel),
		CASE(test_extends),
		CASE(test_extends_refused),
		CASE(test_depth),
		CASE(test_paths),
		CASE(test_strangers),
		CASE(test_drop_ins),
		CASE(test_default),
		CASE(test_names),
		CASE(test_search_order),
		CASE(test_list),
		CASE(test_show),
		CASE(test_check),
		CASE(test_usage),
		CASE(test_beside_the_program),
	};
	if (argc > 1)
		return profile_command(argc - 1, argv + 1, stdout);
	int failed = cmocka_run_group_tests_name("profile", tests, NULL, NULL);

	free(output);
	return failed;
}
