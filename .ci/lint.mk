# What reads the code without running it. `make lint` installs nothing: helpers/setup packages lint.

LINT_C       := $(wildcard sandbox/*.c helpers/*.c tests/*.c tests/*/*.c)
LINT_H       := $(wildcard sandbox/*.h helpers/*.h tests/*.h tests/*/*.h)
LINT_SCRIPTS  = $(shell grep -slE '^\#!.*(bash|sh)$$' $(wildcard helpers/* tests/* tests/*/* docs/* .ci/*)) \
		$(wildcard tests/*.bash tests/*/*.bats)
LINT_FLAGS   := -D_GNU_SOURCE -Isandbox -Ihelpers -Itests/unit -DVERSION='"0"' -DPREFIX='"/usr"'
LINTS        := lint-cppcheck lint-tidy lint-shell lint-format

lint: $(LINTS)

# Not reported: a struct error that is passed to be filled, an expression that cppcheck 2.10 cannot read, and null
# pointers after a check that does not return, which clang-tidy knows better.
lint-cppcheck:
	cppcheck --quiet --std=c11 --enable=warning,performance,portability --error-exitcode=1 \
		--inline-suppr --suppress=missingIncludeSystem --suppress=ctuuninitvar \
		--suppress=nullPointerRedundantCheck --suppress=internalAstError --suppress=preprocessorErrorDirective $(LINT_FLAGS) $(LINT_C)

lint-tidy:
	printf '%s\n' $(LINT_C) | xargs -P $$(nproc) -I FILE clang-tidy --quiet FILE -- -std=gnu17 \
		$(subst -I,-iquote ,$(LINT_FLAGS)) 2>/dev/null

lint-shell:
	shellcheck $(LINT_SCRIPTS)

lint-format:
	clang-format --dry-run --Werror $(LINT_C) $(LINT_H)

format:
	clang-format -i $(LINT_C) $(LINT_H)

.PHONY: lint $(LINTS) format
