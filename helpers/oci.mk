# The OCI runtime, a program of its own: it reads JSON (jansson), which the launch does not, and has
# the launch's objects but its main. Static where the libraries are: a dynamic loader would be a
# tenth of a container's start, and no library of a container's can get into it.

OCI_PARTS   := oci oci_asking oci_attach oci_cgroup oci_command oci_confine oci_copy_up oci_create oci_devices oci_exec oci_hooks oci_idmap oci_init \
	       oci_json oci_listener oci_mounts oci_namespaces oci_paths oci_plan oci_read oci_read_linux oci_read_mounts oci_read_process \
	       oci_read_resources oci_root oci_run oci_scope oci_state oci_terminal oci_tighten oci_verbs
OCI_OBJECTS := $(OCI_PARTS:%=$(B)/helpers/%.o) $(filter-out $(B)/main.o,$(OBJECTS))
OCI_STATIC  := $(and $(wildcard /usr/lib/$(MULTIARCH)/libjansson.a),$(wildcard /usr/lib/$(MULTIARCH)/rcrt1.o))
OCI_LINK     = $(if $(and $(OCI_STATIC),$(if $(SAN),,yes)),$(LINK),$(LIBEXEC_LINK))
all: $(B)/sandbox-oci

$(B)/sandbox-oci: $(OCI_OBJECTS)
	$(CC) $(OCI_LINK) -o $@ $^ -ljansson
