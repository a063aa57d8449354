# life.bash: what the files about sandboxes that live share, after `load ../lib`.
# shellcheck shell=bash

setup() {
	lib_setup
	tiny_rootfs
	records=$XDG_RUNTIME_DIR/sandbox
}

teardown() {
	remove_all
	lib_teardown
}

# remove_all: whatever a test has not come to remove.
remove_all() {
	local record
	for record in "$XDG_RUNTIME_DIR"/sandbox/*; do
		[ ! -d "$record" ] || "$SANDBOX" rm -f "$(basename "$record")" || :
	done
}

# background NAME [OPTION...] -- COMMAND...: detached, in $root.
background() {
	local name=$1 words=()
	shift
	while [ "$1" != -- ]; do words+=("$1") && shift; done
	shift
	"$SANDBOX" -d --name "$name" "${words[@]}" "$root" "$@" >/dev/null 3>&-
}

# field NAME KEY: of `ps -a --json`, as python has it.
field() {
	"$SANDBOX" ps -a --json | python3 -c 'import json, sys
print([one[sys.argv[2]] for one in json.load(sys.stdin) if one["name"] == sys.argv[1]][0])' "$1" "$2"
}

# names: those of `ps ARG...`, on one line.
names() { "$SANDBOX" ps --json "$@" | python3 -c 'import json, sys; print(*(one["name"] for one in json.load(sys.stdin)))'; }

logs_have() { "$SANDBOX" logs "$1" | grep -qE -e "$2"; }
