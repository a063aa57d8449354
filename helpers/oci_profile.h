/*
 * oci_profile: a seccomp profile of container engines as rules. The text is that of the OCI runtime
 * specification (config-linux.md, seccomp), with what Docker and Podman have beside it: archMap,
 * includes, excludes, name, errno by name.
 *
 * What is not understood to the last word ends the program, with line and column: see
 * json_place.h. What a profile means where it says two things of one call: the strictest answer, as
 * the kernel takes it of two filters; of two refusals the first.
 */
#ifndef OCI_PROFILE_H
#define OCI_PROFILE_H

#include "arena.h"
#include "filter_rule.h"
#include "json_place.h"

enum { OCI_SECTIONS_MAX = 3 };

/* What includes and excludes ask for. */
struct oci_machine {
	uint64_t capabilities; /* 1 << CAP_* */
	int kernel[2];
	bool listens; /* there is somebody to whom a listener can be handed (SCMP_ACT_NOTIFY) */
};

struct oci_profile {
	struct arena arena; /* what follows points into it; the caller frees it */
	struct filter_section sections[OCI_SECTIONS_MAX];
	size_t sections_count;
	uint32_t foreign; /* what calls of other architectures answer */
	unsigned flags;   /* SECCOMP_FILTER_FLAG_*; NEW_LISTENER where a rule asks */
	uint32_t calls;   /* of the machine's own architecture, allowed */
	char note[256];   /* what of it has no effect; empty: nothing */
};

/* Read it into a zeroed profile. */
void oci_profile_read(struct oci_profile *profile, const struct json_text *text,
		      const struct oci_machine *machine);

#endif
