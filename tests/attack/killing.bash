# killing.bash: anybody of a sandbox killed at any moment of its life. After `load ../lib` and life.bash.
# shellcheck shell=bash

roles=(supervisor init payload watcher joiner caller helper)

# children OF [NAME]: the pids of its children, those that are called so
children() { pgrep -P "$1" ${2:+-x "$2"}; }

# first_process SUPERVISOR: its child that is process 1 of a namespace
first_process() {
	local pid
	for pid in $(children "$1"); do
		! grep -qE '^NSpid:.*[[:space:]]1$' "/proc/$pid/status" 2>/dev/null || echo "$pid"
	done
}

# helpers SUPERVISOR: what else it has started, the mapping helpers, and their own children
helpers() {
	local pid
	for pid in $(children "$1"); do
		case $(cat "/proc/$pid/comm" 2>/dev/null) in
		sandbox*) ;;
		*) grep -qE '^NSpid:.*[[:space:]]1$' "/proc/$pid/status" 2>/dev/null || { echo "$pid" && children "$pid"; } ;;
		esac
	done
}

# pick ROLE SUPERVISOR CALLER: whom to kill; nothing when it is not there (yet)
pick() {
	case $1 in
	supervisor) echo "$2" ;;
	init) first_process "$2" ;;
	payload) for pid in $(first_process "$2"); do children "$pid"; done ;;
	watcher) children "$2" sandbox-watch ;;
	joiner) children "$2" sandbox-join ;;
	caller) echo "$3" ;;
	helper) helpers "$2" ;;
	esac | shuf -n 1
}

# supervisor_of NAME: whoever holds its lock
supervisor_of() {
	pgrep -u "$(id -u)" -f -- "--name $1 " | while read -r pid; do
		[ -z "$(find "/proc/$pid/fd" -lname "$records/$1/lock" 2>/dev/null)" ] || echo "$pid"
	done | head -n 1
}

# start_one NAME WAY COMMAND...: in the background of this shell; $starter. The word `tty` of a way: at a terminal.
start_one() {
	local name=$1 way=$2
	shift 2
	# shellcheck disable=SC2086
	if [[ $way == tty* ]]; then
		script -qec "'$SANDBOX' --name $name ${way#tty} '$root' $*" /dev/null </dev/null >/dev/null 2>&1 3>&- &
	else
		"$SANDBOX" --name "$name" $way "$root" "$@" </dev/null >/dev/null 2>&1 3>&- &
	fi
	starter=$!
}

# kill_anybody KILLS MOST WAY...: somebody by chance, until so many were met, after at most MOST milliseconds, in one of the ways. `nothing_else`
# of the caller says whether what the ways may leave besides processes and records is gone.
kill_anybody() {
	local kills=$1 most=$2 i met=0 try role way supervisor caller starter whom name
	local -A killed=()
	shift 2
	for ((i = 0; met < kills; i++)); do
		[ "$i" -lt $((kills * 5 + 20)) ] || fail "only $met of $kills were met in $i lives" || return
		role=${roles[RANDOM % ${#roles[@]}]}
		way=${*:RANDOM % $# + 1:1}
		name=life$i
		# Some live for long, some are about to end when it comes to them.
		start_one "$name" "$way" sleep "$([ $((RANDOM % 3)) = 0 ] && echo "0.0$((RANDOM % 10))" || echo 12345)"
		caller=
		if [ "$role" = joiner ] || [ "$role" = caller ] || [ $((RANDOM % 3)) = 0 ]; then
			{ until "$SANDBOX" exec "$name" true || [ ! -e "$records/$name" ]; do sleep 0.01; done
				exec "$SANDBOX" exec "$name" sleep 12345; } >/dev/null 2>&1 3>&- &
			caller=$!
		fi
		[ "$role" = helper ] || sleep "$(printf '%d.%03d' $(((whom = RANDOM % most) / 1000)) $((whom % 1000)))"
		supervisor=$(supervisor_of "$name" || :)
		whom=$(pick "$role" "${supervisor:-$starter}" "$caller" || :)
		# Some live for a moment only.
		for ((try = 0; try < 20; try++)); do
			[ "$role$whom" = helper ] || break
			supervisor=$(supervisor_of "$name" || :)
			whom=$(pick "$role" "${supervisor:-$starter}" "$caller" || :)
		done
		[ "${whom:-0}" -le 1 ] || { kill -KILL "$whom" 2>/dev/null && killed[$role]=$((${killed[$role]-0} + 1)) met=$((met + 1)); }
		# The next commands work, whatever is left.
		timeout 20 "$SANDBOX" ps -a >listed || fail "ps after $role, $way: $?" || return
		[ ! -e "$records/$name" ] || timeout 20 "$SANDBOX" rm -f "$name" 2>told || [ ! -e "$records/$name" ] ||
			# It was still being made: then it may be ended, and the name is free.
			eventually removed "$name" || fail "rm after $role, $way: $(cat told)" || return
		# shellcheck disable=SC2086
		kill -KILL $caller "$starter" 2>/dev/null || :
		# shellcheck disable=SC2086
		wait "$starter" $caller 2>/dev/null || :
		eventually no_new_processes || fail "left after $role, $way: $left" || return
		eventually nothing_else || fail "left after $role, $way: $left" || return
	done
	"$SANDBOX" ps -a >/dev/null
	[ -z "$(ls -A "$records")" ] || fail "left: $(ls -A "$records")" || return
	for role in "${roles[@]}"; do
		echo "# killed: $role ${killed[$role]-0}" >&3
		[ "$kills" -lt 500 ] || [ "${killed[$role]-0}" -ge $((kills / 40)) ] || fail "$role was hardly met" || return
	done
	echo "# killed: $met in $i lives" >&3
}

removed() { timeout 20 "$SANDBOX" rm -f "$1" 2>told || [ ! -e "$records/$1" ]; }
