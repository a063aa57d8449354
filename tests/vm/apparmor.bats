# User namespaces only for programs with a profile, as on Ubuntu. No kernel of Debian's has that sysctl, so that it is
# imitated: by a profile that a shell goes under, and that lets go whatever has one of its own. What is refused, by
# whom and with which number is then the kernel's; so is what the profile of ours does about it.
# vm: login
# kernel: apparmor=1 security=apparmor
# packages: slirp4netns,fuse-overlayfs,apparmor
load vm

setup() {
	lib_setup
	supervisor='' undo=''
	grep -qw userns_create /sys/kernel/security/apparmor/features/namespaces/mask || skip 'missing: an AppArmor that knows user namespaces'
}

teardown() {
	as_root 'for profile in sandbox without unprivileged_userns; do printf $profile >/sys/kernel/security/apparmor/.remove 2>/dev/null; done'
	lib_teardown
}

# restrict NAME RULE...: what is not said is refused to whoever is under it
restrict() {
	cat >"/tmp/$1" <<END
abi <abi/4.0>,
profile $1 {
  /{,**} rwlkm,
  /** pix,
  /usr/bin/newuidmap Ux,
  /usr/bin/newgidmap Ux,
  network, signal, ptrace, unix, dbus, mqueue, io_uring, mount, umount, pivot_root, change_profile,
  ${*:2}
}
END
	as_root apparmor_parser -r "/tmp/$1"
	[ ! -s /run/did.out ] || fail "it is not loaded: $(cat /run/did.out)"
}

# under NAME ARG...: the program started by a shell that is under it
under() {
	# shellcheck disable=SC2016 # for the shell inside
	run --separate-stderr aa-exec -p "$1" -- sh -c 'exec "$@"' sh "$SANDBOX" "${@:2}"
}

# remedy: what doctor's line says to do
remedy() {
	"$SANDBOX" doctor --apparmor >/tmp/sandbox-profile
	as_root apparmor_parser -r /tmp/sandbox-profile
	[ ! -s /run/did.out ] || fail "it is not loaded: $(cat /run/did.out)"
}

works_under() {
	for how in --userns=auto --userns=single; do
		under "$1" "$how" / sh -c 'echo ran; hostname'
		assert_success
		assert_output $'ran\nsandbox'
	done
	under "$1" --network=slirp4netns / sh -c 'ip addr show dev tap0 | grep -o 10.0.2.100'
	assert_output 10.0.2.100
	under "$1" doctor --json
	assert_equal "$(finding 'run a command' answer)" yes
	assert_equal "$(finding "AppArmor's restriction" answer)" ''
}

@test "whether the kernel has the restriction itself" {
	printf '# %s: %s\n' "$(uname -r)" "$(cd /proc/sys/kernel && printf "%s\n" *apparmor* | paste -sd ' ')" >&3
	printf '# %s\n' "$(/usr/sbin/apparmor_parser --version | head -n 1)" >&3
	[ ! -e /proc/sys/kernel/apparmor_restrict_unprivileged_userns ]
}

@test "namespaces are given and then of no use, as on Ubuntu: a run and doctor say so, and doctor's profile mends it" {
	restrict unprivileged_userns userns,
	for how in --userns=auto --userns=single; do
		under unprivileged_userns "$how" / true
		printf '# %s: %s\n' "$how" "$stderr" >&3
		assert_refused 'under the AppArmor profile \w+, which refuses it' 'doctor --apparmor'
	done
	under unprivileged_userns doctor --json
	assert_equal "$(finding "AppArmor's restriction" answer)" no
	finding "AppArmor's restriction" mend | grep -q 'doctor --apparmor'
	finding "AppArmor's restriction" mend | grep -q 'apparmor_parser -r'
	remedy
	works_under unprivileged_userns
}

@test "namespaces are refused: a run and doctor say by what, and doctor's profile mends it" {
	restrict without capability,
	for how in --userns=auto --userns=single; do
		under without "$how" / true
		printf '# %s: %s\n' "$how" "$stderr" >&3
		assert_refused 'under the AppArmor profile \w+, which refuses it' 'doctor --apparmor'
	done
	under without doctor --json
	assert_equal "$(finding 'run a command' answer)" no
	remedy
	works_under without
}
