# --dbus and its rules: the session's and the system's bus, through xdg-dbus-proxy.
load ../lib
load bus

setup_file() { start_bus; }
teardown_file() { stop_bus; }

setup() {
	bus_setup
	options=(--userns keep-id)
}

teardown() { lib_teardown; }

# inside NAME ARG...: a call of the service NAME, in a sandbox with these options.
inside() {
	call "$1"
	sandbox "${options[@]}" "${@:2}" / "${words[@]}"
}

@test "a notification reaches the service that may be spoken to, and no other" {
	inside org.example.Good --dbus-talk org.example.Good
	assert_success
	assert_output "('noted hello',)"
	inside org.example.Bad --dbus-talk org.example.Good
	assert_status 1
	assert_stderr_has ServiceUnknown
	assert_equal "$(cat "$bus_log")" 'notify hello local.sandbox.gdbus'
}

@test "a portal takes the command for an application in a sandbox, by --application" {
	inside org.example.Good --dbus-talk org.example.Good --application org.Text-1
	assert_success
	assert_equal "$(cat "$bus_log")" 'notify hello local.sandbox.org_Text_1'
}

@test "without --dbus there is no bus and no address of one" {
	sandbox "${options[@]}" / sh -c 'echo "${DBUS_SESSION_BUS_ADDRESS-none}"; ls /run'
	assert_success
	assert_output none
}

@test "--dbus=filtered alone: the bus, and no name on it but its own" {
	sandbox "${options[@]}" --dbus filtered / gdbus call --session -d org.freedesktop.DBus -o / -m org.freedesktop.DBus.ListNames
	assert_success
	assert_output_lacks 'org\.example'
	assert_output_has 'org\.freedesktop\.DBus'
}

@test "--dbus-see: it is there, and cannot be spoken to" {
	sandbox "${options[@]}" --dbus-see org.example.Good / gdbus call --session -d org.freedesktop.DBus -o / -m org.freedesktop.DBus.NameHasOwner org.example.Good
	assert_success
	assert_output '(true,)'
	inside org.example.Good --dbus-see org.example.Good
	assert_status 1
	assert_equal "$(grep notify "$bus_log")" ''
}

@test "--dbus-call: the method that the rule names, and no other" {
	inside org.example.Good --dbus-call 'org.example.Good=org.example.Note.Notify@/note'
	assert_success
	sandbox "${options[@]}" --dbus-call 'org.example.Good=org.example.Note.Notify@/note' / gdbus call --session -d org.example.Good -o /note -m org.example.Note.Other x
	assert_status 1
	assert_equal "$(grep other "$bus_log")" ''
}

@test "--dbus-own: the name is the command's, with all below a star" {
	local ask="gdbus call --session -d org.freedesktop.DBus -o / -m org.freedesktop.DBus.RequestName"
	sandbox "${options[@]}" --dbus-own 'org.example.Mine.*' / sh -c "$ask org.example.Mine.One 0; $ask org.example.Other 0"
	assert_output '(uint32 1,)'
	assert_stderr_has 'AccessDenied|ServiceUnknown|denied|not allowed'
}

@test "the system's bus: rules with system:, and an address of its own" {
	export DBUS_SYSTEM_BUS_ADDRESS=$DBUS_SESSION_BUS_ADDRESS
	unset DBUS_SESSION_BUS_ADDRESS
	sandbox "${options[@]}" --dbus-talk system:org.example.Good / sh -c '
		echo "${DBUS_SESSION_BUS_ADDRESS-none}"
		gdbus call --system -d org.example.Good -o /note -m org.example.Note.Notify hello
		gdbus call --system -d org.example.Bad -o /note -m org.example.Note.Notify hello'
	assert_output "none
('noted hello',)"
	assert_status 1
}

@test "a bus with an abstract name, and an address with more than one part" {
	local bus_pids=''
	launch_bus "unix:abstract=$scratch/a%20b"
	export DBUS_SESSION_BUS_ADDRESS="tcp:host=127.0.0.1,port=1;unix:guid=00,abstract=$scratch/a%20b"
	listening() { grep -qF "@$scratch/a b" /proc/net/unix; }
	eventually listening
	sandbox "${options[@]}" --dbus filtered / gdbus call --session -d org.freedesktop.DBus -o / -m org.freedesktop.DBus.GetId
	stop_bus
	assert_success
}

@test "what is missing is told before the command runs" {
	sandbox --dbus filtered / true
	assert_refused 'bus knows you as uid' 'userns=keep-id'
	DBUS_SESSION_BUS_ADDRESS=unix:path=$scratch/nobody sandbox "${options[@]}" --dbus filtered / true
	assert_refused "cannot reach the session bus: nobody listens at $scratch/nobody"
	DBUS_SESSION_BUS_ADDRESS=autolaunch: sandbox "${options[@]}" --dbus filtered / true
	assert_refused 'cannot reach the session bus: .*autolaunch'
	unset DBUS_SESSION_BUS_ADDRESS
	sandbox "${options[@]}" --dbus filtered / true
	assert_refused 'cannot reach the session bus: .*runtime/bus'
	sandbox "${options[@]}" --dbus none --dbus-talk org.example.Good / true
	assert_refused 'exclude each other'
}

@test "names and rules that are none" {
	local bad
	for bad in example org. .org 'org..example' org.1x 'org.exa mple' :1.5 'org.example.*.x' '*' 'org.*' 'org.freedesktop.*' \
		org.freedesktop.DBus "org.$(printf 'x%.0s' {1..300})" --help 'org.example=rule'; do
		sandbox "${options[@]}" "--dbus-talk=$bad" / true
		assert_refused '--dbus-talk'
	done
	for bad in org.example 'org.example=' 'org.example=method' 'org.example=a.b@x' 'org.example=a.b@/x*' 'org.example=a.b@//'; do
		sandbox "${options[@]}" "--dbus-call=$bad" / true
		assert_refused '--dbus-call'
	done
}

@test "sandbox exec has the same bus" {
	sandbox "${options[@]}" -d --name "$BATS_TEST_NUMBER-bus" --dbus-talk org.example.Good / sleep 60
	assert_success
	call org.example.Good
	sandbox exec "$BATS_TEST_NUMBER-bus" "${words[@]}"
	assert_success
	assert_output "('noted hello',)"
	sandbox rm -f "$BATS_TEST_NUMBER-bus"
	eventually no_proxies
}

@test "the proxy ends with the sandbox, however it ends" {
	"$SANDBOX" "${options[@]}" --dbus filtered / sleep 60 3>&- &
	local pid=$! proxy
	eventually has_proxy
	kill -KILL "$pid"
	wait "$pid" || :
	eventually no_proxies
	"$SANDBOX" "${options[@]}" --dbus filtered / sleep 60 3>&- &
	pid=$!
	eventually has_proxy
	kill -TERM "$pid"
	wait "$pid" || :
	eventually no_proxies
}

@test "a proxy that is killed: the command goes on, and it is said" {
	"$SANDBOX" "${options[@]}" --dbus filtered --bind "$scratch" / sh -c "touch $scratch/up; until [ -e $scratch/go ]; do sleep 0.05; done" 3>&- 2>"$scratch/said" &
	local pid=$! proxy
	eventually test -e "$scratch/up"
	has_proxy
	kill -KILL "$proxy"
	eventually no_proxies
	touch "$scratch/go"
	wait "$pid"
	grep -q 'xdg-dbus-proxy .* while the command ran: from then on no bus could be reached' "$scratch/said"
}
