/* What of PulseAudio's protocol is let through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "audio.h"

/* Last: it has a macro fail(). */
#include <cmocka.h>

struct command {
	unsigned char bytes[64];
	size_t size;
};

static void add(struct command *command, uint32_t value)
{
	unsigned char *at = command->bytes + command->size;

	at[0] = 'L';
	for (int i = 0; i < 4; i++)
		at[1 + i] = (unsigned char)(value >> (24 - 8 * i));
	command->size += 5;
}

/* The command, the tag 7, and an argument. */
static enum audio_verdict judge(struct audio_client *client, uint32_t number, uint32_t argument)
{
	struct command command = {.size = 0};
	uint32_t tag;

	add(&command, number);
	add(&command, 7);
	add(&command, argument);
	enum audio_verdict verdict = audio_judge(client, command.bytes, command.size, &tag);
	if (verdict != AUDIO_END)
		assert_int_equal(tag, 7);
	return verdict;
}

static void answer(struct audio_client *client, uint32_t what, uint32_t tag, uint32_t stream)
{
	struct command command = {.size = 0};

	add(&command, what);
	add(&command, tag);
	add(&command, 1); /* the channel */
	add(&command, stream);
	audio_learn(client, command.bytes, command.size);
}

static void test_playing(void **state)
{
	static const uint32_t playing[] = {3,  4,  8,  9,  10, 12, 13, 14, 20, 21, 22, 35,
					   41, 42, 43, 46, 60, 72, 74, 81, 82, 84, 85};
	static const uint32_t recording[] = {5, 6, 11, 23, 24, 47, 57, 58, 59, 73, 75, 80, 83};
	struct audio_client player = {.record = false}, recorder = {.record = true};

	(void)state;
	for (uint32_t number = 0; number < 300; number++) {
		bool plays = false, records = false;

		for (size_t i = 0; i < sizeof playing / sizeof *playing; i++)
			plays |= playing[i] == number;
		for (size_t i = 0; i < sizeof recording / sizeof *recording; i++)
			records |= recording[i] == number;
		assert_int_equal(judge(&player, number, 0), plays ? AUDIO_PASS : AUDIO_REFUSE);
		assert_int_equal(judge(&recorder, number, 0),
				 plays || records ? AUDIO_PASS : AUDIO_REFUSE);
	}
	assert_int_equal(judge(&recorder, UINT32_MAX, 0), AUDIO_REFUSE);
}

static void test_own_streams(void **state)
{
	enum { INFO = 29, VOLUME = 37, MUTE = 69, CREATE = 3, ERROR = 0, REPLY = 2 };
	struct audio_client client = {.record = false};

	(void)state;
	/* An answer to what was not asked tells of nothing. */
	answer(&client, REPLY, 7, 5);
	assert_int_equal(judge(&client, INFO, 5), AUDIO_REFUSE);
	assert_int_equal(judge(&client, CREATE, 0), AUDIO_PASS);
	answer(&client, REPLY, 7, 5);
	assert_int_equal(judge(&client, INFO, 5), AUDIO_PASS);
	assert_int_equal(judge(&client, VOLUME, 5), AUDIO_PASS);
	assert_int_equal(judge(&client, MUTE, 5), AUDIO_PASS);
	assert_int_equal(judge(&client, MUTE, 6), AUDIO_REFUSE);
	/* One that failed is none. */
	assert_int_equal(judge(&client, CREATE, 0), AUDIO_PASS);
	answer(&client, ERROR, 7, 6);
	answer(&client, REPLY, 7, 6);
	assert_int_equal(judge(&client, INFO, 6), AUDIO_REFUSE);
	for (uint32_t stream = 100; stream < 100 + 2 * AUDIO_STREAMS; stream++) {
		assert_int_equal(judge(&client, CREATE, 0), AUDIO_PASS);
		answer(&client, REPLY, 7, stream);
		assert_int_equal(judge(&client, INFO, stream), AUDIO_PASS);
	}
	for (int i = 0; i < 2 * AUDIO_PENDING; i++)
		assert_int_equal(judge(&client, CREATE, 0), AUDIO_PASS);
}

static void test_no_shared_memory(void **state)
{
	struct audio_client client = {.record = false};
	struct command greeting = {.size = 0};
	unsigned char head[AUDIO_HEAD] = {0, 0, 0, 8, 0xff, 0xff, 0xff, 0xff};
	struct audio_frame frame;
	uint32_t tag;

	(void)state;
	add(&greeting, 8);
	add(&greeting, 1);
	add(&greeting, 0xc0000023);
	assert_int_equal(audio_judge(&client, greeting.bytes, greeting.size, &tag), AUDIO_PASS);
	assert_memory_equal(greeting.bytes + 11, "\0\0\0\x23", 4);
	assert_true(audio_head(head, &frame));
	assert_true(frame.command);
	for (int bit = 0; bit < 8; bit++) {
		head[16] = (unsigned char)(1 << bit);
		assert_false(audio_head(head, &frame));
	}
}

static void test_no_protocol(void **state)
{
	struct audio_client client = {.record = false};
	unsigned char bytes[16] = "nonsense", head[AUDIO_HEAD] = {0};
	struct command greeting = {.size = 0};
	struct audio_frame frame;
	uint32_t tag;

	(void)state;
	assert_int_equal(audio_judge(&client, bytes, 8, &tag), AUDIO_END);
	assert_int_equal(audio_judge(&client, bytes, 0, &tag), AUDIO_END);
	add(&greeting, 8);
	assert_int_equal(audio_judge(&client, greeting.bytes, greeting.size, &tag), AUDIO_END);
	add(&greeting, 1);
	assert_int_equal(audio_judge(&client, greeting.bytes, greeting.size, &tag), AUDIO_END);
	assert_false(audio_head(head, &frame)); /* empty */
	head[0] = 1;                            /* 16 MiB */
	assert_true(audio_head(head, &frame));
	head[3] = 1;
	assert_false(audio_head(head, &frame));
	memset(head, 0xff, 8);
	memcpy(head, (const uint8_t[]){0, 4, 0, 0}, 4); /* a command of 256 KiB */
	assert_true(audio_head(head, &frame));
	head[3] = 1;
	assert_false(audio_head(head, &frame));
}

static void test_refusal(void **state)
{
	unsigned char frame[AUDIO_REFUSAL];
	struct audio_frame head;

	(void)state;
	audio_refusal(frame, 0x01020304);
	assert_true(audio_head(frame, &head));
	assert_true(head.command);
	assert_int_equal(head.length, AUDIO_REFUSAL - AUDIO_HEAD);
	assert_memory_equal(frame + AUDIO_HEAD, "L\0\0\0\0L\1\2\3\4L\0\0\0\1", 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_playing),          cmocka_unit_test(test_own_streams),
		cmocka_unit_test(test_no_shared_memory), cmocka_unit_test(test_no_protocol),
		cmocka_unit_test(test_refusal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
