/*
 * Any registers and any memory of a process that is held, and any filter: what is made of them
 * stays within its bounds, what is printed is lines of text, and the filter that asks agrees with
 * the one that it was made of. Run by `make fuzz`.
 *
 * The input: a filter's length, its instructions, the registers, and what the memory holds;
 * addresses are offsets into that.
 */
#include <errno.h>
#include <linux/audit.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "denial_advice.h"
#include "denial_decode.h"
#include "denial_filter.h"
#include "denial_record.h"
#include "denial_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

struct memory {
	const uint8_t *bytes;
	size_t size;
};

static size_t read_memory(void *context, uint64_t address, void *into, size_t size)
{
	const struct memory *memory = context;

	if (address >= memory->size)
		return 0;
	size_t got = memory->size - (size_t)address;
	got = got < size ? got : size;
	memcpy(into, memory->bytes + address, got);
	return got;
}

static void require_plain(const char *text, bool lines)
{
	for (; *text; text++)
		require((unsigned char)*text >= 0x20 || (lines && *text == '\n'));
}

/* What is allowed is: that answer's data says nothing. */
static bool same(uint32_t a, uint32_t b)
{
	return a == b || ((a & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ALLOW &&
			  (b & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ALLOW);
}

static void check_filter(const struct sock_filter *code, size_t length,
			 const struct seccomp_data *call)
{
	static struct filter_program program;
	const int watched[] = {1, 2}, silent[] = {3, 4};
	struct filter_answer before, after;

	for (unsigned mode = DENIAL_EXPLAIN; mode <= DENIAL_LEARN; mode *= 2) {
		if (filter_rewrite(&program, code, length, mode, watched, 2, silent, 2))
			continue;
		require(program.length <= BPF_MAXINSNS);
		if (!filter_run(code, length, call, &before))
			continue;
		require(filter_run(program.code, program.length, call, &after));
		/* Asked about, or as it was: nothing is let pass that was not. */
		require(after.action == SECCOMP_RET_USER_NOTIF ||
			same(after.action, before.action));
		require(mode != DENIAL_EXPLAIN || filter_passes(before.action) ||
			(before.action & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_ERRNO ||
			after.action == SECCOMP_RET_USER_NOTIF);
	}
}

static void check_decoded(const struct decoded *decoded, const struct seccomp_data *call)
{
	static struct denials denials;
	static const struct facts facts = {.filter = "default", .network = "none", .root = "/"};
	struct denial like = {.reason = DENIAL_CALL, .number = EPERM};
	char *text = NULL;
	size_t size;

	require(strlen(decoded->text) < DECODED_TEXT && decoded->paths_count <= DECODED_PATHS);
	require_plain(decoded->text, false);
	for (const char *p = decoded->query; *p; p++)
		require(strchr("abcdefghijklmnopqrstuvwxyz0123456789-_.", *p) != NULL);
	denials.count = 0;
	memset(denials.buckets, 0, sizeof denials.buckets);
	memcpy(like.program, call->args, sizeof like.program - 1);
	memcpy(like.call, decoded->call, sizeof like.call);
	if (decoded->paths_count) {
		like.reason = DENIAL_FILE;
		snprintf(like.what, sizeof like.what, "%s", decoded->paths[0].path);
	}
	struct denial *entry = denials_add(&denials, &like);
	advise_call(entry->advice, sizeof entry->advice, &facts, call, decoded->call);
	FILE *out = open_memstream(&text, &size);
	denials_print(out, &denials, false);
	fclose(out);
	require_plain(text, true);
	require(size && strchr(text, '\n') == text + size - 1);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct decoded decoded;
	struct seccomp_data call;
	struct sock_filter code[32];
	size_t length = size ? data[0] % 32 : 0, used = 1 + length * sizeof *code;

	if (size < used + sizeof call)
		return 0;
	memcpy(code, data + 1, length * sizeof *code);
	memcpy(&call, data + used, sizeof call);
	/* Most numbers have no shape; most inputs should have one. */
	if (call.arch & 1)
		call.arch = FILTER_NATIVE, call.nr &= 511;
	/* Memory that ends where its bytes end. */
	struct memory memory = {.size = size - used - sizeof call};
	uint8_t *copy = malloc(memory.size + 1);
	memcpy(copy, data + used + sizeof call, memory.size);
	memory.bytes = copy;
	check_filter(code, length, &call);
	decode_call(&decoded, &call, read_memory, &memory);
	check_decoded(&decoded, &call);
	free(copy);
	return 0;
}
