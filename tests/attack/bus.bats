# What a command that may reach a bus tries with it, and what else of the session it looks for.
load ../lib
load attack
load ../run/bus

setup_file() {
	start_bus
	[ -n "${bus_pids-}" ] || return 0
	serve org.freedesktop.systemd1
	serve org.freedesktop.secrets
	serve org.a11y.Bus
	serve org.freedesktop.portal.Desktop
}
teardown_file() { stop_bus; }

setup() {
	bus_setup
	options=(--userns keep-id --dbus-talk org.example.Good)
}

teardown() { lib_teardown; }

# heard: what the services have heard of.
heard() { cat "$bus_log"; }

# ask DESTINATION PATH METHOD [ARG...]: of the bus inside.
ask() { sandbox "${options[@]}" / gdbus call --session -d "$1" -o "$2" -m "${@:3}"; }

# driver METHOD [ARG...]: of the bus itself.
driver() { ask org.freedesktop.DBus /org/freedesktop/DBus "org.freedesktop.DBus.$1" "${@:2}"; }

# case: systemd's manager, the keyring, accessibility, another service, over the bus
@test "names that are not allowed: systemd, secrets, accessibility, portals, others" {
	local name
	for name in org.freedesktop.systemd1 org.freedesktop.secrets org.a11y.Bus org.freedesktop.portal.Desktop org.example.Bad; do
		ask "$name" /note org.example.Note.Notify x
		assert_status 1
		assert_stderr_has 'ServiceUnknown|AccessDenied'
	done
	assert_equal "$(heard)" ''
	# And by the unique name of who owns one.
	local owner
	owner=$(gdbus call --session -d org.freedesktop.DBus -o / -m org.freedesktop.DBus.GetNameOwner org.freedesktop.systemd1 | grep -o ':[0-9.]*')
	ask "$owner" /note org.example.Note.Notify x
	assert_status 1
	assert_equal "$(heard)" ''
}

# case: what the bus itself does for whoever asks
@test "the bus: no monitor, no environment of activation, no start of another service, no name of another" {
	driver UpdateActivationEnvironment "{'LD_PRELOAD':'/tmp/evil.so'}"
	assert_status 1
	driver StartServiceByName org.freedesktop.systemd1 0
	assert_status 1
	driver Monitoring.BecomeMonitor '@as []' 0
	assert_status 1
	driver RequestName org.example.Stolen 4
	assert_status 1
	driver ListNames
	assert_output_lacks 'systemd1|secrets|Bad'
	driver GetConnectionUnixProcessID org.freedesktop.systemd1
	assert_status 1
	# What others say to each other is not heard.
	driver AddMatch "eavesdrop=true"
	assert_status 1
	driver AddMatch "type='method_call',eavesdrop='true'"
	assert_status 1
}

# case: messages of D-Bus that say what no library would
@test "a spoofed sender, two destinations, a call before its time" {
	local service
	service=$(gdbus call --session -d org.freedesktop.DBus -o / -m org.freedesktop.DBus.GetNameOwner org.example.Good | grep -o ':[0-9.]*')
	cp "$PROJECT/tests/attack/bus-client" "$scratch/client"
	speak() { sandbox "${options[@]}" --ro-bind "$scratch/client:/tmp/client" / /usr/bin/python3 /tmp/client /run/dbus-proxy/session "$@"; }
	speak spoof "$service"
	# The bus says who it was, whatever the message does.
	[ -z "$(heard)" ] || assert_equal "$(heard)" 'notify spoof local.sandbox.python3'
	: >"$bus_log"
	speak twice org.example.Bad
	[ -z "$(heard)" ] || assert_equal "$(heard)" 'notify twice local.sandbox.python3'
	: >"$bus_log"
	speak early org.example.Bad
	assert_output refused
	assert_equal "$(heard)" ''
	# A directory of the sandbox's, as a descriptor: the service has it, and the sandbox nothing.
	speak directory /tmp
	[ "$status" != 124 ]
}

# case: a way to the bus around the proxy
@test "the bus's own socket, by its path, by an abstract name, by the proxy's directory" {
	cp "$TESTS_BUILD/probe" "$scratch/probe"
	sandbox "${options[@]}" --ro-bind "$scratch/probe:/tmp/probe" / /tmp/probe sockets
	assert_success
	assert_output 'socket: /run/dbus-proxy/session'
	local bus_pids='' how
	launch_bus "unix:abstract=$scratch/abstract"
	listening() { grep -qF "@$scratch/abstract" /proc/net/unix; }
	eventually listening
	for how in none host; do
		DBUS_SESSION_BUS_ADDRESS=unix:abstract=$scratch/abstract sandbox "${options[@]}" --network "$how" --landlock auto / \
			gdbus call --address "unix:abstract=$scratch/abstract" -d org.freedesktop.DBus -o / -m org.freedesktop.DBus.GetId
		[ "$how" = none ] || [ "$status" != 0 ] || [ "$(landlock_abi)" -lt 6 ] || told "the bus can be reached"
		[ "$how" = host ] || assert_status 1
	done
	stop_bus
}

# landlock_abi: this kernel's.
landlock_abi() { "$SANDBOX" --dry-run / true | sed -n 's/.*(ABI \([0-9]*\)).*/\1/p' | grep . || echo 0; }

# case: the directory of the proxy's sockets, written from inside
@test "the directory of the proxy's sockets cannot be changed, as root inside or not" {
	sandbox "${options[@]}" --cap-add ALL / sh -c '
		cd /run/dbus-proxy && for what in "rm session" "mv session other" "touch new" "chmod 0 session" "mount -o remount,rw ." "umount ."; do
			$what 2>/dev/null && echo "done: $what"
		done; stat -c %a session'
	assert_output 777
}

# case: the proxy, traced or ended from inside
@test "the proxy is out of reach: no process of that number, no signal, nothing in /proc" {
	"$SANDBOX" "${options[@]}" --bind "$scratch" / sh -c "
		echo started >$scratch/started
		until [ -s $scratch/pid ]; do sleep 0.05; done
		proxy=\$(cat $scratch/pid)
		ls /proc/\$proxy /proc/*/root/.flatpak-info 2>/dev/null
		kill -0 \$proxy 2>/dev/null && echo signalled
		strace -p \$proxy -o /dev/null true 2>/dev/null && echo traced
		kill -KILL -1 2>/dev/null
		echo end" 3>&- >"$scratch/out" 2>&1 &
	local pid=$! proxy
	eventually test -s "$scratch/started"
	has_proxy
	echo "$proxy" >"$scratch/pid.new"
	mv "$scratch/pid.new" "$scratch/pid"
	wait "$pid" || :
	assert_equal "$(cat "$scratch/out")" end
	eventually no_proxies
	# What it has, should it be taken over.
	"$SANDBOX" "${options[@]}" / sleep 60 3>&- &
	pid=$!
	eventually has_proxy
	confined() { grep -q '^Seccomp:.*2' "/proc/$proxy/status"; }
	eventually confined
	assert_equal "$(sed -n 's/^\(CapEff\|CapBnd\|NoNewPrivs\):\t*/\1 /p' "/proc/$proxy/status")" "CapEff 0000000000000000
CapBnd 0000000000000000
NoNewPrivs 1"
	assert_equal "$(cd "/proc/$proxy/root" && printf "%s\n" * .f* | grep -vx "nix\|gnu" | paste -sd " ")" "bin bus host lib lib64 usr .flatpak-info"
	run touch "/proc/$proxy/root/x"
	assert_status 1
	local name
	for name in user mnt pid ipc uts; do
		[ "$(readlink "/proc/$proxy/ns/$name")" != "$(readlink "/proc/self/ns/$name")" ] || fail "the proxy shares its $name namespace"
	done
	kill "$pid"
	wait "$pid" || :
}

# case: a portal that takes the command for a program outside
@test "a portal hears of a sandbox, whatever the command says of itself" {
	sandbox "${options[@]}" --dbus-talk org.freedesktop.portal.Desktop / sh -c '
		echo "[Application]" >/tmp/.flatpak-info
		gdbus call --session -d org.freedesktop.portal.Desktop -o /note -m org.example.Note.Notify x'
	assert_success
	assert_equal "$(heard)" 'notify x local.sandbox.sh'
	# A file of the host's cannot be handed over: there is none to open.
	echo secret >"$scratch/secret"
	cp "$PROJECT/tests/attack/bus-client" "$scratch/client"
	sandbox "${options[@]}" --ro-bind "$scratch/client:/tmp/client" / /usr/bin/python3 /tmp/client /run/dbus-proxy/session directory "$scratch/secret"
	assert_status 1
	assert_stderr_has FileNotFoundError
}

# case: agents, keyrings and buses of the session, by socket or variable
@test "ssh and gpg agents, keyring, systemd, accessibility: no socket and no variable" {
	local run=$XDG_RUNTIME_DIR
	mkdir -p "$run/gnupg" "$run/keyring" "$run/systemd" "$run/at-spi"
	"$TESTS_BUILD/probe" listen "$run/gnupg/S.gpg-agent" "$run/keyring/control" "$run/keyring/ssh" "$run/systemd/private" "$run/at-spi/bus_0" "$TMPDIR/agent" >/dev/null 3>&- &
	eventually test -S "$TMPDIR/agent"
	cp "$TESTS_BUILD/probe" "$scratch/probe"
	export TERM=dumb SSH_AUTH_SOCK=$TMPDIR/agent GPG_AGENT_INFO=$run/gnupg/S.gpg-agent GNOME_KEYRING_CONTROL=$run/keyring \
		AT_SPI_BUS_ADDRESS=unix:path=$run/at-spi/bus_0 DBUS_STARTER_ADDRESS=$DBUS_SESSION_BUS_ADDRESS \
		XDG_SESSION_ID=1 DESKTOP_STARTUP_ID=x SESSION_MANAGER=local/x:y GTK_MODULES=gail
	sandbox "${options[@]}" --home tmp --ro-bind "$scratch/probe:/tmp/probe" / sh -c '/tmp/probe sockets; env | cut -d = -f 1 | sort'
	kill $!
	wait $! || :
	rm -rf "${run:?}"/* "$TMPDIR/agent"
	assert_success
	assert_output "socket: /run/dbus-proxy/session
DBUS_SESSION_BUS_ADDRESS
HOME
LANG
LOGNAME
PATH
PWD
TERM
USER"
}

# case: homes of other applications, autostart, menus, from a private home
@test "what is the caller's is not there: other homes, autostart, applications" {
	export HOME=$scratch/home
	unset XDG_DATA_HOME XDG_CONFIG_HOME
	mkdir -p "$HOME/.config/autostart" "$HOME/.local/share/applications" "$HOME/.local/share/sandbox/home/other" "$HOME/Downloads"
	chmod 700 "$HOME/.local/share/sandbox/home/other"
	echo secret >"$HOME/.local/share/sandbox/home/other/secret"
	echo mine >"$HOME/Downloads/a"
	sandbox "${options[@]}" --home private --downloads --auto-args / sh -c '
		find "$1" /run/home -name secret 2>/dev/null
		for dir in "$1/.config/autostart" "$1/.local/share/applications" "$1/.local/share/sandbox/home/other"; do
			mkdir -p "$dir" && echo evil >"$dir/evil.desktop"
		done
		ln -s "$1/.config/autostart" /run/home/.config
		mkdir -p /run/home/.local/share/applications && echo evil >/run/home/.local/share/applications/evil.desktop
		true' sh "$HOME/Downloads/a"
	assert_success
	assert_output ''
	assert_equal "$(find "$HOME" -name 'evil*' -printf '%P\n')" '.local/share/sandbox/home/sh/.local/share/applications/evil.desktop'
}

# case: links in a private home, for the next run's mounts
@test "a link that a run has left in its home leads no mount out, and nothing is made behind it" {
	export HOME=$scratch/home
	unset XDG_DATA_HOME
	mkdir -p "$HOME/Downloads" "$scratch/bound"
	local place
	for place in "$scratch/bound/new" "../../..$scratch/bound/new" /run/dbus-proxy/new; do
		sandbox "${options[@]}" --home private / sh -c 'rm -rf ~/Downloads; ln -s "$1" ~/Downloads' sh "$place"
		assert_success
		sandbox "${options[@]}" --home private --downloads --bind "$scratch/bound" / true
		worked_or_refused
		assert_equal "$(ls -A "$scratch/bound")" ''
	done
}
