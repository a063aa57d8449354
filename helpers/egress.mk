# The egress gateway: a program of its own, so that the launch links nothing of it. Unlike the launch
# it is dynamic (libnftables and what that needs), and built with glibc, whose libresolv reads DNS records.

EGRESS_PURE    := egress_policy egress_config egress_dns egress_leases egress_report
EGRESS_SOURCES := $(patsubst %,helpers/%.c,egress egress_confine call_filter egress_resolver egress_rules egress_upstream $(EGRESS_PURE))
EGRESS_OBJECTS := $(EGRESS_SOURCES:helpers/%.c=$(B)/egress-parts/%.o)
EGRESS_BASE    := $(patsubst %,$(B)/%.o,arena error files)
EGRESS_LINK     = $(if $(SAN),$(LINK),-pie -Wl,-z,relro,-z,now,-z,noexecstack $(LDFLAGS))

all: $(B)/libexec/egress

$(B)/libexec/egress: $(EGRESS_OBJECTS) $(EGRESS_BASE)
	@mkdir -p $(@D)
	$(CC) $(EGRESS_LINK) -o $@ $^ -lnftables -lresolv

$(B)/egress-parts/%.o: helpers/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -iquote helpers -c -o $@ $<

-include $(wildcard $(B)/egress-parts/*.d)

# Tests: what is pure, and the rules in a network namespace of the test's own.
EGRESS_TESTS := $(patsubst %,$(B)/tests/unit/test_egress_%,policy dns leases rules)
EGRESS_UNDER_TEST := $(patsubst %,$(B)/egress-parts/%.o,$(EGRESS_PURE) egress_rules) $(B)/error.o

tests: $(EGRESS_TESTS)

$(EGRESS_TESTS): $(B)/tests/unit/%: tests/unit/%.c $(EGRESS_UNDER_TEST)
	@mkdir -p $(@D)
	$(CC) $(filter-out -fPIE,$(ALL_CFLAGS)) -fPIE -pie -iquote helpers -o $@ $< $(EGRESS_UNDER_TEST) \
		-lcmocka -lnftables -lresolv
