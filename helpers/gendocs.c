/*
 * gendocs: print one of the texts that come from the option table, at build time.
 *
 *     gendocs man FRAME       a manual page: FRAME, with what its line @OPTIONS@ or @KEYS@ asks for
 *     gendocs bash|zsh|fish   the completions
 */
#include <stdio.h>
#include <string.h>

#include "options.h"

static int print_page(const char *path)
{
	char line[1024];
	FILE *frame = fopen(path, "re");

	if (!frame) {
		perror(path);
		return 1;
	}
	while (fgets(line, sizeof line, frame)) {
		if (strstr(line, "@OPTIONS@"))
			options_print_man(stdout);
		else if (strstr(line, "@KEYS@"))
			options_print_man_keys(stdout);
		else
			fputs(line, stdout);
	}
	fclose(frame);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int status = 0;

	if (argc == 3 && strcmp(what, "man") == 0) {
		status = print_page(argv[2]);
	} else if (argc == 2 && strcmp(what, "bash") == 0) {
		options_print_bash(stdout);
	} else if (argc == 2 && strcmp(what, "zsh") == 0) {
		options_print_zsh(stdout);
	} else if (argc == 2 && strcmp(what, "fish") == 0) {
		options_print_fish(stdout);
	} else {
		fputs("usage: gendocs man FRAME | bash | zsh | fish\n", stderr);
		return 2;
	}
	return fflush(stdout) || ferror(stdout) ? 1 : status;
}
