/* Counting refusals: see denial_table.h. */
#include "denial_table.h"

#include <stdlib.h>
#include <string.h>

#include "denial_decode.h"

static bool keyed_by_what(enum denial_reason reason)
{
	return reason == DENIAL_FILE || reason == DENIAL_NETWORK;
}

static unsigned mix(unsigned hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	return hash * 31;
}

static unsigned hash_of(const struct denial *like)
{
	unsigned hash = mix(2166136261u + (unsigned)like->reason * 7 + (unsigned)like->number,
			    like->program);

	hash = mix(hash, like->call);
	return keyed_by_what(like->reason) ? mix(hash, like->what) : hash;
}

static bool alike(const struct denial *a, const struct denial *b)
{
	return a->reason == b->reason && a->number == b->number &&
	       strcmp(a->program, b->program) == 0 && strcmp(a->call, b->call) == 0 &&
	       (!keyed_by_what(a->reason) || strcmp(a->what, b->what) == 0);
}

struct denial *denials_add(struct denials *denials, const struct denial *like)
{
	size_t at = hash_of(like) % (DENIALS_MAX * 2);

	for (; denials->buckets[at]; at = (at + 1) % (DENIALS_MAX * 2)) {
		struct denial *entry = &denials->table[denials->buckets[at] - 1];

		if (alike(entry, like)) {
			entry->count++;
			return NULL;
		}
	}
	if (denials->count == DENIALS_MAX) {
		denials->more++;
		return NULL;
	}
	struct denial *entry = &denials->table[denials->count++];
	*entry = *like;
	entry->count = 1;
	denials->buckets[at] = (unsigned)denials->count;
	return entry;
}

static int compare(const void *a, const void *b)
{
	const struct denial *left = a, *right = b;

	if (left->reason != right->reason)
		return left->reason < right->reason ? -1 : 1;
	return left->count != right->count ? (left->count < right->count ? 1 : -1) : 0;
}

static void print_times(FILE *out, unsigned long long count)
{
	if (count > 1)
		fprintf(out, " (x%llu)", count);
}

static void print_one(FILE *out, const struct denial *denial, bool passed)
{
	char program[64], what[4 * DENIAL_WHAT];

	decode_escape(program, sizeof program, denial->program);
	decode_escape(what, sizeof what, denial->what);
	if (keyed_by_what(denial->reason)) {
		fprintf(out, "refused: %s(2) of %s by %s", denial->call, what, program);
	} else {
		bool is_call = strncmp(denial->call, "call ", 5) != 0;

		fprintf(out, "%s: %s%s by %s", passed ? "would be refused" : "refused",
			denial->call, is_call ? "(2)" : "", program);
	}
	print_times(out, denial->count);
	fprintf(out, ": %s", denial->advice);
	if (*denial->what && !keyed_by_what(denial->reason))
		fprintf(out, "; it was %s", what);
	fputc('\n', out);
}

/* ENOSYS is how a C library is told to use an older call: one line for all of them. */
static void print_absent(FILE *out, const struct denials *denials, size_t from, bool passed)
{
	size_t shown = 0, left = 0;

	for (size_t i = from; i < denials->count; i++) {
		const struct denial *denial = &denials->table[i];
		char program[64];

		if (denial->reason != DENIAL_ABSENT)
			continue;
		if (shown == 8) {
			left++;
			continue;
		}
		decode_escape(program, sizeof program, denial->program);
		if (!shown++)
			fprintf(out,
				passed ? "would be answered as not there (ENOSYS; most programs go "
					 "on without): "
				       : "answered as not there (ENOSYS; most programs go on "
					 "without): ");
		else
			fputs(", ", out);
		fprintf(out, "%s by %s", denial->call, program);
		print_times(out, denial->count);
	}
	if (left)
		fprintf(out, ", and %zu more", left);
	if (shown)
		fputc('\n', out);
}

void denials_print(FILE *out, struct denials *denials, bool passed)
{
	unsigned long long hidden = denials->more;
	size_t shown = 0;

	qsort(denials->table, denials->count, sizeof *denials->table, compare);
	memset(denials->buckets, 0, sizeof denials->buckets); /* the places are others now */
	for (size_t i = 0; i < denials->count; i++) {
		if (denials->table[i].reason == DENIAL_ABSENT)
			continue;
		if (shown < DENIALS_SHOWN)
			print_one(out, &denials->table[i], passed);
		else
			hidden += denials->table[i].count;
		shown++;
	}
	print_absent(out, denials, 0, passed);
	if (hidden)
		fprintf(out, "refused: %llu more, of other programs, calls or files\n", hidden);
}
