# make bench: launches beside peers and the floor; says, never judges. BENCH="-n 50 launch" chooses.
#
# The floor has the smaller C library where there is one (musl-gcc): a C library's own start is a
# fifth of a launch, so it is part of what a launcher can choose.

BENCH_FLAGS := -std=gnu17 -D_GNU_SOURCE $(WARN) -O2 -iquote sandbox
FLOOR_CC    := $(if $(shell command -v musl-gcc),musl-gcc \
	       -idirafter /usr/include -idirafter /usr/include/$(shell $(CC) -print-multiarch),$(CC))
BENCH_DIR   := $(B)/bench
BENCH_BUILT := $(addprefix $(BENCH_DIR)/,floor true turns work)

bench: $(B)/sandbox $(BENCH_BUILT)
	tests/bench/run -b $(B) $(BENCH)

bench-results: $(B)/sandbox $(BENCH_BUILT)
	tests/bench/run -b $(B) -o docs/performance-results.txt $(BENCH)

$(BENCH_DIR)/floor: tests/bench/floor.c $(B)/filters.c
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

.PHONY: bench bench-results
