# bubblewrap's command line on our parts: a static program of its own, built as the launch is.

BWRAP_OBJECTS := $(patsubst helpers/%.c,$(B)/bwrap-parts/%.o,$(wildcard helpers/bwrap*.c)) \
		 $(patsubst %,$(B)/launch/%.o,arena capability_names capability_sets error files filter_load filters host_userns mountinfo mounting remount step)

all: $(B)/libexec/bwrap

$(B)/libexec/bwrap: $(BWRAP_OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(LINK) $(LIBC_START) -o $@ $^ $(LIBC_END)

$(B)/bwrap-parts/%.o: helpers/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LIBC_CFLAGS) -c -o $@ $<

-include $(BWRAP_OBJECTS:.o=.d)
