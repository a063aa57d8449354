# oci.bash: bundles for the tests of the OCI runtime, after `load ../lib`.
# shellcheck shell=bash

# oci_setup: $oci is the runtime; records are below $XDG_RUNTIME_DIR, where lib.bash looks for what is left.
oci_setup() {
	lib_setup
	# shellcheck disable=SC2034 # tests use it
	oci=$(dirname "$SANDBOX")/sandbox-oci
	export XDG_CACHE_HOME=$scratch/cache
	tiny_rootfs
}

# oci ARG...: run the runtime; then $status, $output, $stderr.
oci() { run --separate-stderr -- timeout --foreground -s KILL 60 "$oci" "$@"; }

# made ARG...: the same for what leaves a process behind: it has the standard descriptors, and `run` would wait for it.
made() {
	status=0
	"$oci" "$@" >made.out 2>made.err </dev/null 3>&- || status=$?
	output=$(<made.out) stderr=$(<made.err)
}

# bundle DIR [PYTHON...]: a bundle with $root as its root; each line of Python may change it: c is the
# configuration, p its process, l its linux.
bundle() {
	mkdir -p "$1"
	[ -e "$1/rootfs" ] || ln -s "$root" "$1/rootfs"
	python3 - "$@" >"$1/config.json" <<'PYTHON'
import json, os, sys

p = {
    "args": ["true"], "cwd": "/", "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0}, "noNewPrivileges": True,
    "capabilities": {name: ["CAP_KILL", "CAP_CHOWN"] for name in ("bounding", "effective", "permitted")},
}
l = {
    "namespaces": [{"type": name} for name in ("user", "pid", "network", "ipc", "uts", "mount", "cgroup")],
    "uidMappings": [{"containerID": 0, "hostID": os.getuid(), "size": 1}],
    "gidMappings": [{"containerID": 0, "hostID": os.getgid(), "size": 1}],
    "maskedPaths": ["/proc/kcore", "/proc/keys", "/proc/acpi", "/sys/firmware"],
    "readonlyPaths": ["/proc/sys", "/proc/sysrq-trigger"],
}
safe = ["nosuid", "noexec", "nodev"]
c = {
    "ociVersion": "1.2.0", "process": p, "root": {"path": "rootfs"}, "hostname": "inside", "linux": l,
    "mounts": [
        {"destination": "/proc", "type": "proc", "source": "proc", "options": safe},
        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755", "size=64k"]},
        {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
         "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]},
        {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": [*safe, "ro"]},
    ],
}

def drop(kind):
    l["namespaces"] = [one for one in l["namespaces"] if one["type"] != kind]

def join(kind, path):
    drop(kind)
    l["namespaces"].append({"type": kind, "path": path})

# Uid 0 of a user namespace that is there, as under an engine.
def inside():
    drop("user")
    del l["uidMappings"], l["gidMappings"]

for line in sys.argv[2:]:
    exec(line)
json.dump(c, sys.stdout)
PYTHON
}

# sh_bundle DIR SCRIPT [PYTHON...]
sh_bundle() { SCRIPT=$2 bundle "$1" 'p["args"] = ["sh", "-c", os.environ["SCRIPT"]]' "${@:3}"; }

# state_of ID: "running"
state_of() { "$oci" state "$1" | sed -n 's/.*"status": "\(.*\)".*/\1/p'; }
is_state() { [ "$(state_of "$1")" = "$2" ]; }
pid_of() { "$oci" state "$1" | sed -n 's/.*"pid": \([0-9]*\).*/\1/p'; }

# no_records: nothing of the runtime's is left; an empty directory is nothing.
no_records() { [ -z "$(ls "$XDG_RUNTIME_DIR/sandbox/.oci" 2>/dev/null)" ] || fail "records: $(ls "$XDG_RUNTIME_DIR/sandbox/.oci")"; }

# console SOCKET FILE [ANSWER]: take a terminal at SOCKET, write ANSWER to it, and what it says to FILE.
console() {
	python3 - "$@" <<'PYTHON' &
import array, os, socket, sys

path, out, answer = sys.argv[1], sys.argv[2], (sys.argv[3:] or [""])[0]
server = socket.socket(socket.AF_UNIX)
server.bind(path + ".new")
server.listen(1)
os.rename(path + ".new", path)
server.settimeout(30)
conn, _ = server.accept()
_, data, _, _ = conn.recvmsg(64, socket.CMSG_SPACE(4))
master = array.array("i", data[0][2])[0]
if answer:
    os.write(master, answer.encode())
with open(out, "wb", 0) as file:
    try:
        while text := os.read(master, 4096):
            file.write(text)
    except OSError:
        pass
PYTHON
	eventually test -S "$1"
}

# within SECONDS COMMAND...: in a user namespace like a rootless engine's: uid 0, ranges, mounts of its own.
as_engine() {
	require_range
	run --separate-stderr unshare --user --map-auto --map-root-user --mount "$@"
}
