/* What the fuzz targets share. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A claim that has to hold for any input. */
static inline void require(bool holds)
{
	if (!holds)
		abort();
}

/* The input as text, in memory that ends where it ends, so that a read beyond is seen; to be freed.
 */
static inline char *text_of(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	require(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

/* Cut text at the next line "--": what stands behind it, or an empty text. */
static inline char *next_part(char *text)
{
	char *line = strstr(text, "\n--\n");

	if (!line)
		return text + strlen(text);
	line[1] = '\0';
	return line + 4;
}

#endif
