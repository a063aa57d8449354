/*
 * desktop_audio: sound, by PulseAudio's protocol through a helper that passes on what playing takes
 * (helpers/audio.c), or by PipeWire's own socket.
 */
#ifndef DESKTOP_AUDIO_H
#define DESKTOP_AUDIO_H

#include "step.h"

int desktop_plan_audio(struct plan *plan, struct error *err);

#endif
