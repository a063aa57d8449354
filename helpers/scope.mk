# The helper that asks systemd for a cgroup: the only program that links libsystemd. SYSTEMD=no leaves it
# out, where there is none: limits then want a delegated cgroup.

ifneq ($(SYSTEMD),no)

LIBEXEC_ALL += $(LIBEXEC)/scope

all: $(LIBEXEC)/scope

$(LIBEXEC)/scope: $(B)/helpers/scope.o
	@mkdir -p $(@D)
	$(CC) $(LIBEXEC_LINK) -o $@ $^ -lsystemd

endif
