# Mounts whose ids are mapped, as a plain user: what is mounted anew can be, what the machine has cannot.
load ../lib
load oci

setup() {
	oci_setup
	require_range
	first=$(sed -n "s/^$(id -un):\([0-9]*\):.*/\1/p" /etc/subuid | head -n 1)
	first_gid=$(sed -n "s/^$(id -un):\([0-9]*\):.*/\1/p" /etc/subgid | head -n 1)
	chmod 0777 "$root"
}

# mapped SCRIPT [PYTHON...]: a bundle with ids 0 to 100, the maps u and g of ten ids of a file system to the container's 5 to 14, and m, a tmpfs on /t
mapped() {
	FIRST=$first FIRST_GID=$first_gid sh_bundle b "$1" \
		'f, g = int(os.environ["FIRST"]), int(os.environ["FIRST_GID"])' \
		'l["uidMappings"].append({"containerID": 1, "hostID": f, "size": 100}); l["gidMappings"].append({"containerID": 1, "hostID": g, "size": 100})' \
		'u, g = [{"containerID": 0, "hostID": f + 4, "size": 10}], [{"containerID": 0, "hostID": g + 4, "size": 10}]' \
		'm = {"destination": "/t", "type": "tmpfs", "source": "tmpfs", "options": ["mode=755"], "uidMappings": u, "gidMappings": g}; c["mounts"].append(m)' "${@:2}"
}

@test "a tmpfs: who owns it, and what is made in it, is somebody else inside" {
	mapped 'stat -c "%u %g" /t; echo x >/t/x; stat -c "%u %g" /t/x' 'p["user"] = {"uid": 5, "gid": 5}'
	oci run --bundle b x
	assert_success
	assert_output $'5 5\n5 5'
	mapped 'stat -c "%u %g" /t; echo x >/t/x || echo not' 'm["options"].append("ridmap")'
	oci run --bundle b x
	assert_output $'5 5\nnot'
	oci plan --bundle b
	assert_output_has 'mount .*/t .*tmpfs,ridmap,mode=755.*mounts\[4\]'
	no_records
}

@test "idmap alone means the container's own maps" {
	mapped 'stat -c "%u %g" /t; echo x >/t/x && stat -c "%u" /t/x' 'del m["uidMappings"], m["gidMappings"]; m["options"].append("idmap")'
	oci run --bundle b x
	assert_success
	assert_output $'0 0\n0'
}

@test "what the machine has, a file system that cannot, ids that are not the container's: refused by name" {
	mkdir data
	mapped 'echo ran' 'm.update(type="bind", source=os.environ["PWD"] + "/data", options=["bind", "idmap"])'
	made run --bundle b x
	assert_refused "take .*/data, to map its ids .mounts\[4\].: Operation not permitted" 'takes root'
	mapped 'echo ran' 'm.update(type="proc", source="proc", options=[])'
	made run --bundle b x
	assert_refused 'map the ids of proc .mounts\[4\].*: Invalid argument' 'not every file system'
	mapped 'echo ran' 'u[0]["hostID"] = 1'
	made run --bundle b x
	assert_refused 'map the ids of mounts\[4\]: 1 to 10 of the machine are not among the container'
	mapped 'echo ran' 'u[0]["size"] = 1000'
	made run --bundle b x
	assert_refused 'map the ids of mounts\[4\]: .* are not among the container'
	mapped 'echo ran' 'del m["gidMappings"]'
	made run --bundle b x
	assert_refused 'mounts\[4\]: needs both uidMappings and gidMappings'
	mapped 'echo ran' 'inside(); del m["uidMappings"], m["gidMappings"]; m["options"].append("idmap")'
	made run --bundle b x
	assert_refused 'mounts\[4\].options: idmap without uidMappings'
	no_records
}

@test "as uid 0 of an engine's namespace: what the machine has cannot be mapped either, and that is said" {
	mkdir data
	chmod 0777 data
	bundle b 'inside()' 'c["mounts"].append({"destination": "/t", "source": os.environ["PWD"] + "/data", "options": ["bind"],
		"uidMappings": [{"containerID": 0, "hostID": 5, "size": 1}], "gidMappings": [{"containerID": 0, "hostID": 5, "size": 1}]})'
	as_engine "$oci" run --bundle b x
	assert_refused 'map the ids of .*/data .mounts\[4\].: Operation not permitted' 'rights over the file system'
	sh_bundle b 'stat -c "%u %g" /t' 'inside()' 'c["mounts"].append({"destination": "/t", "type": "tmpfs", "options": [],
		"uidMappings": [{"containerID": 0, "hostID": 7, "size": 1}], "gidMappings": [{"containerID": 0, "hostID": 8, "size": 1}]})'
	as_engine "$oci" run --bundle b x
	assert_success
	assert_output '7 8'
}
