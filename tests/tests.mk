# Unit tests and fuzz targets. tests/unit/test_X.c becomes build/tests/unit/test_X, which speaks TAP.

# What the tests of the first rooms need: the nouns alone, without any room that acts.
NOUNS := $(patsubst %,$(B)/%.o,arena capability_names error files lines config options options_complete options_docs \
	   options_set options_table parse parse_mount profile profile_command profile_expand \
	   profile_search)
NOUN_TESTS := $(patsubst %,$(B)/tests/unit/test_%,parse options profile config)

tests: $(NOUN_TESTS) $(GENDOCS)

# Not static, unlike the program: the sanitizers and cmocka are shared libraries.
$(NOUN_TESTS): $(B)/tests/unit/%: tests/unit/%.c $(NOUNS)
	@mkdir -p $(@D)
	$(CC) $(filter-out -fPIE,$(ALL_CFLAGS)) -fPIE -pie -o $@ $< $(NOUNS) -lcmocka -lcap

# make fuzz [FUZZ_SECONDS=60]: each parser for that long, under ASan and UBSan. What is found is
# written to build/fuzz/crash-*; add it to tests/fuzz/corpus-X once it is mended.
FUZZ_SECONDS ?= 60
FUZZERS := $(patsubst tests/fuzz/fuzz_%.c,$(B)/fuzz/fuzz_%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_CFLAGS = -std=gnu17 -D_GNU_SOURCE $(WARN) -O1 -g -iquote sandbox -DVERSION='"$(VERSION)"' \
	      -DPREFIX='"/nowhere"' -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all

$(B)/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $(patsubst $(B)/%.o,sandbox/%.c,$(filter-out $(B)/capability_names.o,$(NOUNS))) $(B)/capability_names.c $(wildcard sandbox/*.h)
	@mkdir -p $(@D)
	clang $(FUZZ_CFLAGS) -o $@ $(filter %.c,$^) -lcap

# Names for the fuzzers to try, from the table by way of a completion.
$(B)/fuzz/words: completions/sandbox.fish
	@mkdir -p $(@D)
	grep -oE -- '-l [a-z0-9-]+' $< | sed 's/-l \(.*\)/"\1"/' | sort -u >$@

fuzz: $(FUZZERS) $(B)/fuzz/words
	@set -e; for fuzzer in $(FUZZERS); do \
		name=$${fuzzer##*/fuzz_}; \
		mkdir -p $(B)/fuzz/found-$$name; \
		$$fuzzer -max_total_time=$(FUZZ_SECONDS) -max_len=8192 -timeout=5 -rss_limit_mb=2048 \
			-print_final_stats=1 -artifact_prefix=$(B)/fuzz/crash-$$name- \
			-dict=$(B)/fuzz/words $(B)/fuzz/found-$$name tests/fuzz/corpus-$$name; \
	done

.PHONY: fuzz
