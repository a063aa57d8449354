# make            build/sandbox and what it needs          make check   the tests, as a plain user
# make demo       from nothing to a confined build         make bench   ratios against peers and floor
# make install    DESTDIR= PREFIX=                         make format  clang-format
# make generated  docs and completions from the option table
# make SAN=1 ...  with ASan and UBSan, into build/san      make CC=clang ...

PREFIX  ?= /usr/local
DESTDIR ?=
VERSION := 0.1
ifeq ($(origin CC),default) # make's own, cc
CC      := gcc
endif
B       := build$(if $(SAN),/san)

# The launch is static and links a C library alone: a dynamic loader costs a quarter of a launch
# (docs/performance.md). What it needs of libseccomp and libcap is made at build time: the compiled
# filters (helpers/mkfilter) and the names of the capabilities (helpers/mkcapabilities).
WARN    := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla
HARDEN  := -fstack-protector-strong -D_FORTIFY_SOURCE=2 $(if $(filter x86_64,$(shell uname -m)),-fcf-protection=full)
CFLAGS  ?= -O2 -g
ALL_CFLAGS  = -std=gnu17 -D_GNU_SOURCE $(WARN) $(CFLAGS) -fPIE -MMD -MP -iquote sandbox -iquote $(B) \
	      -DVERSION='"$(VERSION)"' -DPREFIX='"$(PREFIX)"'
ifdef SAN
ALL_CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LINK        = -fsanitize=address,undefined -pie
else
ALL_CFLAGS += $(HARDEN)
LINK        = -static-pie -Wl,-z,relro,-z,now,-z,noexecstack
endif

SOURCES := $(wildcard sandbox/*.c)
OBJECTS := $(SOURCES:sandbox/%.c=$(B)/%.o) $(B)/filters.o $(B)/capability_names.o

all: $(B)/sandbox

include sandbox/libc.mk sandbox/seccomp.mk .ci/lint.mk

$(B)/sandbox: $(patsubst $(B)/%,$(B)/launch/%,$(OBJECTS))
	$(CC) $(LINK) $(LIBC_START) -o $@ $^ $(LIBC_END)

$(B)/launch/%.o: sandbox/%.c | $(B)/launch
	$(CC) $(ALL_CFLAGS) $(LIBC_CFLAGS) -c -o $@ $<

$(B)/launch/%.o: $(B)/%.c | $(B)/launch
	$(CC) $(ALL_CFLAGS) $(LIBC_CFLAGS) -c -o $@ $<

# The same sources for the tests.
$(B)/%.o: sandbox/%.c | $(B)/launch
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(B)/launch:
	mkdir -p $@

$(B)/mkcapabilities: helpers/mkcapabilities.c | $(B)/launch
	$(CC) $(WARN) $(CFLAGS) -o $@ $< -lcap

$(B)/capability_names.c: $(B)/mkcapabilities
	$< >$@.new && mv $@.new $@

$(B)/capability_names.o: $(B)/capability_names.c
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

-include docs/generated.mk tests/tests.mk tests/plan/plan.mk
include tests/bench/bench.mk tests/attack/attack.mk

# From nothing to a confined build of a real project; root lends only the packages.
demo:
	helpers/setup packages demo
	helpers/setup users
	$(MAKE) SAN= all
	helpers/demo

# The tests, as a plain user; T="run/mounts unit" chooses, J= is how many files at a time.
check:
	helpers/setup packages check
	helpers/setup users || echo "going on without"
	$(MAKE) all tests
	tests/run-tests -b $(B) $(if $(J),-j $(J)) $(T)

tests: $(B)/tests/reaper

$(B)/tests/reaper: tests/reaper.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -o $@ $<

install: all
	install -D -m 0755 $(B)/sandbox $(DESTDIR)$(PREFIX)/bin/sandbox
	install -D -m 0755 helpers/rootfs $(DESTDIR)$(PREFIX)/libexec/sandbox/rootfs
	install -d $(DESTDIR)$(PREFIX)/share/sandbox/profiles
	install -m 0644 profiles/*.conf $(DESTDIR)$(PREFIX)/share/sandbox/profiles
	install -D -m 0644 docs/sandbox.1 $(DESTDIR)$(PREFIX)/share/man/man1/sandbox.1
	install -D -m 0644 completions/sandbox.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/sandbox
	install -D -m 0644 completions/_sandbox $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_sandbox
	install -D -m 0644 completions/sandbox.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/sandbox.fish

clean:
	rm -rf build

-include $(wildcard $(B)/*.d $(B)/launch/*.d)
.PHONY: all check clean demo install tests
