# The relay of published ports and of the host's services: a static program of its own, built as the
# launch is (sandbox/libc.mk).

RELAY_OBJECTS := $(patsubst helpers/%.c,$(B)/relay-parts/%.o,helpers/call_filter.c $(wildcard helpers/relay*.c))

all: $(B)/libexec/relay

$(B)/libexec/relay: $(RELAY_OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(LINK) $(LIBC_START) -o $@ $^ $(LIBC_END)

$(B)/relay-parts/%.o: helpers/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LIBC_CFLAGS) -c -o $@ $<

-include $(RELAY_OBJECTS:.o=.d)
