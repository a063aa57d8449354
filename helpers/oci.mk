# The OCI runtime, a program of its own: it reads JSON (jansson), which the launch does not, and has
# the launch's objects but its main. Static where the libraries are: a dynamic loader would be a
# tenth of a container's start, and no library of a container's can get into it.

OCI_PARTS   := oci oci_attach oci_cgroup oci_command oci_confine oci_copy_up oci_create oci_devices oci_exec oci_hooks oci_init \
	       oci_json oci_mounts oci_namespaces oci_paths oci_plan oci_read oci_read_linux oci_read_mounts oci_read_process \
	       oci_read_resources oci_root oci_run oci_state oci_terminal oci_tighten oci_verbs
OCI_STATIC  := $(and $(wildcard /usr/lib/$(MULTIARCH)/libjansson.a),$(wildcard /usr/lib/$(MULTIARCH)/rcrt1.o))
OCI_LINK     = $(if $(and $(OCI_STATIC),$(if $(SAN),,yes)),$(LINK),$(LIBEXEC_LINK))
# With the launch's C library where that is musl; Debian's jansson, built with glibc, fits it where what both pass
# between them looks alike: where time has 64 bits in both.
OCI_MUSL    := $(and $(filter musl,$(LIBC)),$(OCI_STATIC),$(filter x86_64-% aarch64-%,$(MULTIARCH)),yes)
ifeq ($(OCI_MUSL),yes)
OCI_OBJECTS := $(OCI_PARTS:%=$(B)/oci-parts/%.o) $(B)/oci-parts/oci_musl.o $(patsubst $(B)/%,$(B)/launch/%,$(filter-out $(B)/main.o,$(OBJECTS)))
OCI_CFLAGS  := $(LIBC_CFLAGS)
OCI_LIBS    := /usr/lib/$(MULTIARCH)/libjansson.a $(LIBC_END)
OCI_START   := $(LIBC_START)
else
OCI_OBJECTS := $(OCI_PARTS:%=$(B)/oci-parts/%.o) $(filter-out $(B)/main.o,$(OBJECTS))
OCI_LIBS    := -ljansson
endif

all: $(B)/sandbox-oci

$(B)/sandbox-oci: $(OCI_OBJECTS)
	$(CC) $(OCI_LINK) $(OCI_START) -o $@ $^ $(OCI_LIBS)

$(B)/oci-parts/%.o: helpers/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(OCI_CFLAGS) -iquote helpers -c -o $@ $<

-include $(OCI_OBJECTS:.o=.d)
