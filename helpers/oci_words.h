/*
 * oci_words: the words that a profile may use, as numbers. Each refuses what it does not know, with
 * line and column (json_place.h).
 */
#ifndef OCI_WORDS_H
#define OCI_WORDS_H

#include "filter_rule.h"
#include "json_place.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV /* Linux 5.19 */
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

/* "SCMP_ACT_ALLOW": SECCOMP_RET_..., the errno still to be put in. */
uint32_t oci_action(struct json_place place);

/* How strict an answer is; the kernel takes the least of several. */
int oci_rank(uint32_t action);

/* "EPERM". */
uint32_t oci_errno(struct json_place place, const char *what);

/* "SCMP_CMP_EQ"; *masked for SCMP_CMP_MASKED_EQ. */
enum filter_operator oci_operator(struct json_place place, bool *masked);

/* "SCMP_ARCH_X86_64": libseccomp's token. */
uint32_t oci_architecture(struct json_place place);

/* "CAP_SYS_ADMIN": 1 << it. */
uint64_t oci_capability(struct json_place place);

/* A machine as Go calls it: is it this one? */
bool oci_is_this_machine(struct json_place place);

/* "SECCOMP_FILTER_FLAG_LOG": the flag for seccomp(2); 0 for one that has no effect here. */
unsigned oci_flag(struct json_place place);

/* "4.8": major and minor. */
void oci_kernel(struct json_place place, int kernel[2]);

/* Of which of its arguments (1 << number) the kernel takes the low 32 bits only. */
unsigned oci_narrow_arguments(const char *call);

#endif
