/*
 * The walks over the option table that write the completions for bash, zsh and fish. `make
 * generated` runs them by way of helpers/gendocs; nothing here runs at a launch.
 */
#include "options.h"

#include <string.h>

#include "capability_names.h"
#include "options_table.h"
#include "parse.h"

static const char notice[] = "Generated from the option table by `make generated`; do not edit.";

#define VERBS "run exec ps wait kill logs rm profile desktop"

#define EACH_ROW(row)                                                                              \
	for (const struct option *row = option_table; row < option_table + OPTION_COUNT; row++)    \
		if (!(row->flags & OPTION_ONLY_IN_PROFILE))

/* The one-line help without its full stop, as completions show it; quote is doubled as '\''. */
static void print_summary(FILE *out, const char *help, const char *special)
{
	size_t length = strlen(help);

	for (size_t i = 0; i < length; i++) {
		if (i == length - 1 && help[i] == '.')
			break;
		if (help[i] == '\'')
			fputs("'\\'", out);
		else if (strchr(special, help[i]))
			fputc('\\', out);
		fputc(help[i], out);
	}
}

/* All that a value of this row may be, or begin with, divided by blanks. */
static void print_words(FILE *out, const struct option *row)
{
	const char *blank = "";
	const char *name;

	for (const struct choice *choice = row->choices; choice && choice->name; choice++) {
		if (!choice->refused) {
			fprintf(out, "%s%s", blank, choice->name);
			blank = " ";
		}
	}
	for (size_t i = 0; row->complete == COMPLETE_RLIMIT && (name = parse_rlimit_name(i)); i++)
		fprintf(out, "%s%s=", i ? " " : "", name);
	if (row->complete != COMPLETE_CAPABILITY)
		return;
	fputs("ALL", out);
	for (size_t i = 0; capability_names[i]; i++) {
		fputc(' ', out);
		for (const char *p = capability_names[i] + strlen("cap_"); *p; p++)
			fputc(*p >= 'a' && *p <= 'z' ? *p & ~0x20 : *p, out);
	}
}

/* --- bash --- */

static void bash_options(FILE *out)
{
	fputs("\tlocal options='", out);
	EACH_ROW(row)
	{
		fprintf(out, "%s--%s", row == option_table ? "" : " ", row->name);
		if (row->alias)
			fprintf(out, " --%s", row->alias);
		if (row->letter)
			fprintf(out, " -%c", row->letter);
	}
	fputs("'\n", out);
}

static void bash_names(FILE *out, const struct option *row)
{
	if (row->letter)
		fprintf(out, "-%c | ", row->letter);
	if (row->alias)
		fprintf(out, "--%s | ", row->alias);
	fprintf(out, "--%s", row->name);
}

static void bash_value(FILE *out, const struct option *row)
{
	fputs("\t", out);
	bash_names(out, row);
	fputs(")\n\t\t", out);
	switch (row->complete) {
	case COMPLETE_PATH:
		fputs("compopt -o filenames\n\t\tmapfile -t COMPREPLY < <(", out);
		if (row->choices) {
			fputs("compgen -W '", out);
			print_words(out, row);
			fputs("' -- \"$cur\"; ", out);
		}
		fputs("compgen -f -- \"$cur\")", out);
		break;
	case COMPLETE_DIRECTORY:
		fputs("compopt -o filenames\n\t\tmapfile -t COMPREPLY < <(compgen -d -- \"$cur\")",
		      out);
		break;
	case COMPLETE_PROFILE:
		fputs("if [[ $cur == */* ]]; then\n"
		      "\t\t\tcompopt -o filenames\n"
		      "\t\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
		      "\t\telse\n"
		      "\t\t\tmapfile -t COMPREPLY < <(compgen -W \"$(sandbox profile list "
		      "2>/dev/null |\n"
		      "\t\t\t\tcut -d' ' -f1)\" -- \"$cur\")\n"
		      "\t\tfi",
		      out);
		break;
	case COMPLETE_VARIABLE:
		fputs("mapfile -t COMPREPLY < <(compgen -v -- \"$cur\")", out);
		break;
	case COMPLETE_USER:
		fputs("mapfile -t COMPREPLY < <(compgen -u -- \"$cur\")", out);
		break;
	default:
		if (row->complete == COMPLETE_RLIMIT)
			fputs("compopt -o nospace\n\t\t", out);
		fputs("mapfile -t COMPREPLY < <(compgen -W '", out);
		print_words(out, row);
		fputs("' -- \"$cur\")", out);
	}
	fputs("\n\t\t;;\n", out);
}

/* The words before the cursor decide; bash has cut them at '=' and ':', so --a=b is three. */
static const char bash_walk[] = "_sandbox()\n"
				"{\n"
				"\tlocal cur=${COMP_WORDS[COMP_CWORD]} i=1 option\n";

static const char bash_walk_rest[] =
	"\tCOMPREPLY=()\n"
	"\tcase ${COMP_WORDS[1]} in\n"
	"\tprofile)\n"
	"\t\t_sandbox_profile_verb\n"
	"\t\treturn\n"
	"\t\t;;\n"
	"\tdesktop)\n"
	"\t\t_sandbox_desktop_verb\n"
	"\t\treturn\n"
	"\t\t;;\n"
	"\tps | exec | wait | kill | logs | rm)\n"
	"\t\tif ((COMP_CWORD > 1)); then\n"
	"\t\t\t_sandbox_life_verb\n"
	"\t\t\treturn\n"
	"\t\tfi\n"
	"\t\t;;\n"
	"\trun) ((COMP_CWORD > 1)) && i=2 ;;\n"
	"\tesac\n"
	"\twhile ((i < COMP_CWORD)); do\n"
	"\t\toption=${COMP_WORDS[i++]}\n"
	"\t\tcase $option in\n"
	"\t\t--) break ;;\n"
	"\t\t-*) ;;\n"
	"\t\t*)\n"
	"\t\t\t_sandbox_command \"$i\"\n"
	"\t\t\treturn\n"
	"\t\t\t;;\n"
	"\t\tesac\n"
	"\t\t_sandbox_takes_value \"$option\" || [[ ${COMP_WORDS[i]} == '=' ]] || continue\n"
	"\t\t[[ ${COMP_WORDS[i]} == '=' ]] && ((i++))\n"
	"\t\tif ((i >= COMP_CWORD)); then\n"
	"\t\t\t[[ $cur == '=' ]] && cur=\n"
	"\t\t\t_sandbox_value \"$option\"\n"
	"\t\t\treturn\n"
	"\t\tfi\n"
	"\t\t((i++))\n"
	"\t\twhile ((i <= COMP_CWORD)) && [[ ${COMP_WORDS[i]} == [:=]* ]]; do\n"
	"\t\t\t((i += 2))\n"
	"\t\t\tif ((i > COMP_CWORD)); then\n"
	"\t\t\t\t[[ $cur == [:=]* ]] && cur=\n"
	"\t\t\t\tcompopt -o filenames\n"
	"\t\t\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	"\t\t\t\treturn\n"
	"\t\t\tfi\n"
	"\t\tdone\n"
	"\tdone\n"
	"\tif [[ $cur == -* && $option != -- ]]; then\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$cur\")\n"
	"\telse\n"
	"\t\tcompopt -o filenames\n"
	"\t\tmapfile -t COMPREPLY < <(\n"
	"\t\t\t((COMP_CWORD == 1)) && compgen -W '" VERBS "' -- \"$cur\"\n"
	"\t\t\tcompgen -d -- \"$cur\"\n"
	"\t\t)\n"
	"\tfi\n"
	"}\n"
	"complete -F _sandbox sandbox\n";

static const char bash_helpers[] =
	"\n"
	"# The command and its arguments, behind ROOTFS; $1 is the number of the command's word.\n"
	"_sandbox_command()\n"
	"{\n"
	"\tcompopt -o filenames\n"
	"\tif (($1 == COMP_CWORD)) && [[ $cur != */* ]]; then\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -c -- \"$cur\")\n"
	"\telse\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	"\tfi\n"
	"}\n"
	"\n"
	"_sandbox_profile_verb()\n"
	"{\n"
	"\tif ((COMP_CWORD == 2)); then\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W 'list show check trust distrust' -- \"$cur\")\n"
	"\telif [[ ${COMP_WORDS[2]} == show ]]; then\n"
	"\t\t_sandbox_value --profile\n"
	"\telif [[ ${COMP_WORDS[2]} == @(check|trust|distrust) ]]; then\n"
	"\t\tcompopt -o filenames\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	"\tfi\n"
	"}\n"
	"\n"
	"_sandbox_desktop_verb()\n"
	"{\n"
	"\tlocal before=${COMP_WORDS[COMP_CWORD - 1]} word\n"
	"\tif ((COMP_CWORD == 2)); then\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W 'install remove list' -- \"$cur\")\n"
	"\telif [[ $before == --profile ]]; then\n"
	"\t\t_sandbox_value --profile\n"
	"\telif [[ ${COMP_WORDS[2]} == remove ]]; then\n"
	"\t\tword=$(sandbox desktop list 2>/dev/null | cut -f 1)\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$word\" -- \"$cur\")\n"
	"\telif [[ ${COMP_WORDS[2]} == install ]]; then\n"
	"\t\tcompopt -o filenames\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W --profile -- \"$cur\"; compgen -f -- \"$cur\")\n"
	"\tfi\n"
	"}\n"
	"\n"
	"# A sandbox by name, after the options of its verb; behind it, for exec, a command.\n"
	"_sandbox_life_verb()\n"
	"{\n"
	"\tlocal verb=${COMP_WORDS[1]} i=2 words=''\n"
	"\tcase $verb in\n"
	"\tps) words='--all --json' ;;\n"
	"\texec) words='--env --user --workdir --no-tty' ;;\n"
	"\tkill) words='--signal' ;;\n"
	"\tlogs) words='--follow' ;;\n"
	"\trm) words='--force' ;;\n"
	"\tesac\n"
	"\twhile ((i < COMP_CWORD)) && [[ ${COMP_WORDS[i]} == -* ]]; do\n"
	"\t\tcase ${COMP_WORDS[i]} in -e | --env | --user | --workdir | -s | --signal) ((i++)) ;; "
	"esac\n"
	"\t\t((i++))\n"
	"\tdone\n"
	"\tif ((i < COMP_CWORD)); then\n"
	"\t\t[[ $verb != exec ]] || mapfile -t COMPREPLY < <(compgen -c -- \"$cur\")\n"
	"\telif [[ ${COMP_WORDS[COMP_CWORD - 1]} == @(-s|--signal) ]]; then\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -A signal -- \"$cur\")\n"
	"\telif ((i == COMP_CWORD)) && [[ $cur == -* || $verb == ps ]]; then\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
	"\telif ((i == COMP_CWORD)); then\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$(sandbox ps -a 2>/dev/null |\n"
	"\t\t\ttail -n +2 | cut -d' ' -f1)\" -- \"$cur\")\n"
	"\tfi\n"
	"}\n"
	"\n";

void options_print_bash(FILE *out)
{
	const char *bar = "";

	fprintf(out, "# bash completion for sandbox(1)              -*- shell-script -*-\n# %s\n",
		notice);
	fputs("\n# Complete $cur as the value of option $1.\n"
	      "_sandbox_value()\n{\n\tcase $1 in\n",
	      out);
	EACH_ROW(row)
	{
		if (row->choices || row->complete)
			bash_value(out, row);
	}
	EACH_ROW(row)
	{
		if (row->value)
			continue;
		fputs(*bar ? " | " : "\t", out);
		bash_names(out, row);
		bar = "|";
	}
	fputs(")\n\t\tmapfile -t COMPREPLY < <(compgen -W 'true false' -- \"$cur\")\n\t\t;;\n",
	      out);
	fputs("\tesac\n}\n\n_sandbox_takes_value()\n{\n\tcase $1 in\n\t", out);
	bar = "";
	EACH_ROW(row)
	{
		if (!row->value)
			continue;
		fputs(bar, out);
		bash_names(out, row);
		bar = " | ";
	}
	fputs(") return 0 ;;\n\tesac\n\treturn 1\n}\n", out);
	fputs(bash_helpers, out);
	fputs(bash_walk, out);
	bash_options(out);
	fputs(bash_walk_rest, out);
}

/* --- zsh --- */

static void zsh_action(FILE *out, const struct option *row)
{
	switch (row->complete) {
	case COMPLETE_PATH:
		if (row->choices) {
			fputs("{compadd ", out);
			print_words(out, row);
			fputs("; _files}", out);
		} else {
			fputs("_files", out);
		}
		break;
	case COMPLETE_DIRECTORY:
		fputs("_directories", out);
		break;
	case COMPLETE_PROFILE:
		fputs("_sandbox_profiles", out);
		break;
	case COMPLETE_VARIABLE:
		fputs("_parameters -g \"*export*\"", out);
		break;
	case COMPLETE_USER:
		fputs("_users", out);
		break;
	default:
		if (!row->choices && !row->complete)
			return;
		fputs(row->complete == COMPLETE_RLIMIT ? "_sandbox_limits" : "(", out);
		if (row->complete == COMPLETE_RLIMIT)
			return;
		print_words(out, row);
		fputc(')', out);
	}
}

static void zsh_names(FILE *out, const struct option *row)
{
	bool several = row->alias || row->letter;
	const char *equals = row->value ? "=" : "";

	if (row->flags & OPTION_LIST)
		fputs("'*'", out);
	else if (several) {
		fputs("'(", out);
		if (row->letter)
			fprintf(out, "-%c ", row->letter);
		if (row->alias)
			fprintf(out, "--%s ", row->alias);
		fprintf(out, "--%s)'", row->name);
	}
	if (!several) {
		fprintf(out, "--%s%s", row->name, equals);
		return;
	}
	fputc('{', out);
	if (row->letter)
		fprintf(out, "-%c%s,", row->letter, row->value ? "+" : "");
	if (row->alias)
		fprintf(out, "--%s%s,", row->alias, equals);
	fprintf(out, "--%s%s}", row->name, equals);
}

/* Colons divide the parts of a specification. */
static void zsh_message(FILE *out, const char *value)
{
	for (; *value; value++)
		fprintf(out, *value == ':' ? "\\%c" : "%c", *value);
}

static void zsh_option(FILE *out, const struct option *row)
{
	fputs("\t\t", out);
	zsh_names(out, row);
	fputs("'[", out);
	print_summary(out, row->help, "[]\\");
	fputc(']', out);
	if (row->value) {
		fputc(':', out);
		zsh_message(out, row->value);
		fputc(':', out);
		zsh_action(out, row);
	}
	fputs("' \\\n", out);
}

static void zsh_limits(FILE *out)
{
	fputs("_sandbox_limits() {\n\tlocal -a limits=(", out);
	for (size_t i = 0; parse_rlimit_name(i); i++)
		fprintf(out, "%s%s", i ? " " : "", parse_rlimit_name(i));
	fputs(")\n\tcompadd -S = -a limits\n}\n\n", out);
}

void options_print_zsh(FILE *out)
{
	fprintf(out, "#compdef sandbox\n# zsh completion for sandbox(1)\n# %s\n\n", notice);
	fputs("_sandbox_profiles() {\n"
	      "\tlocal -a profiles=(${${(f)\"$(sandbox profile list 2>/dev/null)\"}%% *})\n"
	      "\tcompadd -a profiles\n"
	      "\t_files\n"
	      "}\n\n",
	      out);
	zsh_limits(out);
	fputs("_sandbox_names() {\n"
	      "\tlocal -a names=(${${(f)\"$(sandbox ps -a 2>/dev/null | tail -n +2)\"}%% *})\n"
	      "\tcompadd -a names\n"
	      "}\n\n"
	      "_sandbox_life() {\n"
	      "\tcase $words[1] in\n"
	      "\tps) _arguments '(-a --all)'{-a,--all} --json ;;\n"
	      "\twait) _arguments '1:sandbox:_sandbox_names' ;;\n"
	      "\tkill) _arguments '(-s --signal)'{-s+,--signal=}':signal:_signals -s' "
	      "'1:sandbox:_sandbox_names' ;;\n"
	      "\tlogs) _arguments '(-f --follow)'{-f,--follow} '1:sandbox:_sandbox_names' ;;\n"
	      "\trm) _arguments '(-f --force)'{-f,--force} '1:sandbox:_sandbox_names' ;;\n"
	      "\texec) _arguments -S '*'{-e+,--env=}':variable:_parameters -g \"*export*\"' "
	      "'--user=:user:_users' \\\n"
	      "\t\t'--workdir=:directory:_files -/' --no-tty '1:sandbox:_sandbox_names' "
	      "'*::command:_normal' ;;\n"
	      "\tesac\n"
	      "}\n\n"
	      "_sandbox_root() {\n"
	      "\t((CURRENT == 2)) && compadd " VERBS "\n"
	      "\t_directories\n"
	      "}\n\n"
	      "_sandbox() {\n"
	      "\tif [[ $words[2] == run ]] && ((CURRENT > 2)); then\n"
	      "\t\tshift words\n"
	      "\t\t((CURRENT--))\n"
	      "\telif [[ $words[2] == (ps|exec|wait|kill|logs|rm) ]] && ((CURRENT > 2)); then\n"
	      "\t\tshift words\n"
	      "\t\t((CURRENT--))\n"
	      "\t\t_sandbox_life\n"
	      "\t\treturn\n"
	      "\telif [[ $words[2] == profile ]] && ((CURRENT > 2)); then\n"
	      "\t\t_arguments '2:verb:(list show check trust distrust)' "
	      "'*:profile:_sandbox_profiles'\n"
	      "\t\treturn\n"
	      "\telif [[ $words[2] == desktop ]] && ((CURRENT > 2)); then\n"
	      "\t\t_arguments '2:verb:(install remove list)' '3:application:_files' "
	      "'--profile=:profile:_sandbox_profiles'\n"
	      "\t\treturn\n"
	      "\tfi\n"
	      "\t_arguments -s -S \\\n",
	      out);
	EACH_ROW(row)
	{
		zsh_option(out, row);
	}
	fputs("\t\t'1:ROOTFS:_sandbox_root' \\\n"
	      "\t\t'*::command:_normal'\n"
	      "}\n\n"
	      "_sandbox \"$@\"\n",
	      out);
}

/* --- fish --- */

static void fish_value(FILE *out, const struct option *row)
{
	switch (row->complete) {
	case COMPLETE_PATH:
		fputs(" -rF", out);
		if (row->choices) {
			fputs("a '", out);
			print_words(out, row);
			fputc('\'', out);
		}
		break;
	case COMPLETE_DIRECTORY:
		fputs(" -xa '(__fish_complete_directories)'", out);
		break;
	case COMPLETE_PROFILE:
		fputs(" -rFa '(__sandbox_profiles)'", out);
		break;
	case COMPLETE_VARIABLE:
		fputs(" -xa '(set -xn)'", out);
		break;
	case COMPLETE_USER:
		fputs(" -xa '(__fish_complete_users)'", out);
		break;
	default:
		fputs(" -x", out);
		if (row->choices || row->complete) {
			fputs("a '", out);
			print_words(out, row);
			fputc('\'', out);
		}
	}
}

static void fish_option(FILE *out, const struct option *row)
{
	fputs("complete -c sandbox -n __sandbox_in_options", out);
	if (row->letter)
		fprintf(out, " -s %c", row->letter);
	fprintf(out, " -l %s", row->name);
	if (row->alias)
		fprintf(out, " -l %s", row->alias);
	if (row->value)
		fish_value(out, row);
	fputs(" -d '", out);
	for (const char *p = row->help; p[0] && (p[0] != '.' || p[1]); p++)
		fprintf(out, *p == '\'' || *p == '\\' ? "\\%c" : "%c", *p);
	fputs("'\n", out);
}

static const char fish_walk[] =
	"\n"
	"# True until ROOTFS stands on the line: what follows it is the command's.\n"
	"function __sandbox_in_options\n"
	"\tset -l words (commandline -opc)\n"
	"\tset -e words[1]\n"
	"\ttest \"$words[1]\" = run; and set -e words[1]\n"
	"\tset -l skip no\n"
	"\tfor word in $words\n"
	"\t\tif test $skip = yes\n"
	"\t\t\tset skip no\n"
	"\t\telse if contains -- $word $__sandbox_with_value\n"
	"\t\t\tset skip yes\n"
	"\t\telse if test \"$word\" = --; or not string match -q -- '-?*' \"$word\"\n"
	"\t\t\treturn 1\n"
	"\t\tend\n"
	"\tend\n"
	"\treturn 0\n"
	"end\n"
	"\n"
	"function __sandbox_profiles\n"
	"\tsandbox profile list 2>/dev/null | string replace -r ' .*' ''\n"
	"end\n"
	"\n"
	"function __sandbox_names\n"
	"\tsandbox ps -a 2>/dev/null | tail -n +2 | string replace -r ' .*' ''\n"
	"end\n"
	"\n"
	"complete -c sandbox -n __fish_is_first_arg -a '" VERBS "'\n"
	"complete -c sandbox -n '__fish_seen_subcommand_from exec wait kill logs rm' -xa "
	"'(__sandbox_names)'\n"
	"complete -c sandbox -n '__fish_seen_subcommand_from ps' -xa '--all --json'\n"
	"complete -c sandbox -n '__fish_seen_subcommand_from desktop' -a 'install remove list'\n"
	"complete -c sandbox -n '__fish_seen_subcommand_from profile' -xa 'list show check trust "
	"distrust'\n";

void options_print_fish(FILE *out)
{
	fprintf(out, "# fish completion for sandbox(1)\n# %s\n\nset -g __sandbox_with_value",
		notice);
	EACH_ROW(row)
	{
		if (!row->value)
			continue;
		fprintf(out, " --%s", row->name);
		if (row->alias)
			fprintf(out, " --%s", row->alias);
		if (row->letter)
			fprintf(out, " -%c", row->letter);
	}
	fputc('\n', out);
	fputs(fish_walk, out);
	EACH_ROW(row)
	{
		fish_option(out, row);
	}
}
