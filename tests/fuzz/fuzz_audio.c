/*
 * Any words of a client of the sound server's, and any answers: what is passed on is a whole frame
 * that offers no memory to share, and records only where that is allowed. Run by `make fuzz`.
 */
#include "audio.h"
#include "fuzz.h"

static uint32_t word(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* The first byte: may it record? Then frames; with the last bit of the flags they are the server's.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct audio_client client = {.record = size && data[0] & 1};
	static uint8_t command[AUDIO_COMMAND_MOST];
	struct audio_frame frame;
	uint32_t tag;

	for (size_t at = 1; at + AUDIO_HEAD <= size;) {
		const uint8_t *head = data + at;

		if (!audio_head(head, &frame))
			return 0;
		require(!(head[16] & 0xe0) && frame.length > 0);
		at += AUDIO_HEAD;
		if (!frame.command || frame.length > size - at)
			return 0;
		memcpy(command, data + at, frame.length);
		if (head[19] & 1) {
			audio_learn(&client, command, frame.length);
		} else if (audio_judge(&client, command, frame.length, &tag) == AUDIO_PASS) {
			require(frame.length >= 10 && word(command + 6) == tag);
			require(word(command + 1) != 51); /* LOAD_MODULE */
			require(client.record || word(command + 1) != 5);
			require(word(command + 1) != 8 || word(command + 11) < 0x10000);
		}
		require(client.streams_count <= AUDIO_STREAMS);
		require(client.pending_count <= AUDIO_PENDING);
		at += frame.length;
	}
	return 0;
}
