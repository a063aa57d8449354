/* The reasons in one word: see outcome.h. */
#include "outcome.h"

const char *outcome_word(enum reason reason)
{
	static const char *const words[] = {
		[REASON_FAILED] = "failed",       [REASON_EXITED] = "exited",
		[REASON_SIGNALLED] = "signalled", [REASON_TIMEOUT] = "timeout",
		[REASON_CPU_TIME] = "cpu-time",   [REASON_OOM] = "oom",
		[REASON_KILLED] = "killed",
	};

	return words[reason];
}
