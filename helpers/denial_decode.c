/* Taking calls apart: see denial_decode.h. */
#include "denial_decode.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "denial_calls.h"
#include "denial_filter.h"
#include "error.h"

/* x32: a bit in the number, of the same architecture (Documentation/arch/x86). */
enum { FOREIGN_BIT = 0x40000000, SHOWN_STRING = 64, CHUNK = 256, QUERY_SIZE = 512 };

const char *decode_call_name(int number)
{
	for (size_t i = 0; i < call_names_count; i++)
		if (call_names[i].number == number)
			return call_names[i].name;
	return NULL;
}

int decode_call_number(const char *name)
{
	for (size_t i = 0; i < call_names_count; i++)
		if (strcmp(call_names[i].name, name) == 0)
			return call_names[i].number;
	return -1;
}

static const struct call_shape *find_shape(int number)
{
	for (size_t i = 0; i < call_shapes_count; i++)
		if (call_shapes[i].number == number)
			return &call_shapes[i];
	return NULL;
}

size_t decode_calls_of(unsigned use, int *numbers, size_t size)
{
	size_t count = 0;

	for (size_t i = 0; i < call_shapes_count && count < size; i++) {
		const struct call_shape *shape = &call_shapes[i];
		bool wanted = use ? ((shape->uses[0] | shape->uses[1]) & use) != 0
				  : shape->number == SYS_connect || shape->number == SYS_sendto;

		if (wanted)
			numbers[count++] = shape->number;
	}
	return count;
}

void decode_escape(char *out, size_t size, const char *text)
{
	size_t used = 0;

	while (*text) {
		size_t length = character_shown(text);
		char piece[8];

		if (length)
			snprintf(piece, sizeof piece, "%.*s", (int)length, text);
		else if (*text == '\n')
			strcpy(piece, "\\n");
		else
			snprintf(piece, sizeof piece, "\\x%02x", (unsigned char)*text);
		if (used + strlen(piece) >= size)
			break;
		strcpy(out + used, piece);
		used += strlen(piece);
		text += length ? length : 1;
	}
	out[used] = '\0';
}

/* --- text ------------------------------------------------------------------------------------- */

struct writer {
	char *at;
	size_t left;
};

static void put(struct writer *writer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* What has no room is left out; the end says so. */
static void put(struct writer *writer, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int used = vsnprintf(writer->at, writer->left, format, args);
	va_end(args);
	size_t step = used < 0 ? 0 : (size_t)used < writer->left ? (size_t)used : writer->left - 1;
	writer->at += step;
	writer->left -= step;
}

static void put_bits(struct writer *writer, char letter, uint64_t value)
{
	size_t count, named = 0;
	const struct named_bit *bits = named_bits(letter, &count);
	bool number = letter == 'S' || letter == 'R';

	for (size_t i = 0; i < count; i++) {
		bool is = number ? bits[i].value == value
				 : bits[i].value && (value & bits[i].value) == bits[i].value;
		if (!is)
			continue;
		put(writer, "%s%s", named++ ? "|" : "", bits[i].name);
		if (!number)
			value &= ~bits[i].value;
	}
	if (letter == 'O' && !named)
		put(writer, "O_RDONLY");
	else if (!named)
		put(writer, "%#llx", (unsigned long long)value);
}

static void put_string(struct writer *writer, const char *text)
{
	char shown[SHOWN_STRING];

	decode_escape(shown, sizeof shown, text);
	put(writer, "\"%s\"", shown);
}

/* --- memory ----------------------------------------------------------------------------------- */

struct source {
	memory_reader read;
	void *memory;
};

/* A string of at most size - 1 bytes; false when it cannot be read or does not end. */
static bool read_string(const struct source *source, uint64_t address, char *text, size_t size)
{
	size_t used = 0;

	while (used < size - 1) {
		size_t want = size - 1 - used < CHUNK ? size - 1 - used : CHUNK;
		size_t got = source->read(source->memory, address + used, text + used, want);

		if (got == 0)
			return false;
		if (memchr(text + used, '\0', got))
			return true;
		used += got;
	}
	return false;
}

static bool read_all(const struct source *source, uint64_t address, void *into, size_t size)
{
	return source->read(source->memory, address, into, size) == size;
}

/* --- addresses and names ---------------------------------------------------------------------- */

static void put_address(struct writer *writer, const struct sockaddr_storage *address)
{
	char text[INET6_ADDRSTRLEN] = "";
	const struct sockaddr_in *four = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;

	if (address->ss_family == AF_INET)
		put(writer, "%s:%u", inet_ntop(AF_INET, &four->sin_addr, text, sizeof text),
		    ntohs(four->sin_port));
	else if (address->ss_family == AF_INET6)
		put(writer, "[%s]:%u", inet_ntop(AF_INET6, &six->sin6_addr, text, sizeof text),
		    ntohs(six->sin6_port));
	else
		put(writer, "an address of family %u", address->ss_family);
}

static void read_address(struct decoded *decoded, const struct source *source, uint64_t address,
			 uint64_t length)
{
	struct sockaddr_storage read = {.ss_family = 0};

	if (length > sizeof read)
		length = sizeof read;
	if (length < sizeof(sa_family_t))
		return;
	if (!read_all(source, address, &read, (size_t)length))
		return;
	bool whole = (read.ss_family == AF_INET && length >= sizeof(struct sockaddr_in)) ||
		     (read.ss_family == AF_INET6 && length >= 28) || read.ss_family == AF_UNIX;
	if (whole)
		decoded->address = read;
}

/* The first question of a DNS message (RFC 1035, 4.1), or "". */
static void read_query(struct decoded *decoded, const struct source *source, uint64_t address,
		       uint64_t length)
{
	unsigned char bytes[QUERY_SIZE] = "";
	size_t size = length < QUERY_SIZE ? (size_t)length : QUERY_SIZE, at = 12, used = 0;

	if (size < 17 || !read_all(source, address, bytes, size))
		return;
	/* a query, not an answer, with one question or more and no answers in it */
	if (bytes[2] & 0xf8 || bytes[4] || bytes[5] != 1 || bytes[6] || bytes[7])
		return;
	while (at < size && bytes[at] && bytes[at] < 64 && at + bytes[at] < size &&
	       used + bytes[at] + 1 < DECODED_NAME) {
		for (unsigned char i = 1; i <= bytes[at]; i++) {
			unsigned char c = bytes[at + i];
			bool known = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
				     (c >= '0' && c <= '9') || c == '-' || c == '_';
			if (!known)
				return;
			decoded->query[used++] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
		}
		decoded->query[used++] = '.';
		at += bytes[at] + 1u;
	}
	decoded->query[used ? used - 1 : 0] = '\0';
	/* the root, type and class after it: else it only looked like one */
	if (at + 5 > size || bytes[at] || bytes[at + 3] || bytes[at + 4] != 1)
		decoded->query[0] = '\0';
	else if (decoded->query[0])
		decoded->query_port = 53;
}

/* sendmmsg(2): glibc asks for both kinds of addresses at once; the first says the name. */
static void read_messages(struct decoded *decoded, const struct source *source, uint64_t address)
{
	struct msghdr first;
	struct iovec part;

	if (read_all(source, address, &first, sizeof first) && first.msg_iovlen > 0 &&
	    read_all(source, (uint64_t)(uintptr_t)first.msg_iov, &part, sizeof part))
		read_query(decoded, source, (uint64_t)(uintptr_t)part.iov_base, part.iov_len);
}

/* --- arguments -------------------------------------------------------------------------------- */

static unsigned use_of_flags(uint64_t flags)
{
	unsigned use = 0;

	if (flags & O_PATH)
		return USE_SEE;
	if ((flags & O_ACCMODE) != O_WRONLY)
		use |= USE_READ;
	if ((flags & O_ACCMODE) != O_RDONLY || flags & O_TRUNC)
		use |= USE_WRITE;
	if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE)
		use |= USE_CHANGE;
	return use;
}

/* What flags of open(2) make of the path that was read before them. */
static void apply_flags(struct decoded *decoded, uint64_t flags)
{
	if (!decoded->paths_count)
		return;
	struct decoded_path *path = &decoded->paths[decoded->paths_count - 1];
	path->use = use_of_flags(flags);
	path->itself = flags & O_NOFOLLOW;
}

static void decode_path(struct decoded *decoded, const struct source *source, struct writer *writer,
			uint64_t address, int dirfd, unsigned use)
{
	struct decoded_path *path = &decoded->paths[decoded->paths_count];

	if (decoded->paths_count == DECODED_PATHS ||
	    !read_string(source, address, path->path, sizeof path->path)) {
		put(writer, "%#llx", (unsigned long long)address);
		return;
	}
	put_string(writer, path->path);
	if (!*path->path) /* of the descriptor itself (AT_EMPTY_PATH), or ENOENT */
		return;
	path->dirfd = dirfd;
	path->use = use;
	path->itself = use & USE_CHANGE;
	decoded->paths_count++;
}

/* Letters whose argument is a number and no more. */
static void decode_number(struct writer *writer, char letter, uint64_t value)
{
	switch (letter) {
	case 'd':
		if ((int)value == AT_FDCWD)
			put(writer, "AT_FDCWD");
		else
			put(writer, "%d", (int)value);
		break;
	case 'f':
		put(writer, "%d", (int)value);
		break;
	case 'n':
		put(writer, "%lld", (long long)value);
		break;
	case 'o':
		put(writer, "0%llo", (unsigned long long)value & 0xffff);
		break;
	default:
		put(writer, "%#llx", (unsigned long long)value);
	}
}

static void decode_argument(struct decoded *decoded, const struct source *source,
			    struct writer *writer, const struct seccomp_data *data,
			    const struct call_shape *shape, size_t i)
{
	char letter = shape->arguments[i], text[DECODED_PATH];
	uint64_t value = data->args[i];
	struct open_how how;

	switch (letter) {
	case 'p':
		decode_path(decoded, source, writer, value,
			    i > 0 && shape->arguments[i - 1] == 'd' ? (int)data->args[i - 1]
								    : AT_FDCWD,
			    shape->uses[decoded->paths_count % 2]);
		break;
	case 's':
		if (read_string(source, value, text, sizeof text))
			put_string(writer, text);
		else
			put(writer, "%#llx", (unsigned long long)value);
		break;
	case 'h':
		if (read_all(source, value, &how, sizeof how)) {
			apply_flags(decoded, how.flags);
			put_bits(writer, 'O', how.flags);
		}
		break;
	case 'O':
		apply_flags(decoded, value);
		put_bits(writer, 'O', value);
		break;
	case 'm':
	case 'c':
	case 'S':
	case 'R':
		put_bits(writer, letter, value);
		break;
	case 'A':
		read_address(decoded, source, value, i + 1 < 6 ? data->args[i + 1] : 0);
		if (decoded->address.ss_family)
			put_address(writer, &decoded->address);
		else
			put(writer, "%#llx", (unsigned long long)value);
		break;
	default:
		decode_number(writer, letter, value);
	}
}

void decode_call(struct decoded *decoded, const struct seccomp_data *data, memory_reader read,
		 void *memory)
{
	const struct source source = {read, memory};
	bool native = data->arch == FILTER_NATIVE && !(data->nr & FOREIGN_BIT);
	const struct call_shape *shape = native ? find_shape(data->nr) : NULL;
	const char *name = native ? decode_call_name(data->nr) : NULL;
	struct writer writer = {decoded->text, sizeof decoded->text};

	decoded->paths_count = 0;
	decoded->address.ss_family = 0;
	decoded->query[0] = '\0';
	decoded->query_port = 0;
	decoded->socket = -1;
	if (name)
		snprintf(decoded->call, sizeof decoded->call, "%s", name);
	else
		snprintf(decoded->call, sizeof decoded->call, "call %d%s", data->nr & ~FOREIGN_BIT,
			 native ? "" : " of a foreign ABI");
	put(&writer, "%s(", decoded->call);
	size_t count = shape ? strlen(shape->arguments) : 0;
	for (size_t i = 0; i < count; i++) {
		if (i)
			put(&writer, ", ");
		decode_argument(decoded, &source, &writer, data, shape, i);
	}
	put(&writer, shape ? ")" : "...)");
	if (shape && shape->arguments[0] == 'f')
		decoded->socket = (int)data->args[0];
	if (native && data->nr == SYS_sendto)
		read_query(decoded, &source, data->args[1], data->args[2]);
	else if (native && data->nr == SYS_sendmmsg)
		read_messages(decoded, &source, data->args[1]);
}
