# The C library of the program. make LIBC=glibc or LIBC=musl chooses (any word but musl: the compiler's
# own); without it, musl where Debian's musl-dev is, since glibc's own start is a fifth of a launch
# (docs/performance.md), else glibc. Either way it is one static, position-independent program from the
# same sources. Tests are built with glibc.

ifndef SAN
MULTIARCH := $(shell $(CC) -print-multiarch 2>/dev/null)
MUSL      := $(subst -gnu,-musl,$(MULTIARCH))
LIBC      ?= $(if $(wildcard /usr/lib/$(MUSL)/rcrt1.o),musl,glibc)
endif

ifeq ($(LIBC),musl)
# musl's headers, then the compiler's own, then the kernel's. musl-gcc cannot link a static-pie.
LIBC_CFLAGS := -nostdinc -isystem /usr/include/$(MUSL) -isystem $(shell $(CC) -print-file-name=include) \
	       -idirafter /usr/include -idirafter /usr/include/$(MULTIARCH)
LIBC_START  := -nostdlib -nostartfiles $(addprefix /usr/lib/$(MUSL)/,rcrt1.o crti.o)
LIBC_END    := /usr/lib/$(MUSL)/libc.a $(shell $(CC) -print-libgcc-file-name) /usr/lib/$(MUSL)/crtn.o
endif
