# What answers, tells and learns refused calls (docs/denials.md): programs of their own, so that the
# launch links nothing of them.
#   denials  holds the listener of a filter that asks
#   learn    writes a profile from what a run has used

DENIAL_PURE    := denial_filter denial_decode denial_calls denial_table denial_advice
DENIAL_PARTS   := $(DENIAL_PURE) denial_tracee denial_record denial_watch denial_confine denials call_filter
DENIAL_OBJECTS := $(DENIAL_PARTS:%=$(B)/helpers/%.o) $(B)/call_names.o
LEARN_OBJECTS  := $(patsubst %,$(B)/helpers/%.o,learn learn_record learn_fold learn_write denial_decode denial_calls) \
		  $(B)/call_names.o
LIBEXEC_ALL    += $(LIBEXEC)/denials $(LIBEXEC)/learn

all: $(LIBEXEC)/denials $(LIBEXEC)/learn

$(LIBEXEC)/denials: $(DENIAL_OBJECTS) $(patsubst %,$(B)/%.o,arena capability_names error files filter_run filters)
	@mkdir -p $(@D)
	$(CC) $(LIBEXEC_LINK) -o $@ $^

$(LIBEXEC)/learn: $(LEARN_OBJECTS) $(B)/error.o $(B)/arena.o $(B)/files.o
	@mkdir -p $(@D)
	$(CC) $(LIBEXEC_LINK) -o $@ $^

# The names of calls: the C library's, and those that it is too old for, as the lists have them.
$(B)/call_names.c: $(SECCOMP_LISTS) helpers/denials.mk | $(B)/launch
	{ echo '#include "denial_calls.h"'; echo 'const struct call_name call_names[] = {'; \
	  { echo '#include <sys/syscall.h>' | $(CC) -E -dM - | \
		sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9]*\)$$/\t{"\1", \2},/p'; \
	    sed -n 's/^\([a-z0-9_]*\)=\([0-9]*\)\>.*/\t{"\1", \2},/p' $(SECCOMP_LISTS); } | sort -u -t, -k2,2n; \
	  echo '};'; echo 'const size_t call_names_count = sizeof call_names / sizeof *call_names;'; } >$@.new
	mv $@.new $@

$(B)/call_names.o: $(B)/call_names.c
	$(CC) $(ALL_CFLAGS) -iquote helpers -c -o $@ $<

# Tests: what is pure, and a listener of the test's own; what folding makes of a run.
DENIAL_TESTS := $(patsubst %,$(B)/tests/unit/test_%,denials learn)
DENIAL_UNDER_TEST := $(patsubst %,$(B)/helpers/%.o,$(DENIAL_PURE) denial_record denial_tracee learn_record learn_fold) \
		     $(B)/call_names.o $(patsubst %,$(B)/%.o,arena capability_names error files filter_run filters)

tests: $(DENIAL_TESTS)

$(DENIAL_TESTS): $(B)/tests/unit/%: tests/unit/%.c $(DENIAL_UNDER_TEST)
	@mkdir -p $(@D)
	$(CC) $(filter-out -fPIE,$(ALL_CFLAGS)) -fPIE -pie -iquote helpers -o $@ $< $(DENIAL_UNDER_TEST) -lcmocka
