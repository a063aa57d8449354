# make check-valgrind: memory of the supervisor and process 1 of many kinds of sandbox, under valgrind's memcheck.
#
# The program is linked dynamically, with glibc, whose malloc valgrind replaces, and with native.c for the system
# calls that valgrind does not know. A clone with CLONE_VM and CLONE_VFORK is a fork to valgrind: the payload's
# way to its exec is looked at as well, in memory of its own. The directory ends in build: so it finds its helpers.
VALGRIND      := build/valgrind/build
VALGRIND_MAKE := $(MAKE) B=$(VALGRIND) SAN= CC=gcc LIBC=glibc HARDEN= CFLAGS='-O1 -g' \
		 LINK='-pie -Wl,--wrap=syscall'

check-valgrind:
	helpers/setup packages valgrind
	$(VALGRIND_MAKE) all $(addprefix $(VALGRIND)/tests/,reaper probe on_tty)
	tests/run-tests -b $(VALGRIND) valgrind

# Linked into each that is linked with $(LINK).
$(VALGRIND)/sandbox $(VALGRIND)/sandbox-oci $(addprefix $(VALGRIND)/libexec/,relay bwrap wayland x11 audio): $(VALGRIND)/native.o

$(VALGRIND)/native.o: tests/valgrind/native.c
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -D_GNU_SOURCE $(WARN) -O1 -g -fno-stack-protector -fcf-protection=none -c -o $@ $<

.PHONY: check-valgrind
