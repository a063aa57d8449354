# Devices that the kernel has made itself, and not only nodes with their numbers: a graphics card (vgem), a camera (vivid),
# a gamepad and a keyboard (uinput).
# vm: login
# root: modprobe -a vgem vivid uinput evdev joydev || :; python3 /run/tree/tests/vm/gamepad.py >/dev/null 2>&1 & sleep 5; chmod 0666 /dev/dri/* /dev/video* /dev/input/* || :
# shellcheck disable=SC2016 # what is quoted is for shells inside
load vm

setup() { lib_setup; }

teardown() { lib_teardown; }

# event_of NAME: the event device, /dev/input/eventN, whose name is NAME
event_of() {
	local device
	device=$(grep -lx "$1" /sys/class/input/event*/device/name) || fail "no device is called $1"
	device=${device%/device/name}
	echo "/dev/input/${device##*/}"
}

# seen OPTION...: the devices of these kinds that a sandbox has
seen() {
	sandbox "$@" / sh -c 'for file in /dev/dri/* /dev/input/* /dev/bus/usb/*/* /dev/video*; do [ ! -c "$file" ] || echo "$file"; done'
	assert_success
}

@test "without an option there is none of them" {
	ls /dev/dri/renderD* /dev/input/js0 >/dev/null
	seen
	assert_output ''
}

@test "a graphics card: its render node, which answers who it is" {
	seen --gpu
	assert_output "$(find /dev/dri -name 'renderD*' | sort)"
	sandbox --gpu / python3 -c '
import ctypes, fcntl, glob, os, struct
name = ctypes.create_string_buffer(32)
# drm.h: DRM_IOCTL_VERSION
version = bytearray(struct.pack("iii4xQQQQQQ", 0, 0, 0, 31, ctypes.addressof(name), 0, 0, 0, 0))
fcntl.ioctl(os.open(sorted(glob.glob("/dev/dri/renderD*"))[0], os.O_RDWR), 0xC0406400, version)
print(name.value.decode())'
	assert_output vgem
}

@test "a gamepad: its buttons are heard, and a keyboard is not there" {
	local pad board
	pad=$(event_of pad) board=$(event_of board)
	seen --input
	assert_output "$(printf '%s\n' "$pad" /dev/input/js0 | sort)"
	sandbox --input / timeout 20 python3 -c '
import struct, sys
with open(sys.argv[1], "rb", buffering=0) as device:
    while True:
        kind, code = struct.unpack("qqHHi", device.read(24))[2:4]
        if kind == 1:
            print(hex(code))
            break' "$pad"
	assert_output 0x130
	sandbox --input / sh -c 'cat "$0"' "$board"
	assert_status 1
	assert_stderr_has 'No such file'
}

@test "a keyboard that is not shown cannot be made by its numbers, by root inside or not" {
	local board numbers
	board=$(event_of board)
	numbers=$(stat -c '0x%t 0x%T' "$board")
	timeout 20 head -c 24 "$board" | grep -q . || fail "the keyboard is silent"
	sandbox --input --user=0 --cap-add=all / sh -c "mknod /tmp/board c $numbers; timeout 20 head -c 24 /tmp/board; echo end"
	assert_output end
	assert_stderr_has 'mknod: .*Operation not permitted'
}

@test "a camera: it says what it is" {
	[ -e /dev/video0 ] || skip "missing: the module vivid, in Debian's kernel"
	seen --camera
	assert_output "$(find /dev -maxdepth 1 -name 'video[0-9]*' | sort)"
	sandbox --camera / python3 -c '
import fcntl, os
about = bytearray(104)  # videodev2.h: VIDIOC_QUERYCAP
fcntl.ioctl(os.open("/dev/video0", os.O_RDWR), 0x80685600, about)
print(about[:16].rstrip(b"\0").decode())'
	assert_output vivid
}
