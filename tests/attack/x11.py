#!/usr/bin/python3
"""x11.py: what a client of an X server can do to the others, as far as it gets.

  x11.py TEXT    one line for each thing that worked; TEXT is what to look for

The window to spy on has the title `victim`, its colour is full red, the key that is down is
whatever; the clipboard holds TEXT.
"""
import select
import sys

from Xlib import X, XK, display, error
from Xlib.ext import record, xtest  # registers what the server has
from Xlib.protocol import event

screen_text = sys.argv[1]
connection = display.Display()
root = connection.screen().root
RED = b"\x00\x00\xff"


def tries(name):
    def run(function):
        try:
            if function():
                print(name, flush=True)
        except (error.XError, error.ConnectionClosedError, AttributeError, AssertionError, TypeError):
            pass

    return run


def red(window, width=200, height=200):
    data = window.get_image(0, 0, width, height, X.ZPixmap, 0xFFFFFFFF).data
    return RED in bytes(data)


def below(window):
    for child in window.query_tree().children:
        yield child
        yield from below(child)


def victim():
    for window in below(root):
        try:
            if window.get_wm_name() == "victim":
                return window
        except error.XError:
            continue
    return None


@tries("picture of the screen")
def _():
    return red(root, 400, 400)


@tries("title of another's window")
def _():
    return victim() is not None


@tries("picture of another's window")
def _():
    found = False
    for window in below(root):
        try:
            found = found or red(window, 50, 50)
        except error.XError:
            continue
    return found


@tries("keys that are down")
def _():
    return any(connection.query_keymap())


@tries("all keys, by a grab")
def _():
    status = root.grab_keyboard(True, X.GrabModeAsync, X.GrabModeAsync, X.CurrentTime)
    connection.ungrab_keyboard(X.CurrentTime)
    return status == X.GrabSuccess


@tries("a key, by a grab")
def _():
    caught = error.CatchError()
    root.grab_key(connection.keysym_to_keycode(XK.XK_a), X.AnyModifier, True, X.GrabModeAsync, X.GrabModeAsync,
                  onerror=caught)
    connection.sync()
    root.ungrab_key(connection.keysym_to_keycode(XK.XK_a), X.AnyModifier)
    return caught.get_error() is None


@tries("typing into others, by XTEST")
def _():
    return connection.has_extension("XTEST")


@tries("all keys, by RECORD")
def _():
    return connection.has_extension("RECORD")


@tries("all keys, by XInput")
def _():
    return connection.has_extension("XInputExtension")


@tries("the clipboard of another")
def _():
    own = root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
    clipboard, string = connection.intern_atom("CLIPBOARD"), connection.intern_atom("STRING")
    own.convert_selection(clipboard, string, connection.intern_atom("HERE"), X.CurrentTime)
    connection.flush()
    for _ in range(20):
        select.select([connection], [], [], 0.1)
        while connection.pending_events():
            heard = connection.next_event()
            if heard.type == X.SelectionNotify:
                if not heard.property:
                    return False
                value = own.get_full_property(heard.property, X.AnyPropertyType)
                return value is not None and screen_text.encode() in bytes(value.value)
    return False


@tries("events sent to another's window")
def _():
    window = victim()
    caught = error.CatchError()
    if window is None:
        return False
    window.send_event(event.KeyPress(detail=38, time=0, root=root, window=window, child=X.NONE, root_x=1, root_y=1,
                                     event_x=1, event_y=1, state=0, same_screen=1), onerror=caught)
    connection.sync()
    return caught.get_error() is None


@tries("title of another's window, changed")
def _():
    window = victim()
    caught = error.CatchError()
    if window is None:
        return False
    window.set_wm_name("taken", onerror=caught)
    connection.sync()
    return caught.get_error() is None


@tries("the clipboard, taken over from another")
def _():
    own = root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
    clipboard = connection.intern_atom("CLIPBOARD")
    if not connection.get_selection_owner(clipboard):
        return False
    own.set_selection_owner(clipboard, X.CurrentTime)
    connection.sync()
    return connection.get_selection_owner(clipboard) == own


print("done", flush=True)
