# What speaks for a desktop application to the caller's session: static programs, built as the launch is
# (sandbox/libc.mk).
#   wayland  tells a compositor of the sandbox
#   x11      has an X server make a cookie, or runs one
#   audio    stands between the application and the sound server

DESKTOP        := $(addprefix $(LIBEXEC)/,wayland x11 audio)
DESKTOP_OBJECT  = $(patsubst %,$(B)/desktop-parts/%.o,$(1) session)
LIBEXEC_ALL    += $(DESKTOP)

all: $(DESKTOP)

$(LIBEXEC)/wayland: $(call DESKTOP_OBJECT,wayland wayland_wire)
$(LIBEXEC)/x11: $(call DESKTOP_OBJECT,x11 x11_wire x11_authority x11_server x11_enclosure bare_root strict) \
	$(patsubst %,$(B)/launch/%.o,capability_sets channel error filters mounting remount mountinfo files arena)
$(LIBEXEC)/audio: $(call DESKTOP_OBJECT,audio audio_filter call_filter)

$(DESKTOP):
	@mkdir -p $(@D)
	$(CC) $(LINK) $(LIBC_START) -o $@ $^ $(LIBC_END)

$(B)/desktop-parts/%.o: helpers/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LIBC_CFLAGS) -c -o $@ $<

-include $(wildcard $(B)/desktop-parts/*.d)
