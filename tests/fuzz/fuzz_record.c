/*
 * Any record, of the store and of sandboxes, and any end in a lock file: what is understood can be
 * written and read again, and shown. Run by `make fuzz`.
 */
#include "fuzz.h"
#include "json.h"
#include "state.c" // NOLINT(bugprone-suspicious-include): what reads it is the file's own

#include <sys/mman.h>

static char *written(const struct record *record)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	require(out != NULL);
	for (size_t i = 0; i < record->count; i++)
		record_print(out, record->lines[i].key, record->lines[i].value);
	fclose(out);
	return text;
}

static void check_again(const struct record *record)
{
	struct arena arena = {NULL};
	struct record again = {NULL, 0};
	char *text = written(record);

	require(record_parse(&again, &arena, text) == 0 && again.count == record->count);
	for (size_t i = 0; i < again.count; i++)
		require(strcmp(again.lines[i].key, record->lines[i].key) == 0 &&
			strcmp(again.lines[i].value, record->lines[i].value) == 0);
	arena_free(&arena);
	free(text);
}

/* What `ps --json` prints has no control character in it. */
static void check_shown(const char *value)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	require(out != NULL);
	json_quoted(out, value);
	json_name(out, value);
	fclose(out);
	for (size_t i = 0; i < size; i++)
		require((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
	free(text);
}

static void read_end_of(const uint8_t *data, size_t size, struct arena *arena)
{
	static int lock = -1;
	const char *reason = NULL;
	int status;

	if (lock < 0)
		lock = memfd_create("lock", MFD_CLOEXEC);
	require(ftruncate(lock, 0) == 0 && pwrite(lock, data, size, 0) == (ssize_t)size);
	if (read_end(lock, &status, &reason, arena))
		require(*reason && strlen(reason) < 32);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = {NULL};
	struct record record = {NULL, 0};
	struct sandbox_record fields = {.name = "name"};
	char *text = text_of(data, size);

	if (record_parse(&record, &arena, text) == 0) {
		check_again(&record);
		read_fields(&fields, &record);
		check_shown(fields.rootfs);
		check_shown(fields.command);
		check_shown(fields.ports);
	}
	read_end_of(data, size, &arena);
	arena_free(&arena);
	free(text);
	return 0;
}
