# Archives and images that want more than to be a root file system (ATTACKS 87-91): whatever they hold, nothing outside of
# the new directory changes, nothing hangs, and what is refused leaves nothing.
load ../lib
load attack

setup() {
	lib_setup
	make_victim
	store=$XDG_DATA_HOME/sandbox/rootfs
	export victim
}

# archive FILE PYTHON: a tar made by calls of add(NAME, KIND, field=value...), content with data=.
archive() {
	python3 - "$1" "$2" <<'PYTHON'
import io, os, sys, tarfile
REG, DIR, LNK, SYM, CHR, FIFO = (tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE)
V = os.environ["victim"]
t = tarfile.open(sys.argv[1], "w", format=tarfile.GNU_FORMAT)
def add(name, kind=REG, to="", data=b"OWNED", **more):
    i = tarfile.TarInfo(name); i.type = kind; i.linkname = to; i.mode = 0o777
    for k, v in more.items(): setattr(i, k, v)
    if kind == REG: i.size = len(data); t.addfile(i, io.BytesIO(data))
    else: t.addfile(i)
exec(sys.argv[2])
t.close()
PYTHON
}

# tried FILE [OPTION...]: imported or refused, within five seconds, and nothing outside has changed.
tried() {
	run --separate-stderr -- timeout --foreground -s KILL 5 "$SANDBOX" rootfs import "$1" x "${@:2}"
	[ "$status" != 137 ] || told "it hung"
	[ "$status" = 0 ] || { [ "$status" = 125 ] && assert_stderr_has '^sandbox: '; } || told "imported or refused"
	assert_victim_unchanged
	if [ "$status" = 125 ]; then
		assert_equal "$(ls -A "$store")" ''
	fi
}
refused() {
	tried "$@"
	assert_status 125
}
imported() {
	tried "$@"
	assert_status 0
}
forget() { "$SANDBOX" rootfs rm x; }

# case: absolute names and `..`
@test "absolute names are taken as inside, '..' is refused" {
	archive a.tar 'add("/abs/file"); add(V + "/ptmx")'
	imported a.tar
	assert_equal "$(cat "$store/x/root/abs/file")" OWNED
	forget
	for name in ../x a/../../x a/.. .. ./../x /../x; do
		archive a.tar "add('$name')"
		refused a.tar
		assert_stderr_has "'\.\.'"
	done
}

# case: writing through links, over links, by hard links
@test "a link, then a file through it; a link to a link; a directory over a link" {
	archive a.tar 'add("l", SYM, V); add("l/ptmx"); add("l/new"); add("l/d/f")'
	tried a.tar
	[ "$status" = 125 ] || forget
	archive a.tar 'add("l", SYM, "../../../../../.." + V); add("l/ptmx")'
	tried a.tar
	[ "$status" = 125 ] || forget
	archive a.tar 'add("a", SYM, "b"); add("b", SYM, V); add("a/ptmx"); add("a", DIR); add("a/f")'
	tried a.tar
	[ "$status" = 125 ] || { [ -f "$store/x/root/a/f" ] && forget; }
	archive a.tar 'add("l", SYM, V + "/file"); add("l")' # a file over a link replaces the link
	imported a.tar
	[ ! -L "$store/x/root/l" ]
	forget
	archive a.tar 'add("l", SYM, V, mode=0); add("l", DIR, mode=0, uid=0)' # modes do not follow links
	imported a.tar
	forget
}

# case: writing through links, over links, by hard links
@test "hard links to outside, to nothing, to the root, through a link" {
	archive a.tar 'add("h", LNK, V + "/file"); add("h")'
	refused a.tar
	archive a.tar 'add("h", LNK, "../../../../.." + V + "/file")'
	refused a.tar
	archive a.tar 'add("h", LNK, "/")'
	refused a.tar
	archive a.tar 'add("l", SYM, V); add("h", LNK, "l/file"); add("h")'
	refused a.tar
	archive a.tar 'add("l", SYM, V + "/file"); add("h", LNK, "l"); add("h")'
	tried a.tar
	[ "$status" = 125 ] || forget
}

# case: the root itself replaced
@test "the root itself: replaced by a link or file, closed" {
	for name in . ./ / ''; do
		archive a.tar "add('$name', SYM, V); add('ptmx')"
		refused a.tar
		archive a.tar "add('$name', LNK, 'x')"
		refused a.tar
	done
	archive a.tar 'add(".", REG)'
	refused a.tar
	archive a.tar 'add(".", DIR, mode=0); add("f")'
	imported a.tar
	forget
	assert_equal "$(ls -A "$store")" ''
}

# case: devices, setuid, attributes, names that are no text
@test "devices, setuid of others, names that are no text" {
	archive a.tar 'add("null", CHR, devmajor=1, devminor=3); add("s", mode=0o4755, uid=1); add("t", mode=0o6755); add("e\x1b]0;x\x07\n"); add("\udcff\udcfe")'
	imported a.tar
	assert_stderr_has '1 device'
	! grep -q $'[\033\007]' <<<"$stderr$output" || fail 'an escape sequence came out'
	assert_equal "$(find "$store/x/root" -type b -o -type c)" ''
	# Nobody else gets to what is setuid.
	assert_equal "$(stat -c %a "$store" "$store/x" | sort -u)" 700
}

# case: bombs: size, number, depth, names
@test "a path of 10,000 parts, long names, many entries of one name" {
	archive a.tar 'add("/".join(["d"] * 10000))'
	refused a.tar
	assert_stderr_has 'too long'
	archive a.tar 'add("n" * 300)'
	refused a.tar
	archive a.tar 'add("/".join(["d"] * 400) + "/f")'
	imported a.tar
	forget
	archive a.tar 'add("f", data=b"1"); add("f", DIR); add("f/g"); add("f", data=b"3"); add("f", SYM, V); add("f", data=b"5")'
	imported a.tar
	assert_equal "$(cat "$store/x/root/f")" 5
}

# case: bombs: size, number, depth, names
@test "bombs: size and number are bounded, told, with the flag" {
	head -c 50M /dev/zero >zeros
	tar -czf bomb.tgz zeros
	refused bomb.tgz --max-size=10m
	assert_stderr_has 'more than 10485760 bytes' '--max-size'
	archive a.tar 'for n in range(500): add("f%d" % n)'
	refused a.tar --max-files=100
	assert_stderr_has 'more than 100 entries' '--max-files'
	imported a.tar --max-files=500
	forget
	for option in --max-size=0 --max-size=x --max-files=-1 --max-files= --nonsense; do
		refused a.tar "$option"
	done
	truncate -s 10T hole && tar --sparse -cf sparse.tar hole # holes cost nothing
	imported sparse.tar
	[ "$(stat -c %b "$store/x/root/hole")" -lt 100 ]
}

# --- images ---

# layout PYTHON: an OCI layout in `layout`; blob(BYTES) gives a digest, layer(ENTRIES) a descriptor.
layout() {
	rm -rf layout
	python3 - "$1" <<'PYTHON'
import gzip, hashlib, io, json, os, sys, tarfile
V = os.environ["victim"]
B = "layout/blobs/sha256"
os.makedirs(B)
def blob(data):
    h = hashlib.sha256(data).hexdigest(); open(f"{B}/{h}", "wb").write(data); return "sha256:" + h
def put(value, **more):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return dict(digest=blob(data), size=len(data), **more)
def tar(*entries):
    out = io.BytesIO(); t = tarfile.open(fileobj=out, mode="w")
    for name, kind, to in entries:
        i = tarfile.TarInfo(name); i.type = kind; i.mode = 0o755
        if kind == tarfile.REGTYPE: i.size = len(to); t.addfile(i, io.BytesIO(to.encode()))
        else: i.linkname = to; t.addfile(i)
    t.close(); return out.getvalue()
def f(name, data="x"): return (name, tarfile.REGTYPE, data)
def d(name): return (name, tarfile.DIRTYPE, "")
def l(name, to): return (name, tarfile.SYMTYPE, to)
def layer(*entries): return put(tar(*entries), mediaType="application/vnd.oci.image.layer.v1.tar")
def manifest(layers, config=None): return put({"schemaVersion": 2, "config": put(config or {"config": {}}), "layers": layers})
def index(*manifests): json.dump({"schemaVersion": 2, "manifests": list(manifests)}, open("layout/index.json", "w"))
json.dump({"imageLayoutVersion": "1.0.0"}, open("layout/oci-layout", "w"))
exec(sys.argv[1])
PYTHON
}

# case: whiteouts and opaque directories
@test "whiteouts delete below the root of the image only, and nothing of their own layer" {
	layout 'index(manifest([layer(d("d"), f("d/a"), f("d/b"), l("out", V), f("k")), layer(f("d/.wh.a"), f(".wh.k"), f("k", "new"), d("e"), f("e/.wh..wh..opq"), f("e/f"))]))'
	imported layout
	assert_equal "$(cd "$store/x/root" && find . | sort | tr '\n' ' ')" '. ./d ./d/b ./e ./e/f ./k ./out '
	forget
	# What the layer itself has made before.
	layout 'index(manifest([layer(d("d"), f("d/old"), f("k")), layer(f("k", "new"), f(".wh.k"), d("d"), f("d/own"), f(".wh.d"))]))'
	imported layout
	assert_equal "$(cd "$store/x/root" && find . | sort | tr '\n' ' ') $(cat "$store/x/root/k")" '. ./d ./d/own ./k  new'
	forget
	for name in .wh... .wh.. .wh. d/.wh... d/.wh. .wh.d/x .wh..wh..opq/x; do
		layout "index(manifest([layer(d('d'), f('d/a')), layer(f('$name'))]))"
		refused layout
		assert_stderr_has whiteout
	done
	for name in out/.wh.ptmx out/.wh..wh..opq out/etc/.wh.hosts; do
		layout "index(manifest([layer(l('out', V), l('out2', '../../../../../..' + V)), layer(f('$name'))]))"
		tried layout
		[ "$status" = 125 ] || forget
		layout "index(manifest([layer(l('out', '../../../../../..' + V)), layer(f('$name'))]))"
		tried layout
		[ "$status" = 125 ] || forget
	done
	layout 'index(manifest([layer(d("d"), f("d/a")), layer(l("d", V)), layer(f("d/.wh.ptmx")), layer(f(".wh.d"))]))'
	tried layout
}

# case: whiteouts and opaque directories
@test "an opaque directory hides all of the layers below, wherever it stands in its own" {
	for order in 'f("d/.wh..wh..opq"), d("d/s"), f("d/s/new")' 'd("d/s"), f("d/s/new"), f("d/.wh..wh..opq")'; do
		layout "index(manifest([layer(d('d'), f('d/old'), d('d/s'), f('d/s/old')), layer(d('d'), $order)]))"
		imported layout
		assert_equal "$(cd "$store/x/root" && find . | sort | tr '\n' ' ')" '. ./d ./d/s ./d/s/new '
		forget
	done
}

# case: digests and sizes that lie, digests that are paths
@test "digests and sizes are checked; a digest is no path" {
	layout 'm = layer(f("a")); open(B + "/" + m["digest"][7:], "ab").write(b"\0" * 512); index(manifest([m]))'
	refused layout
	assert_stderr_has 'should have'
	layout 'm = layer(f("a")); p = B + "/" + m["digest"][7:]; x = bytearray(open(p, "rb").read()); x[600] ^= 1; open(p, "wb").write(x); index(manifest([m]))'
	refused layout
	assert_stderr_has 'has the digest'
	layout 'm = layer(f("a")); m["size"] += 1; index(manifest([m]))'
	refused layout
	layout 'm = layer(f("a")); del m["size"]; index(manifest([m]))'
	refused layout
	for digest in 'sha256:../../../../etc/passwd' 'sha256:' 'md5:0' '../x' "sha256:$(printf '/%.0s' {1..64})"; do
		layout "m = layer(f('a')); m['digest'] = '$digest'; index(manifest([m]))"
		refused layout
		assert_stderr_has 'no sha256 digest'
	done
	layout 'm = layer(f("a")); p = B + "/" + m["digest"][7:]; os.rename(p, "real"); os.symlink(os.path.abspath("real"), p); index(manifest([m]))'
	refused layout
}

# case: documents that are two things, circles, too many
@test "indexes that lead in circles, a document that is two things, too many layers, no image" {
	layout 'm = manifest([layer(f("a"))])
for n in range(10): m = put({"schemaVersion": 2, "manifests": [m]})
index(m)'
	refused layout
	assert_stderr_has 'without end'
	layout 'm = put({"schemaVersion": 2, "config": put({}), "layers": [layer(f("a"))], "manifests": []}); index(m)'
	refused layout
	assert_stderr_has 'at once'
	layout 'x = layer(f("a")); index(manifest([x] * 10000))'
	refused layout
	assert_stderr_has '10000 layers'
	layout 'index()'
	refused layout
	layout 'index(manifest([]))'
	refused layout
	for text in '' '{' '[' '{"manifests": 1}' '{"manifests": [1]}' '{"manifests": [null, {}]}' 'null' '{"manifests": {"a": 1}}'; do
		printf '%s' "$text" >layout/index.json
		refused layout
	done
	python3 -c 'print("[" * 200000)' >layout/index.json
	refused layout
}

# case: a configuration that wants more than defaults, hooks
@test "a configuration of anything but strings, and one that wants to be more than defaults" {
	for config in '{"Env": 1, "Cmd": {}}' '{"Env": [1]}' '{"Cmd": [null]}' '{"Entrypoint": [[]]}'; do
		layout "index(manifest([layer(f('a'))], {'config': json.loads('$config')}))"
		tried layout
		[ "$status" = 125 ] || forget
	done
	layout 'index(manifest([layer(f("a"))], {"config": {"Env": ["A=1\nids = subordinate", "\x1b=2", "no", "=x"], "WorkingDir": "../..", "User": "-1", "Cmd": ["--bind", "/:/h"]}}))'
	imported layout
	sandbox x
	assert_status 125
	assert_stderr_has "working directory|user"
	! grep -q $'\033' <<<"$stderr" || fail 'an escape sequence came out'
	sandbox x /a # with a command it is the command line's word that counts
	assert_status 126
}

# case: digests and sizes that lie, digests that are paths
@test "archives of docker save: layers outside, links in circles, a wrong digest" {
	docker() { # LAYER-NAME DIFF-ID [MORE]
		python3 - "$@" <<'PYTHON'
import hashlib, io, json, sys, tarfile
def tar(entries):
    out = io.BytesIO(); t = tarfile.open(fileobj=out, mode="w")
    for name, data in entries:
        i = tarfile.TarInfo(name)
        if data.startswith(b"->"): i.type = tarfile.SYMTYPE; i.linkname = data[2:].decode(); t.addfile(i)
        else: i.size = len(data); t.addfile(i, io.BytesIO(data))
    t.close(); return out.getvalue()
layer = tar([("f", b"x")])
right = "sha256:" + hashlib.sha256(layer).hexdigest()
config = json.dumps({"config": {}, "rootfs": {"diff_ids": [sys.argv[2] or right]}}).encode()
h = "0" * 64
open("docker.tar", "wb").write(tar([(h + ".json", config), (h + "/layer.tar", layer), ("loop", b"->loop"), ("out", b"->../../../etc/passwd"),
    ("manifest.json", json.dumps([{"Config": h + ".json", "RepoTags": ["a:b"], "Layers": [sys.argv[1] or h + "/layer.tar"]}]).encode())]))
PYTHON
	}
	docker '' ''
	imported docker.tar
	forget
	docker '' "sha256:$(printf '1%.0s' {1..64})"
	refused docker.tar
	assert_stderr_has 'has the digest'
	for name in ../../../../etc/passwd /etc/passwd loop out nosuch 0; do
		docker "$name" ''
		refused docker.tar
	done
}
