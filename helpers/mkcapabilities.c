/*
 * mkcapabilities: writes the names of the capabilities, as libcap knows them, as a C array to
 * standard output. Run by make: the launch needs the names and nothing else of libcap.
 */
#include <stdio.h>
#include <sys/capability.h>

int main(void)
{
	puts("/* Made by helpers/mkcapabilities from libcap's names. */\n#include "
	     "\"capability_names.h\"\n");
	puts("const char *const capability_names[] = {");
	for (int cap = 0; cap <= CAP_LAST_CAP; cap++) {
		char *name = cap_to_name(cap);

		if (!name)
			return 1;
		printf("\t\"%s\",\n", name);
		cap_free(name);
	}
	printf("\tNULL,\n};\n");
	return fflush(stdout) != 0;
}
