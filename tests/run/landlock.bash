# landlock.bash: what the tests of Landlock share, after `load ../lib`.
# shellcheck shell=bash

# landlock_abi: what this kernel has, 0 without
landlock_abi() {
	python3 -c '
import ctypes
print(max(ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1), 0))'
}

# require_landlock ABI
require_landlock() { require "Landlock, ABI $1" test "$(landlock_abi)" -ge "$1"; }
