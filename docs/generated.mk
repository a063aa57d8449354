# The manual page and the completions come from the option table and are checked in.
#   make generated        write them anew      make check-generated   fail when they are out of date

GENDOCS := $(B)/tests/gendocs

# Only what the table needs, so that the texts can be made while a room does not compile.
$(GENDOCS): helpers/gendocs.c $(patsubst %,$(B)/%.o,arena capability_names error files lines options options_complete \
	    options_docs options_set options_set_desktop options_set_limits options_set_network options_set_session options_table parse parse_bus parse_limits parse_mount parse_network)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LINK) -o $@ $^

generated: $(GENDOCS)
	docs/generate $(GENDOCS) .

check-generated: $(GENDOCS)
	docs/generate $(GENDOCS) . check

.PHONY: generated check-generated
