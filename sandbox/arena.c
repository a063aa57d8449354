/* Memory with one lifetime: see arena.h. */
#include "arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "error.h"

struct arena_block {
	struct arena_block *before;
	size_t used, size;
	_Alignas(max_align_t) char bytes[];
};

enum { BLOCK_SIZE = 8192 };

static void out_of_memory(void)
{
	static const char text[] = "sandbox: out of memory\n";

	(void)!write(STDERR_FILENO, text, sizeof text - 1);
	_exit(EXIT_SANDBOX);
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct arena_block *block = arena->last;
	size_t align = _Alignof(max_align_t);

	if (size > SIZE_MAX / 2)
		out_of_memory();
	size = (size + align - 1) / align * align;
	if (!block || block->size - block->used < size) {
		size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;

		block = calloc(1, sizeof *block + room);
		if (!block)
			out_of_memory();
		block->size = room;
		block->before = arena->last;
		arena->last = block;
	}
	void *piece = block->bytes + block->used;
	block->used += size;
	return piece;
}

char *arena_strndup(struct arena *arena, const char *text, size_t length)
{
	char *copy = arena_alloc(arena, length + 1);

	memcpy(copy, text, length);
	return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args, again;

	va_start(args, format);
	va_copy(again, args);
	int length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0)
		out_of_memory();
	char *text = arena_alloc(arena, (size_t)length + 1);
	vsnprintf(text, (size_t)length + 1, format, again);
	va_end(again);
	return text;
}

void *arena_append(struct arena *arena, void **items, size_t *count, size_t size)
{
	/* Capacity is the next power of two, 4 at least: it is full when count is one itself. */
	if (*count == 0 || (*count >= 4 && (*count & (*count - 1)) == 0)) {
		size_t capacity = *count == 0 ? 4 : *count * 2;
		void *grown = arena_alloc(arena, capacity * size);

		if (*count)
			memcpy(grown, *items, *count * size);
		*items = grown;
	}
	return (char *)*items + (*count)++ * size;
}

void arena_free(struct arena *arena)
{
	while (arena->last) {
		struct arena_block *block = arena->last;

		arena->last = block->before;
		free(block);
	}
}
