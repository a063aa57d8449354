/* What of PulseAudio's protocol is let through: see audio.h. Pure. */
#include "audio.h"

#include <string.h>

enum { SHARED_MEMORY = 0xff, FRAME_MOST = 16 * 1024 * 1024 };
enum { NUMBER = 'L', NUMBER_SIZE = 5 }; /* a tag and a word */
enum { ERROR_ACCESS = 1, VERSION_FLAGS = 2 /* bytes */ };

/* Of pa_command_t. */
enum {
	ERROR = 0,
	REPLY = 2,
	CREATE_PLAYBACK_STREAM = 3,
	AUTH = 8,
};

/* What a command may be used for. */
enum use {
	USE_NEVER,
	USE_PLAY,
	USE_RECORD,
	USE_OWN, /* playing, where the first argument is the number of a stream of the client's */
};

static const unsigned char uses[] = {
	[CREATE_PLAYBACK_STREAM] = USE_PLAY,
	[4] = USE_PLAY,   /* DELETE_PLAYBACK_STREAM */
	[5] = USE_RECORD, /* CREATE_RECORD_STREAM */
	[6] = USE_RECORD, /* DELETE_RECORD_STREAM */
	[AUTH] = USE_PLAY,
	[9] = USE_PLAY,    /* SET_CLIENT_NAME */
	[10] = USE_PLAY,   /* LOOKUP_SINK */
	[11] = USE_RECORD, /* LOOKUP_SOURCE */
	[12] = USE_PLAY,   /* DRAIN_PLAYBACK_STREAM */
	[13] = USE_PLAY,   /* STAT */
	[14] = USE_PLAY,   /* GET_PLAYBACK_LATENCY */
	[20] = USE_PLAY,   /* GET_SERVER_INFO */
	[21] = USE_PLAY,   /* GET_SINK_INFO */
	[22] = USE_PLAY,   /* GET_SINK_INFO_LIST */
	[23] = USE_RECORD, /* GET_SOURCE_INFO */
	[24] = USE_RECORD, /* GET_SOURCE_INFO_LIST */
	[29] = USE_OWN,    /* GET_SINK_INPUT_INFO */
	[35] = USE_PLAY,   /* SUBSCRIBE */
	[37] = USE_OWN,    /* SET_SINK_INPUT_VOLUME */
	[41] = USE_PLAY,   /* CORK_PLAYBACK_STREAM */
	[42] = USE_PLAY,   /* FLUSH_PLAYBACK_STREAM */
	[43] = USE_PLAY,   /* TRIGGER_PLAYBACK_STREAM */
	[46] = USE_PLAY,   /* SET_PLAYBACK_STREAM_NAME */
	[47] = USE_RECORD, /* SET_RECORD_STREAM_NAME */
	[57] = USE_RECORD, /* GET_RECORD_LATENCY */
	[58] = USE_RECORD, /* CORK_RECORD_STREAM */
	[59] = USE_RECORD, /* FLUSH_RECORD_STREAM */
	[60] = USE_PLAY,   /* PREBUF_PLAYBACK_STREAM */
	[69] = USE_OWN,    /* SET_SINK_INPUT_MUTE */
	[72] = USE_PLAY,   /* SET_PLAYBACK_STREAM_BUFFER_ATTR */
	[73] = USE_RECORD, /* SET_RECORD_STREAM_BUFFER_ATTR */
	[74] = USE_PLAY,   /* UPDATE_PLAYBACK_STREAM_SAMPLE_RATE */
	[75] = USE_RECORD, /* UPDATE_RECORD_STREAM_SAMPLE_RATE */
	[80] = USE_RECORD, /* UPDATE_RECORD_STREAM_PROPLIST */
	[81] = USE_PLAY,   /* UPDATE_PLAYBACK_STREAM_PROPLIST */
	[82] = USE_PLAY,   /* UPDATE_CLIENT_PROPLIST */
	[83] = USE_RECORD, /* REMOVE_RECORD_STREAM_PROPLIST */
	[84] = USE_PLAY,   /* REMOVE_PLAYBACK_STREAM_PROPLIST */
	[85] = USE_PLAY,   /* REMOVE_CLIENT_PROPLIST */
};

static uint32_t word(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void put_word(unsigned char *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (unsigned char)(value >> (24 - 8 * i));
}

/* The number at place n of a command. */
static bool number_at(const unsigned char *command, size_t size, size_t n, uint32_t *value)
{
	size_t at = n * NUMBER_SIZE;

	if (size < at + NUMBER_SIZE || command[at] != NUMBER)
		return false;
	*value = word(command + at + 1);
	return true;
}

bool audio_head(const unsigned char head[AUDIO_HEAD], struct audio_frame *frame)
{
	frame->length = word(head);
	frame->command = word(head + 4) == UINT32_MAX;
	/* The flags' first byte tells of blocks of shared memory. */
	return !(head[16] & SHARED_MEMORY) && frame->length > 0 && frame->length <= FRAME_MOST &&
	       (!frame->command || frame->length <= AUDIO_COMMAND_MOST);
}

static bool is_own(const struct audio_client *client, uint32_t stream)
{
	for (size_t i = 0; i < client->streams_count; i++)
		if (client->streams[i] == stream)
			return true;
	return false;
}

static enum audio_verdict judge_use(struct audio_client *client, uint32_t command,
				    const unsigned char *bytes, size_t size)
{
	enum use use = command < sizeof uses ? (enum use)uses[command] : USE_NEVER;
	uint32_t stream;

	if (use == USE_RECORD)
		return client->record ? AUDIO_PASS : AUDIO_REFUSE;
	if (use == USE_OWN)
		return number_at(bytes, size, 2, &stream) && is_own(client, stream) ? AUDIO_PASS
										    : AUDIO_REFUSE;
	return use == USE_PLAY ? AUDIO_PASS : AUDIO_REFUSE;
}

enum audio_verdict audio_judge(struct audio_client *client, unsigned char *command, size_t size,
			       uint32_t *tag)
{
	uint32_t which, version;

	if (!number_at(command, size, 0, &which) || !number_at(command, size, 1, tag))
		return AUDIO_END;
	if (which == AUTH) {
		if (!number_at(command, size, 2, &version))
			return AUDIO_END;
		/* The upper half says what memory can be shared. */
		memset(command + 2 * NUMBER_SIZE + 1, 0, VERSION_FLAGS);
	}
	enum audio_verdict verdict = judge_use(client, which, command, size);
	if (verdict == AUDIO_PASS && which == CREATE_PLAYBACK_STREAM &&
	    client->pending_count < AUDIO_PENDING)
		client->pending[client->pending_count++] = *tag;
	return verdict;
}

void audio_learn(struct audio_client *client, const unsigned char *command, size_t size)
{
	uint32_t which, tag, stream;

	if (!number_at(command, size, 0, &which) || !number_at(command, size, 1, &tag) ||
	    (which != REPLY && which != ERROR))
		return;
	for (size_t i = 0; i < client->pending_count; i++) {
		if (client->pending[i] != tag)
			continue;
		client->pending[i] = client->pending[--client->pending_count];
		/* The channel, then the stream's number. */
		if (which == REPLY && number_at(command, size, 3, &stream))
			client->streams[client->streams_count++ % AUDIO_STREAMS] = stream;
		if (client->streams_count > AUDIO_STREAMS)
			client->streams_count = AUDIO_STREAMS;
		return;
	}
}

void audio_refusal(unsigned char frame[AUDIO_REFUSAL], uint32_t tag)
{
	const uint32_t values[] = {ERROR, tag, ERROR_ACCESS};

	memset(frame, 0, AUDIO_REFUSAL);
	put_word(frame, AUDIO_REFUSAL - AUDIO_HEAD);
	put_word(frame + 4, UINT32_MAX);
	for (int i = 0; i < 3; i++) {
		frame[AUDIO_HEAD + i * NUMBER_SIZE] = NUMBER;
		put_word(frame + AUDIO_HEAD + i * NUMBER_SIZE + 1, values[i]);
	}
}
