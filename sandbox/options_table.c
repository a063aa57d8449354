/*
 * The one table of options. A row is everything that is said or done about an option; options.h
 * lists the walks over it. The order is that of enum option_id, which is the order of --help.
 */
#include "options_table.h"

#include <stddef.h>

#define FIELD(name) .field = offsetof(struct config, name)

static const struct choice layers[] = {
	{"auto", LAYER_AUTO, "in memory where the kernel can, else on disk", NULL},
	{"memory", LAYER_MEMORY, "in a tmpfs", NULL},
	{"disk", LAYER_DISK, "in a temporary directory", NULL},
	{0},
};

static const struct choice user_namespaces[] = {
	{"auto", USERNS_AUTO, "root inside, and all the ids that the host allows", NULL},
	{"keep-id", USERNS_KEEP_ID, "the caller's own ids inside", NULL},
	{"single", USERNS_SINGLE, "one id only, no helper needed", NULL},
	{0},
};

static const char no_network_yet[] = "not in this version yet; use none or host";
static const struct choice networks[] = {
	{"none", NETWORK_NONE, "a loopback of its own and nothing else", NULL},
	{"host", NETWORK_HOST, "the host's network, unconfined", NULL},
	{"slirp4netns", 0, NULL, no_network_yet},
	{"slirp", 0, NULL, no_network_yet},
	{"pasta", 0, NULL, no_network_yet},
	{0},
};

static const struct choice filters[] = {
	{"default", SECCOMP_DEFAULT, "what ordinary programs need", NULL},
	{"build", SECCOMP_BUILD, "what compilers and package managers need", NULL},
	{"strict", SECCOMP_STRICT, "computing, files and terminals only", NULL},
	{"unconfined", SECCOMP_UNCONFINED, "no filter at all", NULL},
	{0},
};

#define PROFILES    "Profile"
#define ROOT        "Root file system"
#define FILES       "Files and directories"
#define ENVIRONMENT "Environment"
#define IDENTITY    "Identity"
#define OUTSIDE     "Network, host name and clocks"
#define CONFINEMENT "Confinement"
#define LIFE        "Life"
#define LOOK        "Looking and help"

/* clang-format off: it would spread a row over twice the lines, one field to each. */
const struct option option_table[OPTION_COUNT] = {
	[OPT_PROFILE] =
		{
			.name = "profile",
			.value = "NAME",
			.group = PROFILES,
			.flags = OPTION_NOT_IN_PROFILE,
			.complete = COMPLETE_PROFILE,
			.help = "Start from the options in profile NAME, or in the file NAME if it "
				"has a slash.",
			.more = "Without this option the profile `default` is used. Options on the "
				"command line win "
				"over those in the profile. See PROFILES below.",
			.set = set_text,
			FIELD(profile),
		},
	[OPT_EXTENDS] =
		{
			.name = "extends",
			.value = "NAME",
			.group = PROFILES,
			.flags = OPTION_ONLY_IN_PROFILE,
			.complete = COMPLETE_PROFILE,
			.help = "In a profile file only: start from profile NAME.",
			.more = "It stands before all other keys and may be given once. A name "
				"with a slash is a "
				"file, relative to the directory of the file that names it. A "
				"profile that extends "
				"its own name means the next one of that name in the search order.",
			.set = set_nothing,
		},
	[OPT_RW] =
		{
			.name = "rw",
			.group = ROOT,
			.help = "Let the command write into ROOTFS itself.",
			.more = "By default what it writes goes to a layer over ROOTFS that is "
				"thrown away at the "
				"end.",
			.set = set_layer_mode,
			FIELD(layer_mode),
			.number = LAYER_READ_WRITE,
		},
	[OPT_READ_ONLY] =
		{
			.name = "read-only",
			.group = ROOT,
			.help = "Make the root read-only: no layer, no writes.",
			.more = "/tmp and what is mounted with other options stay writable.",
			.set = set_layer_mode,
			FIELD(layer_mode),
			.number = LAYER_READ_ONLY,
		},
	[OPT_LAYER] =
		{
			.name = "layer",
			.value = "PLACE",
			.choices = layers,
			.group = ROOT,
			.help = "Keep the layer that is thrown away in memory or on disk.",
			.more = "What is written in memory counts against the machine's memory.",
			.set = set_choice,
			FIELD(layer_place),
		},
	[OPT_BIND] =
		{
			.name = "bind",
			.value = "S[:D[:OPTS]]",
			.group = FILES,
			.flags = OPTION_LIST | OPTION_FIELDS,
			.complete = COMPLETE_PATH,
			.help = "Show the host's file or directory S at D, writable.",
			.more = "D is an absolute path inside, and is the same as S when it is not "
				"given. S may be "
				"relative to the working directory. OPTS are divided by commas: "
				"`ro`, `rw`, `noexec`. A "
				"backslash before a colon, a comma or a backslash makes it part of "
				"a name.\n"
				"Binds and the other options of this group take effect in the "
				"order in which they are "
				"given; what comes later covers what came before. An empty value "
				"(`--bind=`) takes back "
				"all that this same option has added so far, for instance in a "
				"profile.",
			.set = set_mount,
			.number = MOUNT_BIND,
		},
	[OPT_BIND_TRY] =
		{
			.name = "bind-try",
			.value = "S[:D[:OPTS]]",
			.group = FILES,
			.flags = OPTION_LIST | OPTION_FIELDS,
			.complete = COMPLETE_PATH,
			.help = "Like --bind, but do nothing if S does not exist.",
			.set = set_mount,
			.number = MOUNT_BIND,
		},
	[OPT_RO_BIND] =
		{
			.name = "ro-bind",
			.value = "S[:D[:OPTS]]",
			.group = FILES,
			.flags = OPTION_LIST | OPTION_FIELDS,
			.complete = COMPLETE_PATH,
			.help = "Show the host's file or directory S at D, read-only.",
			.set = set_mount,
			.number = MOUNT_RO_BIND,
		},
	[OPT_RO_BIND_TRY] =
		{
			.name = "ro-bind-try",
			.value = "S[:D[:OPTS]]",
			.group = FILES,
			.flags = OPTION_LIST | OPTION_FIELDS,
			.complete = COMPLETE_PATH,
			.help = "Like --ro-bind, but do nothing if S does not exist.",
			.set = set_mount,
			.number = MOUNT_RO_BIND,
		},
	[OPT_DEV_BIND] =
		{
			.name = "dev-bind",
			.value = "S[:D[:OPTS]]",
			.group = FILES,
			.flags = OPTION_LIST | OPTION_FIELDS,
			.complete = COMPLETE_PATH,
			.help = "Like --bind, and device files in it can be used.",
			.more = "Devices that are opened this way act on the host: give single "
				"files, such as "
				"/dev/kvm, rather than all of /dev.",
			.set = set_mount,
			.number = MOUNT_DEV_BIND,
		},
	[OPT_DEV_BIND_TRY] =
		{
			.name = "dev-bind-try",
			.value = "S[:D[:OPTS]]",
			.group = FILES,
			.flags = OPTION_LIST | OPTION_FIELDS,
			.complete = COMPLETE_PATH,
			.help = "Like --dev-bind, but do nothing if S does not exist.",
			.set = set_mount,
			.number = MOUNT_DEV_BIND,
		},
	[OPT_TMPFS] =
		{
			.name = "tmpfs",
			.value = "D[:OPTS]",
			.group = FILES,
			.flags = OPTION_LIST | OPTION_FIELDS,
			.help = "Mount an empty file system in memory at D.",
			.more = "OPTS are divided by commas: `size=512m`, `mode=0755`, "
				"`inodes=10k`, `noexec`. "
				"Without a size it holds up to half of the machine's memory.",
			.set = set_mount,
			.number = MOUNT_TMPFS,
		},
	[OPT_MASK] =
		{
			.name = "mask",
			.value = "PATH",
			.group = FILES,
			.flags = OPTION_LIST | OPTION_FIELDS,
			.help = "Hide PATH behind an empty file or directory.",
			.set = set_mount,
			.number = MOUNT_MASK,
		},
	[OPT_SYMLINK] =
		{
			.name = "symlink",
			.value = "TARGET:LINK",
			.group = FILES,
			.flags = OPTION_LIST | OPTION_FIELDS,
			.help = "Make a symbolic link LINK that points to TARGET.",
			.set = set_mount,
			.number = MOUNT_SYMLINK,
		},
	[OPT_MKDIR] =
		{
			.name = "mkdir",
			.value = "PATH[:mode=MODE]",
			.group = FILES,
			.flags = OPTION_LIST | OPTION_FIELDS,
			.help = "Make a directory, and those above it, if it does not exist.",
			.more = "The mode is 0755 unless given.",
			.set = set_mount,
			.number = MOUNT_MKDIR,
		},
	[OPT_FILE] =
		{
			.name = "file",
			.value = "FD:PATH[:mode=MODE]",
			.group = FILES,
			.flags = OPTION_LIST | OPTION_FIELDS | OPTION_NOT_IN_PROFILE,
			.help = "Make a file PATH with what can be read from descriptor FD.",
			.more = "The mode is 0644 unless given. The descriptor itself is not "
				"passed on.",
			.set = set_mount,
			.number = MOUNT_FILE,
		},
	[OPT_ALLOW_HOME] =
		{
			.name = "allow-home",
			.group = FILES,
			.help = "Let a bind show the whole home directory.",
			.more = "A bind of the home directory, or of a directory above it, is an "
				"error without this "
				"flag: keys, tokens and start-up files are in it.",
			.set = set_flag,
			FIELD(allow_home),
		},
	[OPT_WORKDIR] =
		{
			.name = "workdir",
			.value = "PATH",
			.group = FILES,
			.complete = COMPLETE_DIRECTORY,
			.help = "Start the command in directory PATH inside.",
			.set = set_workdir,
			FIELD(workdir),
		},
	[OPT_ENV] =
		{
			.name = "env",
			.letter = 'e',
			.value = "V[=VALUE]",
			.group = ENVIRONMENT,
			.flags = OPTION_LIST,
			.complete = COMPLETE_VARIABLE,
			.help = "Set variable V, or pass on the caller's if there is no value.",
			.more = "The environment starts out clean, with PATH, HOME, TERM and the "
				"like only. A V "
				"that the caller does not have is left out.",
			.set = set_env,
		},
	[OPT_UNSETENV] =
		{
			.name = "unsetenv",
			.value = "V",
			.group = ENVIRONMENT,
			.flags = OPTION_LIST,
			.complete = COMPLETE_VARIABLE,
			.help = "Take variable V out of the environment.",
			.set = set_unsetenv,
		},
	[OPT_ENV_FILE] =
		{
			.name = "env-file",
			.value = "FILE",
			.group = ENVIRONMENT,
			.flags = OPTION_LIST,
			.complete = COMPLETE_PATH,
			.help = "Set the variables that FILE has, one V=VALUE to a line.",
			.more = "Empty lines and lines that start with # are skipped. There is no "
				"quoting: the value "
				"is the rest of the line as it is.",
			.set = set_env_file,
		},
	[OPT_KEEP_ENV] =
		{
			.name = "keep-env",
			.group = ENVIRONMENT,
			.help = "Start from the caller's environment instead of a clean one.",
			.more = "It often holds tokens and the addresses of agents and sockets.",
			.set = set_flag,
			FIELD(keep_env),
		},
	[OPT_USERNS] =
		{
			.name = "userns",
			.value = "MODE",
			.choices = user_namespaces,
			.group = IDENTITY,
			.help = "Choose which ids exist inside and who the command is.",
			.more = "More than one id needs ranges in /etc/subuid and /etc/subgid and "
				"the helpers "
				"newuidmap and newgidmap.",
			.set = set_choice,
			FIELD(userns),
		},
	[OPT_USER] =
		{
			.name = "user",
			.value = "U[:G]",
			.group = IDENTITY,
			.complete = COMPLETE_USER,
			.help = "Run as user U and group G inside, by name or id.",
			.more = "Names are those of ROOTFS. The ids must be mapped.",
			.set = set_user,
			FIELD(user),
		},
	[OPT_UIDMAP] =
		{
			.name = "uidmap",
			.value = "INSIDE:OUTSIDE:COUNT",
			.group = IDENTITY,
			.flags = OPTION_LIST,
			.help = "Map COUNT user ids from INSIDE on to those from OUTSIDE on.",
			.more = "OUTSIDE is an id of the host: the caller's own, or one that "
				"/etc/subuid gives. Not "
				"together with `--userns=keep-id` or `single`.",
			.set = set_id_range,
			FIELD(uidmap),
		},
	[OPT_GIDMAP] =
		{
			.name = "gidmap",
			.value = "INSIDE:OUTSIDE:COUNT",
			.group = IDENTITY,
			.flags = OPTION_LIST,
			.help = "Map COUNT group ids from INSIDE on to those from OUTSIDE on.",
			.more = "As --uidmap, with /etc/subgid.",
			.set = set_id_range,
			FIELD(gidmap),
		},
	[OPT_KEEP_GROUPS] =
		{
			.name = "keep-groups",
			.group = IDENTITY,
			.help = "Keep the caller's supplementary groups, with all they can open.",
			.more = "What it costs: the rights of every one of the caller's groups "
				"stay with the command, "
				"though the groups may show as 65534 inside. If docker, kvm, disk, "
				"video, adm or the "
				"like is among them, it can open whatever that group can open and "
				"that is shown inside.\n"
				"Without this flag the groups are dropped. That is not only a loss "
				"of rights: a file "
				"whose group has fewer rights than others (mode 0604, say) becomes "
				"readable to a "
				"process that has left the group.\n"
				"With one id only (`--userns=single`, or no range in /etc/subgid) "
				"the kernel denies "
				"setgroups altogether: the groups then cannot be dropped, and "
				"stay.",
			.set = set_flag,
			FIELD(keep_groups),
		},
	[OPT_NETWORK] =
		{
			.name = "network",
			.alias = "net",
			.value = "MODE",
			.choices = networks,
			.group = OUTSIDE,
			.help = "Choose the network: none, which is the default, or host.",
			.more = "`host` gives up the confinement of the network: all that listens "
				"on the host's "
				"loopback and on abstract sockets can be reached.",
			.set = set_choice,
			FIELD(network),
		},
	[OPT_HOSTNAME] =
		{
			.name = "hostname",
			.value = "NAME",
			.group = OUTSIDE,
			.help = "Set the host name inside.",
			.set = set_hostname,
			FIELD(hostname),
		},
	[OPT_BOOTTIME_OFFSET] =
		{
			.name = "boottime-offset",
			.value = "DURATION",
			.group = OUTSIDE,
			.help = "Shift the clock since boot by DURATION, in a time namespace.",
			.more = "A duration is a number with `s` (or nothing), `m`, `h` or `d` "
				"behind it, and `-` "
				"before it to go back.",
			.set = set_offset,
			FIELD(boottime_offset),
		},
	[OPT_MONOTONIC_OFFSET] =
		{
			.name = "monotonic-offset",
			.value = "DURATION",
			.group = OUTSIDE,
			.help = "Shift the monotonic clock by DURATION, in a time namespace.",
			.set = set_offset,
			FIELD(monotonic_offset),
		},
	[OPT_SECCOMP] =
		{
			.name = "seccomp",
			.value = "FILTER",
			.choices = filters,
			.group = CONFINEMENT,
			.help = "Choose the filter for system calls.",
			.set = set_choice,
			FIELD(seccomp),
		},
	[OPT_CAP_ADD] =
		{
			.name = "cap-add",
			.value = "NAME",
			.group = CONFINEMENT,
			.flags = OPTION_LIST,
			.complete = COMPLETE_CAPABILITY,
			.help = "Give the command capability NAME, inside its own user namespace.",
			.more = "NAME is written with or without CAP_, in either case; `ALL` is "
				"all of them; commas "
				"divide several. User id 0 starts with what package managers need "
				"(CHOWN, DAC_OVERRIDE, "
				"FOWNER, FSETID, KILL, SETGID, SETUID, NET_BIND_SERVICE), any "
				"other id with none. "
				"`--cap-add` and `--cap-drop` take effect in the order in which "
				"they are given.",
			.set = set_capability,
			.number = true,
		},
	[OPT_CAP_DROP] =
		{
			.name = "cap-drop",
			.value = "NAME",
			.group = CONFINEMENT,
			.flags = OPTION_LIST,
			.complete = COMPLETE_CAPABILITY,
			.help = "Take capability NAME from the command.",
			.set = set_capability,
			.number = false,
		},
	[OPT_ULIMIT] =
		{
			.name = "ulimit",
			.value = "NAME=SOFT[:HARD]",
			.group = CONFINEMENT,
			.flags = OPTION_LIST,
			.complete = COMPLETE_RLIMIT,
			.help = "Set a resource limit, such as nofile=1024:4096.",
			.more = "HARD is the same as SOFT when it is not given. `unlimited` is a "
				"value; sizes take k, "
				"m, g or t. The names are those of setrlimit(2) in small letters "
				"without RLIMIT_. A "
				"hard limit cannot be raised above the caller's. Without one of "
				"its own, core is 0. The kernel counts nproc for each user "
				"id by itself: with a range of ids mapped, a command that is root "
				"inside can have as many "
				"processes under each of them.",
			.set = set_rlimit,
		},
	[OPT_INIT] =
		{
			.name = "init",
			.group = LIFE,
			.help = "Run a small init as process 1, which reaps orphans; the default.",
			.set = set_init,
			FIELD(as_pid_1),
			.number = false,
		},
	[OPT_AS_PID_1] =
		{
			.name = "as-pid-1",
			.group = LIFE,
			.help = "Run the command itself as process 1, without an init.",
			.more = "The kernel ignores signals that process 1 has no handler for.",
			.set = set_init,
			FIELD(as_pid_1),
			.number = true,
		},
	[OPT_DIE_WITH_PARENT] =
		{
			.name = "die-with-parent",
			.group = LIFE,
			.help = "End the sandbox when the process that started it ends.",
			.set = set_flag,
			FIELD(die_with_parent),
		},
	[OPT_DRY_RUN] =
		{
			.name = "dry-run",
			.group = LOOK,
			.flags = OPTION_NOT_IN_PROFILE,
			.help = "Print every step and what it is there for, and do nothing.",
			.set = set_flag,
			FIELD(dry_run),
		},
	[OPT_VERBOSE] =
		{
			.name = "verbose",
			.letter = 'v',
			.group = LOOK,
			.help = "Say on standard error what is being done.",
			.set = set_flag,
			FIELD(verbose),
		},
	[OPT_HELP] =
		{
			.name = "help",
			.letter = 'h',
			.group = LOOK,
			.flags = OPTION_NOT_IN_PROFILE,
			.help = "Print this help.",
			.set = set_nothing,
		},
	[OPT_VERSION] =
		{
			.name = "version",
			.group = LOOK,
			.flags = OPTION_NOT_IN_PROFILE,
			.help = "Print the version.",
			.set = set_nothing,
		},
};
/* clang-format on */
