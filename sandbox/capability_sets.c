/* The calling process's capabilities: see capability_sets.h. */
#include "capability_sets.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int capability_sets_set(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	for (int i = 0; i < 2; i++) {
		data[i].effective = (uint32_t)(effective >> (32 * i));
		data[i].permitted = (uint32_t)(permitted >> (32 * i));
		data[i].inheritable = (uint32_t)(inheritable >> (32 * i));
	}
	return (int)syscall(SYS_capset, &header, data);
}

int capability_sets_drop_bounding(uint64_t keep, int *left)
{
	for (int cap = 0; cap < 64; cap++) {
		if (keep >> cap & 1 || prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
			continue;
		int number = errno, has = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);

		if (has < 0 && number == EINVAL)
			return 0;
		if (has != 0) {
			errno = number;
			if (left)
				*left = cap;
			return -1;
		}
	}
	return 0;
}
