# The planner of tests/plan: every object of the program but main's.

PLANNER := $(B)/tests/plan/planner

tests: $(PLANNER)

# Not static, as the unit tests.
$(PLANNER): tests/plan/planner.c $(filter-out $(B)/main.o,$(OBJECTS))
	@mkdir -p $(@D)
	$(CC) $(filter-out -fPIE,$(ALL_CFLAGS)) -fPIE -pie -o $@ $^
