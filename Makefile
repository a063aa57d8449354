# make            build/sandbox, build/libexec            make check   the tests, as a plain user
# make demo       from nothing to a confined build         make bench   ratios against peers and floor
# make check-vm     limits, in a virtual machine            make check-valgrind   memory
# make attack       what is tried from inside               make fuzz, make faults  the same for parsers, for errors
# make install    DESTDIR= PREFIX=                         make format  clang-format
# make generated  docs and completions from the option table
# make SAN=1 ...  with ASan and UBSan, into build/san      make CC=clang ...
# make dist       a tarball of what is committed           make deb     a Debian package of it
# make check-old    the run and attack tests, as on Linux 5.10 (root)
# make check-unit   the unit and plan tests, as whoever asks, with nothing installed for them
#
# Who packages sets CFLAGS, CPPFLAGS and LDFLAGS, which are added to, and WERROR= so that a new compiler's
# warnings are no errors. A cross build has CC, and RUN, what runs the target's programs here.

PREFIX  ?= /usr/local
DESTDIR ?=
ZSH_DIR ?= $(PREFIX)/share/zsh/site-functions
VERSION := 0.1
ifeq ($(origin CC),default) # make's own, cc
CC      := gcc
endif
B       := build$(if $(SAN),/san)

# The launch is static and links a C library alone: a dynamic loader costs a quarter of a launch
# (docs/performance.md). What it needs of libseccomp and libcap is made at build time: the compiled
# filters (helpers/mkfilter) and the names of the capabilities (helpers/mkcapabilities).
WERROR  ?= -Werror
WARN    := -Wall -Wextra $(WERROR) -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla
CFLAGS  ?= -O2 -g
FORTIFY := $(if $(findstring _FORTIFY_SOURCE,$(CFLAGS) $(CPPFLAGS)),,-D_FORTIFY_SOURCE=2)
HARDEN  := -fstack-protector-strong $(FORTIFY) $(if $(filter x86_64-%,$(shell $(CC) -dumpmachine)),-fcf-protection=full)
# The same bytes, wherever the tree is.
ALL_CFLAGS  = -std=gnu17 -D_GNU_SOURCE $(WARN) $(CFLAGS) $(CPPFLAGS) -ffile-prefix-map=$(CURDIR)=. -fPIE -MMD -MP -iquote sandbox -iquote $(B) \
	      -DVERSION='"$(VERSION)"' -DPREFIX='"$(PREFIX)"'
ifdef SAN
ALL_CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LINK        = -fsanitize=address,undefined -pie $(LDFLAGS)
else
ALL_CFLAGS += $(HARDEN)
LINK        = -static-pie -Wl,-z,relro,-z,now,-z,noexecstack $(LDFLAGS)
endif

SOURCES := $(wildcard sandbox/*.c)
OBJECTS := $(SOURCES:sandbox/%.c=$(B)/%.o) $(B)/filters.o $(B)/capability_names.o

all: $(B)/sandbox $(B)/sandbox-sh

include sandbox/libc.mk sandbox/seccomp.mk helpers/egress.mk helpers/relay.mk helpers/bwrap.mk helpers/libexec.mk helpers/scope.mk helpers/denials.mk helpers/oci.mk helpers/bundle.mk .ci/lint.mk

$(B)/sandbox: $(patsubst $(B)/%,$(B)/launch/%,$(OBJECTS))
	$(CC) $(LINK) $(LIBC_START) -o $@ $^ $(LIBC_END)

# The same program by another name (sandbox/cmd_sh.h).
$(B)/sandbox-sh: $(B)/sandbox
	ln -sf sandbox $@

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
	$(CC) $(WARN) $(CFLAGS) $(LDFLAGS) -o $@ $< -lcap

$(B)/capability_names.c: $(B)/mkcapabilities
	$(RUN) $< >$@.new && mv $@.new $@

$(B)/capability_names.o: $(B)/capability_names.c
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

include helpers/desktop.mk
-include docs/generated.mk tests/tests.mk tests/plan/plan.mk
include tests/bench/bench.mk tests/attack/attack.mk tests/valgrind/valgrind.mk

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

# The same with the system calls of Linux 5.10 only (tests/old_kernel.c): a filter that root alone can load
# without taking newuidmap's rights.
check-old: all tests
	$(B)/tests/old_kernel tests/run-tests -b $(B) $(if $(J),-j $(J)) $(or $(T),run attack)

# RUN as above. Under an emulator the planner and the program are scripts that start it.
check-unit: all tests
	tests/run-unit -b $(B) $(RUN)

# The pages for users with nothing standing in: builds anew, and makes Debian root file systems from the network.
check-docs: all tests
	DOCS=real tests/run-tests -b $(B) run/docs

# Limits, on a Debian with systemd and its own kernel, in a virtual machine; FILE="limits io" chooses.
SUITE ?= bookworm
check-vm:
	helpers/setup packages vm
	$(MAKE) all
	tests/vm/check -b $(B) $(SUITE) $(FILE)

tests: $(B)/tests/reaper $(B)/tests/old_kernel

$(B)/tests/reaper $(B)/tests/old_kernel: $(B)/tests/%: tests/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -o $@ $<

install: all
	install -D -m 0755 $(B)/sandbox $(DESTDIR)$(PREFIX)/bin/sandbox
	ln -sf sandbox $(DESTDIR)$(PREFIX)/bin/sandbox-sh
	install -m 0755 $(B)/sandbox-oci $(DESTDIR)$(PREFIX)/bin/sandbox-oci
	install -d $(DESTDIR)$(PREFIX)/libexec/sandbox
	install -m 0755 $(addprefix $(LIBEXEC)/,relay egress bwrap) $(LIBEXEC_ALL) $(DESTDIR)$(PREFIX)/libexec/sandbox
	install -d $(DESTDIR)$(PREFIX)/share/sandbox/profiles
	install -m 0644 profiles/*.conf $(DESTDIR)$(PREFIX)/share/sandbox/profiles
	install -d $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 0644 docs/sandbox.1 docs/sandbox-doctor.1 docs/sandbox-sh.1 docs/sandbox-oci.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -D -m 0644 docs/sandbox-profile.5 $(DESTDIR)$(PREFIX)/share/man/man5/sandbox-profile.5
	install -D -m 0644 completions/sandbox.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/sandbox
	install -D -m 0644 completions/_sandbox $(DESTDIR)$(ZSH_DIR)/_sandbox
	install -D -m 0644 completions/sandbox.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/sandbox.fish

# What is committed, with the commit's time; the same commit gives the same bytes.
DIST := build/sandbox-$(VERSION).tar.gz
dist:
	mkdir -p build
	git archive --format=tar --prefix=sandbox-$(VERSION)/ HEAD | gzip -9n >$(DIST).new && mv $(DIST).new $(DIST)

# With the distribution's own tools, in build/deb; packaging/README.md has what they are.
deb: dist
	rm -rf build/deb && mkdir build/deb
	tar -C build/deb -xzf $(DIST)
	cd build/deb/sandbox-$(VERSION) && dpkg-buildpackage -us -uc

clean:
	rm -rf build

-include $(wildcard $(B)/*.d $(B)/launch/*.d)
.PHONY: all check check-docs check-old check-unit check-vm clean deb demo dist install tests
