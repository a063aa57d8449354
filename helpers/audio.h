/*
 * audio: PulseAudio's native protocol, as far as it takes to know what a client asks for. A frame
 * is five words of 32 bits, the first of the network's order and the others too: length of what
 * follows, channel (all ones: a command), offset (two), flags; a command is a series of tagged
 * values, of which the first are the command's number, the number of this request, and arguments
 * (PulseAudio 16.1: src/pulsecore/pstream.c, tagstruct.c, native-common.h, and its PROTOCOL file).
 */
#ifndef AUDIO_H
#define AUDIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { AUDIO_HEAD = 20, AUDIO_COMMAND_MOST = 256 * 1024, AUDIO_STREAMS = 64, AUDIO_PENDING = 32 };

/* What a client is known to have: the numbers of its streams, and of requests for one. */
struct audio_client {
	bool record;
	uint32_t streams[AUDIO_STREAMS];
	size_t streams_count;
	uint32_t pending[AUDIO_PENDING];
	size_t pending_count;
};

enum audio_verdict {
	AUDIO_PASS,
	AUDIO_REFUSE, /* with an answer that says so */
	AUDIO_END,    /* it is not the protocol: let go of the client */
};

/* A head, and what it announces. false: no frame that is let through. */
struct audio_frame {
	uint32_t length;
	bool command;
};
bool audio_head(const unsigned char head[AUDIO_HEAD], struct audio_frame *frame);

/*
 * A whole command of the client's, without its head. What it says of memory to share is taken out
 * of it: there is none. tag is the request's number, for an answer.
 */
enum audio_verdict audio_judge(struct audio_client *client, unsigned char *command, size_t size,
			       uint32_t *tag);

/* A whole command of the server's: an answer may tell of a stream that is the client's from now. */
void audio_learn(struct audio_client *client, const unsigned char *command, size_t size);

/* The frame that refuses a request. */
enum { AUDIO_REFUSAL = AUDIO_HEAD + 15 };
void audio_refusal(unsigned char frame[AUDIO_REFUSAL], uint32_t tag);

#endif
