/*
 * doctor: see doctor.h.
 *
 *   doctor PROGRAM [--planned] [--json] [--apparmor] [OPTIONS ROOTFS [COMMAND...]]
 *
 * PROGRAM is `sandbox` itself, which starts this (sandbox/cmd_doctor.c) with the words it was
 * given, and --planned before them when what they ask for is not to be started.
 */
#include "doctor.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "options.h"

void doctor_add(struct doctor *doctor, struct finding finding)
{
	*ARENA_APPEND(&doctor->arena, doctor->list, doctor->count) = finding;
}

const char *doctor_line(struct doctor *doctor, const char *path)
{
	char *text = read_file(&doctor->arena, path, 1 << 16, NULL);

	if (text)
		text[strcspn(text, "\n")] = '\0';
	return text;
}

const char *doctor_apparmor(struct doctor *doctor)
{
	return arena_printf(&doctor->arena,
			    "abi <abi/4.0>,\n"
			    "include <tunables/global>\n"
			    "\n"
			    "profile sandbox %s flags=(unconfined) {\n"
			    "  userns,\n"
			    "\n"
			    "  include if exists <local/sandbox>\n"
			    "}\n",
			    doctor->program);
}

static int examine(struct doctor *doctor, bool json)
{
	struct config config = {.userns = USERNS_AUTO, .limits = {.memory = 1}};
	struct error ignored;

	if (host_probe_ids(&doctor->host, &config, &ignored) == 0)
		host_probe_cgroup(&doctor->host, &config);
	doctor_tries(doctor);
	doctor_surroundings(doctor);
	doctor_ids(doctor);
	doctor_kernel(doctor);
	doctor_programs(doctor);
	if (json)
		doctor_print_json(doctor, stdout);
	else
		doctor_print(doctor, stdout, isatty(STDOUT_FILENO) && !getenv("NO_COLOR"));
	return doctor->can_run ? 0 : 1;
}

static void answer(struct doctor *doctor, bool json, const char *how, bool works, const char *said,
		   const char *remedy)
{
	if (json) {
		doctor->can_run = works;
		doctor_add(doctor, (struct finding){
					   .group = "This run",
					   .name = "run it",
					   .answer = works ? ANSWER_YES : ANSWER_NO,
					   .found = works ? how : said,
					   .affects = "this command line",
					   .mend = remedy,
				   });
		doctor_print_json(doctor, stdout);
		return;
	}
	printf("%s: ", works ? "yes" : "no");
	print_escaped(stdout, works ? how : said);
	putchar('\n');
	for (const char *line = remedy; line && *line;) {
		size_t length = strcspn(line, "\n");

		printf("  %.*s\n", (int)length, line);
		line += length + (line[length] == '\n');
	}
}

/* Would this run here? */
static int examine_run(struct doctor *doctor, bool json, bool planned, int argc, char **argv,
		       const struct command_line *line)
{
	char **words = arena_alloc(&doctor->arena, ((size_t)argc + 2) * sizeof *words);
	const char *said = NULL, *remedy = NULL;
	size_t count = (size_t)(argc - line->rest_count);

	memcpy(words, argv, count * sizeof *words);
	if (count && strcmp(words[count - 1], "--") == 0)
		count--;
	words[count] = planned ? (char *)"--dry-run" : NULL;
	words[count + 1] = NULL;
	bool works = doctor_try(doctor, words, line->rest[0], &said, &remedy);
	answer(doctor, json,
	       planned ? "it can be planned; it was not started, for it would leave a layer or a "
			 "record behind"
		       : "it was started, up to the command",
	       works, said, remedy);
	return works ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct doctor doctor = {.program = argc > 1 ? argv[1] : "sandbox"};
	struct command_line line = {.profile = NULL};
	bool json = false, apparmor = false, planned = false;
	struct error err;
	int status;

	for (argc -= 2, argv += 2; argc > 0; argc--, argv++) {
		if (strcmp(*argv, "--json") == 0)
			json = true;
		else if (strcmp(*argv, "--apparmor") == 0)
			apparmor = true;
		else if (strcmp(*argv, "--planned") == 0)
			planned = true;
		else
			break;
	}
	if (argc > 0 && options_scan(argc, argv, &line, &err) < 0) {
		error_print(stderr, &err);
		return error_status(&err);
	}
	if (line.help || (argc > 0 && line.rest_count == 0)) {
		fputs("usage: sandbox doctor [--json] [--apparmor] [OPTIONS ROOTFS]\n", stderr);
		return line.help ? 0 : EXIT_SANDBOX;
	}
	if (apparmor) {
		fputs(doctor_apparmor(&doctor), stdout);
		status = 0;
	} else {
		status = argc > 0 ? examine_run(&doctor, json, planned, argc, argv, &line)
				  : examine(&doctor, json);
	}
	host_free(&doctor.host);
	arena_free(&doctor.arena);
	return fflush(stdout) == 0 ? status : EXIT_SANDBOX;
}
