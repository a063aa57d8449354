#!/usr/bin/python3
"""x11_victim.py TEXT: a client to spy on: a red window with the title `victim`, a key that is held down,
TEXT in the clipboard. Says `ready`, and stays."""
import sys

from Xlib import X, XK, Xatom, display
from Xlib.ext import xtest
from Xlib.protocol import event

connection = display.Display()
screen = connection.screen()
window = screen.root.create_window(0, 0, 400, 400, 0, screen.root_depth, background_pixel=0xFF0000, override_redirect=True)
window.set_wm_name("victim")
window.map()
clipboard = connection.intern_atom("CLIPBOARD")
window.set_selection_owner(clipboard, X.CurrentTime)
xtest.fake_input(connection, X.KeyPress, connection.keysym_to_keycode(XK.XK_a))
connection.sync()
print("ready", flush=True)
while True:
    asked = connection.next_event()
    if asked.type != X.SelectionRequest:
        continue
    asked.requestor.change_property(asked.property, Xatom.STRING, 8, sys.argv[1].encode())
    answer = event.SelectionNotify(
        time=asked.time, requestor=asked.requestor, selection=asked.selection, target=asked.target, property=asked.property
    )
    asked.requestor.send_event(answer)
    connection.flush()
