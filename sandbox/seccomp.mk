# The system call filters: lists -> mkfilter (the only user of libseccomp) -> build/filters.c.
# mkfilter runs on the machine that builds: plain flags, and -iquote, since a seccomp.h is ours too.

FILTER_PARTS     := filter_check filter_code filter_names filter_rule
MKFILTER_SOURCES := helpers/mkfilter.c helpers/filter_list.c helpers/filter_oci.c $(FILTER_PARTS:%=helpers/%.c) sandbox/filter_run.c
MKFILTER_HEADERS := helpers/filter_list.h helpers/filter_oci.h $(FILTER_PARTS:%=helpers/%.h) sandbox/filter_run.h
SECCOMP_LISTS    := $(wildcard profiles/seccomp/*.list)

$(B)/mkfilter: $(MKFILTER_SOURCES) $(MKFILTER_HEADERS) | $(B)/launch
	$(CC) -std=gnu17 -D_GNU_SOURCE $(WARN) $(CFLAGS) $(LDFLAGS) -iquote helpers -iquote sandbox -o $@ $(MKFILTER_SOURCES) -lseccomp

# The compiler of profiles (helpers/seccomp.c) by the checksum of what it is made of.
SECCOMP_PARTS   := seccomp oci_profile oci_words json_place call_filter $(FILTER_PARTS)
SECCOMP_SOURCES := $(SECCOMP_PARTS:%=helpers/%.c) $(wildcard $(SECCOMP_PARTS:%=helpers/%.h)) sandbox/filter_image.h sandbox/filter_run.c

$(B)/filters.c $(B)/filters_reference.c $(B)/filters_oci.c &: $(B)/mkfilter $(SECCOMP_LISTS) $(SECCOMP_SOURCES)
	$(RUN) $(B)/mkfilter $(B)/filters.c $(B)/filters_reference.c profiles/seccomp $$(cat $(SECCOMP_SOURCES) | cksum | cut -d ' ' -f 1) $(B)/filters_oci.c

$(B)/filters.o: $(B)/filters.c
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(B)/filters_reference.o: $(B)/filters_reference.c
	$(CC) $(ALL_CFLAGS) -iquote tests/unit -c -o $@ $<

# The names of errors, for the reader of profiles: those of the header, with their second names.
$(B)/errno_names.c: sandbox/seccomp.mk | $(B)/launch
	{ printf '#include "errno_names.h"\n#include <errno.h>\nconst struct errno_name errno_names[] = {\n'; \
	  echo '#include <errno.h>' | $(CC) -E -dM - | sed -n 's/^#define \(E[A-Z0-9]*\) [A-Z0-9]*$$/\t{"\1", \1},/p' | sort; \
	  printf '};\nconst size_t errno_names_count = sizeof errno_names / sizeof *errno_names;\n'; } >$@.new
	mv $@.new $@

$(B)/errno_names.o: $(B)/errno_names.c
	$(CC) $(ALL_CFLAGS) -iquote helpers -c -o $@ $<

# Tests: the filters in an interpreter, real calls from inside a sandbox, the cost of loading.
SECCOMP_TESTS := $(B)/tests/unit/test_filter $(B)/tests/try_syscall $(B)/tests/filter_load

tests: $(SECCOMP_TESTS)

$(B)/tests/unit/filters.expected: tests/unit/filters.expected
	@mkdir -p $(@D)
	cp $< $@

# The room is linked with the whole program but its main, as it stands in the plan.
$(B)/tests/unit/test_filter: tests/unit/test_filter.c $(filter-out $(B)/main.o,$(OBJECTS)) \
			     $(B)/filters_reference.o $(B)/tests/unit/filters.expected
	$(CC) $(ALL_CFLAGS) -iquote tests/unit -o $@ $(filter %.c %.o,$^) -lcmocka -lseccomp

# Static and alone: it runs in root file systems that have no library.
$(B)/tests/try_syscall: tests/attack/try_syscall.c
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -D_GNU_SOURCE $(WARN) $(CFLAGS) -static -o $@ $<

$(B)/tests/filter_load: tests/bench/filter_load.c $(B)/filters.o $(B)/filters_reference.o
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -iquote tests/unit -o $@ $(filter %.c %.o,$^)
