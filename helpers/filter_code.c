/*
 * Compiles a list into a filter: see filter_code.h.
 *
 * At load the kernel runs a filter once for each of its ~470 numbers to learn which calls are
 * always allowed, and translates it to machine code; both grow with the filter and both are part of
 * every launch. The calls that are always allowed are then answered from a bitmap and run none of
 * it. So the shape that counts is few instructions on short paths. Neighbouring numbers with one
 * answer make an interval, and intervals make a tree: a node either splits the numbers in two, or
 * picks single numbers out of an interval that is otherwise alike. The cheapest of all such
 * trees is found by dynamic programming, as for an optimal search tree. libseccomp's own binary
 * tree (SCMP_FLTATR_CTL_OPTIMIZE 2) has a leaf for every number and takes several times as long to
 * load (docs/seccomp.md); it is kept as the reference that the tests compare this with.
 *
 * The kernel's run at load follows only loads of the number and the architecture, jumps, AND and
 * RET (seccomp_is_const_allow); anything cleverer, such as a shift, would empty the bitmap.
 */
#include "filter_code.h"

#include <err.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	INTERVALS_MAX = 256,
	LABELS_MAX = 1024,
	NUMBERS_END = 512, /* beyond every number in use: weighs what follows as nothing */
	INSTRUCTION_COST =
		12, /* of translating one, in steps of the run at load; 1 to 400 load alike */
	UNSET = -1,
};

/* Numbers first.. up to the next interval's first have one answer, found at label. */
struct interval {
	uint32_t first;
	int label;
};

/* The cheapest tree over intervals i..j: its cost, and its root. */
struct node {
	long cost;
	int split; /* the right half begins here; 0: single numbers are picked out */
};

/* An instruction whose jumps are still labels; UNSET in both for what does not jump. */
struct draft {
	struct sock_filter instruction;
	int yes, no;
};

struct compiler {
	struct draft drafts[FILTER_LENGTH_MAX];
	size_t length;
	int places[LABELS_MAX];       /* label -> index of the instruction it marks */
	uint32_t answers[LABELS_MAX]; /* labels of RETs: the value; 0 is no RET we use */
	int labels;
	struct interval intervals[INTERVALS_MAX];
	int intervals_count;
	struct node nodes[INTERVALS_MAX][INTERVALS_MAX];
};

static int new_label(struct compiler *c)
{
	if (c->labels == LABELS_MAX)
		errx(1, "filter too large: raise LABELS_MAX");
	c->places[c->labels] = UNSET;
	c->answers[c->labels] = 0;
	return c->labels++;
}

static void mark(struct compiler *c, int label)
{
	c->places[label] = (int)c->length;
}

/* The label of `RET answer`, of which there is one each, at the end. */
static int answer_label(struct compiler *c, uint32_t answer)
{
	for (int i = 0; i < c->labels; i++)
		if (c->answers[i] == answer)
			return i;
	int label = new_label(c);
	c->answers[label] = answer;
	return label;
}

static void emit(struct compiler *c, uint16_t code, uint32_t k, int yes, int no)
{
	if (c->length == FILTER_LENGTH_MAX)
		errx(1, "filter too large: raise FILTER_LENGTH_MAX");
	c->drafts[c->length++] =
		(struct draft){.instruction = {code, 0, 0, k}, .yes = yes, .no = no};
}

static void emit_load(struct compiler *c, size_t offset)
{
	emit(c, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, UNSET, UNSET);
}

/* Jump to yes or no on a test of the accumulator; UNSET falls through. */
static void emit_jump(struct compiler *c, uint16_t test, uint32_t k, int yes, int no)
{
	emit(c, (uint16_t)(BPF_JMP | test | BPF_K), k, yes, no);
}

/* ---- arguments ---- */

static void emit_condition(struct compiler *c, const struct filter_condition *condition, int yes,
			   int no)
{
	size_t low = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0;

	emit_load(c, offsetof(struct seccomp_data, args) + 8 * condition->argument + low);
	if (condition->mask != UINT32_MAX)
		emit(c, BPF_ALU | BPF_AND | BPF_K, condition->mask, UNSET, UNSET);
	for (size_t i = 0; i < condition->values_count; i++) {
		bool last = i + 1 == condition->values_count;
		emit_jump(c, BPF_JEQ, condition->values[i], yes, last ? no : UNSET);
	}
}

/* The rules of one call, in order: the first whose conditions all hold answers. */
static void emit_rules(struct compiler *c, const struct filter_rule *rule)
{
	for (;; rule++) {
		int answer = answer_label(c, rule->action);
		/* The last has no condition: when the one before it fails, jump to its answer at
		 * once. */
		bool before_last = rule[1].conditions_count == 0;
		int no = before_last ? answer_label(c, rule[1].action) : new_label(c);

		for (size_t i = 0; i < rule->conditions_count; i++) {
			bool last = i + 1 == rule->conditions_count;
			int yes = last ? answer : new_label(c);

			emit_condition(c, &rule->conditions[i], yes, no);
			if (!last)
				mark(c, yes);
		}
		if (before_last)
			return;
		mark(c, no);
	}
}

/* ---- numbers ---- */

static void add_interval(struct compiler *c, uint32_t first, int label)
{
	if (c->intervals_count > 0 && c->intervals[c->intervals_count - 1].label == label)
		return;
	if (c->intervals_count == INTERVALS_MAX)
		errx(1, "filter too large: raise INTERVALS_MAX");
	c->intervals[c->intervals_count++] = (struct interval){first, label};
}

/* Every number of the list and the gaps between them; calls with conditions get a label of their
 * own. */
static void make_intervals(struct compiler *c, const struct filter_list *list)
{
	int absent = answer_label(c, SECCOMP_RET_ERRNO | ENOSYS);
	uint32_t next = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct filter_rule *rule = &list->rules[i];
		uint32_t number = (uint32_t)rule->number;

		if (i > 0 && rule[-1].number == rule->number)
			continue; /* a further line about the same call */
		if (number > next)
			add_interval(c, next, absent);
		add_interval(c, number,
			     rule->conditions_count ? new_label(c) : answer_label(c, rule->action));
		next = number + 1;
	}
	add_interval(c, next, absent);
}

/* How many numbers the kernel tries at load lie in intervals i..j. */
static long weigh(const struct compiler *c, int i, int j)
{
	long end = j + 1 < c->intervals_count ? (long)c->intervals[j + 1].first : NUMBERS_END;

	return end - (long)c->intervals[i].first;
}

/* Whether i..j is one answer with single numbers between: every second interval, from i on, is
 * alike. */
static bool is_speckled(const struct compiler *c, int i, int j)
{
	if ((j - i) % 2 != 0)
		return false;
	for (int k = i + 1; k < j; k += 2)
		if (weigh(c, k, k) != 1 || c->intervals[k + 1].label != c->intervals[i].label)
			return false;
	return true;
}

static long pick_cost(const struct compiler *c, int i, int j)
{
	long picks = (j - i) / 2;

	/* the k-th picked number runs k comparisons, all others every one */
	return picks * INSTRUCTION_COST + picks * (picks + 1) / 2 +
	       (weigh(c, i, j) - picks) * picks;
}

static void plan_node(struct compiler *c, int i, int j)
{
	struct node *node = &c->nodes[i][j];

	*node = (struct node){.cost = i == j ? 0 : -1};
	if (i == j)
		return;
	if (is_speckled(c, i, j))
		node->cost = pick_cost(c, i, j);
	for (int k = i + 1; k <= j; k++) {
		long cost = INSTRUCTION_COST + weigh(c, i, j) + c->nodes[i][k - 1].cost +
			    c->nodes[k][j].cost;
		if (node->cost < 0 || cost < node->cost)
			*node = (struct node){cost, k};
	}
}

static void plan_tree(struct compiler *c)
{
	for (int width = 0; width < c->intervals_count; width++)
		for (int i = 0; i + width < c->intervals_count; i++)
			plan_node(c, i, i + width);
}

/* The label to jump to for intervals i..j: a single one is its own, a tree begins somewhere new. */
static int tree_label(struct compiler *c, int i, int j)
{
	return i == j ? c->intervals[i].label : new_label(c);
}

static void emit_tree(struct compiler *c, int i, int j)
{
	int split = c->nodes[i][j].split;

	if (i == j)
		return;
	if (!split) {
		for (int k = i + 1; k < j; k += 2)
			emit_jump(c, BPF_JEQ, c->intervals[k].first, c->intervals[k].label,
				  k + 2 < j ? UNSET : c->intervals[i].label);
		return;
	}
	int below = tree_label(c, i, split - 1), above = tree_label(c, split, j);
	emit_jump(c, BPF_JGE, c->intervals[split].first, above, below);
	if (i < split - 1)
		mark(c, below);
	emit_tree(c, i, split - 1);
	if (split < j)
		mark(c, above);
	emit_tree(c, split, j);
}

/* The blocks of calls with conditions, where the tree's labels point. */
static void emit_arguments(struct compiler *c, const struct filter_list *list)
{
	size_t rule = 0;

	for (int i = 0; i < c->intervals_count; i++) {
		int label = c->intervals[i].label;

		if (c->answers[label])
			continue;
		while ((uint32_t)list->rules[rule].number != c->intervals[i].first)
			rule++;
		mark(c, label);
		emit_rules(c, &list->rules[rule]);
	}
}

static void emit_answers(struct compiler *c)
{
	for (int i = 0; i < c->labels; i++)
		if (c->answers[i]) {
			mark(c, i);
			emit(c, BPF_RET | BPF_K, c->answers[i], UNSET, UNSET);
		}
}

/* A label becomes the distance to it; a conditional jump reaches 255 instructions. */
static uint8_t distance(const struct compiler *c, size_t from, int label)
{
	if (label == UNSET)
		return 0;
	long away = c->places[label] - (long)from - 1;
	if (c->places[label] == UNSET || away < 0 || away > UINT8_MAX)
		errx(1, "filter too large: a jump over %ld instructions", away);
	return (uint8_t)away;
}

static void link_code(const struct compiler *c, struct filter_code *code)
{
	code->length = c->length;
	for (size_t i = 0; i < c->length; i++) {
		code->instructions[i] = c->drafts[i].instruction;
		code->instructions[i].jt = distance(c, i, c->drafts[i].yes);
		code->instructions[i].jf = distance(c, i, c->drafts[i].no);
	}
}

void filter_code_compile(struct filter_code *code, const struct filter_list *list,
			 uint32_t architecture)
{
	struct compiler *c = calloc(1, sizeof *c);

	if (!c)
		err(1, "memory");
	make_intervals(c, list);
	plan_tree(c);

	emit_load(c, offsetof(struct seccomp_data, arch));
	emit_jump(c, BPF_JEQ, architecture, UNSET, answer_label(c, SECCOMP_RET_ERRNO | ENOSYS));
	emit_load(c, offsetof(struct seccomp_data, nr));
	emit_tree(c, 0, c->intervals_count - 1);
	emit_arguments(c, list);
	emit_answers(c);
	link_code(c, code);
	free(c);
}
