/*
 * seccomp: makes a filter of a seccomp profile of container engines. Run by the launch
 * (sandbox/filter_file.c), when it has none of that profile yet.
 *
 *     libexec/sandbox/seccomp NAME CAPABILITIES [listens] <PROFILE >IMAGE
 *
 * NAME is what the profile is called in messages, CAPABILITIES what the command will have (a mask
 * of 1 << CAP_*, hexadecimal); `listens`: there is somebody to whom a listener can be handed, so
 * that SCMP_ACT_NOTIFY may be said. IMAGE is that of sandbox/filter_image.h. What is wrong is one
 * line of NAME:LINE:COLUMN: WORDS on standard error, perhaps a second one that says what to do, and
 * status 1.
 *
 * The profile may be a stranger's: before it is read this process gives up every right that reading
 * and computing do not take.
 */
#include <err.h>
#include <errno.h>
#include <jansson.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "call_filter.h"
#include "filter_check.h"
#include "filter_code.h"
#include "filter_image.h"
#include "filter_names.h"
#include "filter_run.h"
#include "oci_profile.h"

enum { PROFILE_MAX = 1 << 20, SECONDS = 20, MEMORY = 512 << 20 };

static const struct call_rule allowed[] = {
	CALL(read),
	CALL(write),
	CALL(writev),
	CALL(brk),
	CALL(munmap),
	CALL(mremap),
	CALL(madvise),
	CALL(futex),
	CALL(fstat),
	CALL(newfstatat),
	CALL(lseek),
	CALL(exit_group),
	CALL(exit),
	CALL(rt_sigreturn),
	CALL(rt_sigprocmask),
	CALL(gettid),
	CALL(getpid),
	CALL(tgkill),
	CALL(getrandom),
	{SYS_mmap, {HAS_NOT(2, PROT_EXEC)}},
	{SYS_mprotect, {HAS_NOT(2, PROT_EXEC)}},
};

static void confine(void)
{
	unsigned seed = 0;

	/* jansson's hashes; it would open a file for that later. */
	if (getrandom(&seed, sizeof seed, 0) != sizeof seed || !seed)
		seed = 1;
	json_object_seed(seed);
#if !defined(__SANITIZE_ADDRESS__)
	struct rlimit seconds = {SECONDS, SECONDS}, memory = {MEMORY, MEMORY};

	if (setrlimit(RLIMIT_CPU, &seconds) < 0 || setrlimit(RLIMIT_AS, &memory) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    call_filter_load(allowed, sizeof allowed / sizeof *allowed) < 0)
		err(1, "cannot give up rights before a profile is read");
#else
	(void)allowed;
#endif
}

static char *read_profile(size_t *size)
{
	char *text = malloc(PROFILE_MAX + 2);
	ssize_t got = 1;

	if (!text)
		err(1, "memory");
	for (*size = 0; got > 0 && *size <= PROFILE_MAX; *size += (size_t)(got > 0 ? got : 0))
		got = read(STDIN_FILENO, text + *size, PROFILE_MAX + 1 - *size);
	if (got < 0)
		err(1, "cannot read the profile");
	if (*size > PROFILE_MAX)
		errx(1, "the profile has more than %d bytes", PROFILE_MAX);
	text[*size] = '\0';
	return text;
}

/* A filter below which nothing can be started, or ended, is a mistake that is better said now. */
static void check_usable(const struct filter_code *code, struct json_place top)
{
	static const struct {
		int number;
		const char *name;
	} needed[] = {{SYS_execve, "execve"}, {SYS_exit_group, "exit_group"}};

	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
		struct seccomp_data data = {
			.nr = needed[i].number,
			.arch = filter_architectures[0].audit,
			.args = {0x7ffc00001000, 0x7ffc00002000, 0x7ffc00003000},
		};
		struct filter_answer answer;

		if (filter_run(code->instructions, code->length, &data, &answer) &&
		    (answer.action == SECCOMP_RET_ALLOW || answer.action == SECCOMP_RET_LOG ||
		     answer.action == SECCOMP_RET_USER_NOTIF))
			continue;
		place_refuse(top, "no command could be %s: the profile does not allow %s",
			     i == 0 ? "started" : "ended", needed[i].name);
	}
}

static void compile(struct filter_code *code, const struct oci_profile *profile,
		    const struct json_text *text)
{
	const struct json_place top = {text, text->text};
	struct seccomp_data wrong;

	if (filter_code_compile(code, profile->sections, profile->sections_count,
				profile->foreign) < 0)
		place_refuse(top,
			     "the filter would have more than the %d instructions that a kernel "
			     "takes\nname fewer calls, or fewer architectures",
			     BPF_MAXINSNS);
	if (filter_check(code, profile->sections, profile->sections_count, profile->foreign,
			 &wrong) < 0)
		place_refuse(top,
			     "compiled wrongly: call %d (%#llx, %#llx, %#llx) of architecture %#x "
			     "does not answer what the profile says",
			     wrong.nr, wrong.args[0], wrong.args[1], wrong.args[2], wrong.arch);
	check_usable(code, top);
}

/* FNV-1a, as mkfilter has it for the program's own. */
static uint64_t hash(const struct filter_code *code)
{
	const unsigned char *byte = (const unsigned char *)code->instructions;
	uint64_t value = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < code->length * sizeof code->instructions[0]; i++)
		value = (value ^ byte[i]) * UINT64_C(0x100000001b3);
	return value;
}

static void write_image(const struct filter_code *code, const struct oci_profile *profile)
{
	struct filter_image image;
	struct filter_probe probe;

	memset(&image, 0, sizeof image); /* gaps too: they are summed up */
	filter_check_probe(code, filter_architectures[0].audit, &probe);
	memcpy(image.magic, FILTER_IMAGE_MAGIC, sizeof image.magic);
	image.length = (uint32_t)code->length;
	image.calls = profile->calls;
	image.flags = profile->flags;
	image.attempt.number = probe.number;
	image.attempt.refusal = probe.refusal;
	memcpy(image.attempt.arguments, probe.arguments, sizeof probe.arguments);
	memcpy(image.note, profile->note, sizeof image.note);
	image.hash = hash(code);
	image.sum = filter_image_sum(&image, code->instructions);
	if (fwrite(&image, sizeof image, 1, stdout) != 1 ||
	    fwrite(code->instructions, sizeof *code->instructions, code->length, stdout) !=
		    code->length ||
	    fflush(stdout) != 0)
		err(1, "cannot write the filter");
}

int main(int argc, char **argv)
{
	struct oci_machine machine = {.capabilities = 0};
	struct json_text text = {.name = argc > 1 ? argv[1] : ""};
	struct oci_profile profile = {.sections_count = 0};
	struct utsname system;
	struct filter_code *code = malloc(sizeof *code);

	if (argc != 3 && (argc != 4 || strcmp(argv[3], "listens") != 0))
		errx(1, "usage: seccomp NAME CAPABILITIES [listens] <PROFILE >IMAGE");
	machine.capabilities = strtoull(argv[2], NULL, 16);
	machine.listens = argc == 4;
	if (!code || uname(&system) < 0 ||
	    sscanf(system.release, "%d.%d", &machine.kernel[0], &machine.kernel[1]) != 2)
		err(1, "cannot find out about this machine");
	confine();
	text.text = read_profile(&text.size);
	oci_profile_read(&profile, &text, &machine);
	compile(code, &profile, &text);
	write_image(code, &profile);
	arena_free(&profile.arena);
	free((char *)text.text);
	free(code);
	return 0;
}
