#!/usr/bin/env python3
"""gamepad: two devices by uinput, a gamepad and a keyboard; every tenth of a second a button and a key are pressed.

linux/uinput.h: struct uinput_setup, UI_SET_EVBIT, UI_SET_KEYBIT, UI_SET_ABSBIT, UI_DEV_SETUP, UI_DEV_CREATE.
"""

import fcntl
import os
import struct
import time

SET_EVBIT, SET_KEYBIT, SET_ABSBIT, DEV_SETUP, DEV_CREATE = 0x40045564, 0x40045565, 0x40045567, 0x405C5503, 0x5501
EV_SYN, EV_KEY, EV_ABS, BTN_SOUTH, KEY_A = 0, 1, 3, 0x130, 30


def make(name, keys, axes):
    fd = os.open("/dev/uinput", os.O_WRONLY | os.O_NONBLOCK)
    fcntl.ioctl(fd, SET_EVBIT, EV_KEY)
    for key in keys:
        fcntl.ioctl(fd, SET_KEYBIT, key)
    if axes:
        fcntl.ioctl(fd, SET_EVBIT, EV_ABS)
        for axis in axes:
            fcntl.ioctl(fd, SET_ABSBIT, axis)
    fcntl.ioctl(fd, DEV_SETUP, struct.pack("HHHH80sI", 3, 0x1234, 0x5678, 1, name.encode(), 0))
    fcntl.ioctl(fd, DEV_CREATE)
    return fd


def press(fd, key, value):
    for kind, code, what in ((EV_KEY, key, value), (EV_SYN, 0, 0)):
        os.write(fd, struct.pack("qqHHi", 0, 0, kind, code, what))


devices = [(make("pad", range(BTN_SOUTH, BTN_SOUTH + 8), (0, 1)), BTN_SOUTH), (make("board", range(1, 100), ()), KEY_A)]
while True:
    for value in (1, 0):
        for device, key in devices:
            press(device, key, value)
        time.sleep(0.1)
