# Mounts whose ids are mapped, as root: directories of the machine's in a container with a user namespace.
# user: root
load ../lib
load oci

setup() {
	oci_setup
	mkdir data data/below "$root/data"
	echo x >data/file
}

# ranged SCRIPT [PYTHON...]: a bundle whose ids 0 to 999 are 200000 to 200999 of the machine, with data bound as m on /data
ranged() {
	sh_bundle b "$1" 'l["uidMappings"] = l["gidMappings"] = [{"containerID": 0, "hostID": 200000, "size": 1000}]' \
		'm = {"destination": "/data", "type": "bind", "source": os.environ["PWD"] + "/data", "options": ["rbind", "idmap"]}; c["mounts"].append(m)' "${@:2}"
	# It is somebody else's on the way to the root.
	local part=$PWD/b
	while [ "$part" != / ]; do
		chmod a+x "$part"
		part=$(dirname "$part")
	done
	chmod a+x "$root"
}

@test "what root owns is the container's root's, and what that makes is root's" {
	ranged 'stat -c "%u %g" /data/file; echo y >/data/made; chown 7:8 /data/made; stat -c "%u %g" /data/made' \
		'p["capabilities"] = {name: ["CAP_CHOWN"] for name in ("bounding", "effective", "permitted")}'
	oci run --bundle b x
	assert_success
	assert_output $'0 0\n7 8'
	assert_equal "$(stat -c '%u %g' data/made)" '7 8'
	# Without the word it is nobody's.
	ranged 'stat -c "%u %g" /data/file; echo y >/data/other || echo not' 'm["options"] = ["rbind"]'
	oci run --bundle b x
	assert_output $'65534 65534\nnot'
}

@test "maps of the mount's own; without a user namespace; read-only as well" {
	ranged 'stat -c "%u %g" /data/file' 'm["uidMappings"] = m["gidMappings"] = [{"containerID": 0, "hostID": 200005, "size": 1}]'
	oci run --bundle b x
	assert_success
	assert_output '5 5'
	ranged 'stat -c "%u %g" /data/file; echo y >/data/file || echo not' 'inside()' 'm["options"] = ["bind", "ro"]' \
		'm["uidMappings"] = m["gidMappings"] = [{"containerID": 0, "hostID": 5, "size": 1}]'
	oci run --bundle b x
	assert_success
	assert_output $'5 5\nnot'
	assert_equal "$(cat data/file)" x
}

@test "idmap is of the mount alone, ridmap of those below" {
	mount -t tmpfs none data/below
	echo z >data/below/file
	ranged 'stat -c %u /data/file /data/below/file'
	oci run --bundle b x
	local alone=$output
	ranged 'stat -c %u /data/file /data/below/file' 'm["options"] = ["rbind", "ridmap"]'
	oci run --bundle b x
	umount data/below
	assert_equal "$alone" $'0\n65534'
	assert_output $'0\n0'
}
