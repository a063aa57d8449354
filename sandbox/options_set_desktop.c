/* The set functions of the desktop's options; as options_set.c, whose head says what they are. */
#include <string.h>

#include "options_table.h"
#include "parse.h"

/*
 * A wish: "true", as a flag is without a value, "false", or a word, which is left for the caller to
 * understand and is stored in *word (else NULL). The -try twin, set to false, takes back no more
 * than itself.
 */
static void take_wish(struct setting *setting, const char **word)
{
	enum wish *wish = setting_field(setting), mine = (enum wish)setting->option->number;
	bool on = true;

	*word = parse_bool(setting->value, &on) ? setting->value : NULL;
	if (on || *word)
		*wish = mine;
	else if (*wish == mine || mine == WISH_YES)
		*wish = WISH_NO;
	setting_note_origin(setting);
}

int set_wish(struct setting *setting)
{
	const char *word;

	take_wish(setting, &word);
	return word ? option_refuse(setting, "it is a flag: true or false") : 0;
}

static const struct {
	const char *name;
	enum x11_mode mode;
} x11_modes[] = {{"untrusted", X11_UNTRUSTED},
		 {"trusted", X11_TRUSTED},
		 {"nested", X11_NESTED},
		 {"virtual", X11_VIRTUAL}};

int set_x11(struct setting *setting)
{
	enum x11_mode *mode = &setting->config->desktop.x11_mode;
	const char *word;

	take_wish(setting, &word);
	*mode = X11_UNTRUSTED;
	if (!word)
		return 0;
	for (size_t i = 0; i < sizeof x11_modes / sizeof *x11_modes; i++)
		if (strcmp(word, x11_modes[i].name) == 0) {
			*mode = x11_modes[i].mode;
			return 0;
		}
	option_refuse(setting, "no such choice");
	return fail_remedy(setting->err, "the choices are: untrusted, nested, virtual, trusted");
}

int set_audio(struct setting *setting)
{
	int *by = &setting->config->desktop.audio_by;
	const char *words;

	take_wish(setting, &words);
	*by = 0;
	for (char *word, *rest = words ? setting_keep(setting, words) : NULL;
	     (word = strsep(&rest, ","));) {
		int one = strcmp(word, "pulse") == 0      ? AUDIO_PULSE
			  : strcmp(word, "pipewire") == 0 ? AUDIO_PIPEWIRE
							  : 0;

		if (!one) {
			option_refuse(setting, "no such choice");
			return fail_remedy(setting->err, "the choices are: pulse, pipewire");
		}
		*by |= one;
	}
	return 0;
}

int set_gpu(struct setting *setting)
{
	const char *word;

	take_wish(setting, &word);
	setting->config->desktop.gpu_cards = word != NULL;
	return word && strcmp(word, "all") != 0
		       ? option_refuse(setting, "there is no such choice but: all")
		       : 0;
}

/* VENDOR:PRODUCT */
static bool is_usb_id(const char *text)
{
	static const char digits[] = "0123456789abcdefABCDEF";

	return strlen(text) == 9 && strspn(text, digits) == 4 && text[4] == ':' &&
	       strspn(text + 5, digits) == 4;
}

static const char *check_device(enum device_kind kind, char *name)
{
	if (kind == DEVICE_USB && is_usb_id(name))
		return NULL;
	if (strncmp(name, "/dev/", 5) != 0 || parse_inside_path(name))
		return kind == DEVICE_USB
			       ? "a device is VENDOR:PRODUCT in hexadecimal digits, or a "
				 "path below /dev"
			       : "a device is a path below /dev";
	return NULL;
}

static int clear_devices(struct setting *setting)
{
	struct desktop_wishes *desktop = &setting->config->desktop;
	size_t kept = 0;

	for (size_t i = 0; i < desktop->devices_count; i++)
		if (desktop->devices[i].option != option_id(setting->option))
			desktop->devices[kept++] = desktop->devices[i];
	desktop->devices_count = kept;
	setting_note_origin(setting);
	return 0;
}

int set_device(struct setting *setting)
{
	struct config *config = setting->config;
	enum option_id id = option_id(setting->option);
	struct device_op op = {
		.kind = (enum device_kind)setting->option->number,
		.optional = id == OPT_CAMERA_TRY || id == OPT_INPUT_TRY || id == OPT_USB_TRY,
		.option = id,
		.origin = setting->origin,
	};
	bool on = true;

	if (!*setting->value)
		return clear_devices(setting);
	bool named = op.kind == DEVICE_USB || parse_bool(setting->value, &on);
	if (!named && !on)
		return clear_devices(setting);
	if (named) {
		char *name = setting_keep(setting, setting->value);
		const char *reason = check_device(op.kind, name);

		if (reason)
			return option_refuse(setting, reason);
		op.name = name;
	}
	*ARENA_APPEND(&config->arena, config->desktop.devices, config->desktop.devices_count) = op;
	setting_note_origin(setting);
	return 0;
}
