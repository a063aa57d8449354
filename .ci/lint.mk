# What reads the code without running it. `make lint` installs nothing: helpers/setup packages lint.

LINT_C       := $(wildcard sandbox/*.c helpers/*.c tests/*.c tests/*/*.c)
LINT_H       := $(wildcard sandbox/*.h helpers/*.h tests/*.h tests/*/*.h)
LINT_SCRIPTS  = $(shell grep -slE '^\#!.*(bash|sh)$$' $(wildcard helpers/* tests/* tests/*/* tests/vm/guest/* tests/docs/stand-ins/* docs/* packaging/* .ci/*)) \
		$(wildcard tests/*.bash tests/*/*.bats)
LINT_FLAGS   := -D_GNU_SOURCE -Isandbox -Ihelpers -Itests/unit -DVERSION='"0"' -DPREFIX='"/usr"'
LINTS        := lint-cppcheck lint-tidy lint-analyzer lint-shell lint-format

lint: $(LINTS)

# Not reported: a struct error that is passed to be filled, an expression that cppcheck 2.10 cannot read, null
# pointers after a check that does not return and functions that end in one, which the compilers know better.
lint-cppcheck:
	cppcheck --quiet --std=c11 --enable=warning,performance,portability --error-exitcode=1 \
		--inline-suppr --suppress=missingIncludeSystem --suppress=ctuuninitvar \
		--suppress=nullPointerRedundantCheck --suppress=missingReturn --suppress=internalAstError \
		--suppress=preprocessorErrorDirective $(LINT_FLAGS) $(LINT_C)

lint-tidy:
	printf '%s\n' $(LINT_C) | xargs -P $$(nproc) -I FILE clang-tidy --quiet FILE -- -std=gnu17 \
		$(subst -I,-iquote ,$(LINT_FLAGS)) 2>/dev/null

# gcc's analyzer. Of the program and its helpers: tests end with their process, and free little. Not asked of three files
# are leaks: gcc 12 does not know that tsearch(3) keeps what it is given, nor finds again what a connection or a table holds;
# the tests with LeakSanitizer do.
ANALYZE   = xargs -P $$(nproc) -I FILE gcc -std=gnu17 $(WARN) -O2 $(subst -I,-iquote ,$(LINT_FLAGS)) -fanalyzer
NO_LEAKS := helpers/layer_copy.c helpers/relay_tcp.c helpers/denial_record.c
lint-analyzer:
	ls $(filter-out $(NO_LEAKS),$(wildcard sandbox/*.c helpers/*.c)) | $(ANALYZE) -c -o /dev/null FILE
	ls $(NO_LEAKS) | $(ANALYZE) -Wno-analyzer-malloc-leak -c -o /dev/null FILE

lint-shell:
	shellcheck $(LINT_SCRIPTS)

lint-format:
	clang-format --dry-run --Werror $(LINT_C) $(LINT_H)

format:
	clang-format -i $(LINT_C) $(LINT_H)

.PHONY: lint $(LINTS) format
