# The programs of libexec/sandbox: what would make the launch heavier, and is not needed for one.
#   import   reads archives and images (libarchive, jansson, nettle)
#   bus      confines xdg-dbus-proxy, and becomes it
#   fuse     runs fuse-overlayfs, where the kernel has no overlay for users
#   layer    shows and applies what a layer holds
#   doctor   says what this machine can do
#   rootfs-tar, rootfs   make a Debian or busybox
#   seccomp  makes filters of seccomp profiles (jansson, libseccomp)

LIBEXEC       := $(B)/libexec
LIBEXEC_C     := bus doctor fuse import layer seccomp
LIBEXEC_SH    := rootfs rootfs-tar
LIBEXEC_ALL   := $(addprefix $(LIBEXEC)/,$(LIBEXEC_C) $(LIBEXEC_SH))
LIBEXEC_LINK   = $(if $(SAN),$(LINK),-pie -Wl,-z,relro,-z,now,-z,noexecstack $(LDFLAGS))
IMPORT_LIBS   := -larchive -ljansson -lnettle
LIBEXEC_BASE  := $(patsubst %,$(B)/%.o,arena capability_names error files json record tree parse)
DOCTOR_FACTS  := $(patsubst %,$(B)/%.o,arena capability_names error files json lines config config_confine options options_complete options_docs \
		 options_set options_set_desktop options_set_limits options_set_network options_set_session options_table parse parse_bus parse_limits parse_mount parse_network \
		 installed places host host_bus host_cgroup host_desktop host_devices host_network host_pieces host_records host_secrets host_sources host_userns record spawn state tree)

all: $(LIBEXEC_ALL)

$(B)/helpers/%.o: helpers/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -iquote helpers -c -o $@ $<

$(LIBEXEC)/import: $(addprefix $(B)/helpers/,import.o image.o unpack.o plain.o) $(LIBEXEC_BASE)
	@mkdir -p $(@D)
	$(CC) $(LIBEXEC_LINK) -o $@ $^ $(IMPORT_LIBS)

$(LIBEXEC)/layer: $(addprefix $(B)/helpers/,layer.o layer_walk.o layer_git.o layer_known.o layer_resolve.o layer_stack.o layer_fuse.o layer_show.o layer_copy.o layer_commit.o layer_journal.o) $(B)/mounting.o $(B)/remount.o $(B)/mountinfo.o $(LIBEXEC_BASE)
	@mkdir -p $(@D)
	$(CC) $(LIBEXEC_LINK) -o $@ $^

# libseccomp is linked in: the version that this was built with is the one that makes the filters, and
# those that are kept (sandbox/filter_file.c) are known by it.
SECCOMP_STATIC = $(if $(wildcard /usr/lib/$(MULTIARCH)/libseccomp.a),-l:libseccomp.a,-lseccomp)

$(LIBEXEC)/seccomp: $(SECCOMP_PARTS:%=$(B)/helpers/%.o) $(addprefix $(B)/,arena.o capability_names.o errno_names.o filter_run.o)
	@mkdir -p $(@D)
	$(CC) $(LIBEXEC_LINK) -o $@ $^ -ljansson $(SECCOMP_STATIC)

$(LIBEXEC)/doctor: $(addprefix $(B)/helpers/,doctor.o doctor_host.o doctor_kernel.o doctor_print.o doctor_programs.o doctor_try.o) $(DOCTOR_FACTS)
	@mkdir -p $(@D)
	$(CC) $(LIBEXEC_LINK) -o $@ $^

$(LIBEXEC)/bus: $(addprefix $(B)/,helpers/bus.o helpers/bare_root.o helpers/strict.o capability_sets.o filters.o mounting.o remount.o mountinfo.o files.o arena.o)
	@mkdir -p $(@D)
	$(CC) $(LIBEXEC_LINK) -o $@ $^

$(LIBEXEC)/fuse: $(addprefix $(B)/,helpers/fuse.o helpers/bare_root.o capability_sets.o mounting.o remount.o mountinfo.o files.o arena.o)
	@mkdir -p $(@D)
	$(CC) $(LIBEXEC_LINK) -o $@ $^

$(addprefix $(LIBEXEC)/,$(LIBEXEC_SH)): $(LIBEXEC)/%: helpers/%
	@mkdir -p $(@D)
	cp $< $@

-include $(wildcard $(B)/helpers/*.d)
