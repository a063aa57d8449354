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
	{"fuse", LAYER_FUSE, "as auto, by fuse-overlayfs", NULL},
	{0},
};

static const struct choice user_namespaces[] = {
	{"auto", USERNS_AUTO, "root inside, and all the ids that the host allows", NULL},
	{"keep-id", USERNS_KEEP_ID, "the caller's own ids inside", NULL},
	{"single", USERNS_SINGLE, "one id only, no helper needed", NULL},
	{"fakeroot", USERNS_FAKEROOT,
	 "one id; chown, setuid and the like do nothing, and are answered with success", NULL},
	{0},
};

static const struct choice networks[] = {
	{"none", NETWORK_NONE, "a loopback of its own and nothing else", NULL},
	{"slirp4netns", NETWORK_SLIRP4NETNS, "a network of its own by slirp4netns", NULL},
	{"slirp", NETWORK_SLIRP4NETNS, "the same as slirp4netns", NULL},
	{"pasta", NETWORK_PASTA, "a network of its own by pasta", NULL},
	{"host", NETWORK_HOST, "the host's network, unconfined", NULL},
	{0},
};

static const struct choice ipc_modes[] = {
	{"own", IPC_OWN, "a namespace of the sandbox's own, with nothing in it", NULL},
	{"host", IPC_HOST, "weaker: that of the place where the sandbox runs", NULL},
	{0},
};

static const struct choice filters[] = {
	{"default", SECCOMP_DEFAULT, "what ordinary programs need", NULL},
	{"build", SECCOMP_BUILD, "what compilers and package managers need", NULL},
	{"strict", SECCOMP_STRICT, "computing, files and terminals only", NULL},
	{"nested", SECCOMP_NESTED, "default, and namespaces within", NULL},
	{"sandboxes", SECCOMP_SANDBOXES, "nested, and mounts within", NULL},
	{"log", SECCOMP_LOG, "no refusal: what the profile's filter would refuse is told", NULL},
	{"unconfined", SECCOMP_UNCONFINED, "no filter at all", NULL},
	{0},
};

static const struct choice proc_modes[] = {
	{"fresh", PROC_FRESH, "of the sandbox's own, parts of it masked", NULL},
	{"unmasked", PROC_UNMASKED, "of the sandbox's own, all of it: sandboxes inside need that",
	 NULL},
	{"bind", PROC_BIND, "weaker: that of the place where the sandbox runs, read-only", NULL},
	{0},
};

static const struct choice landlock_modes[] = {
	{"auto", LANDLOCK_AUTO, "what this kernel has of it", NULL},
	{"require", LANDLOCK_REQUIRE, "an error where the kernel has none", NULL},
	{"off", LANDLOCK_OFF, "without", NULL},
	{0},
};

static const struct choice limits_modes[] = {
	{"auto", LIMITS_AUTO, "by a cgroup, or not at all", NULL},
	{"systemd", LIMITS_SYSTEMD, "in a scope of the user's systemd manager", NULL},
	{"cgroup", LIMITS_CGROUP, "below the caller's own, delegated cgroup", NULL},
	{"best-effort", LIMITS_BEST_EFFORT, "by weaker means where there is no cgroup", NULL},
	{0},
};

static const struct choice homes[] = {
	{"none", HOME_NONE, "what ROOTFS has", NULL},
	{"private", HOME_PRIVATE, "one that is kept, for this application alone", NULL},
	{"tmp", HOME_TMP, "an empty one, thrown away at the end", NULL},
	{0},
};

static const struct choice buses[] = {
	{"none", BUS_NONE, "no bus of the session's or the system's", NULL},
	{"filtered", BUS_FILTERED, "the session bus, through a filter", NULL},
	{0},
};

#define PROFILES    "Profile"
#define ROOT        "Root file system"
#define FILES       "Files and directories"
#define ENVIRONMENT "Environment"
#define IDENTITY    "Identity"
#define NETWORK     "Network"
#define OUTSIDE     "Host name, clocks and IPC"
#define DESKTOP     "Desktop"
#define CONFINEMENT "Confinement"
#define LIMITS      "Limits"
#define LIFE        "Life"
#define STATUS      "Status"
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
				"has a slash or ends in .conf.",
			.more = "Without this option the profile `default` is used. Options on the "
				"command line win "
				"over those in the profile. See `sandbox-profile`(5).",
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
			.more = "What is written in memory counts against the machine's memory. "
				"Where the "
				"kernel has no overlay file system for user namespaces, "
				"fuse-overlayfs makes "
				"the layer, and a note says so; `fuse` asks for that.",
			.set = set_choice,
			FIELD(layer_place),
		},
	[OPT_OVERLAY] =
		{
			.name = "overlay",
			.value = "NAME",
			.group = ROOT,
			.help = "Keep what is written, on layer NAME over what is below.",
			.more = "The layer lies over ROOTFS and over the binds with the option "
				"`O`; the next "
				"run with the same name goes on with it. `sandbox diff NAME` shows "
				"what has "
				"changed, `sandbox commit NAME` applies it, `sandbox discard NAME` "
				"drops it. "
				"See LAYERS below. Do not change by other means what a layer lies "
				"over while it is in "
				"use.",
			.set = set_overlay,
			FIELD(overlay),
		},
	[OPT_OVERLAY_SIZE] =
		{
			.name = "overlay-size",
			.value = "SIZE",
			.group = ROOT,
			.help = "Let each layer in memory hold at most SIZE bytes.",
			.more = "A number of bytes, perhaps with k, m, g or t. Nothing that a "
				"plain user may set "
				"bounds a layer on disk, so with one that is kept there this is an "
				"error.",
			.set = set_size,
			FIELD(overlay_size),
		},
	[OPT_LOWER] =
		{
			.name = "lower",
			.value = "DIR",
			.group = ROOT,
			.flags = OPTION_LIST | OPTION_FIELDS,
			.complete = COMPLETE_DIRECTORY,
			.help = "Lay the host's directory DIR over ROOTFS, read-only.",
			.more = "Given several times, the last lies on top; what the command "
				"writes goes to the "
				"layer over all of them. A kept layer takes the same ones each "
				"time.",
			.set = set_mount,
			.number = MOUNT_LOWER,
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
				"`ro`, `rw`, `noexec`, `create`, which makes the directory S "
				"(mode 0700) where it is missing, and `O`, which "
				"leaves a directory S as it is: what is written goes to a layer "
				"over it, "
				"thrown away at the end or kept by --overlay. A "
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
				"the helpers newuidmap and newgidmap. `fakeroot` is for users who "
				"have "
				"none: chown(2), fchown, lchown, fchownat, setuid, setgid, "
				"setreuid, "
				"setregid, setresuid, setresgid, setgroups, setfsuid and setfsgid "
				"are "
				"answered with success and do nothing, so that apt-get and most "
				"scripts of packages go through. Owners stay as they are, and a "
				"program that drops to another user stays root inside; who looks "
				"afterwards (stat, getuid), sees that. apt is told not to change "
				"to "
				"its user _apt, by way of APT_CONFIG.",
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
			.value = "MODE[:OPTS]",
			.choices = networks,
			.group = NETWORK,
			.help = "Choose the network: none, which is the default, or one of its "
				"own, "
				"or the host's.",
			.more = "`slirp4netns` and `pasta` give the command a network of its own "
				"from which it reaches what the caller reaches, by address "
				"translation in a helper without privilege. Not the host itself: "
				"its loopback, its own addresses (those it has when the sandbox "
				"starts) and link-local addresses (169.254.0.0/16, where clouds "
				"keep "
				"credentials) are refused. Capabilities of the command "
				"do not count over that network. Where slirp4netns is not "
				"installed, pasta is taken in its place, and a note says so.\n"
				"OPTS are divided by commas: `ipv6`, `cidr=10.0.2.0/24`, "
				"`mtu=65520`.\n"
				"`host` gives up the confinement of the network: all that listens "
				"on the host's loopback can be reached, and on abstract sockets "
				"where Landlock (Linux 6.12) does not keep them away. "
				"See NETWORK below.",
			.set = set_network,
			FIELD(network),
		},
	[OPT_ALLOW_NET] =
		{
			.name = "allow-net",
			.value = "WHAT",
			.group = NETWORK,
			.flags = OPTION_LIST,
			.help = "Let the command reach WHAT, and nothing else but what further "
				"--allow-net say.",
			.more = "WHAT is NAME, *.NAME (every name below it), ADDRESS or "
				"ADDRESS/BITS, with :PORT or :PORT-PORT and /udp or /tcp behind "
				"it. "
				"A port is one of TCP unless /udp is there; without a port all is "
				"allowed. An IPv6 address with a port stands in brackets. The URL "
				"of "
				"a server is understood too.\n"
				"Everything else is refused at once, packet by packet, whatever "
				"program it is and whatever capability it has, and names that are "
				"not allowed do not resolve. Without --network this means "
				"`--network=slirp4netns`. See NETWORK below.",
			.set = set_egress,
			.number = false,
		},
	[OPT_DENY_NET] =
		{
			.name = "deny-net",
			.value = "WHAT",
			.group = NETWORK,
			.flags = OPTION_LIST,
			.help = "Refuse WHAT, even where --allow-net would allow it.",
			.more = "WHAT is as for --allow-net. Without any --allow-net all else may "
				"be reached.",
			.set = set_egress,
			.number = true,
		},
	[OPT_CONNECT_TCP] =
		{
			.name = "connect-tcp",
			.value = "PORT[-PORT]",
			.group = NETWORK,
			.flags = OPTION_LIST,
			.help = "With the host's network: let TCP connect to these ports, on any "
				"machine, and no others.",
			.more = "Commas divide several; `none`, or an empty list, is no port. Held "
				"by Landlock (Linux 6.7, else an error), for TCP alone: UDP and "
				"what "
				"listens on it are not limited, and names and addresses are not "
				"looked at. `--network=slirp4netns` with `--allow-net` does both.",
			.set = set_tcp,
			.number = false,
		},
	[OPT_BIND_TCP] =
		{
			.name = "bind-tcp",
			.value = "PORT[-PORT]",
			.group = NETWORK,
			.flags = OPTION_LIST,
			.help = "With the host's network: let TCP listen on these ports and no "
				"others.",
			.more = "As --connect-tcp. A program that listens without having chosen a "
				"port is given one by the kernel, which Landlock does not see.",
			.set = set_tcp,
			.number = true,
		},
	[OPT_ALLOW_ALIASES] =
		{
			.name = "allow-aliases",
			.group = NETWORK,
			.help = "Follow aliases (CNAME) of allowed names to names that are not "
				"allowed.",
			.more = "Large servers often are an alias of a name of their "
				"distributor's. Without this flag such an answer is refused, and "
				"--net-log has both names.",
			.set = set_flag,
			FIELD(allow_aliases),
		},
	[OPT_NET_LOG] =
		{
			.name = "net-log",
			.value = "FILE",
			.group = NETWORK,
			.flags = OPTION_NOT_IN_PROFILE,
			.complete = COMPLETE_PATH,
			.help = "Write to FILE what the rules for the network have refused.",
			.more = "A line for each name and each address, protocol and port, with "
				"how often. The file is made or emptied at the start and written "
				"at the end; a link, and what is no regular file, is an error.",
			.set = set_file_path,
			FIELD(net_log),
		},
	[OPT_ALLOW_HOST_PORT] =
		{
			.name = "allow-host-port",
			.value = "PORT[/udp]",
			.group = NETWORK,
			.flags = OPTION_LIST,
			.help = "Let the command reach this port of the host's loopback, at its "
				"own "
				"127.0.0.1.",
			.more = "No other port of the host's loopback comes with it, and no "
				"network "
				"is needed for it.",
			.set = set_host_port,
		},
	[OPT_PUBLISH] =
		{
			.name = "publish",
			.letter = 'p',
			.value = "[IP:]HOST:INSIDE[/udp]",
			.group = NETWORK,
			.flags = OPTION_LIST,
			.help = "Let port HOST of this machine lead to port INSIDE of the command.",
			.more = "IP is the host's address to listen on, 127.0.0.1 unless given; an "
				"IPv6 address stands in brackets. HOST and INSIDE may be ranges of "
				"one length, such as 8000-8009:80-89. To the command the "
				"connections "
				"come from its own 127.0.0.1. No network is needed for it.",
			.set = set_publish,
		},
	[OPT_DNS] =
		{
			.name = "dns",
			.value = "ADDRESS",
			.group = NETWORK,
			.flags = OPTION_LIST,
			.help = "Ask the name server at ADDRESS instead of the host's.",
			.set = set_dns,
		},
	[OPT_DNS_SEARCH] =
		{
			.name = "dns-search",
			.value = "DOMAIN",
			.group = NETWORK,
			.flags = OPTION_LIST,
			.help = "Look up short names in DOMAIN.",
			.set = set_dns_search,
		},
	[OPT_CA_CERTIFICATES] =
		{
			.name = "ca-certificates",
			.value = "host|none|FILE",
			.group = NETWORK,
			.complete = COMPLETE_PATH,
			.help = "Choose the certificate authorities that programs inside trust.",
			.more = "With a network, and where ROOTFS has none of its own, the host's "
				"are at /run/sandbox/ca-certificates.crt, and SSL_CERT_FILE and "
				"NODE_EXTRA_CA_CERTS say so; a link in /etc/ssl/certs leads there, "
				"but "
				"for a ROOTFS or a layer that would keep it. `host` shows them in "
				"any "
				"case, over /etc/ssl/certs/ca-certificates.crt, FILE is shown "
				"there "
				"instead, `none` leaves ROOTFS as it is.",
			.set = set_ca_certificates,
			FIELD(ca_certificates),
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
	[OPT_IPC] =
		{
			.name = "ipc",
			.value = "MODE",
			.choices = ipc_modes,
			.group = OUTSIDE,
			.help = "Choose whose shared memory, semaphores and message queues are "
				"there.",
			.more = "`host` is for a program that shares memory by number with one "
				"outside, "
				"as X11 programs do with the caller's X server (MIT-SHM, together "
				"with "
				"--x11=trusted). It gives away the System V shared memory, "
				"semaphores "
				"and message queues and the POSIX message queues of all the "
				"caller's "
				"other programs: pictures that they draw, what databases hold; the "
				"command can read, change and remove them, and fill up what there "
				"may "
				"be of them. /dev/shm stays the sandbox's own, and /dev/mqueue is "
				"not "
				"there.",
			.set = set_choice,
			FIELD(ipc),
		},
	[OPT_WAYLAND] =
		{
			.name = "wayland",
			.group = DESKTOP,
			.help = "Let the command open windows on the caller's Wayland compositor.",
			.more = "Where the compositor has wp_security_context_v1, by a socket of "
				"this sandbox's own, through which it knows the command as "
				"sandboxed and keeps what is privileged from it (pictures of the "
				"screen, other windows' clipboard, virtual keyboards). Where it "
				"has not, by the plain socket (--verbose says which): what such a "
				"compositor offers to any program the command can use then. "
				"Nothing else of /run/user is shown. See docs/desktop.md.",
			.set = set_wish,
			FIELD(desktop.wayland),
			.number = WISH_YES,
		},
	[OPT_WAYLAND_TRY] =
		{
			.name = "wayland-try",
			.group = DESKTOP,
			.help = "Like --wayland, but go without where there is no compositor.",
			.set = set_wish,
			FIELD(desktop.wayland),
			.number = WISH_TRY,
		},
	[OPT_X11] =
		{
			.name = "x11",
			.optional = "[=HOW]",
			.group = DESKTOP,
			.help = "Let the command open windows on an X11 display.",
			.more = "Without HOW, or with `untrusted`, on the caller's display with "
				"a cookie of this run's own that the X server does not trust: "
				"keys and pictures of other windows and of the screen, and typing "
				"into them, are refused to it; titles of windows can be read, and "
				"the clipboard can be read and replaced. The server needs its "
				"SECURITY extension switched on, and "
				"must let nobody in without a cookie; else this is an error. "
				"`nested` is a server of this "
				"run's own (Xephyr) in a window of the caller's display, `virtual` "
				"one (Xvfb) on a screen that nobody sees. `trusted` is the "
				"caller's display with the caller's cookie: X11 then lets the "
				"command read every key, take pictures of every window and type "
				"into them. The caller's own Xauthority file is shown in no "
				"case.",
			.set = set_x11,
			FIELD(desktop.x11),
			.number = WISH_YES,
		},
	[OPT_X11_TRY] =
		{
			.name = "x11-try",
			.optional = "[=HOW]",
			.group = DESKTOP,
			.help = "Like --x11, but go without where there is no display.",
			.more = "And where --wayland or --wayland-try has found a compositor. A "
				"display that is there and cannot be used as asked for is an "
				"error.",
			.set = set_x11,
			FIELD(desktop.x11),
			.number = WISH_TRY,
		},
	[OPT_AUDIO] =
		{
			.name = "audio",
			.optional = "[=BY]",
			.group = DESKTOP,
			.help = "Let the command play sound.",
			.more = "Without BY, or with `pulse`, by PulseAudio's protocol, to "
				"PulseAudio or to PipeWire: between the command and the server is "
				"a helper that passes on what playing takes. Recording is refused "
				"unless there is --microphone, and what steers the server or "
				"other programs' sound (modules, default devices) always. "
				"`pipewire` shows PipeWire's own socket, which can do all of "
				"that and more: it has to be given together with --microphone. "
				"A comma divides both.",
			.set = set_audio,
			FIELD(desktop.audio),
			.number = WISH_YES,
		},
	[OPT_AUDIO_TRY] =
		{
			.name = "audio-try",
			.optional = "[=BY]",
			.group = DESKTOP,
			.help = "Like --audio, but go without where there is no server.",
			.set = set_audio,
			FIELD(desktop.audio),
			.number = WISH_TRY,
		},
	[OPT_MICROPHONE] =
		{
			.name = "microphone",
			.group = DESKTOP,
			.help = "With --audio: let the command record, too.",
			.more = "That is all that the server can record: microphones, and what "
				"other programs play.",
			.set = set_flag,
			FIELD(desktop.microphone),
		},
	[OPT_GPU] =
		{
			.name = "gpu",
			.optional = "[=all]",
			.group = DESKTOP,
			.help = "Let the command compute and draw with the graphics card.",
			.more = "Shows the render nodes in /dev/dri (renderD128, ...), whose "
				"drivers in the kernel are then in reach. With `all` the nodes "
				"that drive screens (card0, ...) as well. Without this option "
				"Mesa draws in software.",
			.set = set_gpu,
			FIELD(desktop.gpu),
			.number = WISH_YES,
		},
	[OPT_GPU_TRY] =
		{
			.name = "gpu-try",
			.optional = "[=all]",
			.group = DESKTOP,
			.help = "Like --gpu, but go without where there is none that can be used.",
			.set = set_gpu,
			FIELD(desktop.gpu),
			.number = WISH_TRY,
		},
	[OPT_CAMERA] =
		{
			.name = "camera",
			.optional = "[=DEVICE]",
			.group = DESKTOP,
			.flags = OPTION_LIST,
			.help = "Let the command use the cameras, or the one DEVICE.",
			.more = "DEVICE is a path such as /dev/video0.",
			.set = set_device,
			.number = DEVICE_CAMERA,
		},
	[OPT_CAMERA_TRY] =
		{
			.name = "camera-try",
			.optional = "[=DEVICE]",
			.group = DESKTOP,
			.flags = OPTION_LIST,
			.help = "Like --camera, but go without where there is none.",
			.set = set_device,
			.number = DEVICE_CAMERA,
		},
	[OPT_INPUT] =
		{
			.name = "input",
			.optional = "[=DEVICE]",
			.group = DESKTOP,
			.flags = OPTION_LIST,
			.help = "Let the command read joysticks and gamepads, or the one input "
				"DEVICE.",
			.more = "Without a DEVICE those that the kernel calls joysticks (js0 and "
				"its event device). DEVICE is a path such as /dev/input/event5: of "
				"a keyboard, that is every key that is typed to anybody.",
			.set = set_device,
			.number = DEVICE_INPUT,
		},
	[OPT_INPUT_TRY] =
		{
			.name = "input-try",
			.optional = "[=DEVICE]",
			.group = DESKTOP,
			.flags = OPTION_LIST,
			.help = "Like --input, but go without where there is none.",
			.set = set_device,
			.number = DEVICE_INPUT,
		},
	[OPT_USB] =
		{
			.name = "usb",
			.value = "DEVICE",
			.group = DESKTOP,
			.flags = OPTION_LIST,
			.help = "Let the command use this DEVICE on USB.",
			.more = "DEVICE is VENDOR:PRODUCT, in four hexadecimal digits each as "
				"lsusb prints them, or a path such as /dev/bus/usb/001/004. One "
				"that is plugged in later is not seen.",
			.set = set_device,
			.number = DEVICE_USB,
		},
	[OPT_USB_TRY] =
		{
			.name = "usb-try",
			.value = "DEVICE",
			.group = DESKTOP,
			.flags = OPTION_LIST,
			.help = "Like --usb, but go without where it is not plugged in.",
			.set = set_device,
			.number = DEVICE_USB,
		},
	[OPT_HOST_LOOK] =
		{
			.name = "host-look",
			.group = DESKTOP,
			.help = "Let the command look and speak as the host's programs do.",
			.more = "Shows, read-only, the host's fonts with their settings and "
				"cache, locales, time zones, icons, themes, cursors and kinds of "
				"files (MIME), and the fonts, icons and themes in the caller's "
				"home directory; trusts the certificate authorities that the host "
				"trusts, unless --ca-certificates says otherwise; and passes on "
				"LANG, LC_*, LANGUAGE, TZ, XCURSOR_THEME, XCURSOR_SIZE and "
				"GTK_THEME.",
			.set = set_flag,
			FIELD(desktop.host_look),
		},
	[OPT_APPLICATION] =
		{
			.name = "application",
			.value = "NAME",
			.group = DESKTOP,
			.help = "Call the application NAME: for its home, and for portals.",
			.more = "Letters, digits, `_`, `.` and `-`. Without this option it is "
				"`--name`, else the last part of the command's path.",
			.set = set_name,
			FIELD(application),
		},
	[OPT_HOME] =
		{
			.name = "home",
			.value = "MODE",
			.choices = homes,
			.group = DESKTOP,
			.help = "Give the command a home directory of its own.",
			.more = "It is at /run/home inside, and HOME says so. `private` is kept in "
				"$XDG_DATA_HOME/sandbox/home/NAME, which is made where it is not "
				"there; NAME is that of `--application`. Whatever runs under the "
				"same name shares it, also at the same time.",
			.set = set_choice,
			FIELD(home),
		},
	[OPT_AUTO_ARGS] =
		{
			.name = "auto-args",
			.group = DESKTOP,
			.help = "Show the files and directories that the command's arguments name, "
				"and nothing beside them.",
			.more = "Read-only; with `--auto-args=rw` they can be written. An argument "
				"counts when it is the path of a file or directory, or a file:// "
				"URI of one, by itself or behind the `=` of `--option=PATH`; the "
				"command's own path does not, nor does what is below /usr, /etc, "
				"/dev and the like, which have their own meaning inside. They are "
				"at the same path inside, and the working directory is the "
				"caller's, with nothing else in it, and cannot be written. So a "
				"file that does not exist yet cannot be made, and a note says so.",
			.set = set_auto_args,
			FIELD(auto_args),
		},
	[OPT_DOWNLOADS] =
		{
			.name = "downloads",
			.group = DESKTOP,
			.help = "Show the caller's directory of downloads, writable.",
			.more = "That of user-dirs.dirs, else ~/Downloads, which is made where it "
				"is missing. `--downloads=DIR` "
				"shows another in its place, `--downloads=ro` and "
				"`--downloads=DIR:ro` read-only. It is at its own path, and with a "
				"`--home` in that too.",
			.set = set_user_directory,
			FIELD(downloads),
		},
	[OPT_DOCUMENTS] =
		{
			.name = "documents",
			.group = DESKTOP,
			.help = "Show the caller's directory of documents, writable.",
			.more = "As --downloads.",
			.set = set_user_directory,
			FIELD(documents),
		},
	[OPT_DBUS] =
		{
			.name = "dbus",
			.value = "MODE",
			.choices = buses,
			.group = DESKTOP,
			.help = "Let the command reach the session bus (D-Bus), through a filter.",
			.more = "The filter is xdg-dbus-proxy, confined by itself outside of the "
				"sandbox; the bus's own socket is not there inside. What may be "
				"seen, spoken to and owned is what the options below name, and "
				"nothing else: with `filtered` alone there is the bus itself and "
				"no other name. They bring the bus with them. It takes "
				"`--userns=keep-id`, since a bus asks who speaks. Portals see the "
				"command as an application in a sandbox of its own, "
				"local.sandbox.NAME; with a rule for "
				"org.freedesktop.portal.Desktop, what is chosen in a portal's "
				"dialog is shown to it, at /run/user/UID/doc: see docs/desktop.md.",
			.set = set_choice,
			FIELD(dbus),
		},
	[OPT_DBUS_TALK] =
		{
			.name = "dbus-talk",
			.value = "[system:]NAME",
			.group = DESKTOP,
			.flags = OPTION_LIST,
			.help = "Let the command speak to NAME on the session bus, or the system "
				"bus.",
			.more = "A name may end in `.*`: all names below it. What owns a name can "
				"do what its owner can: many services start programs, read files "
				"or give out secrets for whoever asks (org.freedesktop.systemd1, "
				"org.freedesktop.secrets, org.freedesktop.Flatpak).",
			.set = set_bus_rule,
			.number = BUS_TALK,
		},
	[OPT_DBUS_OWN] =
		{
			.name = "dbus-own",
			.value = "[system:]NAME",
			.group = DESKTOP,
			.flags = OPTION_LIST,
			.help = "Let the command own NAME on the bus, for others to speak to.",
			.more = "It may then speak to NAME as well.",
			.set = set_bus_rule,
			.number = BUS_OWN,
		},
	[OPT_DBUS_SEE] =
		{
			.name = "dbus-see",
			.value = "[system:]NAME",
			.group = DESKTOP,
			.flags = OPTION_LIST,
			.help = "Let the command see whether NAME is on the bus, and no more.",
			.set = set_bus_rule,
			.number = BUS_SEE,
		},
	[OPT_DBUS_CALL] =
		{
			.name = "dbus-call",
			.value = "[system:]NAME=RULE",
			.group = DESKTOP,
			.flags = OPTION_LIST,
			.help = "Let the command call of NAME what RULE says.",
			.more = "RULE is `INTERFACE.METHOD@/PATH`, or parts of that: "
				"`INTERFACE.*`, `*@/PATH/*`, `INTERFACE.METHOD`.",
			.set = set_bus_rule,
			.number = BUS_CALL,
		},
	[OPT_SECCOMP] =
		{
			.name = "seccomp",
			.value = "FILTER",
			.complete = COMPLETE_PATH,
			.choices = filters,
			.group = CONFINEMENT,
			.help = "Choose the filter for system calls.",
			.more = "What has a slash, or ends in .json, is a FILE: a seccomp profile "
				"of container "
				"engines (OCI, Docker, Podman), with conditions for arguments, "
				"architectures, and "
				"entries that depend on the capabilities of the command. What it "
				"says is enforced "
				"exactly or refused, with line and column. The compiled filter is "
				"kept in "
				"~/.cache/sandbox/seccomp. "
				"With `log` the filter that is chosen otherwise (by the profile, "
				"or "
				"`default`) refuses nothing: what it would have refused is told at "
				"the end. The command is then less confined than by default: that "
				"is "
				"for finding out what a program needs, not for one that is not "
				"trusted. See DENIALS below.",
			.set = set_seccomp,
			FIELD(seccomp),
		},
	[OPT_LANDLOCK] =
		{
			.name = "landlock",
			.value = "HOW",
			.choices = landlock_modes,
			.group = CONFINEMENT,
			.help = "Choose whether Landlock stands behind the mounts.",
			.more = "With it what the mounts let be written is all that can be "
				"written, also through a descriptor of a file that was handed in, "
				"and no signal or abstract socket leads outside. Under it nothing "
				"can be mounted: where `--seccomp` lets mounts through, `auto` "
				"does without it for files. `--dry-run` says what is used.",
			.set = set_choice,
			FIELD(landlock),
		},
	[OPT_CONFINE_ONLY] =
		{
			.name = "confine-only",
			.group = CONFINEMENT,
			.help = "Confine by Landlock and filters alone, with no namespace: weaker.",
			.more = "For machines on which user namespaces are switched off. ROOTFS "
				"is /. What is shown of it by mounts otherwise is all that can be "
				"read; what is bound, at its own place, can be read or written "
				"too; there is a private directory for HOME and TMPDIR, and no "
				"/tmp. No socket leads outside with `--network=none`, none but "
				"those of the internet with `host`; no signal leads to a process "
				"outside. That other files and processes are there can be seen. "
				"Linux 6.12 is needed. Options that take a namespace or a mount "
				"are refused. See CONFINE ONLY below.",
			.set = set_flag,
			FIELD(confine_only),
		},
	[OPT_PROC] =
		{
			.name = "proc",
			.value = "HOW",
			.choices = proc_modes,
			.group = CONFINEMENT,
			.help = "Choose what /proc and /sys show inside.",
			.more = "`unmasked` hides nothing of one's own /proc and /sys, and leaves "
				"/proc/sys to the kernel's own checks: the kernel lets a sandbox "
				"inside have its own /proc only then (profile `sandboxes`). `bind` "
				"is for a place where the kernel refuses one, because a container "
				"hides parts of its own: /proc and /sys are those of that place, "
				"read-only. The processes of that place are then seen, with their "
				"command lines, and the numbers in /proc are that place's; what "
				"they have open and in memory stays out of reach.",
			.set = set_choice,
			FIELD(proc),
		},
	[OPT_EXPLAIN] =
		{
			.name = "explain",
			.group = CONFINEMENT,
			.help = "Say at the end what was refused, and which option would allow it.",
			.more = "System calls that the filter refused, by program and with their "
				"arguments; files that the host has and the sandbox does not show, "
				"or "
				"shows read-only or hidden; addresses that have no network to go "
				"to. What is refused stays refused, with the same errors. A held "
				"call "
				"costs the program some time. See DENIALS below.",
			.set = set_flag,
			FIELD(explain),
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
	[OPT_MEMORY] =
		{
			.name = "memory",
			.letter = 'm',
			.value = "SIZE",
			.group = LIMITS,
			.help = "Let all processes inside together have SIZE of memory, such as "
				"512m.",
			.more = "What is written to file systems in memory counts. When it is used "
				"up the kernel ends the whole sandbox, and that is said. Takes a "
				"cgroup: see `--limits`. `unlimited` takes back what a profile "
				"says, here and for the other limits.",
			.set = set_memory,
			FIELD(limits.memory),
		},
	[OPT_MEMORY_SWAP] =
		{
			.name = "memory-swap",
			.value = "SIZE",
			.group = LIMITS,
			.help = "Let memory and swap together be SIZE; by default there is no "
				"swap.",
			.set = set_memory,
			FIELD(limits.memory_swap),
		},
	[OPT_CPUS] =
		{
			.name = "cpus",
			.value = "NUMBER",
			.group = LIMITS,
			.help = "Let all processes inside together use as much as NUMBER CPUs, "
				"such as 1.5.",
			.more = "Takes a cgroup: see `--limits`.",
			.set = set_cpus,
			FIELD(limits.cpus),
		},
	[OPT_CPUSET] =
		{
			.name = "cpuset",
			.value = "LIST",
			.group = LIMITS,
			.help = "Run on these CPUs only, such as 0-3,5.",
			.more = "Where a cgroup with the controller cpuset is to be had (see "
				"`--limits`) the command cannot change it; elsewhere it is only "
				"set to begin with (sched_setaffinity(2)), and the command can "
				"take the other CPUs back.",
			.set = set_cpuset,
			FIELD(limits.cpuset),
		},
	[OPT_PIDS_LIMIT] =
		{
			.name = "pids-limit",
			.value = "NUMBER",
			.group = LIMITS,
			.help = "Let there be at most NUMBER processes and threads inside.",
			.more = "One of them is process 1. Takes a cgroup: see `--limits`.",
			.set = set_pids_limit,
			FIELD(limits.pids),
		},
	[OPT_IO_WEIGHT] =
		{
			.name = "io-weight",
			.value = "NUMBER",
			.group = LIMITS,
			.help = "Take this share of the disk's time, 1 to 10000; others have 100.",
			.more = "Takes a cgroup with the controller io, which systemd delegates to "
				"users only where it is told to: see `--limits`.",
			.set = set_whole,
			FIELD(limits.io_weight),
		},
	[OPT_LIMITS] =
		{
			.name = "limits",
			.value = "HOW",
			.choices = limits_modes,
			.group = LIMITS,
			.help = "Choose how limits are enforced.",
			.more = "`--memory`, `--cpus`, `--pids-limit` and `--io-weight` need a "
				"cgroup (version 2) that is delegated to the caller: one that the "
				"caller is in and owns, or one that the caller's systemd manager "
				"gives. Where there is none, or a controller is missing in it, the "
				"command is not run. With `best-effort` it is, and what "
				"is weaker than asked for is said: memory is then limited for each "
				"process by itself, processes are counted together with the "
				"caller's "
				"others, and CPUs and disks are not shared out. `systemd` and "
				"`cgroup` make a cgroup even when no limit is given.",
			.set = set_choice,
			FIELD(limits.mode),
		},
	[OPT_TIMEOUT] =
		{
			.name = "timeout",
			.value = "SPAN",
			.group = LIMITS,
			.help = "End the command when it has run for SPAN, such as 90s or 5m.",
			.more = "All processes inside get SIGTERM, and after `--timeout-grace` "
				"SIGKILL. The exit status is then 143 or 137, whatever the command "
				"itself ended with. SPAN is a number, perhaps with decimals, and "
				"ms, s, m, h or d. The clock goes on while the command is stopped, "
				"and not while the machine sleeps.",
			.set = set_span,
			FIELD(limits.timeout),
		},
	[OPT_TIMEOUT_GRACE] =
		{
			.name = "timeout-grace",
			.value = "SPAN",
			.group = LIMITS,
			.help = "Wait this long between SIGTERM and SIGKILL; 5 seconds by default.",
			.more = "With 0 there is no SIGTERM.",
			.set = set_span,
			FIELD(limits.timeout_grace),
			.number = true,
		},
	[OPT_CPU_TIME] =
		{
			.name = "cpu-time",
			.value = "SPAN",
			.group = LIMITS,
			.help = "End what has used the CPU for SPAN.",
			.more = "It gets SIGXCPU then, and SIGKILL a second later. Where there is "
				"a "
				"cgroup (with `--memory`, `--cpus`, `--pids-limit`, `--io-weight` "
				"or "
				"`--limits`) that is all processes together. Else the kernel "
				"counts "
				"each process by itself, SPAN is rounded up to a second, and a "
				"command that starts others has more in sum.",
			.set = set_span,
			FIELD(limits.cpu_time),
		},
	[OPT_NICE] =
		{
			.name = "nice",
			.value = "NUMBER",
			.group = LIMITS,
			.help = "Be nicer to others by NUMBER, 0 to 19.",
			.more = "It is added to the caller's niceness, as nice(1) does it.",
			.set = set_whole,
			FIELD(limits.nice),
		},
	[OPT_OOM_SCORE_ADJ] =
		{
			.name = "oom-score-adj",
			.value = "NUMBER",
			.group = LIMITS,
			.help = "Be ended earlier when the machine runs out of memory, up to 1000.",
			.more = "A number below the caller's own takes a privilege. The command "
				"can go back to the caller's.",
			.set = set_whole,
			FIELD(limits.oom_score_adj),
		},
	[OPT_NAME] =
		{
			.name = "name",
			.value = "NAME",
			.group = LIFE,
			.flags = OPTION_NOT_IN_PROFILE,
			.help = "Call the sandbox NAME, for sandbox exec, ps, logs, wait, kill, "
				"rm.",
			.more = "Letters, digits, `_`, `.` and `-`. Without a name a sandbox in "
				"the "
				"foreground cannot be spoken of; one in the background gets one.",
			.set = set_name,
			FIELD(name),
		},
	[OPT_DETACH] =
		{
			.name = "detach",
			.letter = 'd',
			.group = LIFE,
			.flags = OPTION_NOT_IN_PROFILE,
			.help = "Start the command in the background, print its name, and leave.",
			.more = "It has no terminal and no input; what it says is kept for "
				"`sandbox "
				"logs`, and its exit status for `sandbox wait`, until `sandbox "
				"rm`.",
			.set = set_flag,
			FIELD(detach),
		},
	[OPT_LOG_SIZE] =
		{
			.name = "log-size",
			.value = "SIZE",
			.group = LIFE,
			.help = "Keep so much of what a detached command says; 4m by default.",
			.more = "The oldest half goes when there is more.",
			.set = set_size,
			FIELD(log_size),
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
	[OPT_PASS_FD] =
		{
			.name = "pass-fd",
			.value = "FD",
			.group = LIFE,
			.flags = OPTION_LIST | OPTION_NOT_IN_PROFILE,
			.help = "Leave the command the caller's descriptor FD, under the same "
				"number.",
			.more = "Whatever can be done with it can be done from inside. A directory "
				"is refused: it would lead out.",
			.set = set_passed,
		},
	[OPT_NO_TTY] =
		{
			.name = "no-tty",
			.group = LIFE,
			.help = "Hand the caller's terminal in as it is, instead of one of the "
				"sandbox's own.",
			.more = "By default those of standard input, output and error that are a "
				"terminal become one of the sandbox's own, between which and the "
				"caller's the bytes are carried. With this flag the command can "
				"read what is typed at the caller's shell later, if it still runs "
				"then, and change the terminal's modes.",
			.set = set_flag,
			FIELD(no_tty),
		},
	[OPT_META] =
		{
			.name = "meta",
			.value = "FILE",
			.group = STATUS,
			.flags = OPTION_NOT_IN_PROFILE,
			.complete = COMPLETE_PATH,
			.help = "Write to FILE, as JSON, how the command ended and what it used.",
			.more = "See STATUS below. An older FILE is removed before the start, and "
				"the new one is there, whole, when this program ends.",
			.set = set_file_path,
			FIELD(status.meta),
		},
	[OPT_JSON_STATUS_FD] =
		{
			.name = "json-status-fd",
			.value = "FD",
			.group = STATUS,
			.flags = OPTION_NOT_IN_PROFILE,
			.help = "Write to descriptor FD, as lines of JSON, that it runs and how it "
				"ended.",
			.more = "The lines are those of bubblewrap, with more in them: see STATUS "
				"below.",
			.set = set_whole,
			FIELD(status.json_status_fd),
		},
	[OPT_INFO_FD] =
		{
			.name = "info-fd",
			.value = "FD",
			.group = STATUS,
			.flags = OPTION_NOT_IN_PROFILE,
			.help = "Write to descriptor FD, as JSON, process 1 and its namespaces, "
				"and close it.",
			.set = set_whole,
			FIELD(status.info_fd),
		},
	[OPT_PRINT_ENFORCED] =
		{
			.name = "print-enforced",
			.value = "FILE|FD",
			.group = STATUS,
			.flags = OPTION_NOT_IN_PROFILE,
			.complete = COMPLETE_PATH,
			.help = "Write to FILE or descriptor FD, as JSON, what is really in force, "
				"before the command runs.",
			.more = "Read back from the kernel by the command's own process, behind "
				"every rule, just before its exec: namespaces, ids and their maps, "
				"capabilities, filters, Landlock, mounts, limits. The command runs "
				"when it is written. If FD is a socket, it runs when the other "
				"end has answered with a byte, and not at all if that end is "
				"closed instead. See docs/enforced.md for the fields.",
			.set = set_enforced,
			FIELD(status.enforced),
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
