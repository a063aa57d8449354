/* channel.c: what the other end has said is heard, however it has ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "channel.h"

#include <cmocka.h>

/* A child that fails before it has read what we told it. */
static void test_last_words(void **state)
{
	struct error err, said = {.number = 1, .text = "cannot do it", .remedy = "do without"};
	struct message message;
	int ends[2];

	(void)state;
	assert_int_equal(channel_open(ends, &err), 0);
	assert_int_equal(channel_send(ends[0], MESSAGE_IDS, 0, NULL), 0);
	assert_int_equal(channel_send(ends[1], MESSAGE_ERROR, 0, &said), 0);
	close(ends[1]);
	assert_int_equal(channel_receive(ends[0], &message), MESSAGE_ERROR);
	assert_string_equal(message.error.text, "cannot do it");
	assert_string_equal(message.error.remedy, "do without");
	assert_int_equal(channel_receive(ends[0], &message), MESSAGE_GONE);
	close(ends[0]);
}

static void test_exited(void **state)
{
	const struct usage usage = {.user = 1500000, .system = 2, .max_rss = 4096};
	struct message message;
	struct error err;
	int ends[2];

	(void)state;
	assert_int_equal(channel_open(ends, &err), 0);
	assert_int_equal(channel_send_exited(ends[1], 9, &usage), 0);
	assert_int_equal(channel_receive(ends[0], &message), MESSAGE_EXITED);
	assert_int_equal(message.number, 9);
	assert_memory_equal(&message.usage, &usage, sizeof usage);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_last_words),
		cmocka_unit_test(test_exited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
