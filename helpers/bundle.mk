# `sandbox bundle`: a profile written out as an OCI bundle. It has the launch's objects but its main, and the
# filters as OCI runtimes take them.

BUNDLE_OBJECTS := $(patsubst %,$(B)/helpers/%.o,bundle bundle_check bundle_write) $(B)/filters_oci.o \
		  $(filter-out $(B)/main.o,$(OBJECTS))
LIBEXEC_ALL    += $(LIBEXEC)/bundle

all: $(LIBEXEC)/bundle

$(LIBEXEC)/bundle: $(BUNDLE_OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(LIBEXEC_LINK) -o $@ $^

$(B)/filters_oci.o: $(B)/filters_oci.c
	$(CC) $(ALL_CFLAGS) -iquote helpers -c -o $@ $<
