# alone: it starts three hundred sandboxes
# Three hundred at once: listed, asked, and gone.
load ../lib
load life

@test "three hundred sandboxes, listed and gone" {
	local i count=300
	for ((i = 0; i < count; i++)); do
		background "many$i" --userns=single -- sleep 1000
	done
	sandbox ps
	assert_equal "${#lines[@]}" $((count + 1))
	assert_output_lacks 'starting|exited'
	assert_equal "$("$SANDBOX" ps --json | python3 -c 'import json, sys; all = json.load(sys.stdin); print(len({one["pid"] for one in all}), {one["processes"] for one in all})')" "$count {2}"
	# However few descriptors there are.
	run --separate-stderr bash -c 'ulimit -n 32; "$SANDBOX" ps | wc -l'
	assert_output $((count + 1))
	sandbox exec many299 echo here
	assert_output here
	for ((i = 0; i < count; i += 3)); do "$SANDBOX" kill -s KILL "many$i"; done
	for ((i = 0; i < count; i += 3)); do "$SANDBOX" wait "many$i" || [ $? = 137 ] || fail "many$i"; done
	# shellcheck disable=SC2046
	kill -KILL $(field_of_all supervisor | awk 'NR % 2')
	eventually only_half
	for record in "$records"/*; do "$SANDBOX" rm -f "$(basename "$record")" 2>/dev/null || :; done
	[ -z "$(ls -A "$records")" ]
	eventually no_new_processes
}

field_of_all() { "$SANDBOX" ps --json | python3 -c 'import json, sys; [print(one[sys.argv[1]]) for one in json.load(sys.stdin)]' "$1"; }
only_half() { [ "$(field_of_all name | wc -l)" = 100 ]; }
