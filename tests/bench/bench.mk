# make bench: launches beside peers and the floor; says, never judges. BENCH="-n 50 launch" chooses.
#
# The floor has the smaller C library where there is one (musl-gcc): a C library's own start is a
# fifth of a launch, so it is part of what a launcher can choose.

BENCH_FLAGS := -std=gnu17 -D_GNU_SOURCE $(WARN) -O2 -iquote sandbox
FLOOR_CC    := $(if $(shell command -v musl-gcc),musl-gcc \
	       -idirafter /usr/include -idirafter /usr/include/$(shell $(CC) -print-multiarch),$(CC))
BENCH_DIR   := $(B)/bench
BENCH_BUILT := $(addprefix $(BENCH_DIR)/,floor true turns work)

# Peers; without root it measures what is there.
bench: $(B)/sandbox $(BENCH_BUILT)
	helpers/setup packages bench || echo "going on without"
	tests/bench/run -b $(B) $(BENCH)

bench-results: $(B)/sandbox $(BENCH_BUILT)
	tests/bench/run -b $(B) -o docs/performance-results.txt $(BENCH)

$(BENCH_DIR)/floor: tests/bench/floor.c $(B)/filters.c
	@mkdir -p $(@D)
	$(FLOOR_CC) $(BENCH_FLAGS) -static -o $@ $^

# The same library as the floor: nsenter(1) is as Debian builds it.
$(BENCH_DIR)/enter: tests/bench/enter.c $(B)/filters.c
	@mkdir -p $(@D)
	$(FLOOR_CC) $(BENCH_FLAGS) -static -o $@ $^

$(BENCH_DIR)/true: tests/bench/true.c
	@mkdir -p $(@D)
	$(CC) $(BENCH_FLAGS) -static -nostdlib -s -o $@ $<

$(BENCH_DIR)/work: tests/bench/work.c
	@mkdir -p $(@D)
	$(CC) $(BENCH_FLAGS) -static -o $@ $<

$(BENCH_DIR)/turns: tests/bench/turns.c
	@mkdir -p $(@D)
	$(CC) $(BENCH_FLAGS) -o $@ $<

# make bench-network BENCH="-n 50 launch": a network's cost, beside slirp4netns and pasta by hand.
bench-network: all $(BENCH_DIR)/now
	tests/bench/network -b $(B) $(BENCH)

$(BENCH_DIR)/now: tests/bench/now.c
	@mkdir -p $(@D)
	$(CC) $(BENCH_FLAGS) -static -o $@ $<

# Ratios for layers and imports; as a plain user.
bench-store: all
	tests/bench/store

# make bench-life BENCH="-c 100": three hundred sandboxes: ps, exec, memory, wake-ups.
bench-life: all $(addprefix $(BENCH_DIR)/,true enter turns)
	tests/bench/life -b $(B) $(BENCH)

# make bench-oci BENCH="-n 200 -r 50": a container of a true, beside crun's.
bench-oci: all $(addprefix $(BENCH_DIR)/,true turns)
	tests/bench/oci -b $(B) $(BENCH)

# make bench-podman BENCH="-n 30 -r 50", as root: podman run with each.
bench-podman: all
	tests/bench/podman -b $(B) $(BENCH)

.PHONY: bench bench-results bench-network bench-store bench-life bench-oci bench-podman

# make bench-filter BENCH="-n 500": what filters cost to load, at a call, and a build.
bench-filter: all $(B)/filter_cost
	tests/bench/filter -b $(B) $(BENCH)

# Beside the program, for its libexec.
$(B)/filter_cost: tests/bench/filter_cost.c $(filter-out $(B)/main.o,$(OBJECTS))
	$(CC) $(ALL_CFLAGS) -o $@ $(filter %.c %.o,$^)

.PHONY: bench-filter

# make bench-desktop BENCH="-p 10 first": a window's first picture and frames a second, on Xvfb.
bench-desktop: all
	tests/bench/desktop -b $(B) $(BENCH)

.PHONY: bench-desktop
