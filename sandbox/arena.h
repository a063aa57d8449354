/*
 * arena: memory that is handed out piece by piece and given back all at once.
 *
 * A config or a plan owns hundreds of small strings with one lifetime. Allocation never returns
 * NULL: out of memory ends the program with status 125, before anything has been started.
 */
#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>

struct arena {
	struct arena_block *last;
};

/* Zeroed memory, aligned for any type; valid until arena_free. */
void *arena_alloc(struct arena *arena, size_t size);
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t length);
char *arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void arena_free(struct arena *arena);

/*
 * Append one zeroed element to a growing array and return it: *items holds *count elements of
 * size bytes. Elements may move at the next call. Capacity doubles, so it follows from the count.
 */
void *arena_append(struct arena *arena, void **items, size_t *count, size_t size);
#define ARENA_APPEND(arena, items, count)                                                          \
	((__typeof__(items))arena_append((arena), (void **)&(items), &(count), sizeof *(items)))

#endif
