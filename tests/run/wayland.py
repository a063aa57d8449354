#!/usr/bin/python3
"""wayland.py: a compositor as far as wp_security_context_v1 goes, and a client.

  wayland.py serve SOCKET [plain]   listen; say on standard output, line by line, what happens
  wayland.py globals                connect as clients do; print what there is to bind

With `plain` it has no wp_security_context_manager_v1. To clients that came in by a socket of a
security context it shows wl_compositor and nothing privileged.
"""
import array
import os
import select
import socket
import struct
import sys

PUBLIC = [("wl_compositor", 4)]
PRIVILEGED = [("zwlr_screencopy_manager_v1", 3)]
MANAGER = "wp_security_context_manager_v1"


def say(*words):
    print(*words, flush=True)


def text(value):
    data = value.encode() + b"\0"
    return struct.pack("=I", len(data)) + data + b"\0" * (-len(data) % 4)


def message(thing, opcode, arguments=b""):
    return struct.pack("=II", thing, (8 + len(arguments)) << 16 | opcode) + arguments


def messages(data):
    """(thing, opcode, arguments) of each whole message, and the rest."""
    found = []
    while len(data) >= 8:
        thing, word = struct.unpack("=II", data[:8])
        size = word >> 16
        if size < 8 or len(data) < size:
            break
        found.append((thing, word & 0xFFFF, data[8:size]))
        data = data[size:]
    return found, data


def string(arguments, at=0):
    (length,) = struct.unpack_from("=I", arguments, at)
    return arguments[at + 4 : at + 4 + length - 1].decode()


class Client:
    def __init__(self, connection, sandboxed, plain):
        self.connection, self.data, self.fds = connection, b"", []
        self.globals = list(PUBLIC)
        if not sandboxed:
            self.globals += PRIVILEGED + ([] if plain else [(MANAGER, 1)])
        self.things = {1: "wl_display"}
        self.contexts = {}

    def hear(self, server):
        data, control, _, _ = self.connection.recvmsg(65536, socket.CMSG_SPACE(64))
        for level, kind, value in control:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                fds = array.array("i")
                fds.frombytes(value[: len(value) - len(value) % fds.itemsize])
                self.fds.extend(fds)
        if not data:
            return False
        found, self.data = messages(self.data + data)
        for thing, opcode, arguments in found:
            self.take(server, thing, opcode, arguments)
        return True

    def take(self, server, thing, opcode, arguments):
        kind = self.things[thing]
        if kind == "wl_display" and opcode == 0:
            (callback,) = struct.unpack("=I", arguments)
            self.connection.sendall(message(callback, 0, struct.pack("=I", 0)))
        elif kind == "wl_display" and opcode == 1:
            (registry,) = struct.unpack("=I", arguments)
            self.things[registry] = "wl_registry"
            for name, (interface, version) in enumerate(self.globals, 1):
                self.connection.sendall(
                    message(registry, 0, struct.pack("=I", name) + text(interface) + struct.pack("=I", version))
                )
        elif kind == "wl_registry":
            (name,) = struct.unpack_from("=I", arguments)
            (new,) = struct.unpack("=I", arguments[-4:])
            assert self.globals[name - 1][0] == string(arguments, 4)
            self.things[new] = string(arguments, 4)
        elif kind == MANAGER and opcode == 1:
            (new,) = struct.unpack("=I", arguments)
            self.things[new] = "context"
            listener, closing = self.fds.pop(0), self.fds.pop(0)
            self.contexts[new] = [socket.socket(fileno=listener), closing]
        elif kind == "context" and opcode in (1, 2, 3):
            self.contexts[thing].append(string(arguments))
        elif kind == "context" and opcode == 4:
            listener, closing, *words = self.contexts.pop(thing)
            listens = listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
            say("context", *words, "listens" if listens else "does not listen")
            server.add_context(listener, closing)
        else:
            say("unexpected", kind, opcode)


class Server:
    def __init__(self, path, plain):
        self.plain = plain
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        self.poll = select.poll()
        self.what = {}
        self.add(self.listener.fileno(), lambda: self.accept(self.listener, False))

    def add(self, fd, act, events=select.POLLIN):
        self.what[fd] = act
        self.poll.register(fd, events)

    def drop(self, fd):
        self.poll.unregister(fd)
        del self.what[fd]

    def accept(self, listener, sandboxed):
        connection, _ = listener.accept()
        client = Client(connection, sandboxed, self.plain)
        if sandboxed:
            say("client sandboxed")

        def act():
            if not client.hear(self):
                self.drop(connection.fileno())
                connection.close()

        self.add(connection.fileno(), act)

    def add_context(self, listener, closing):
        def close():
            say("closed")
            self.drop(listener.fileno())
            self.drop(closing)
            listener.close()
            os.close(closing)

        self.add(listener.fileno(), lambda: self.accept(listener, True))
        self.add(closing, close, 0)

    def run(self):
        while True:
            for fd, _ in self.poll.poll():
                if fd in self.what:
                    self.what[fd]()


def show_globals():
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(os.path.join(os.environ["XDG_RUNTIME_DIR"], os.environ["WAYLAND_DISPLAY"]))
    connection.sendall(message(1, 1, struct.pack("=I", 2)) + message(1, 0, struct.pack("=I", 3)))
    data = b""
    while True:
        got = connection.recv(65536)
        if not got:
            sys.exit("the compositor hung up")
        found, data = messages(data + got)
        for thing, opcode, arguments in found:
            if thing == 2 and opcode == 0:
                print(string(arguments, 4))
            if thing == 3:
                return


if sys.argv[1] == "serve":
    server = Server(sys.argv[2], sys.argv[3:] == ["plain"])
    say("listening")
    server.run()
else:
    show_globals()
