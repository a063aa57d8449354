/* entry.c: desktop entries, and what menus find in them that the specification does not have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "entry.h"

/* Last: it has a macro fail(). */
#include <cmocka.h>

#define HEAD    "[Desktop Entry]\nType=Application\n"
#define WRITTEN "[Desktop Entry]\nDBusActivatable=false\nX-Sandbox-Profile=p\nX-Sandbox-Source=/s\n"
#define OURS    "Exec=/b run --profile p --application a -- / "

static const struct entry_words plain = {"/b", "p", "a", "/s"};

static const char *rewrite(const char *text, const struct entry_words *words, char **written)
{
	size_t size;
	FILE *out = open_memstream(written, &size);
	const char *reason = entry_rewrite(text, words, out);

	fclose(out);
	return reason;
}

static void expect(const char *text, const char *wanted)
{
	char *written;
	const char *reason = rewrite(text, &plain, &written);

	if (reason)
		fail_msg("'%s': %s", text, reason);
	assert_string_equal(written, wanted);
	free(written);
}

static void refused(const char *text, const char *words)
{
	char *written;
	const char *reason = rewrite(text, &plain, &written);

	if (!reason || !strstr(reason, words))
		fail_msg("'%s': got '%s', not '%s'", text, reason ? reason : "(accepted)", words);
	free(written);
}

static void test_kept(void **state)
{
	(void)state;
	expect("# first\n\n" HEAD "Name[de]=B\nExec = x %U \n[X]\nExec=stays",
	       "# first\n\n" WRITTEN "Type=Application\nName[de]=B\n" OURS
	       "x %U\n[X]\nExec=stays\n");
	expect(HEAD "Exec=x\n[Desktop Action n]\nExec=y\n[N Shortcut Group]\nExec=z\n",
	       WRITTEN "Type=Application\n" OURS "x\n[Desktop Action n]\n" OURS
		       "y\n[N Shortcut Group]\n" OURS "z\n");
	expect("[Desktop Entry]\r\nType=Application\r\nExec=x\r\n",
	       "[Desktop Entry]\r\nDBusActivatable=false\nX-Sandbox-Profile=p\n"
	       "X-Sandbox-Source=/s\nType=Application\r\n" OURS "x\n");
}

/* GLib and KConfig read these as Exec, or as what starts the application otherwise. */
static void test_other_execs(void **state)
{
	(void)state;
	expect(HEAD "Exec=x\n Exec=y\n\t\r\vExec\t=\tz\n",
	       WRITTEN "Type=Application\n" OURS "x\n" OURS "y\n" OURS "z\n");
	expect(HEAD "Exec=x\nExec[$e]=y\nExec [de]=z\nType[$e]=Link\nHidden[de]=x\n",
	       WRITTEN "Type=Application\n" OURS "x\n");
	expect(HEAD "Exec=x\nDBusActivatable=true\nDBusActivatable[de]=true\n"
		    "TerminalOptions=-e sh\nSwallowExec=y\n",
	       WRITTEN "Type=Application\n" OURS "x\n");
	refused(HEAD "Exec=x\n\\x45xec=y\n", "different ways");
	refused(HEAD "Exec=x\n\xc2\xa0"
		     "Exec=y\n",
		"different ways");
	refused(HEAD "Exec=x\nExec\xc2\xa0=y\n", "different ways");
	refused(HEAD "Exec=x\nExec\v=y\n", "different ways");
	refused(HEAD "Exec=x\nExec[$e=y\n", "different ways");
	refused(HEAD "Exec=x\nExec\n", "different ways");
	refused(HEAD "Exec=x\n=y\n", "different ways");
}

static void test_groups(void **state)
{
	(void)state;
	refused("", "no group");
	refused("Exec=x\n" HEAD, "does not begin");
	refused("\xef\xbb\xbf" HEAD "Exec=x\n", "does not begin");
	refused(HEAD "Exec=x\n[Desktop Entry]\nExec=y\n", "two groups");
	refused(HEAD "Exec=x\n[X]\n [Desktop Entry] \nExec=y\n", "two groups");
	refused(HEAD "Exec=x\n[Desktop Entry]y\nExec=y\n", "different ways");
	refused(HEAD "Exec=x\n[Desktop Entry][$i]\nExec=y\n", "different ways");
	refused(HEAD "Exec=x\n[Desktop\\x20Entry]\nExec=y\n", "different ways");
	refused(HEAD "Exec=x\n[X]\n\xc2\xa0[Desktop Entry]\nExec=y\n", "different ways");
	refused(HEAD "Exec=x\n[\n", "different ways");
}

static void test_no_application(void **state)
{
	(void)state;
	refused(HEAD, "no command line");
	refused(HEAD "Exec=\n", "no command line");
	refused(HEAD "[Desktop Action n]\nExec=x\n", "no command line");
	refused("[Desktop Entry]\nType=Link\nExec=x\n", "no application");
	refused(HEAD "Type=Link\nExec=x\n", "no application");
	refused(HEAD "Exec=x\nHidden=true\n", "removed");
	refused(HEAD "Exec=x\nX-Sandbox-Profile=p\n", "already");
}

static void test_words(void **state)
{
	const struct entry_words odd = {"/a b", "c\"`$\\%", "", "/s\\t"};
	const struct entry_words second = {"/b", "p\nExec=x", "a", "/s"};
	char *written;

	(void)state;
	assert_null(rewrite(HEAD "Exec=x\n", &odd, &written));
	assert_non_null(strstr(written,
			       "\nExec=\"/a b\" run --profile \"c\\\\\"\\\\`\\\\$\\\\\\\\%%\" "
			       "--application \"\" -- / x\n"));
	assert_non_null(strstr(written, "\nX-Sandbox-Source=/s\\\\t\n"));
	free(written);
	assert_non_null(rewrite(HEAD "Exec=x\n", &second, &written));
	free(written);
}

static void test_value(void **state)
{
	static const char text[] =
		"[X]\nKey=no\n[Desktop Entry]\nKey[de]=no\n Key =\t a b \r\nKey=c\n";
	struct arena arena = {NULL};

	(void)state;
	assert_string_equal(entry_value(&arena, text, "Key"), "a b");
	assert_null(entry_value(&arena, text, "Ke"));
	assert_null(entry_value(&arena, "", "Key"));
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kept),   cmocka_unit_test(test_other_execs),
		cmocka_unit_test(test_groups), cmocka_unit_test(test_no_application),
		cmocka_unit_test(test_words),  cmocka_unit_test(test_value),
	};
	return cmocka_run_group_tests_name("entry", tests, NULL, NULL);
}
