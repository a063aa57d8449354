# Includes point one way: each file may include what stands above it in this table; no room includes another,
# and no process a room: it runs the plan.
#
# base        what everything may use
# nouns       plain data and the walks over it; nothing that acts
# facts       the host, looked at and not changed
# steps       what rooms are written in: steps, the run-time state, how to mount, spawn and talk
# rooms       one kernel mechanism each
# plan        all rooms
# processes   who carries the plan out
# main        the verbs
load ../lib

table='
base        mark arena error files tree capability_names capability_sets signal_names endings installed netlink mountinfo rights record outcome json places
nouns       config config_confine options options_table options_set options_set_limits options_set_network options_complete options_docs parse parse_mount
nouns       parse_limits parse_network lines
nouns       options_set_desktop
nouns       options_set_session parse_bus entry
nouns       profile profile_load profile_command profile_expand profile_registry profile_search profile_settings profile_trust profile_tighten
facts       filters filter_image filter_file filter_run filter_load
facts       spawn state processes unrecorded host host_cgroup host_network host_pieces host_records host_secrets host_sources host_userns store
steps       step descent place terminal deadline cpu_watch output cgroup_counters sandbox remount mounting channel helper tap layering fuse
rooms       cgroup besteffort fakeroot identity idmap nest namespaces network guards publish egress rootfs overlay kernelfs etcfiles mounts passed privileges landlock confine refusals enforced pty scheduling seccomp denials status environment
facts       host_desktop host_devices
facts       host_bus appfiles
steps       showing
rooms       bus
rooms       desktop desktop_wayland desktop_x11 desktop_audio desktop_devices
plan        plan
processes   supervisor signals announce conclude child init metadata exec join detach watcher mapped store_remove
main        cmd_desktop
main        cmd cmd_bundle cmd_profile cmd_doctor cmd_oci cmd_ps cmd_life cmd_exec main cmd_rootfs cmd_layer cmd_learn cmd_sh
'
# Where a file of one layer uses one of another, with the reason.
exceptions='
rootfs -> overlay      the layer is one of three kinds of root, and rootfs gives the order
watcher -> cgroup      it removes what cgroup has made
supervisor -> cgroup   the same, when the watcher is gone
watcher -> overlay     it removes what overlay has made, and asks it what that is
init -> pty            it leads the session that has the terminal
child -> pty           it hands the terminal over
join -> pty            it makes a terminal for who joins, and leads its session
exec -> pty            it enters the session, in the order of what only the payload can do
watcher -> idmap        it removes what those ids own, and has them mapped for that
mapped -> idmap        the maps of a sandbox are all it needs of one
init -> privileges     pid 1 gives up its own capabilities once the payload has started
init -> nest           pid 1 alone can write the maps of a payload in a user namespace of its own
'

setup() {
	lib_setup
	cd "$PROJECT/sandbox" || return
}

# includes: "FILE INCLUDED" without suffixes, of our own headers, each file's own left out
includes() {
	grep -HoE '^#include "[^"]+"' -- *.[ch] | sed -E 's/\.[ch]:#include "([^"]*)\.h"/ \1/' | awk '$1 != $2' | sort -u
}

@test "every file has one layer, and every name in the table is a file" {
	local files names
	files=$(for file in *.[ch]; do echo "${file%.?}"; done | sort -u)
	names=$(awk '{ for (i = 2; i <= NF; i++) print $i }' <<<"$table" | sort)
	assert_equal "$names" "$files"
}

@test "includes go up the table, and rooms include no room" {
	assert_equal "$(includes | awk -v table="$table" -v exceptions="$exceptions" '
		BEGIN {
			n = split(table, line, "\n")
			for (i = 1; i <= n; i++) {
				words = split(line[i], word, " ")
				if (words && !(word[1] in rank))
					rank[word[1]] = ++ranks
				for (j = 2; j <= words; j++)
					layer[word[j]] = word[1]
			}
			n = split(exceptions, line, "\n")
			for (i = 1; i <= n; i++)
				if (split(line[i], word, " "))
					allowed[word[1], word[3]] = 1
		}
		function wrong(a, b) {
			if (b == "rooms" && (a == "rooms" || a == "processes" || a == "main"))
				return 1
			return rank[b] > rank[a] || !(b in rank)
		}
		wrong(layer[$1], layer[$2]) && !(($1, $2) in allowed) {
			print $1 ".* (" layer[$1] ") includes " $2 ".h (" layer[$2] ")"
		}')" ''
}

@test "every exception is in use" {
	local unused=''
	while read -r from _ to _; do
		[ -z "$from" ] || includes | grep -qx "$from $to" || unused+="$from -> $to "
	done <<<"$exceptions"
	assert_equal "$unused" ''
}

@test "no two headers include each other, at any distance" {
	# tsort names what is in a circle; only headers count, a .c file includes nobody's.
	run bash -c 'grep -HoE "^#include \"[^\"]+\"" -- *.h | sed -E "s/:#include \"(.*)\"/ \1/" | tsort 2>&1 >/dev/null'
	assert_output ''
}

@test "no file of the program includes a C file, or something outside of its directory" {
	run grep -nE '^#include "[^"]*(/|\.c")' -- *.[ch]
	assert_output ''
}
