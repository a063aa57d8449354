# Whoever of a sandbox's processes is killed, at whatever moment of its start, its life and its end: nothing is left but
# what `sandbox ps` takes away, and the next command works. A thousand rounds by `FAULTS=long make faults`.
load ../lib
load attack
load ../run/life
load killing

setup() {
	lib_setup
	tiny_rootfs
	export XDG_CACHE_HOME=$scratch/cache
	records=$XDG_RUNTIME_DIR/sandbox
	rounds=12
	! long || rounds=1000
}

no_layers() { [ -z "$(ls -A "$XDG_CACHE_HOME/sandbox/layers" 2>/dev/null)" ]; }
nothing_else() { true; }

# case: anybody killed at any moment, with networks, terminals and, in tests/vm, cgroups
@test "anybody killed at any moment of a life" {
	local ways=('-d --userns=single' '-d --layer=disk' '-d --as-pid-1 --userns=single' '--userns=single' '--layer=disk --userns=single' '-d --userns=keep-id' 'tty --userns=single' 'tty --layer=disk')
	if [ -w /dev/net/tun ]; then
		ways+=('-d --network=slirp4netns' '-d --network=pasta --userns=single' '--network=slirp4netns -p 127.0.0.1:48254:80' '-d -p 127.0.0.1:48254:80' '-d --allow-net=example.org' '-d --network=slirp4netns --as-pid-1')
	fi
	kill_anybody "$rounds" 180 "${ways[@]}"
	# What a killed watcher has left the next run takes away.
	"$SANDBOX" --layer=disk "$root" true
	no_layers
}

# case: anybody killed at any moment, with networks, terminals and, in tests/vm, cgroups
@test "a thousand starts and ends of one name, by four at once" {
	local i count=20 pids=()
	! long || count=250
	for i in 1 2 3 4; do
		(for ((n = 0; n < count; n++)); do
			"$SANDBOX" --name one --userns=single "$root" true 2>/dev/null || [ $? = 125 ] || exit 1
			"$SANDBOX" ps >/dev/null || exit 1
		done) 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i" || fail 'another status'; done
	[ -z "$(ls -A "$records")" ]
}
