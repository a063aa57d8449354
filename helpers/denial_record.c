/* What a run has used: see denial_record.h. */
#include "denial_record.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "denial_calls.h"
#include "denial_decode.h"

int record_init(struct record *record)
{
	memset(record, 0, sizeof *record);
	record->files = calloc(2 * (size_t)RECORD_FILES, sizeof *record->files);
	return record->files ? 0 : -1;
}

static void record_look(struct record *record, const struct call_look *look, const __u64 *arguments)
{
	struct record_look entry = {.number = look->number};

	for (int i = 0; i < CALL_LOOKS && look->looks[i].mask; i++)
		entry.values[i] =
			(uint32_t)arguments[look->looks[i].argument] & look->looks[i].mask;
	for (size_t i = 0; i < record->looks_count; i++)
		if (memcmp(&record->looks[i], &entry, sizeof entry) == 0)
			return;
	if (record->looks_count == RECORD_LOOKS)
		record->lost++;
	else
		record->looks[record->looks_count++] = entry;
}

void record_call(struct record *record, int number, const __u64 *arguments, bool refused)
{
	const struct call_look *look = refused ? NULL : call_look_of(number);

	if (number < 0 || number >= RECORD_CALLS)
		return;
	if (look)
		record_look(record, look, arguments);
	else
		(refused ? record->refused : record->calls)[number] = true;
}

static struct record_file *find(struct record *record, const char *path)
{
	size_t hash = 1469598103u;

	for (const char *p = path; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 16777619u;
	hash ^= hash >> 15;
	for (;; hash++) {
		struct record_file *file = &record->files[hash % (2 * (size_t)RECORD_FILES)];

		if (!file->path || strcmp(file->path, path) == 0)
			return file;
	}
}

static bool add(struct record *record, const char *path, unsigned use)
{
	struct record_file *file = find(record, path);
	size_t size = strlen(path) + 1;

	if (!file->path) {
		if (record->files_count == RECORD_FILES || record->bytes + size > RECORD_BYTES)
			return false;
		file->path = strdup(path);
		if (!file->path)
			return false;
		record->files_count++;
		record->bytes += size;
	}
	file->use |= use;
	return true;
}

void record_file(struct record *record, const char *path, unsigned use)
{
	char directory[DECODED_PATH];

	/* The last eighth is for directories alone. */
	bool room =
		record->files_count < RECORD_FILES / 8 * 7 && record->bytes < RECORD_BYTES / 8 * 7;
	if ((room || find(record, path)->path) && add(record, path, use))
		return;
	snprintf(directory, sizeof directory, "%s", path);
	char *slash = strrchr(directory, '/');
	if (!slash || (*slash = '\0', !add(record, *directory ? directory : "/", use)))
		record->lost++;
}

void record_address(struct record *record, const struct sockaddr_storage *address, bool udp)
{
	struct sockaddr_in6 entry = {.sin6_family = AF_INET6};

	if (address->ss_family == AF_INET) {
		const struct sockaddr_in *four = (const struct sockaddr_in *)address;

		entry.sin6_port = four->sin_port;
		entry.sin6_addr.s6_addr[10] = entry.sin6_addr.s6_addr[11] = 0xff;
		memcpy(&entry.sin6_addr.s6_addr[12], &four->sin_addr, 4);
	} else if (address->ss_family == AF_INET6) {
		const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;

		entry.sin6_port = six->sin6_port;
		entry.sin6_addr = six->sin6_addr;
	} else {
		return;
	}
	for (size_t i = 0; i < record->addresses_count; i++)
		if (memcmp(&record->addresses[i], &entry, sizeof entry) == 0 &&
		    record->udp[i] == udp)
			return;
	if (record->addresses_count == RECORD_ADDRESSES) {
		record->lost++;
		return;
	}
	record->udp[record->addresses_count] = udp;
	record->addresses[record->addresses_count++] = entry;
}

void record_name(struct record *record, const char *name)
{
	for (size_t i = 0; i < record->names_count; i++)
		if (strcmp(record->names[i], name) == 0)
			return;
	char *copy = record->names_count < RECORD_NAMES ? strdup(name) : NULL;
	if (copy)
		record->names[record->names_count++] = copy;
	else
		record->lost++;
}

/* --- writing ---------------------------------------------------------------------------------- */

static void write_path(FILE *out, const char *path)
{
	for (const unsigned char *p = (const unsigned char *)path; *p; p++)
		if (*p <= ' ' || *p >= 0x7f || *p == '%')
			fprintf(out, "%%%02X", *p);
		else
			fputc(*p, out);
}

static void write_files(FILE *out, const struct record *record)
{
	for (size_t i = 0; i < 2 * (size_t)RECORD_FILES; i++) {
		const struct record_file *file = &record->files[i];

		if (!file->path)
			continue;
		fprintf(out, "file %s%s%s%s%s%s%s ", file->use & USE_SEE ? "s" : "",
			file->use & USE_READ ? "r" : "", file->use & USE_WRITE ? "w" : "",
			file->use & USE_EXECUTE ? "x" : "", file->use & USE_CHANGE ? "c" : "",
			file->use & USE_DIRECTORY ? "d" : "", file->use & USE_MISSING ? "m" : "");
		write_path(out, file->path);
		fputc('\n', out);
	}
}

static void write_addresses(FILE *out, const struct record *record)
{
	char text[INET6_ADDRSTRLEN];

	for (size_t i = 0; i < record->addresses_count; i++) {
		const struct in6_addr *address = &record->addresses[i].sin6_addr;
		bool four = IN6_IS_ADDR_V4MAPPED(address);

		if (!inet_ntop(four ? AF_INET : AF_INET6,
			       four ? (const void *)&address->s6_addr[12] : address, text,
			       sizeof text))
			continue;
		fprintf(out, "%s %s %u\n", record->udp[i] ? "udp" : "tcp", text,
			ntohs(record->addresses[i].sin6_port));
	}
}

static void write_looks(FILE *out, const struct record *record)
{
	for (size_t i = 0; i < record->looks_count; i++) {
		const struct record_look *entry = &record->looks[i];
		const struct call_look *look = call_look_of(entry->number);

		fprintf(out, "call %s", decode_call_name(entry->number));
		for (int j = 0; j < CALL_LOOKS && look->looks[j].mask; j++)
			fprintf(out, " %u:%x:%x", look->looks[j].argument, look->looks[j].mask,
				entry->values[j]);
		fputc('\n', out);
	}
}

void record_write(FILE *out, const struct record *record)
{
	write_looks(out, record);
	for (int i = 0; i < RECORD_CALLS; i++) {
		const char *name = decode_call_name(i);

		if (record->calls[i] && name)
			fprintf(out, "call %s\n", name);
		else if (record->calls[i])
			fprintf(out, "call %d\n", i);
		if (record->refused[i] && name)
			fprintf(out, "refused %s\n", name);
	}
	write_files(out, record);
	write_addresses(out, record);
	for (size_t i = 0; i < record->names_count; i++)
		fprintf(out, "name %s\n", record->names[i]);
	if (record->lost)
		fprintf(out, "lost %llu\n", record->lost);
}
