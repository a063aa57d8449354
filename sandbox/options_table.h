/*
 * options_table: the shape of a row, for the walks over the table (options.c, options_docs.c),
 * the setters (options_set.c) and profile.c. Everyone else needs options.h only.
 */
#ifndef OPTIONS_TABLE_H
#define OPTIONS_TABLE_H

#include "config.h"

/* One of the words that a value may be. */
struct choice {
	const char *name;
	int value;           /* what is stored in the field */
	const char *help;    /* a few words, for the completions and the manual */
	const char *refused; /* known, but not possible: why; neither shown nor completed */
};

/* What a shell offers for the value. */
enum complete {
	COMPLETE_NOTHING,
	COMPLETE_PATH,
	COMPLETE_DIRECTORY,
	COMPLETE_PROFILE,
	COMPLETE_VARIABLE,
	COMPLETE_USER,
	COMPLETE_RLIMIT, /* NAME= of parse_rlimit_name */
	COMPLETE_CAPABILITY,
};

enum option_flags {
	OPTION_LIST = 1,            /* values append, an empty one clears; else the last one wins */
	OPTION_NOT_IN_PROFILE = 2,  /* has no meaning in a file */
	OPTION_ONLY_IN_PROFILE = 4, /* has no meaning on the command line */
	OPTION_FIELDS = 8,          /* the value has fields divided by ':' with backslash escapes */
};

struct setting;

struct option {
	const char *name, *alias; /* long names, without dashes */
	char letter;
	const char *value;    /* how the value is called in help; NULL: a flag */
	const char *optional; /* of a flag: what it may be given behind a '=', "[=HOW]" */
	enum option_flags flags;
	enum complete complete;
	const struct choice *choices; /* ends with a NULL name */
	const char *group;            /* the heading in help; rows of one group stand together */
	const char *help; /* one line: --help, completions, first sentence of the manual */
	const char *more; /* the rest of the manual's text; `x` is set in bold */

	int (*set)(struct setting *setting);
	size_t field; /* offset in struct config */
	int number;   /* for set: the enumerator it stores, the kind of mount, ... */
};

extern const struct option option_table[OPTION_COUNT];

/* One value on its way to the config. */
struct setting {
	struct config *config;
	const struct option *option;
	const char *value;  /* "" clears; a flag without one has "true" */
	const char *origin; /* lives as long as the config */
	const char *dashes; /* "--" on the command line, "" in a profile */
	struct error *err;
};

static inline enum option_id option_id(const struct option *option)
{
	return (enum option_id)(option - option_table);
}

/* The row with this long name (or alias), or NULL. */
const struct option *option_find(const char *name, size_t length);

/* The name in the table that is nearest to a mistyped one, or NULL when none is near. */
const char *option_nearest(const char *name, size_t length, enum option_flags without);

/* Is a, of that length, a likely slip for b? Smaller is nearer; -1 is not near at all. */
int option_distance(const char *a, size_t length, const char *b);

/* What set functions share: the field that the row names, the value's origin noted, a copy kept. */
static inline void *setting_field(const struct setting *setting)
{
	return (char *)setting->config + setting->option->field;
}

static inline void setting_note_origin(const struct setting *setting)
{
	setting->config->origin[option_id(setting->option)] = setting->origin;
}

static inline char *setting_keep(const struct setting *setting, const char *text)
{
	return arena_strdup(&setting->config->arena, text);
}

/* The value is one of option->choices and is stored; *word, NULL-terminated, is what to compare. */
int setting_choose(struct setting *setting, const char *word);

/* Check what holds for every row (empty scalar, flag with a value), then call its set function. */
int option_apply(struct setting *setting);

/* Refuse a value: "--bind 'x': REASON". Returns -1. */
int option_refuse(const struct setting *setting, const char *reason);

/* The set functions: options_set.c. */
int set_flag(struct setting *setting);
int set_layer_mode(struct setting *setting);
int set_init(struct setting *setting);
int set_choice(struct setting *setting);
int set_text(struct setting *setting);
int set_overlay(struct setting *setting);
int set_workdir(struct setting *setting);
int set_user(struct setting *setting);
int set_hostname(struct setting *setting);
int set_offset(struct setting *setting);
int set_mount(struct setting *setting);
int set_env(struct setting *setting);
int set_unsetenv(struct setting *setting);
int set_env_file(struct setting *setting);
int set_id_range(struct setting *setting);
int set_seccomp(struct setting *setting);
int set_capability(struct setting *setting);
int set_rlimit(struct setting *setting);
int set_name(struct setting *setting);
int set_size(struct setting *setting);
int set_nothing(struct setting *setting);

/* Those of limits and status: options_set_limits.c. */
int set_memory(struct setting *setting);
int set_cpus(struct setting *setting);
int set_cpuset(struct setting *setting);
int set_pids_limit(struct setting *setting);
int set_span(struct setting *setting);
int set_whole(struct setting *setting);
int set_passed(struct setting *setting);

/* Those of a desktop application: options_set_session.c. */
int set_bus_rule(struct setting *setting);
int set_auto_args(struct setting *setting);
int set_user_directory(struct setting *setting);

/* Those of the network: options_set_network.c. */
int set_network(struct setting *setting);
int set_egress(struct setting *setting);
int set_tcp(struct setting *setting);
int set_host_port(struct setting *setting);
int set_publish(struct setting *setting);
int set_dns(struct setting *setting);
int set_dns_search(struct setting *setting);
int set_enforced(struct setting *setting);
int set_file_path(struct setting *setting);
/* Those of the desktop: options_set_desktop.c. */
int set_wish(struct setting *setting);
int set_x11(struct setting *setting);
int set_audio(struct setting *setting);
int set_gpu(struct setting *setting);
int set_device(struct setting *setting);

/* A file of the caller's, made absolute, stored in *text. */
int set_file_path_in(struct setting *setting, const char **text);
int set_ca_certificates(struct setting *setting);

#endif
