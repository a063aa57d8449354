# A package that chowns to other ids and adds a user, installed inside with --rw: with a range it works,
# with one id what fails is said before it fails.
# user: sandbox-test sandbox-norange
load ../lib

setup() {
	lib_setup
	for program in dpkg dpkg-deb adduser; do
		[ -x "/usr/bin/$program" ] || [ -x "/usr/sbin/$program" ] || skip "missing: program $program"
	done
	# The programs are the host's; what a package manager writes to is ROOTFS.
	mkdir -p root/{dev,etc,home,opt,proc,root,run,sys,tmp,usr,var/lib/dpkg/{info,updates},var/log,var/spool}
	for name in bin sbin lib lib64; do
		[ ! -L "/$name" ] || ln -s "usr/$name" "root/$name"
	done
	printf '%s\n' root:x:0:0:root:/root:/bin/sh daemon:x:1:1::/: nobody:x:65534:65534::/: >root/etc/passwd
	printf '%s\n' root:x:0: daemon:x:1: nogroup:x:65534: >root/etc/group
	: >root/var/lib/dpkg/status
	make_package
	options=(--rw --ro-bind /usr --ro-bind package.deb:/run/package.deb)
	[ -L /bin ] || options+=(--ro-bind /bin --ro-bind /sbin --ro-bind /lib --ro-bind-try /lib64)
}

make_package() {
	mkdir -p package/DEBIAN package/opt/thing
	echo data >package/opt/thing/data
	printf '%s\n' 'Package: thing' 'Version: 1' 'Architecture: all' 'Maintainer: Nobody <n@example.org>' \
		'Description: chowns and adds a user' >package/DEBIAN/control
	cat >package/DEBIAN/postinst <<'SH'
#!/bin/sh
set -e
adduser --system --group --quiet --no-create-home --home /opt/thing thing
chown -R thing:thing /opt/thing
install -d -o 7 -g 8 -m 2770 /var/lib/thing
SH
	chmod 0755 package/DEBIAN/postinst
	dpkg-deb --root-owner-group --build package package.deb >/dev/null
}

install='dpkg -i /run/package.deb && stat -c "%U:%G %n" /opt/thing/data && stat -c "%u:%g %a" /var/lib/thing && grep thing: /etc/passwd'

@test "with --userns=fakeroot it installs for whoever has one id, or many" {
	sandbox "${options[@]}" --userns=fakeroot root /bin/sh -c "$install; chown 7 /etc/passwd && dpkg -s thing"
	assert_success
	assert_output_has '^root:root /opt/thing/data$' '^0:0 2770$' '^thing:[x!]:' '^Status: install ok installed$'
	assert_equal "$stderr" ''
	assert_equal "$(find root/var/lib/thing root/opt/thing -printf '%U\n' | sort -u)" "$(id -u)"
}

@test "it installs, and stays installed" {
	if [ "$(id -un)" = sandbox-norange ]; then
		sandbox "${options[@]}" root /bin/sh -c "$install"
		[ "$status" != 0 ] || told 'chown to another id cannot work'
		[[ $stderr == 'sandbox: note: only one id is mapped'* ]] || told 'that is to be said first'
		assert_stderr_has "no range for 'sandbox-norange'" 'usermod --add-subuids'
		return
	fi
	sandbox "${options[@]}" root /bin/sh -c "$install"
	assert_success
	assert_output_has '^thing:thing /opt/thing/data$' '^7:8 2770$' '^thing:[x!]:'
	assert_equal "$stderr" ''
	sandbox "${options[@]}" root dpkg -s thing
	assert_success
	assert_output_has '^Status: install ok installed$'
	[ "$(stat -c %u root/var/lib/thing)" -ge 100000 ]
	# And out again.
	sandbox "${options[@]}" root /bin/sh -c 'rm -r /var/lib/thing && dpkg -r thing && ! [ -e /opt/thing/data ]'
	assert_success
}
