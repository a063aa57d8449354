# The system call filters: lists -> mkfilter (the only user of libseccomp) -> build/filters.c.
# mkfilter runs on the machine that builds: plain flags, and no -Isandbox, whose seccomp.h is ours.

MKFILTER_SOURCES := helpers/mkfilter.c helpers/filter_list.c helpers/filter_code.c
MKFILTER_HEADERS := helpers/filter_list.h helpers/filter_code.h
SECCOMP_LISTS    := $(wildcard profiles/seccomp/*.list)

$(B)/mkfilter: $(MKFILTER_SOURCES) $(MKFILTER_HEADERS) | $(B)
	$(CC) -std=gnu17 -D_GNU_SOURCE $(WARN) $(CFLAGS) -Ihelpers -o $@ $(MKFILTER_SOURCES) -lseccomp

$(B)/filters.c $(B)/filters_reference.c &: $(B)/mkfilter $(SECCOMP_LISTS)
	$(B)/mkfilter $(B)/filters.c $(B)/filters_reference.c profiles/seccomp

$(B)/filters.o: $(B)/filters.c
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(B)/filters_reference.o: $(B)/filters_reference.c
	$(CC) $(ALL_CFLAGS) -Itests/unit -c -o $@ $<
