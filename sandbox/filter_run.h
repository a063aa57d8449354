/*
 * filter_run: what a system call filter answers, without loading it: any classic BPF program that
 * seccomp(2) takes, in an interpreter. Pure. It is linked into programs that run at build time too,
 * and includes nothing of ours.
 */
#ifndef FILTER_RUN_H
#define FILTER_RUN_H

#include <linux/audit.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seccomp_data;
struct sock_filter;

#if defined(__x86_64__)
#define FILTER_NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define FILTER_NATIVE AUDIT_ARCH_AARCH64
#else
#error "no filter for this architecture yet: its AUDIT_ARCH value is missing here"
#endif

struct filter_answer {
	uint32_t action; /* SECCOMP_RET_* with its data */
	bool constant;   /* it follows from architecture and number, whatever the arguments */
};

/* Run the program. false: it is none (a wrong instruction, no RET on its way). */
bool filter_run(const struct sock_filter *code, size_t length, const struct seccomp_data *data,
		struct filter_answer *answer);

/* SECCOMP_RET_... to this machine's call of that number, its arguments 0, without data.
 * SECCOMP_RET_KILL_PROCESS when it is no program. */
uint32_t filter_answer_to(const struct sock_filter *code, size_t length, int number);

#endif
