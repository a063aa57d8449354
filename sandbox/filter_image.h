/*
 * filter_image: a compiled filter as helpers/seccomp.c writes it and filter_file.c keeps it: a
 * head, and the instructions behind it. Both are of one build, and of one machine.
 */
#ifndef FILTER_IMAGE_H
#define FILTER_IMAGE_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "filters.h"

#define FILTER_IMAGE_MAGIC "sandbox filter 1"

struct filter_image {
	char magic[16];
	uint32_t length; /* instructions */
	uint32_t calls;  /* that are allowed, be it with some arguments only */
	uint32_t flags;
	struct filter_try attempt;
	char note[256]; /* what the user should hear; empty: nothing */
	uint64_t hash;  /* FNV-1a of the instructions: what a plan shows, and nothing trusts */
	uint64_t sum;   /* filter_image_sum */
};

/* By words of eight bytes, for it is part of every launch. Finds what is torn, and is no defence.
 */
static inline uint64_t filter_image_mix(uint64_t value, const void *data, size_t size)
{
	const char *from = data;
	uint64_t word;

	for (; size >= sizeof word; from += sizeof word, size -= sizeof word) {
		memcpy(&word, from, sizeof word);
		value = (value ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		value ^= value >> 29;
	}
	word = 0;
	memcpy(&word, from, size);
	return ((value ^ word) + size) * UINT64_C(0x9e3779b97f4a7c15);
}

/* Of the head but for the sum itself, and of the instructions. */
static inline uint64_t filter_image_sum(const struct filter_image *image,
					const struct sock_filter *code)
{
	return filter_image_mix(filter_image_mix(1, image, offsetof(struct filter_image, sum)),
				code, image->length * sizeof *code);
}

#endif
