# The system call filters: lists -> mkfilter (the only user of libseccomp) -> build/filters.c.
# mkfilter runs on the machine that builds: plain flags, and no -Isandbox, whose seccomp.h is ours.

MKFILTER_SOURCES := helpers/mkfilter.c helpers/filter_list.c helpers/filter_code.c
MKFILTER_HEADERS := helpers/filter_list.h helpers/filter_code.h
SECCOMP_LISTS    := $(wildcard profiles/seccomp/*.list)

$(B)/mkfilter: $(MKFILTER_SOURCES) $(MKFILTER_HEADERS) | $(B)/launch
	$(CC) -std=gnu17 -D_GNU_SOURCE $(WARN) $(CFLAGS) -Ihelpers -o $@ $(MKFILTER_SOURCES) -lseccomp

$(B)/filters.c $(B)/filters_reference.c &: $(B)/mkfilter $(SECCOMP_LISTS)
	$(B)/mkfilter $(B)/filters.c $(B)/filters_reference.c profiles/seccomp

$(B)/filters.o: $(B)/filters.c
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(B)/filters_reference.o: $(B)/filters_reference.c
	$(CC) $(ALL_CFLAGS) -iquote tests/unit -c -o $@ $<

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
