/*
 * Compiles rules into a filter: see filter_code.h.
 *
 * At load the kernel runs a filter once for each of its ~470 numbers to learn which calls are
 * always allowed, once more for those of the 32-bit architecture beside it, and translates it to
 * machine code; both grow with the filter and both are part of every launch. The calls that are
 * always allowed are then answered from a bitmap and run none of it. So the shape that counts is
 * few instructions on short paths. Neighbouring numbers with one answer make an interval, and
 * intervals make a sorted binary tree: a node either splits the numbers in two, or picks single
 * numbers out of an interval that is otherwise alike. The cheapest of all such trees is found by
 * dynamic programming, as for an optimal search tree: each number weighs as much as it is asked
 * for, so that the hot calls are near the root (for kernels before 5.11, which have no bitmap, and
 * for hot calls whose arguments are looked at). libseccomp's own binary tree
 * (SCMP_FLTATR_CTL_OPTIMIZE 2) has a leaf for every number, heeds no priority, and takes several
 * times as long to load (docs/seccomp.md); it is the reference that the tests compare this with.
 *
 * The kernel's run at load follows only loads of the number and the architecture, jumps, AND and
 * RET (seccomp_is_const_allow); anything cleverer, such as a shift, would empty the bitmap.
 */
#include "filter_code.h"

#include <err.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	NUMBERS_END = 512, /* beyond every number in use: weighs what follows as nothing */
	HOT_WEIGHT = 20,   /* of a hot call, in numbers that are tried once */
	INSTRUCTION_COST =
		12, /* of translating one, in steps of the run at load; 1 to 400 load alike */
	UNSET = -1,
};

/* A place in the program. */
struct label {
	int place; /* index of the draft it marks */
	bool is_answer;
	uint32_t answer; /* is_answer: it is a RET of this */
};

/* Numbers first.. up to the next interval's first have one answer, found at label. */
struct interval {
	uint32_t first;
	int label;
	long weight;
};

/* The cheapest tree over intervals i..j: its cost, and its root. */
struct node {
	long cost;
	int split; /* the right half begins here; 0: single numbers are picked out */
};

/* An instruction whose jumps are still labels; UNSET goes on with the next. */
struct draft {
	struct sock_filter instruction;
	int yes, no;
	bool far_yes, far_no; /* out of a conditional jump's reach: by way of a jump of its own */
	int at;               /* where in the program it comes to be */
};

struct compiler {
	const struct filter_section *section;
	struct draft *drafts;
	size_t length, drafts_size;
	struct label *labels;
	int labels_count, labels_size;
	int answers; /* labels from here on are the section's: its RETs are near */
	struct interval *intervals;
	int intervals_count, intervals_size;
	struct node *nodes; /* a square of intervals_count */
};

/* Room for one more; ends the program where there is none. */
static void *grow(void *items, int count, int *size, size_t each)
{
	if (count < *size)
		return items;
	*size = *size ? *size * 2 : 64;
	items = reallocarray(items, (size_t)*size, each);
	if (!items)
		err(1, "memory");
	return items;
}

static int new_label(struct compiler *c)
{
	c->labels = grow(c->labels, c->labels_count, &c->labels_size, sizeof *c->labels);
	c->labels[c->labels_count] = (struct label){.place = UNSET};
	return c->labels_count++;
}

static void mark(struct compiler *c, int label)
{
	c->labels[label].place = (int)c->length;
}

/* The label of `RET answer`, of which there is one each, at the end of the section. */
static int answer_label(struct compiler *c, uint32_t answer)
{
	for (int i = c->answers; i < c->labels_count; i++)
		if (c->labels[i].is_answer && c->labels[i].answer == answer)
			return i;
	int label = new_label(c);
	c->labels[label].is_answer = true;
	c->labels[label].answer = answer;
	return label;
}

static void emit(struct compiler *c, uint16_t code, uint32_t k, int yes, int no)
{
	int size = (int)c->drafts_size;

	c->drafts = grow(c->drafts, (int)c->length, &size, sizeof *c->drafts);
	c->drafts_size = (size_t)size;
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

static void emit_goto(struct compiler *c, int label)
{
	emit(c, BPF_JMP | BPF_JA, 0, label, UNSET);
}

/* ---- arguments ---- */

enum half { LOW, HIGH };

static void emit_load_half(struct compiler *c, unsigned argument, enum half half, uint32_t mask)
{
	bool big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

	emit_load(c, offsetof(struct seccomp_data, args) + 8 * argument +
			     ((half == HIGH) != big ? 4 : 0));
	if (mask != UINT32_MAX)
		emit(c, BPF_ALU | BPF_AND | BPF_K, mask, UNSET, UNSET);
}

/* Both halves of the mask matter: value by value, the half that differs more often first. */
static void emit_in_both(struct compiler *c, const struct filter_condition *condition, int yes,
			 int no)
{
	for (size_t i = 0; i < condition->values_count; i++) {
		bool last = i + 1 == condition->values_count;
		int next = last ? no : new_label(c);
		uint64_t value = condition->values[i];

		emit_load_half(c, condition->argument, LOW, (uint32_t)condition->mask);
		emit_jump(c, BPF_JEQ, (uint32_t)value, UNSET, next);
		emit_load_half(c, condition->argument, HIGH, (uint32_t)(condition->mask >> 32));
		emit_jump(c, BPF_JEQ, (uint32_t)(value >> 32), yes, next);
		if (!last)
			mark(c, next);
	}
}

static void emit_in(struct compiler *c, const struct filter_condition *condition, int yes, int no)
{
	uint32_t low = (uint32_t)condition->mask, high = (uint32_t)(condition->mask >> 32);

	if (low && high) {
		emit_in_both(c, condition, yes, no);
		return;
	}
	emit_load_half(c, condition->argument, high ? HIGH : LOW, high ? high : low);
	for (size_t i = 0; i < condition->values_count; i++) {
		bool last = i + 1 == condition->values_count;
		uint64_t value = condition->values[i];

		emit_jump(c, BPF_JEQ, (uint32_t)(high ? value >> 32 : value), yes,
			  last ? no : UNSET);
	}
}

/* More than, or as much as where test is JGE. The halves above decide, unless they are alike. */
static void emit_order(struct compiler *c, const struct filter_condition *condition, uint16_t test,
		       int yes, int no)
{
	uint32_t high = (uint32_t)(condition->values[0] >> 32);

	if (condition->mask >> 32) {
		emit_load_half(c, condition->argument, HIGH, UINT32_MAX);
		emit_jump(c, BPF_JGT, high, yes, UNSET);
		emit_jump(c, BPF_JEQ, high, UNSET, no);
	}
	emit_load_half(c, condition->argument, LOW, UINT32_MAX);
	emit_jump(c, test, (uint32_t)condition->values[0], yes, no);
}

static void emit_condition(struct compiler *c, const struct filter_condition *condition, int yes,
			   int no)
{
	switch (condition->operator) {
	case FILTER_IN:
		emit_in(c, condition, yes, no);
		break;
	case FILTER_NOT_EQUAL:
		emit_in(c, condition, no, yes);
		break;
	case FILTER_GREATER:
		emit_order(c, condition, BPF_JGT, yes, no);
		break;
	case FILTER_LESS_EQUAL:
		emit_order(c, condition, BPF_JGT, no, yes);
		break;
	case FILTER_GREATER_EQUAL:
		emit_order(c, condition, BPF_JGE, yes, no);
		break;
	case FILTER_LESS:
		emit_order(c, condition, BPF_JGE, no, yes);
		break;
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
	c->intervals =
		grow(c->intervals, c->intervals_count, &c->intervals_size, sizeof *c->intervals);
	c->intervals[c->intervals_count++] = (struct interval){.first = first, .label = label};
}

/* Numbers from..to, which no rule is about, have the answers of the ranges. */
static void add_ranges(struct compiler *c, uint64_t from, uint64_t to)
{
	const struct filter_section *section = c->section;

	for (size_t i = 0; i < section->ranges_count; i++) {
		uint64_t first = section->ranges[i].first;
		uint64_t end = i + 1 < section->ranges_count ? section->ranges[i + 1].first
							     : UINT64_C(1) << 32;

		if (first < from)
			first = from;
		if (end > to)
			end = to;
		if (first < end)
			add_interval(c, (uint32_t)first,
				     answer_label(c, section->ranges[i].answer));
	}
}

/* How often numbers first..end are asked for: once each at load, and the hot ones later. */
static long weigh_numbers(const struct filter_section *section, uint32_t first, uint64_t end)
{
	long weight = first < NUMBERS_END
			      ? (long)(end < NUMBERS_END ? end : NUMBERS_END) - (long)first
			      : 0;

	for (size_t i = 0; i < section->hot_count; i++)
		if (section->hot[i] >= first && section->hot[i] < end)
			weight += HOT_WEIGHT;
	return weight;
}

/* Every number of the rules and the gaps between them; calls with conditions get a label of their
 * own. */
static void make_intervals(struct compiler *c)
{
	const struct filter_section *section = c->section;
	uint64_t next = 0, end = UINT64_C(1) << 32;

	c->intervals_count = 0;
	for (size_t i = 0; i < section->rules_count; i++) {
		const struct filter_rule *rule = &section->rules[i];
		uint64_t number = (uint64_t)rule->number;

		if (i > 0 && rule[-1].number == rule->number)
			continue; /* a further rule about the same call */
		add_ranges(c, next, number);
		add_interval(c, (uint32_t)number,
			     rule->conditions_count ? new_label(c) : answer_label(c, rule->action));
		next = number + 1;
	}
	add_ranges(c, next, end);
	for (int i = 0; i < c->intervals_count; i++)
		c->intervals[i].weight =
			weigh_numbers(section, c->intervals[i].first,
				      i + 1 < c->intervals_count ? c->intervals[i + 1].first : end);
}

static struct node *node_at(const struct compiler *c, int i, int j)
{
	return &c->nodes[i * c->intervals_count + j];
}

/* Is interval i a single number? */
static bool is_single(const struct compiler *c, int i)
{
	return i + 1 < c->intervals_count && c->intervals[i + 1].first - c->intervals[i].first == 1;
}

/* Whether i..j is one answer with single numbers between: every second interval, from i on, is
 * alike. */
static bool is_speckled(const struct compiler *c, int i, int j)
{
	if ((j - i) % 2 != 0)
		return false;
	for (int k = i + 1; k < j; k += 2)
		if (!is_single(c, k) || c->intervals[k + 1].label != c->intervals[i].label)
			return false;
	return true;
}

static long pick_cost(const struct compiler *c, int i, int j)
{
	long picks = (j - i) / 2, cost = picks * INSTRUCTION_COST;

	/* the k-th picked number runs k comparisons, all others every one */
	for (int k = i; k <= j; k++)
		cost += c->intervals[k].weight * ((k - i) % 2 ? (k - i + 1) / 2 : picks);
	return cost;
}

static void plan_node(struct compiler *c, int i, int j)
{
	struct node *node = node_at(c, i, j);
	long weight = 0;

	*node = (struct node){.cost = i == j ? 0 : -1};
	if (i == j)
		return;
	for (int k = i; k <= j; k++)
		weight += c->intervals[k].weight;
	if (is_speckled(c, i, j))
		node->cost = pick_cost(c, i, j);
	for (int k = i + 1; k <= j; k++) {
		long cost = INSTRUCTION_COST + weight + node_at(c, i, k - 1)->cost +
			    node_at(c, k, j)->cost;
		if (node->cost < 0 || cost < node->cost)
			*node = (struct node){cost, k};
	}
}

static void plan_tree(struct compiler *c)
{
	size_t count = (size_t)c->intervals_count;

	free(c->nodes);
	c->nodes = calloc(count ? count * count : 1, sizeof *c->nodes);
	if (!c->nodes)
		err(1, "memory");
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
	int split = node_at(c, i, j)->split;

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
static void emit_arguments(struct compiler *c)
{
	const struct filter_section *section = c->section;
	size_t rule = 0;

	for (int i = 0; i < c->intervals_count; i++) {
		int label = c->intervals[i].label;

		if (c->labels[label].is_answer)
			continue;
		while (section->rules[rule].number != c->intervals[i].first)
			rule++;
		mark(c, label);
		emit_rules(c, &section->rules[rule]);
	}
}

static void emit_answers(struct compiler *c)
{
	for (int i = c->answers; i < c->labels_count; i++)
		if (c->labels[i].is_answer) {
			mark(c, i);
			emit(c, BPF_RET | BPF_K, c->labels[i].answer, UNSET, UNSET);
		}
}

/* The calls of one architecture, which is in the accumulator. */
static void emit_section(struct compiler *c, const struct filter_section *section)
{
	int next = new_label(c);

	c->section = section;
	c->answers = c->labels_count;
	emit_jump(c, BPF_JEQ, section->architecture, UNSET, next);
	make_intervals(c);
	if (c->intervals_count == 1) {
		emit_goto(c, c->intervals[0].label);
	} else {
		plan_tree(c);
		emit_load(c, offsetof(struct seccomp_data, nr));
		emit_tree(c, 0, c->intervals_count - 1);
	}
	emit_arguments(c);
	emit_answers(c);
	mark(c, next);
}

/* ---- from drafts to instructions ---- */

static int target(const struct compiler *c, int label)
{
	size_t place = (size_t)c->labels[label].place;

	return c->drafts[place].at;
}

/* Give each draft its place; a jump that does not reach becomes longer, and moves what follows. */
static bool stretch(struct compiler *c)
{
	bool changed = false;
	int at = 0;

	for (size_t i = 0; i < c->length; i++) {
		c->drafts[i].at = at;
		at += 1 + c->drafts[i].far_yes + c->drafts[i].far_no;
	}
	for (size_t i = 0; i < c->length; i++) {
		struct draft *draft = &c->drafts[i];

		if (BPF_CLASS(draft->instruction.code) != BPF_JMP ||
		    BPF_OP(draft->instruction.code) == BPF_JA)
			continue;
		/* What comes between a jump and its own long jumps is at the most one instruction.
		 */
		if (draft->yes != UNSET && !draft->far_yes &&
		    target(c, draft->yes) - draft->at - 1 > UINT8_MAX - 1)
			changed = draft->far_yes = true;
		if (draft->no != UNSET && !draft->far_no &&
		    target(c, draft->no) - draft->at - 1 > UINT8_MAX - 1)
			changed = draft->far_no = true;
	}
	return changed;
}

static void put_goto(const struct compiler *c, struct sock_filter *code, int at, int label)
{
	code[at] =
		(struct sock_filter){BPF_JMP | BPF_JA, 0, 0, (uint32_t)(target(c, label) - at - 1)};
}

static void put_jump(const struct compiler *c, struct sock_filter *code, const struct draft *draft)
{
	int at = draft->at, long_jumps = draft->far_yes + draft->far_no;
	struct sock_filter *jump = &code[at];

	jump->jt = (uint8_t)(draft->yes == UNSET ? long_jumps
			     : draft->far_yes    ? 0
						 : target(c, draft->yes) - at - 1);
	jump->jf = (uint8_t)(draft->no == UNSET ? long_jumps
			     : draft->far_no    ? draft->far_yes
						: target(c, draft->no) - at - 1);
	if (draft->far_yes)
		put_goto(c, code, at + 1, draft->yes);
	if (draft->far_no)
		put_goto(c, code, at + 1 + draft->far_yes, draft->no);
}

static int link_code(struct compiler *c, struct filter_code *code)
{
	while (stretch(c))
		;
	code->length = (size_t)c->drafts[c->length - 1].at + 1;
	if (code->length > FILTER_LENGTH_MAX)
		return -1;
	for (size_t i = 0; i < c->length; i++) {
		const struct draft *draft = &c->drafts[i];

		code->instructions[draft->at] = draft->instruction;
		if (draft->instruction.code == (BPF_JMP | BPF_JA))
			put_goto(c, code->instructions, draft->at, draft->yes);
		else if (BPF_CLASS(draft->instruction.code) == BPF_JMP)
			put_jump(c, code->instructions, draft);
	}
	return 0;
}

int filter_code_compile(struct filter_code *code, const struct filter_section *sections,
			size_t count, uint32_t foreign)
{
	struct compiler c = {.length = 0};

	emit_load(&c, offsetof(struct seccomp_data, arch));
	for (size_t i = 0; i < count; i++)
		emit_section(&c, &sections[i]);
	emit(&c, BPF_RET | BPF_K, foreign, UNSET, UNSET);
	int result = link_code(&c, code);
	free(c.drafts);
	free(c.labels);
	free(c.intervals);
	free(c.nodes);
	return result;
}
