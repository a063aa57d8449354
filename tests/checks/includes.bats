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
base        arena error files capability_names
nouns       config options options_table options_set options_complete options_docs parse parse_mount lines
nouns       profile profile_load profile_command profile_expand profile_search
facts       spawn host host_sources host_userns
steps       step sandbox mounting channel filters
rooms       identity idmap namespaces network rootfs overlay kernelfs etcfiles mounts privileges seccomp environment
plan        plan
processes   supervisor child init exec watcher tree
main        main
'
# Where a file of one layer uses one of another, with the reason.
exceptions='
rootfs -> overlay      the layer is one of three kinds of root, and rootfs gives the order
watcher -> overlay     it removes what overlay has made, and asks it what that is
init -> privileges     pid 1 gives up its own capabilities once the payload has started
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
