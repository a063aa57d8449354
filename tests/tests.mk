# Unit tests and fuzz targets. tests/unit/test_X.c becomes build/tests/unit/test_X, which speaks TAP.

# What the tests of the first rooms need: the nouns alone, without any room that acts.
NOUNS := $(patsubst %,$(B)/%.o,arena capability_names error files json lines config config_confine options options_complete options_docs \
	   options_set options_set_desktop options_set_limits options_set_network options_set_session options_table parse parse_bus parse_limits parse_mount parse_network profile \
	   profile_command profile_settings profile_trust profile_tighten places profile_expand profile_registry profile_search installed)
NOUN_TESTS := $(patsubst %,$(B)/tests/unit/test_%,parse limits network options profile config json bus_rule)

tests: $(NOUN_TESTS) $(GENDOCS)

# Not static, unlike the program: the sanitizers and cmocka are shared libraries.
$(NOUN_TESTS): $(B)/tests/unit/%: tests/unit/%.c $(NOUNS)
	@mkdir -p $(@D)
	$(CC) $(filter-out -fPIE,$(ALL_CFLAGS)) -fPIE -pie -o $@ $< $(NOUNS) -lcmocka -lcap

tests: $(B)/tests/unit/test_channel

$(B)/tests/unit/test_channel: tests/unit/test_channel.c $(B)/channel.o $(B)/error.o
	@mkdir -p $(@D)
	$(CC) $(filter-out -fPIE,$(ALL_CFLAGS)) -fPIE -pie -o $@ $^ -lcmocka

tests: $(B)/tests/unit/test_entry

$(B)/tests/unit/test_entry: tests/unit/test_entry.c $(B)/entry.o $(B)/arena.o
	@mkdir -p $(@D)
	$(CC) $(filter-out -fPIE,$(ALL_CFLAGS)) -fPIE -pie -o $@ $^ -lcmocka

tests: $(B)/tests/unit/test_audio

$(B)/tests/unit/test_audio: tests/unit/test_audio.c helpers/audio_filter.c
	@mkdir -p $(@D)
	$(CC) $(filter-out -fPIE -MMD -MP,$(ALL_CFLAGS)) -iquote helpers -fPIE -pie -o $@ $^ -lcmocka

# make fuzz [FUZZ_SECONDS=60] [FUZZ="profile image"]: each parser for that long, under ASan and UBSan. What is
# found is written to build/fuzz/crash-*; add it to tests/fuzz/corpus-X once it is mended. docs/fuzzing.md.
FUZZ_SECONDS ?= 60
FUZZ         ?= $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZERS      := $(addprefix $(B)/fuzz/fuzz_,$(FUZZ))
FUZZ_CFLAGS   = -std=gnu17 -D_GNU_SOURCE $(WARN) -O1 -g -MMD -MP -iquote sandbox -iquote helpers -iquote $(B) \
		-DVERSION='"$(VERSION)"' -DPREFIX='"/nowhere"' -fsanitize=address,undefined -fno-sanitize-recover=all

# All that is under test, compiled once, as an archive: a target that includes a C file, for what is static in
# it, has that file's names already, and the linker leaves the one in here alone.
FUZZ_PARTS   := $(patsubst sandbox/%.c,$(B)/fuzz/parts/%.o,$(filter-out sandbox/main.c,$(SOURCES))) \
		$(addprefix $(B)/fuzz/parts/,filters.o capability_names.o call_names.o) \
		$(patsubst %,$(B)/fuzz/parts/helpers/%.o,unpack plain image audio_filter $(EGRESS_PURE) egress_rules $(DENIAL_PURE) denial_record \
		  oci_json oci_read oci_read_linux oci_read_mounts oci_read_process oci_read_resources)

$(B)/fuzz/parts/%.o: sandbox/%.c
	@mkdir -p $(@D)
	clang $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link -c -o $@ $<

$(B)/fuzz/parts/helpers/%.o: helpers/%.c
	@mkdir -p $(@D)
	clang $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link -c -o $@ $<

$(B)/fuzz/parts/%.o: $(B)/%.c
	@mkdir -p $(@D)
	clang $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link -c -o $@ $<

$(B)/fuzz/parts.a: $(FUZZ_PARTS)
	@rm -f $@
	ar rc $@ $^

$(B)/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $(B)/fuzz/parts.a
	clang $(FUZZ_CFLAGS) -fsanitize=fuzzer -o $@ $< $(B)/fuzz/parts.a -lcap $(IMPORT_LIBS) -lnftables -lresolv

# Names for the fuzzers to try, from the table by way of a completion.
$(B)/fuzz/words: completions/sandbox.fish
	@mkdir -p $(@D)
	grep -oE -- '-l [a-z0-9-]+' $< | sed 's/-l \(.*\)/"\1"/' | sort -u >$@

# The reader and compiler of seccomp profiles, which end the program where they refuse: here they jump.
$(B)/fuzz/fuzz_seccomp_json: tests/fuzz/fuzz_seccomp_json.c $(addprefix helpers/,oci_profile.c oci_words.c json_place.c $(FILTER_PARTS:%=%.c)) sandbox/arena.c sandbox/filter_run.c $(B)/capability_names.c $(B)/errno_names.c $(wildcard helpers/oci_*.h helpers/filter_*.h)
	@mkdir -p $(@D)
	clang $(filter-out -MMD -MP,$(FUZZ_CFLAGS)) -fsanitize=fuzzer -Dexit=fuzz_exit -o $@ $(filter %.c,$^) -ljansson -lseccomp

# The keys of config.json, from who reads it: as a dictionary has a quoted word.
$(B)/fuzz/words-oci: $(wildcard helpers/oci_read*.c)
	@mkdir -p $(@D)
	grep -ohE '"[A-Za-z_]{3,}"' $^ | sed 's/"\(.*\)"/"\\"\1\\""/' | sort -u >$@

fuzz: $(FUZZERS) $(B)/fuzz/words $(B)/fuzz/words-oci
	tests/fuzz/run -b $(B)/fuzz -t $(FUZZ_SECONDS) $(FUZZ)

-include $(wildcard $(B)/fuzz/*.d $(B)/fuzz/parts/*.d $(B)/fuzz/parts/helpers/*.d)
.PHONY: fuzz
