/*
 * What jansson calls by glibc's names, where it is linked into a program with musl
 * (helpers/oci.mk): Debian's archive is compiled with _FORTIFY_SOURCE, whose functions take the
 * size of what they write to, and by a glibc that has strtoll by another name since 2.38. The sizes
 * are heeded as glibc does.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int __snprintf_chk(char *to, size_t size, int flag, size_t room, const char *format, ...);
int __vsnprintf_chk(char *to, size_t size, int flag, size_t room, const char *format, va_list list);
char *__strncpy_chk(char *to, const char *from, size_t size, size_t room);
long long __isoc23_strtoll(const char *text, char **end, int base);

int __vsnprintf_chk(char *to, size_t size, int flag, size_t room, const char *format, va_list list)
{
	(void)flag;
	if (size > room)
		abort();
	return vsnprintf(to, size, format, list);
}

int __snprintf_chk(char *to, size_t size, int flag, size_t room, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	int length = __vsnprintf_chk(to, size, flag, room, format, list);
	va_end(list);
	return length;
}

char *__strncpy_chk(char *to, const char *from, size_t size, size_t room)
{
	if (size > room)
		abort();
	return strncpy(to, from, size);
}

long long __isoc23_strtoll(const char *text, char **end, int base)
{
	return strtoll(text, end, base);
}
