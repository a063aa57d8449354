# The attacker's programs, and the slow half of the fault tests.

tests: $(B)/tests/probe $(B)/tests/on_tty

# Static and alone: it runs in root file systems that have no library.
$(B)/tests/probe: tests/attack/probe.c
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -D_GNU_SOURCE $(WARN) $(CFLAGS) -static -o $@ $<

$(B)/tests/on_tty: tests/attack/on_tty.c
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -D_GNU_SOURCE $(WARN) $(CFLAGS) -o $@ $< -lutil

# An error and a kill at every system call of a launch, ten minutes of exchanged names, and a thousand kills.
faults: all tests
	ATTACK=long tests/run-tests -b $(B) attack/faults attack/races attack/lifecycle attack/environment

.PHONY: faults
