/*
 * Any bytes as a seccomp profile: they are refused, or make a filter that answers what they say, on
 * every architecture.
 */
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter_check.h"
#include "filter_code.h"
#include "oci_profile.h"

static jmp_buf refused;

_Noreturn void fuzz_exit(int status);
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What helpers call in place of exit(3), by a macro. */
_Noreturn void fuzz_exit(int status)
{
	if (status != 1)
		abort();
	longjmp(refused, 1);
}

/* What is refused is said on standard error, millions of times. The fuzzer's own words go there
 * too, by another descriptor: -close_fd_mask does not do it for stdio. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	stderr = fopen("/dev/null", "we");
	return stderr ? 0 : -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct oci_profile profile;
	static struct filter_code code;
	static char *copy;
	const struct oci_machine machine = {.capabilities = size % 2 ? UINT64_MAX : 0,
					    .kernel = {6, 1},
					    .listens = size % 4 > 1};
	struct seccomp_data wrong;

	arena_free(&profile.arena);
	free(copy);
	profile = (struct oci_profile){.sections_count = 0};
	copy = malloc(size + 1);
	if (!copy)
		return 0;
	memcpy(copy, data, size);
	copy[size] = '\0';
	const struct json_text text = {"fuzz.json", copy, size};

	if (setjmp(refused))
		return 0;
	oci_profile_read(&profile, &text, &machine);
	if (filter_code_compile(&code, profile.sections, profile.sections_count, profile.foreign) <
	    0)
		return 0;
	if (filter_check(&code, profile.sections, profile.sections_count, profile.foreign, &wrong) <
	    0)
		abort();
	return 0;
}
