# `sandbox rootfs import`: tars plain and compressed, archives of docker save and podman save, OCI layouts.
load ../lib

setup() {
	lib_setup
	store=$XDG_DATA_HOME/sandbox/rootfs
}

teardown() {
	if [ -n "${short-}" ]; then
		# podman leaves a process that holds its user namespace.
		[ ! -s "$short"/libpod/tmp/pause.pid ] || xargs -r kill <"$short"/libpod/tmp/pause.pid
		remove_tree "$short"
	fi
	lib_teardown
}

import() {
	sandbox rootfs import "$@"
	assert_success
}

# a_root DIR: a small root file system with one of everything.
a_root() {
	tiny_rootfs "$1"
	rm -f "$1/bin/probe"
	mkdir -p "$1/o" "$1/long/$(printf 'x%.0s' {1..200})"
	echo long >"$1/long/$(printf 'x%.0s' {1..200})/$(printf 'y%.0s' {1..200})"
	echo 1 >"$1/o/a" && ln "$1/o/a" "$1/o/hard" && ln -s a "$1/o/soft"
	chmod 4750 "$1/o/a" && mkfifo "$1/o/pipe"
	echo u >"$1/o/ünïcode"
	truncate -s 1G "$1/o/sparse" && echo end >>"$1/o/sparse"
	setfattr -n user.mark -v yes "$1/o/a"
	touch -d @1000000000 "$1/o/a" "$1/o"
}
tar_of() { tar -C "$1" --numeric-owner --owner=0 --group=0 --sparse --xattrs --format=posix -cf "${2-$1.tar}" .; }

@test "a tar: modes, links, times, holes, long names, attributes" {
	a_root r && tar_of r
	import r.tar
	assert_stderr_has '[0-9]+ files, [0-9]+ MB'
	sandbox rootfs list
	assert_output_has '^r .* caller .* import r.tar'
	local got=$store/r/root
	assert_equal "$(snapshot "$got")" "$(snapshot r)"
	assert_equal "$(stat -c '%h %a %Y' "$got/o/a")" '2 4750 1000000000'
	assert_equal "$(stat -c %Y "$got/o")" 1000000000
	[ "$(stat -c %b "$got/o/sparse")" -lt 100 ]
	assert_equal "$(getfattr --only-values -n user.mark "$got/o/a")" yes
	sandbox r cat /o/ünïcode
	assert_output u
}

@test "gz, xz, zstd and bzip2; from a file, from standard input; a name of its own" {
	tiny_rootfs r && tar_of r
	gzip -k r.tar && xz -0 -k r.tar && zstd -q -k r.tar && bzip2 -k r.tar
	for kind in gz xz zst bz2; do
		import "r.tar.$kind" "r$kind"
		assert_equal "$(cd "$store/r$kind/root" && find . | sort)" "$(cd r && find . | sort)"
	done
	sandbox rootfs import - named <r.tar
	assert_success
	sandbox named true
	assert_success
	mv r.tar.gz my-image_1.2.tar.gz
	import my-image_1.2.tar.gz
	sandbox my-image_1.2 true
	assert_success
	sandbox rootfs import my-image_1.2.tar.gz
	assert_refused 'already' 'rootfs rm'
	sandbox rootfs import nosuch.tar
	assert_refused 'nosuch.tar'
}

@test "numeric owners become subordinate ids; ids beyond the range are refused, or squashed" {
	require_range
	tiny_rootfs r
	tar -C r --numeric-owner --owner=33 --group=44 -cf r.tar .
	import r.tar
	sandbox r stat -c %u:%g /etc/passwd
	assert_output 33:44
	tar -C r --numeric-owner --owner=70000 --group=0 -cf high.tar .
	sandbox rootfs import high.tar
	assert_refused 'belongs to 70000:0' '--squash'
	assert_equal "$(ls -A "$store")" r
	import high.tar high --squash
	sandbox high stat -c %u:%g /etc/passwd
	assert_output 0:0
}

@test "--ids=subordinate: root's files are the first subordinate id's, and runs honour it" {
	require_range
	tiny_rootfs r
	tar -C r --numeric-owner --owner=0 --group=0 -cf r.tar .
	import r.tar b --ids=subordinate
	[ "$(stat -c %u "$store/b/root/etc/passwd")" != "$(id -u)" ]
	sandbox b sh -c 'id -u; stat -c %u:%g / /etc/passwd; echo x >>/etc/passwd; echo 1 >/n; chown 5:5 /n; stat -c %u /n'
	assert_success
	assert_output '0
0:0
0:0
5'
	sandbox --layer=disk b sh -c 'echo 1 >/n; stat -c %u /n'
	assert_output 0
	sandbox --rw b sh -c 'echo 1 >/n'
	assert_success
	assert_equal "$(stat -c %u "$store/b/root/n")" "$(stat -c %u "$store/b/root/etc/passwd")"
	# A directory that is not in the store tells by its top.
	sandbox "$store/b/root" stat -c %u /etc/passwd
	assert_output 0
	sandbox --overlay=t b sh -c 'echo 1 >/m; rm /n'
	assert_success
	sandbox diff t
	assert_output_has 'added +file +0644 +0:0 .* /m' 'deleted .* /n'
	sandbox commit t
	assert_success
	sandbox b sh -c 'stat -c %u /m; ls /n'
	assert_output 0
	sandbox rootfs rm b
	assert_success
	assert_equal "$(ls -A "$store")" ''
}

@test "file capabilities and lists of access are kept, as those of the root file system's own ids" {
	require_range
	python3 - <<'PYTHON'
import struct, tarfile
t = tarfile.open("c.tar", "w", format=tarfile.PAX_FORMAT)
def add(name, kind=tarfile.REGTYPE, **more):
    i = tarfile.TarInfo(name); i.type = kind; i.mode = 0o755
    for k, v in more.items(): setattr(i, k, v)
    t.addfile(i)
text = lambda data: data.decode("utf-8", "surrogateescape")
cap = "SCHILY.xattr.security.capability"
two = struct.pack("<5I", 0x02000001, 1 << 13, 0, 0, 0) # cap_net_raw=ep
three = struct.pack("<6I", 0x03000001, 1 << 13, 0, 0, 0, 4242) # of some other root
add("ping", uid=7, pax_headers={cap: text(two)})
add("ping3", pax_headers={cap: text(three)})
add("short", pax_headers={cap: text(two[:12])})
add("d", tarfile.DIRTYPE, pax_headers={"SCHILY.acl.access": "user::rwx,user:33:r-x,group::r-x,mask::rwx,other::---",
    "SCHILY.acl.default": "user::rwx,user:33:rwx,group::r-x,mask::rwx,other::---"})
add("d/f", pax_headers={"SCHILY.acl.access": "user::rw-,user:33:rw-,group::r--,mask::rw-,other::---"})
add("far", pax_headers={"SCHILY.acl.access": "user::rw-,user:4000000:rw-,group::r--,mask::rw-,other::---"})
PYTHON
	import c.tar
	assert_stderr_has '2 attributes left out'
	# As root of the root file system has them, and as the host's root would.
	read_back='import os, struct
for n in ("ping", "ping3"):
    print(n, os.stat(n).st_uid, [hex(w) for w in struct.unpack("<%dI" % (len(os.getxattr(n, "security.capability")) // 4), os.getxattr(n, "security.capability"))])
print(os.listxattr("short"), os.listxattr("far"))
for n in ("d", "d/f"):
    for a in os.listxattr(n):
        v = os.getxattr(n, a); print(n, a, [i for t, p, i in struct.iter_unpack("<HHI", v[4:]) if t in (2, 8)])'
	run bash -c 'cd "$1" && unshare --map-root-user --map-auto python3 -c "$2"' - "$store/c/root" "$read_back"
	assert_output "ping 7 ['0x2000001', '0x2000', '0x0', '0x0', '0x0']
ping3 0 ['0x2000001', '0x2000', '0x0', '0x0', '0x0']
[] []
d system.posix_acl_access [33]
d system.posix_acl_default [33]
d/f system.posix_acl_access [33]"
	run python3 -c 'import os, struct, sys; print(struct.unpack("<6I", os.getxattr(sys.argv[1], "security.capability"))[5])' "$store/c/root/ping"
	assert_output "$(id -u)"
	# Through a layer, and committed.
	sandbox --overlay=try c /ping
	sandbox --overlay=try --bind "$store/c/root:/r:O" / /bin/sh -c 'cp -a /r/d/f /r/d/copy; echo x >>/r/d/f; mkdir /r/e; cp /r/ping /r/e/nothing'
	assert_success
	sandbox diff try
	assert_output_lacks 'needs --allow-setuid'
	sandbox commit try
	assert_success
	run bash -c 'cd "$1" && unshare --map-root-user --map-auto python3 -c "$2"' - "$store/c/root/d" 'import os, struct
for n in ("f", "copy"): print(n, os.listxattr(n))'
	assert_output "f ['system.posix_acl_access']
copy ['system.posix_acl_access']"
	sandbox rootfs import c.tar squashed --squash
	assert_success
	assert_stderr_has '4 attributes left out'
}

@test "devices are left out and said, labels and overlay's attributes too" {
	python3 - <<'PYTHON'
import tarfile
t = tarfile.open("d.tar", "w", format=tarfile.PAX_FORMAT)
def add(name, kind=tarfile.REGTYPE, **more):
    i = tarfile.TarInfo(name); i.type = kind; i.mode = 0o755
    for k, v in more.items(): setattr(i, k, v)
    t.addfile(i)
add("etc", tarfile.DIRTYPE)
add("dev", tarfile.DIRTYPE)
add("dev/null", tarfile.CHRTYPE, devmajor=1, devminor=3)
add("dev/sda", tarfile.BLKTYPE, devmajor=8, devminor=0)
x = "SCHILY.xattr."
add("f", pax_headers={x + "security.capability": "x", x + "security.selinux": "x", x + "user.overlay.opaque": "y", x + "trusted.overlay.opaque": "y",
    x + "user.containers.override_stat": "0:0:0777", x + "user.fine": "1"})
PYTHON
	import d.tar
	assert_stderr_has '2 device nodes' '5 attributes left out'
	assert_equal "$(ls -A "$store/d/root/dev")" ''
	assert_equal "$(getfattr -m - "$store/d/root/f" 2>/dev/null | grep -v '^#')" user.fine
}

@test "an import that fails or is killed leaves nothing" {
	tiny_rootfs r && tar_of r
	head -c 200000 r.tar >cut.tar
	sandbox rootfs import cut.tar
	assert_refused 'cannot read'
	echo nonsense >x.tar
	sandbox rootfs import x.tar
	assert_refused 'cannot read the archive'
	: >empty.tar
	sandbox rootfs import empty.tar
	assert_refused 'cannot read the archive'
	sandbox rootfs import / x
	assert_refused 'neither index.json nor manifest.json'
	assert_equal "$(ls -A "$store")" ''
	mkfifo pipe
	for signal in TERM KILL; do
		"$SANDBOX" rootfs import pipe "x$signal" 2>said 3>&- &
		exec 9>pipe
		head -c 200000 r.tar >&9
		eventually compgen -G "$store/.new-*/root/bin"
		kill -$signal $!
		wait $! || status=$?
		exec 9>&-
		[ "$status" -gt 128 ] || fail "status $status"
		sandbox rootfs list
		assert_output ''
	done
	import r.tar
	assert_equal "$(ls -A "$store")" r
}

# an_image: an OCI layout `layout` with layers of every kind, as umoci makes them; image `img`.
an_image() {
	require_program umoci
	tiny_rootfs base
	mkdir -p base/d/sub base/e one two three
	echo 1 >base/d/a && echo 1 >base/d/sub/b && echo 1 >base/e/gone && echo 1 >base/e/stays
	umoci init --layout layout
	umoci new --image layout:img
	umoci insert --rootless --image layout:img base / 2>/dev/null
	echo 2 >one/changed && umoci insert --rootless --image layout:img one/changed /d/a 2>/dev/null
	umoci insert --rootless --image layout:img --whiteout /e/gone 2>/dev/null
	echo 3 >two/only && umoci insert --rootless --image layout:img --opaque two /d/sub 2>/dev/null
	umoci config --image layout:img --config.env FROM=image --config.env 'PATH=/bin' --config.workingdir /d \
		--config.entrypoint /bin/sh --config.entrypoint -c --config.cmd 'pwd; echo $FROM; cat a; ls sub ../e'
}
assert_image() { # NAME
	sandbox "$1"
	assert_success
	assert_output '/d
image
2
../e:
stays

sub:
only'
	sandbox "$1" sh -c 'pwd; echo $FROM'
	assert_output '/
image'
	sandbox -e FROM=me --workdir /e "$1"
	assert_output_has '^me'
}

@test "an OCI layout, as a directory and as a tar: layers in order, whiteouts, opaque directories, configuration" {
	an_image
	import layout dir
	assert_image dir
	tar -C layout -cf layout.tar . && import layout.tar tarred
	assert_image tarred
	tar -C layout -czf layout2.tgz oci-layout index.json blobs && import layout2.tgz zipped
	assert_image zipped
	sandbox rootfs import layout other --image=nosuch
	assert_refused "no image called 'nosuch'"
	umoci tag --image layout:img second
	sandbox rootfs import layout other
	assert_refused '2 images' '--image='
	import layout other --image=second
	assert_image other
}

@test "what skopeo makes of it: an archive of docker save, compressed layers" {
	an_image
	require_program skopeo
	skopeo --tmpdir "$scratch" copy -q oci:layout:img docker-archive:docker.tar:registry.example.org/name/img:tag
	import docker.tar docker
	assert_image docker
	sandbox rootfs import docker.tar other --image=nosuch
	assert_refused '0 images'
	import docker.tar other --image=registry.example.org/name/img:tag
	skopeo --tmpdir "$scratch" copy -q --dest-compress-format zstd oci:layout:img oci:zstd:img
	import zstd zstd
	assert_image zstd
	skopeo --tmpdir "$scratch" copy -q oci:layout:img oci-archive:oci.tar:img
	import oci.tar archive
	assert_image archive
	rm -rf "$XDG_RUNTIME_DIR/containers"
}

@test "an archive of docker save: compressed as a whole, with compressed layers, and their digests checked" {
	an_image
	require_program skopeo
	skopeo --tmpdir "$scratch" copy -q oci:layout:img docker-archive:docker.tar:name/img:tag
	rm -rf "$XDG_RUNTIME_DIR/containers"
	gzip -k docker.tar && zstd -q -k docker.tar && xz -k -0 docker.tar
	for kind in gz zst xz; do
		import "docker.tar.$kind" "whole-$kind"
		assert_image "whole-$kind"
	done
	# The layers, each in another way; their digests are of what is in them.
	mkdir parts && tar -C parts -xf docker.tar
	cat >compress.py <<'PYTHON'
import json, os, subprocess, sys
m = json.load(open("parts/manifest.json"))
for n, name in enumerate(m[0]["Layers"]):
    tool = [["gzip", "-c"], ["zstd", "-q", "-c"], ["xz", "-0", "-c"]][n % 3]
    data = open("parts/" + name, "rb").read()
    if len(sys.argv) > 1 and n == int(sys.argv[1]): data += bytes(1024) # nothing that shows in it
    os.makedirs("small", exist_ok=True)
    open("small/%d" % n, "wb").write(subprocess.run(tool, input=data, stdout=subprocess.PIPE, check=True).stdout)
    m[0]["Layers"][n] = "%d" % n
os.system("cp -f parts/" + m[0]["Config"] + " small/")
json.dump(m, open("small/manifest.json", "w"))
PYTHON
	python3 compress.py && tar -C small -cf small.tar manifest.json . && import small.tar
	assert_image small
	python3 compress.py 1 && tar -C small -cf other.tar manifest.json .
	sandbox rootfs import other.tar
	assert_refused '1 has the digest'
}

@test "what podman saves, in each of its formats" {
	require_program podman
	require_range
	an_image
	# Its paths have to be short.
	short=$(mktemp -d /var/tmp/p.XXXXXX)
	podman() { XDG_RUNTIME_DIR=$short DBUS_SESSION_BUS_ADDRESS=disabled: command podman --root "$short/p" --runroot "$short/r" --storage-driver vfs --cgroup-manager cgroupfs --events-backend file --log-level error "$@"; }
	local said
	said=$(podman info 2>&1) || skip "missing: a podman that works here: ${said##*$'\n'}"
	podman pull -q oci:layout:img >id 2>/dev/null
	podman tag "$(cat id)" localhost/img
	for format in docker-archive oci-archive; do
		podman save -q --format "$format" -o "$format.tar" localhost/img
		import "$format.tar"
		assert_image "$format"
	done
	podman save -q --format oci-dir -o oci-dir localhost/img
	import oci-dir
	assert_image oci-dir
}
