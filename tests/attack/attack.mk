# The attacker's programs, and the slow half of the fault tests.

tests: $(B)/tests/probe $(B)/tests/hunter $(B)/tests/denied $(B)/tests/on_tty

# Static and alone: it runs in root file systems that have no library.
$(B)/tests/probe $(B)/tests/hunter $(B)/tests/denied: $(B)/tests/%: tests/attack/%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -D_GNU_SOURCE $(WARN) $(CFLAGS) -static -o $@ $<

$(B)/tests/on_tty: tests/attack/on_tty.c
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -D_GNU_SOURCE $(WARN) $(CFLAGS) -o $@ $< -lutil

# What is tried against the program from inside (docs/security.md), as a plain user; the slow half is in `faults`.
attack: all tests
	tests/attack/table check
	tests/run-tests -b $(B) attack

# Lets a system call fail; it knows the registers of one machine.
ifneq ($(filter x86_64-%,$(shell $(CC) -dumpmachine)),)
tests: $(B)/tests/inject $(B)/tests/witness
endif

$(B)/tests/inject: tests/faults/inject.c
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -D_GNU_SOURCE $(WARN) $(CFLAGS) -o $@ $< -lseccomp

$(B)/tests/witness: tests/faults/witness.c
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -D_GNU_SOURCE $(WARN) $(CFLAGS) -static -o $@ $<

# Each system call of many kinds of launch answers an error, one launch for each: a table. FAULTS=long: each with each errno
# that its manual names, and a kill; then the slow half of the attacks: ten minutes of exchanged names, a thousand kills.
faults: all tests
	tests/faults/run -b $(B) $(if $(filter long,$(FAULTS)),-a)
ifeq ($(FAULTS),long)
	ATTACK=long tests/run-tests -b $(B) attack/denials attack/network attack/network_faults attack/races attack/lifecycle attack/life attack/environment run/bad_network
endif

.PHONY: attack faults
