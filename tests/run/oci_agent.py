# oci_agent.py SOCKET FILE ANSWER [WAY]: an agent of seccomp's, as the OCI runtime specification has them. Takes one listener
# at SOCKET after the other, writes what came with it to FILE (a line each), and answers its calls: `continue`, `-N` for an
# errno, N for a value. WAY: `leaves` closes the listener at once; `slow` takes all in pieces of a byte or a few.
import array, ctypes, fcntl, json, os, select, socket, struct, sys, threading

path, file, answer, way = (sys.argv[1:] + [""])[:4]
RECV, SEND, CONTINUE = 0xC0502100, 0xC0182101, 1


def serve(listener):
    while True:
        poll = select.poll()
        poll.register(listener, select.POLLIN)
        if any(events & select.POLLHUP for _, events in poll.poll()):
            return
        call = bytearray(80)
        try:
            fcntl.ioctl(listener, RECV, call)
        except OSError:
            continue
        number = struct.unpack_from("=Q", call)[0]
        with open(file + ".calls", "a") as calls:
            calls.write("%d\n" % struct.unpack_from("=i", call, 16)[0])
        reply = (
            struct.pack("=QqiI", number, 0, 0, CONTINUE)
            if answer == "continue"
            else struct.pack("=QqiI", number, max(int(answer), 0), min(int(answer), 0), 0)
        )
        try:
            fcntl.ioctl(listener, SEND, reply)
        except OSError:
            pass


def take(conn):
    size = 7 if way == "slow" else 65536
    text, data, _, _ = conn.recvmsg(size, socket.CMSG_SPACE(8 * 4))
    fds = array.array("i")
    for _, _, some in data:
        fds.frombytes(some[: len(some) - len(some) % 4])
    while more := conn.recv(size):
        text += more
    state = json.loads(text)
    state["fds received"] = len(fds)
    if way == "leaves":
        os.close(fds[0])
    else:
        threading.Thread(target=serve, args=(fds[0],), daemon=True).start()
    with open(file, "a") as out:
        out.write(json.dumps(state) + "\n")


server = socket.socket(socket.AF_UNIX)
server.bind(path + ".new")
server.listen(8)
os.rename(path + ".new", path)
while True:
    take(server.accept()[0])
