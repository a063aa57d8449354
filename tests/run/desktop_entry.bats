# sandbox desktop: entries that start an application sandboxed.
load ../lib

setup() {
	lib_setup
	export HOME=$scratch/home XDG_DATA_DIRS=$scratch/system
	unset XDG_DATA_HOME
	ours=$HOME/.local/share/applications
	mkdir -p "$XDG_DATA_DIRS/applications" "$HOME"
	cat >"$XDG_DATA_DIRS/applications/edit.desktop" <<'ENTRY'
[Desktop Entry]
# A comment.
Type=Application
Name=Editor
Name[de]=Bearbeiter
Icon=accessories-text-editor
Exec=edit --title "a \\"b\\" %%" %U
TryExec=sh
DBusActivatable=true
MimeType=text/plain;image/png;
Categories=Utility;TextEditor;
Actions=new;other;

[Desktop Action new]
Name=New
Name[de]=Neu
Exec=edit --new %f

[Desktop Action other]
Name=Other
Exec=edit

[X-Something Else]
Exec=stays
ENTRY
}

teardown() { lib_teardown; }

# exec_words FILE: the words of its command line, as GLib reads them, into $words.
exec_words() {
	require 'python3-gi' /usr/bin/python3 -c 'import gi'
	mapfile -t words < <(/usr/bin/python3 - "$1" <<'PYTHON'
import sys
from gi.repository import GLib
file = GLib.KeyFile()
file.load_from_file(sys.argv[1], 0)
print(*GLib.shell_parse_argv(file.get_string("Desktop Entry", "Exec"))[1], sep="\n")
PYTHON
	)
}

@test "install: each command line starts the sandbox, all else is kept, and it is valid" {
	sandbox desktop install edit --profile default
	assert_success
	local prefix
	prefix="Exec=$SANDBOX run --profile default --application edit -- /"
	assert_equal "$(cat "$ours/edit.desktop")" "$(sed -E \
		-e "s,^Exec=edit,$prefix edit," -e '/^DBusActivatable/d' \
		-e "s,^\[Desktop Entry\],&\nDBusActivatable=false\nX-Sandbox-Profile=default\nX-Sandbox-Source=$XDG_DATA_DIRS/applications/edit.desktop," \
		"$XDG_DATA_DIRS/applications/edit.desktop")"
	if command -v desktop-file-validate >"$scratch/which"; then
		desktop-file-validate "$ours/edit.desktop"
	fi
	sandbox desktop list
	assert_output "$(printf 'edit\tdefault\t%s' "$XDG_DATA_DIRS/applications/edit.desktop")"
}

@test "install, again with another profile, and remove: what was there before is there again" {
	local before
	before=$(find "$HOME" -type f)
	sandbox desktop install edit --profile default
	sandbox desktop install edit.desktop --profile=strict
	assert_success
	sandbox desktop list
	assert_output_has strict
	assert_equal "$(sandbox desktop list && printf '%s\n' "$output" | wc -l)" 1
	sandbox desktop remove edit
	assert_success
	assert_equal "$(find "$HOME" -type f ! -name mimeinfo.cache)" "$before"
	sandbox desktop remove edit
	assert_refused 'there is no edit.desktop'
}

@test "what is somebody else's is not touched: a file, a link, a directory" {
	mkdir -p "$ours"
	cp "$XDG_DATA_DIRS/applications/edit.desktop" "$ours/"
	local before
	before=$(snapshot "$HOME")
	sandbox desktop install edit --profile default
	assert_refused 'not written by sandbox desktop'
	sandbox desktop remove edit
	assert_refused 'not written by sandbox desktop'
	assert_equal "$(snapshot "$HOME")" "$before"
	sandbox desktop list
	assert_output ''
	rm "$ours/edit.desktop"
	echo mine >"$scratch/victim"
	ln -s "$scratch/victim" "$ours/edit.desktop"
	sandbox desktop install edit --profile default
	assert_refused 'not written by sandbox desktop'
	rm "$ours/edit.desktop"
	mkdir "$ours/edit.desktop"
	sandbox desktop remove edit
	assert_refused 'not written by sandbox desktop'
	assert_equal "$(cat "$scratch/victim")" mine
}

@test "what is no application of a command line is refused" {
	local bad file=$scratch/bad.desktop
	for bad in '' 'Type=Link\nExec=x' 'Type=Application' 'Type=Application\nExec=x\nHidden=true' \
		'Type=Application\nExec=x\nX-Sandbox-Profile=y'; do
		printf '[Desktop Entry]\n%b\n' "$bad" >"$file"
		sandbox desktop install "$file" --profile default
		assert_refused 'cannot sandbox'
	done
	printf 'Exec=x\n[Desktop Entry]\nType=Application\nExec=x\n' >"$file"
	sandbox desktop install "$file" --profile default
	assert_refused 'does not begin with a group'
	printf '[Desktop Entry]\nType=Application\nExec=x\0y\n' >"$file"
	sandbox desktop install "$file" --profile default
	assert_refused 'NUL'
	sandbox desktop install none --profile default
	assert_refused 'no desktop entry none.desktop'
	sandbox desktop install edit --profile nosuch
	assert_refused "no profile 'nosuch'"
	[ ! -e "$ours" ]
}

# More than the specification has: blanks in front, which GLib skips; [$e], \x45 and words behind a group, which KConfig reads.
# case: a desktop entry with a command line that menus alone find
@test "a command line that menus find in other ways starts the sandbox too, or is refused" {
	local bad file=$scratch/odd.desktop head='[Desktop Entry]\nType=Application\nName=x\nExec=x\n'
	printf '%b%b' "$head" ' Exec=evil --one\nExec[$e]=evil --two\nTerminalOptions=-e evil\n' >"$file"
	sandbox desktop install "$file" --profile default
	assert_success
	run grep -c evil "$ours/odd.desktop"
	assert_output 1
	exec_words "$ours/odd.desktop"
	assert_equal "${words[*]}" "$SANDBOX run --profile default --application odd -- / evil --one"
	rm "$ours/odd.desktop"
	for bad in '\\x45xec=evil' 'Exec\v=evil' '\xc2\xa0Exec=evil' '[X]\n[Desktop Entry]y\nExec=evil' '[Desktop\\x20Entry]\nExec=evil'; do
		printf '%b%b\n' "$head" "$bad" >"$file"
		sandbox desktop install "$file" --profile default
		assert_refused 'menus read in different ways'
		[ ! -e "$ours/odd.desktop" ]
	done
}

@test "names that would be another key, or a word of their own, stay one" {
	local odd=$scratch/'a "b" $c `d` \e %f'
	mkdir -p "$odd"
	cp "$XDG_DATA_DIRS/applications/edit.desktop" "$odd/edit.desktop"
	echo 'extends = default' >"$odd/p.conf"
	sandbox desktop install "$odd/edit.desktop" --profile "$odd/p.conf"
	assert_success
	if command -v desktop-file-validate >"$scratch/which"; then
		desktop-file-validate "$ours/edit.desktop"
	fi
	exec_words "$ours/edit.desktop"
	assert_equal "${words[3]//%%/%}" "$odd/p.conf"
	mkdir "$scratch"/$'new\nExec=evil'
	cp "$XDG_DATA_DIRS/applications/edit.desktop" "$scratch"/$'new\nExec=evil/edit.desktop'
	sandbox desktop install "$scratch"/$'new\nExec=evil/edit.desktop' --profile default
	assert_refused 'control character'
}

@test "the command line of an entry runs" {
	printf '[Desktop Entry]\nType=Application\nName=x\nExec=sh -c "cat \\\\"\\\\$1\\\\"; ls -A ~" sh %%f\n' >"$XDG_DATA_DIRS/applications/show.desktop"
	unset XDG_CONFIG_HOME
	mkdir -p "$HOME/.config/sandbox/profiles"
	printf 'extends = default\nuserns = keep-id\nhome = private\nauto-args\n' >"$HOME/.config/sandbox/profiles/p.conf"
	sandbox desktop install show --profile p
	assert_success
	echo content >"$scratch/file"
	# As a launcher of GLib's does it.
	exec_words "$ours/show.desktop"
	assert_equal "${words[-1]}" %f
	unset 'words[-1]'
	run --separate-stderr -- "${words[@]}" "$scratch/file"
	assert_success
	assert_output content
	[ -d "$HOME/.local/share/sandbox/home/show" ]
}

@test "usage" {
	sandbox desktop
	assert_status 125
	assert_stderr_has 'usage: sandbox desktop install'
	sandbox desktop install
	assert_status 125
	sandbox desktop list x
	assert_status 125
	sandbox desktop --help
	assert_success
	assert_output_has 'usage: sandbox desktop install'
}
