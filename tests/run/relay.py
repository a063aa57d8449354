"""What relay.bats does with the relay, one function a case: relay.py RELAY CASE.

Everything happens in this one process: a namespace is held by a child that makes sockets in there and hands
them over, and a socket stays in the namespace that it was made in. A case that fails raises.
"""

import contextlib
import ctypes
import fcntl
import hashlib
import os
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

TCP, UDP = socket.SOCK_STREAM, socket.SOCK_DGRAM
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
RELAY = sys.argv[1]


def listen(made, address="127.0.0.1", port=0, backlog=512):
    made.bind((address, port))
    if made.type == TCP:
        made.listen(backlog)
    made.settimeout(20)
    return made


def outside(kind=TCP, family=socket.AF_INET):
    made = socket.socket(family, kind)
    made.settimeout(20)
    return made


def port_of(bound):
    return bound.getsockname()[1]


def lo_up():
    with socket.socket(socket.AF_INET, UDP) as any_socket:
        request = struct.pack("16sH14s", b"lo", 0x41, b"")  # IFF_UP | IFF_RUNNING
        fcntl.ioctl(any_socket, 0x8914, request)  # SIOCSIFFLAGS


class Namespace:
    """A user and a network namespace, held by a child that makes sockets there on demand."""

    def __init__(self):
        self.end, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        uid, gid = os.getuid(), os.getgid()
        self.pid = os.fork()
        if self.pid == 0:
            self.end.close()
            try:
                self.hold(theirs, uid, gid)
            finally:
                os._exit(1)
        theirs.close()
        assert self.end.recv(1) == b"r", "no namespace"
        self.pidfd = os.pidfd_open(self.pid)

    @staticmethod
    def hold(end, uid, gid):
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
        lo_up()
        end.send(b"r")
        while wanted := end.recv(8):
            with socket.socket(*struct.unpack("ii", wanted)) as made:
                socket.send_fds(end, [b"s"], [made.fileno()])
        os._exit(0)

    def socket(self, kind=TCP, family=socket.AF_INET):
        self.end.send(struct.pack("ii", family, kind))
        fd = socket.recv_fds(self.end, 1, 1)[1][0]
        made = socket.socket(fileno=fd)
        made.settimeout(20)
        return made

    def write(self, path, text):
        nsenter = ["nsenter", "--preserve-credentials", "-U", "-n", "-t", str(self.pid)]
        subprocess.run([*nsenter, "sh", "-c", f"echo {text} >{path}"], check=True)

    def close(self):
        self.end.close()
        os.waitpid(self.pid, 0)
        os.close(self.pidfd)


class Relay:
    """The program, started and ready."""

    def __init__(self, namespace, mode, *rules, fds=(), limit=None, inside=None):
        exit_end, self.exit_fd = os.pipe()
        self.ready_fd, ready_end = os.pipe()
        inside = inside or str(namespace.pidfd)
        self.process = subprocess.Popen(
            [RELAY, "--exit-fd", str(exit_end), "--ready-fd", str(ready_end), mode, inside, *rules],
            pass_fds=[exit_end, ready_end, namespace.pidfd, *fds],
            stderr=subprocess.PIPE,
            preexec_fn=(lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit // 2, limit))) if limit else None,
        )
        os.close(exit_end)
        os.close(ready_end)
        self.ready = os.read(self.ready_fd, 10)
        os.close(self.ready_fd)
        self.pid = self.process.pid

    def status(self):
        with open(f"/proc/{self.pid}/status") as file:
            return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)

    def cpu(self):
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        return int(self.status()["VmRSS"].split()[0])  # KiB

    def close(self):
        if self.exit_fd is not None:
            os.close(self.exit_fd)
            self.exit_fd = None
        return self.process.wait(5)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        status = self.close()
        error = self.process.stderr.read()
        self.process.stderr.close()
        assert (status, error) == (0, b""), (status, error)


@contextlib.contextmanager
def published(kind=TCP, server=True, limit=None, address="127.0.0.1"):
    """A server inside and the address outside that leads to it."""
    namespace = Namespace()
    try:
        inner = listen(namespace.socket(kind))
        port = port_of(inner)
        if not server:
            inner.close()
        door = listen(outside(kind), address)
        name = "udp" if kind == UDP else "tcp"
        with Relay(namespace, "--enter", f"publish:{name}:{door.fileno()}:{port}", fds=[door.fileno()], limit=limit) as relay:
            assert relay.ready == b"1", relay.process.stderr.read()
            yield relay, inner, door
        door.close()
        inner.close()
    finally:
        namespace.close()


@contextlib.contextmanager
def host_service(kind=TCP, family=socket.AF_INET, limit=None):
    """A service of the host, and the namespace in which the same port leads to it."""
    namespace = Namespace()
    try:
        service = listen(outside(kind, family), "::1" if family == socket.AF_INET6 else "127.0.0.1")
        rule = f"host:{'udp' if kind == UDP else 'tcp'}:{port_of(service)}"
        with Relay(namespace, "--listen-in", rule, limit=limit) as relay:
            assert relay.ready == b"1", relay.process.stderr.read()
            yield relay, namespace, service
        service.close()
    finally:
        namespace.close()


def connect(door):
    made = outside()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.connect(door.getsockname())
    return made


def pair(inner, door):
    client = connect(door)
    server = inner.accept()[0]
    server.settimeout(20)
    return client, server


def read_all(end):
    parts = []
    while part := end.recv(1 << 20):
        parts.append(part)
    return b"".join(parts)


def is_reset(end):
    try:
        while end.recv(1 << 20):
            pass
    except ConnectionResetError:
        return True
    return False


def raises(kind, function, *arguments):
    try:
        function(*arguments)
    except kind:
        return True
    return False


def turned_away(door):
    """By a reset, which may come as early as in connect(2)."""
    try:
        return is_reset(connect(door))
    except ConnectionResetError:
        return True


def reset(end):
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    end.close()


def until(claim, what, seconds=10):
    end = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < end, f"not in {seconds} s: {what}"
        time.sleep(0.01)


def speak(client, server):
    client.sendall(b"question")
    assert server.recv(100) == b"question"
    server.sendall(b"answer")
    assert client.recv(100) == b"answer"


# --- cases ----------------------------------------------------------------------------------------


def publish_tcp():
    with published() as (_, inner, door):
        client, server = pair(inner, door)
        speak(client, server)
        # The two are of different namespaces: the port inside is not there outside, nor the other way round.
        assert raises(ConnectionRefusedError, outside().connect, inner.getsockname())
        assert server.getpeername() != client.getsockname()
        client.close()
        assert server.recv(1) == b""
        server.close()


def publish_tcp_ipv6_server():
    """Nobody on 127.0.0.1 inside: [::1] is tried."""
    namespace = Namespace()
    inner = listen(namespace.socket(TCP, socket.AF_INET6), "::1")
    door = listen(outside())
    with Relay(namespace, "--enter", f"publish:tcp:{door.fileno()}:{port_of(inner)}", fds=[door.fileno()]):
        speak(*pair(inner, door))
    namespace.close()


def publish_udp():
    with published(UDP) as (_, inner, door):
        clients = [outside(UDP) for _ in range(3)]
        sources = []
        for number, client in enumerate(clients):
            client.connect(door.getsockname())
            client.send(b"from %d" % number)
            data, source = inner.recvfrom(100)
            assert data == b"from %d" % number
            sources.append(source)
        assert len(set(sources)) == 3
        for number in (2, 0, 1):
            inner.sendto(b"to %d" % number, sources[number])
        for number, client in enumerate(clients):
            assert client.recv(100) == b"to %d" % number
            client.send(b"again")
            assert inner.recvfrom(100) == (b"again", sources[number])


def udp_sizes():
    with published(UDP) as (_, inner, door):
        client = outside(UDP)
        client.connect(door.getsockname())
        for size in (0, 1, 1472, 1473, 65507):
            data = os.urandom(size)
            client.send(data)
            got, source = inner.recvfrom(70000)
            assert got == data
            inner.sendto(data[::-1], source)
            assert client.recv(70000) == data[::-1]


def udp_reply_address():
    """The answer comes from the address that was asked, not from the one a route would choose."""
    with published(UDP, address="0.0.0.0") as (_, inner, door):
        for address in ("127.0.0.1", "127.0.0.5"):
            client = outside(UDP)
            client.sendto(b"x", (address, port_of(door)))
            _, source = inner.recvfrom(10)
            inner.sendto(b"y", source)
            assert client.recvfrom(10) == (b"y", (address, port_of(door)))


def udp_refused():
    """Nobody there for a while: what is sent then is lost, and the next server hears the same peer."""
    namespace = Namespace()
    inner, door = listen(namespace.socket(UDP)), listen(outside(UDP))
    port = port_of(inner)
    with Relay(namespace, "--enter", f"publish:udp:{door.fileno()}:{port}", fds=[door.fileno()]) as relay:
        client = outside(UDP)
        client.connect(door.getsockname())
        client.send(b"one")
        assert inner.recv(10) == b"one"
        inner.close()
        for _ in range(5):
            client.send(b"lost")
        time.sleep(0.2)
        before = relay.cpu()
        time.sleep(0.3)
        assert relay.cpu() - before <= 0.02, "it spins"
        inner = listen(namespace.socket(UDP), port=port)
        client.send(b"two")
        data, source = inner.recvfrom(10)
        assert data == b"two", data
        inner.sendto(b"three", source)
        assert client.recv(10) == b"three"
    namespace.close()


def udp_peers():
    """More peers than there is room for: the oldest are forgotten, the newest are served."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    with published(UDP) as (_, inner, door):
        clients, sources = [], []
        for _ in range(1100):
            client = outside(UDP)
            client.connect(door.getsockname())
            client.send(b"x")
            sources.append(inner.recvfrom(10)[1])
            clients.append(client)
        for number in (0, 75, 76, 1099):
            inner.sendto(b"%d" % number, sources[number])
        assert clients[76].recv(10) == b"76"
        assert clients[1099].recv(10) == b"1099"
        for number in (0, 75):
            clients[number].settimeout(0)
            assert raises(BlockingIOError, clients[number].recv, 10)
        clients[0].send(b"back")
        assert inner.recv(10) == b"back"


def host_tcp():
    with host_service() as (_, namespace, service):
        address = service.getsockname()
        for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            client = namespace.socket(TCP, family)
            client.connect((host, address[1]))
            server = service.accept()[0]
            server.settimeout(20)
            speak(client, server)
            client.close()
            server.close()
        # No other port of the host is there.
        other = listen(outside())
        assert raises(ConnectionRefusedError, namespace.socket().connect, other.getsockname())


def host_tcp_ipv6_service():
    with host_service(TCP, socket.AF_INET6) as (_, namespace, service):
        client = namespace.socket()
        client.connect(("127.0.0.1", port_of(service)))
        server = service.accept()[0]
        server.settimeout(20)
        speak(client, server)


def host_udp():
    for family in (socket.AF_INET, socket.AF_INET6):
        with host_service(UDP, family) as (_, namespace, service):
            client = namespace.socket(UDP)
            client.connect(("127.0.0.1", port_of(service)))
            client.send(b"question")
            data, source = service.recvfrom(100)
            assert data == b"question"
            service.sendto(b"answer", source)
            assert client.recv(100) == b"answer"


def host_without_ipv6():
    """IPv6 switched off inside: [::1] is left out and nothing else."""
    namespace = Namespace()
    namespace.write("/proc/sys/net/ipv6/conf/lo/disable_ipv6", "1")
    service = listen(outside())
    with Relay(namespace, "--listen-in", f"host:tcp:{port_of(service)}") as relay:
        assert relay.ready == b"1"
        client = namespace.socket()
        client.connect(("127.0.0.1", port_of(service)))
        server = service.accept()[0]
        speak(client, server)
        assert raises(OSError, namespace.socket(TCP, socket.AF_INET6).connect, ("::1", port_of(service)))
    namespace.close()


def itself():
    """Nobody on the port, and it is the only one for the relay's own end: it must not meet itself there."""
    namespace = Namespace()
    namespace.write("/proc/sys/net/ipv4/ip_local_port_range", "40000 40000")
    door, datagrams = listen(outside()), listen(outside(UDP))
    rules = [f"publish:tcp:{door.fileno()}:40000", f"publish:udp:{datagrams.fileno()}:40000"]
    with Relay(namespace, "--enter", *rules, fds=[door.fileno(), datagrams.fileno()]) as relay:
        assert turned_away(door)
        client = outside(UDP)
        client.connect(datagrams.getsockname())
        client.send(b"echo?")
        assert not select.select([client], [], [], 0.3)[0]
        assert relay.process.poll() is None
    namespace.close()


def half_close():
    with published() as (_, inner, door):
        for turned in (False, True):
            first, second = pair(inner, door)[:: -1 if turned else 1]
            first.sendall(b"all I have")
            first.shutdown(socket.SHUT_WR)
            assert read_all(second) == b"all I have"
            for _ in range(3):  # and the other direction goes on
                second.sendall(b"more")
                assert first.recv(100) == b"more"
            second.shutdown(socket.SHUT_WR)
            assert read_all(first) == b""
            first.close()
            second.close()


def resets():
    with published() as (relay, inner, door):
        for turned in (False, True):
            first, second = pair(inner, door)[:: -1 if turned else 1]
            speak(first, second)
            reset(first)
            assert is_reset(second)
        # Also when what the other has sent is in the way, and when nobody reads.
        client, server = pair(inner, door)
        server.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while server.send(bytes(1 << 20)):
                pass
        server.settimeout(20)
        reset(client)
        assert is_reset(server)
        speak(*pair(inner, door))
        assert relay.process.poll() is None


def refused():
    with published(server=False) as (relay, inner, door):
        for _ in range(5):
            assert turned_away(door)
        assert relay.process.poll() is None


def refused_then_there():
    namespace = Namespace()
    inner = namespace.socket()
    inner.bind(("127.0.0.1", 0))
    door = listen(outside())
    with Relay(namespace, "--enter", f"publish:tcp:{door.fileno()}:{port_of(inner)}", fds=[door.fileno()]):
        assert turned_away(door)
        inner.listen()
        speak(*pair(inner, door))
    namespace.close()


def parallel():
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    with published() as (_, inner, door):
        pairs = [pair(inner, door) for _ in range(200)]
        for number, (client, _) in enumerate(pairs):
            client.sendall(b"%d" % number)
        for number, (_, server) in enumerate(pairs):
            assert server.recv(100) == b"%d" % number
            server.sendall(b"%d!" % number)
            server.close()
        for number, (client, _) in enumerate(pairs):
            assert read_all(client) == b"%d!" % number


def bulk():
    """300 MB each way at once, compared by checksum."""
    block, blocks = os.urandom(1 << 20), 300

    def send(end, result):
        digest = hashlib.sha1()
        for number in range(blocks):
            data = number.to_bytes(4, "big") + block
            digest.update(data)
            end.sendall(data)
        end.shutdown(socket.SHUT_WR)
        result.append(digest.digest())

    def receive(end, result):
        digest = hashlib.sha1()
        while data := end.recv(1 << 20):
            digest.update(data)
        result.append(digest.digest())

    with published() as (_, inner, door):
        client, server = pair(inner, door)
        results = [[], [], [], []]
        work = zip((send, receive, send, receive), (client, server, server, client), results)
        threads = [threading.Thread(target=function, args=(end, result)) for function, end, result in work]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results[0] == results[1] != []
        assert results[2] == results[3] != []


def slow_reader():
    """Who does not read holds the sender up: the relay neither grows nor spins, and nothing is lost."""
    with published() as (relay, inner, door):
        client, server = pair(inner, door)
        speak(client, server)
        at_rest = relay.memory()
        client.setblocking(False)
        sent = 0
        quiet = time.monotonic()
        while time.monotonic() - quiet < 0.5:
            if select.select([], [client], [], 0.1)[1]:
                sent += client.send(bytes(1 << 20))
                quiet = time.monotonic()
        before = relay.cpu()
        time.sleep(0.5)
        assert relay.cpu() - before < 0.1, "it spins"
        assert relay.memory() - at_rest < 1024, (at_rest, relay.memory())
        client.shutdown(socket.SHUT_WR)
        assert len(read_all(server)) == sent
        server.sendall(b"done")
        client.settimeout(20)
        assert client.recv(10) == b"done"


def slow_reader_after_end():
    """The server has sent all, after the client's end, and closed; the client reads late."""
    with published() as (relay, inner, door):
        client, server = pair(inner, door)
        client.shutdown(socket.SHUT_WR)
        assert server.recv(1) == b""
        sent = []
        thread = threading.Thread(target=lambda: (server.sendall(bytes(16 << 20)), server.close(), sent.append(1)))
        thread.start()
        time.sleep(0.3)
        before = relay.cpu()
        time.sleep(0.5)
        assert relay.cpu() - before < 0.1, "it spins"
        assert len(read_all(client)) == 16 << 20
        thread.join()


def idle():
    """A connection at rest wakes nobody."""
    with published() as (relay, inner, door):
        speak(*pair(inner, door))
        time.sleep(0.2)
        before = relay.status()["voluntary_ctxt_switches"]
        time.sleep(0.7)
        assert relay.status()["voluntary_ctxt_switches"] == before


def exit_fd():
    with published() as (relay, inner, door):
        client, server = pair(inner, door)
        speak(client, server)
        start = time.monotonic()
        os.close(relay.exit_fd)
        relay.exit_fd = None
        assert relay.process.wait(5) == 0
        assert time.monotonic() - start < 1
        # Cut, not ended: the part is not taken for the whole.
        assert is_reset(client) and is_reset(server)


def exit_under_load():
    with published() as (relay, inner, door):
        ends = [pair(inner, door) for _ in range(4)]
        stop = threading.Event()

        def work(first, second):
            with contextlib.suppress(OSError):
                while not stop.is_set():
                    first.sendall(bytes(1 << 18))
                    second.recv(1 << 18)

        threads = [threading.Thread(target=work, args=two) for two in ends]
        for thread in threads:
            thread.start()
        time.sleep(0.2)
        start = time.monotonic()
        os.close(relay.exit_fd)
        relay.exit_fd = None
        assert relay.process.wait(5) == 0
        assert time.monotonic() - start < 1
        stop.set()
        for thread in threads:
            thread.join()


def last_words():
    """What a server wrote before everything ended still arrives, and its end."""
    with published() as (relay, inner, door):
        for _ in range(20):
            client, server = pair(inner, door)
            os.kill(relay.pid, signal.SIGSTOP)
            server.sendall(b"last words")
            server.close()
            client.shutdown(socket.SHUT_WR)
            os.kill(relay.pid, signal.SIGCONT)
            assert read_all(client) == b"last words"
        client, server = pair(inner, door)
        client.shutdown(socket.SHUT_WR)
        assert server.recv(1) == b""
        os.kill(relay.pid, signal.SIGSTOP)
        server.sendall(b"last words")
        server.close()
        os.close(relay.exit_fd)
        relay.exit_fd = None
        os.kill(relay.pid, signal.SIGCONT)
        assert read_all(client) == b"last words"


def killed():
    namespace = Namespace()
    inner, door = listen(namespace.socket()), listen(outside())
    relay = Relay(namespace, "--enter", f"publish:tcp:{door.fileno()}:{port_of(inner)}", fds=[door.fileno()])
    client, server = pair(inner, door)
    relay.process.send_signal(signal.SIGTERM)
    relay.process.send_signal(signal.SIGINT)
    speak(client, server)  # only SIGKILL ends it before its time
    relay.process.kill()
    assert relay.close() == -signal.SIGKILL
    for end in (client, server):
        assert is_reset(end) or end.recv(1) == b""
    # What the supervisor holds is as it was, and can be handed to another.
    with Relay(namespace, "--enter", f"publish:tcp:{door.fileno()}:{port_of(inner)}", fds=[door.fileno()]):
        speak(*pair(inner, door))
    relay.process.stderr.close()
    namespace.close()


def descriptor_limit():
    """64 descriptors, 100 clients: the rest wait their turn, nobody is turned away, nothing spins."""
    with published(limit=64) as (relay, inner, door):
        clients = [connect(door) for _ in range(100)]
        for number, client in enumerate(clients):
            client.sendall(b"%d" % number)
        served = []
        while select.select([inner], [], [], 0.5)[0]:
            served.append(inner.accept()[0])
        assert 20 < len(served) < 32, len(served)
        before, wakes = relay.cpu(), int(relay.status()["voluntary_ctxt_switches"])
        time.sleep(1)
        assert relay.cpu() - before <= 0.02, "it spins"
        assert int(relay.status()["voluntary_ctxt_switches"]) - wakes < 5
        heard = set()
        while len(heard) < 100:
            server = served.pop(0) if served else inner.accept()[0]
            server.settimeout(20)
            number = int(server.recv(10))
            heard.add(number)
            clients[number].close()
            server.close()


def descriptor_limit_udp():
    """The same for datagrams: the oldest peer makes room."""
    with published(UDP, limit=32) as (relay, inner, door):
        for number in range(100):
            client = outside(UDP)
            client.connect(door.getsockname())
            client.send(b"%d" % number)
            data, source = inner.recvfrom(10)
            assert data == b"%d" % number
            inner.sendto(b"y", source)
            assert client.recv(10) == b"y"
        assert relay.process.poll() is None


def many_rules():
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    namespace = Namespace()
    inner = listen(namespace.socket())
    doors = [listen(outside()) for _ in range(1000)]
    rules = [f"publish:tcp:{door.fileno()}:{port_of(inner)}" for door in doors]
    with Relay(namespace, "--enter", *rules, fds=[door.fileno() for door in doors]) as relay:
        assert relay.ready == b"1"
        for door in (doors[0], doors[500], doors[-1]):
            speak(*pair(inner, door))
    doors = [door for door in doors if port_of(door) != port_of(inner)]  # which listens in there already
    ports = [port_of(door) for door in doors]
    with Relay(namespace, "--listen-in", *(f"host:tcp:{port}" for port in ports)) as relay:
        assert relay.ready == b"1", relay.process.stderr.read()
        for number in (0, -1):
            client = namespace.socket()
            client.connect(("127.0.0.1", ports[number]))
            server = doors[number].accept()[0]
            speak(client, server)
    namespace.close()


def confined():
    for start in (published, host_service):
        with start() as (relay, *_):
            status = relay.status()
            assert status["Seccomp"] == "2", status
            assert status["NoNewPrivs"] == "1"
            for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
                assert int(status[kind], 16) == 0, (kind, status[kind])
            assert os.stat(f"/proc/{relay.pid}/status").st_uid == 0, "dumpable"  # proc(5)
            with open(f"/proc/{relay.pid}/limits") as file:
                limits = file.read()
            assert [line.split()[4:6] for line in limits.splitlines() if "core" in line] == [["0", "0"]]
            assert os.getsid(relay.pid) == relay.pid


def nothing_kept():
    """It keeps no descriptor of ours open, though it was started with one."""
    namespace = Namespace()
    spare_end, spare = os.pipe()
    inner, door = listen(namespace.socket()), listen(outside())
    rule = f"publish:tcp:{door.fileno()}:{port_of(inner)}"
    with Relay(namespace, "--enter", rule, fds=[door.fileno(), spare]):
        os.close(spare)
        assert select.select([spare_end], [], [], 5)[0] and os.read(spare_end, 1) == b""
    namespace.close()


def namespace_descriptors():
    """Two descriptors of namespaces in place of a pidfd."""
    namespace = Namespace()
    fds = [os.open(f"/proc/{namespace.pid}/ns/{name}", os.O_RDONLY) for name in ("user", "net")]
    inner, door = listen(namespace.socket()), listen(outside())
    given = [door.fileno(), *fds]
    with Relay(namespace, "--enter", f"publish:tcp:{door.fileno()}:{port_of(inner)}", fds=given, inside="%d,%d" % (*fds,)):
        speak(*pair(inner, door))
    namespace.close()


def fails(namespace, *arguments, fds=()):
    relay = Relay(namespace, *arguments, fds=fds)
    assert relay.ready == b"", arguments
    status, text = relay.close(), relay.process.stderr.read().decode()
    relay.process.stderr.close()
    assert status == 1 and text.startswith("relay: ") and text.count("\n") == 1, (status, text)
    return text


def address_in_use():
    namespace = Namespace()
    for kind, name, word in ((TCP, "tcp", ""), (UDP, "udp", "/udp")):
        for family, address, shown in ((socket.AF_INET, "127.0.0.1", "127.0.0.1"), (socket.AF_INET6, "::1", "[::1]")):
            taken = listen(namespace.socket(kind, family), address)
            text = fails(namespace, "--listen-in", f"host:{name}:{port_of(taken)}")
            start = f"relay: cannot listen on {shown}:{port_of(taken)}{word} inside the sandbox: Address "
            assert text.startswith(start) and text.endswith("in use\n"), text
    namespace.close()


def sandbox_gone():
    namespace = Namespace()
    namespace.close()
    namespace.pidfd = os.pidfd_open(os.getpid())
    door = listen(outside())
    text = fails(namespace, "--enter", f"publish:tcp:{door.fileno()}:80", fds=[door.fileno()])
    assert "cannot enter the sandbox's namespaces" in text, text
    text = fails(namespace, "--listen-in", "host:tcp:80")
    assert "cannot enter the sandbox's namespaces" in text, text


def bad_rules():
    namespace = Namespace()
    door, plain, datagrams = listen(outside()), outside(), listen(outside(UDP))
    good = f"publish:tcp:{door.fileno()}:80"
    for rules in (
        [f"publish:tcp:{door.fileno()}:0"],
        [f"publish:tcp:{door.fileno()}:65536"],
        [f"publish:tcp:{door.fileno()}:"],
        [f"publish:tcp:{door.fileno()}:80x"],
        [f"publish:tcp:{door.fileno()}:-80"],
        [f"publish:tcp:{door.fileno()}"],
        [f"publish:sctp:{door.fileno()}:80"],
        [f"publish:udp:{door.fileno()}:80"],
        [f"publish:tcp:{datagrams.fileno()}:80"],
        [f"publish:tcp:{plain.fileno()}:80"],
        ["publish:tcp:1:80"],
        ["publish:tcp:999:80"],
        ["publish:tcp:99999999999:80"],
        ["host:tcp:80"],
        [good, ""],
        [good, "--enter"],
        [good, good],
        [],
    ):
        fails(namespace, "--enter", *rules, fds=[door.fileno(), plain.fileno(), datagrams.fileno()])
    for rules in (["host:tcp:0"], ["host:tcp:"], ["host:tcp:80:80"], ["host:icmp:80"], [good], []):
        fails(namespace, "--listen-in", *rules, fds=[door.fileno()])
    fails(namespace, "--leave", "host:tcp:80")
    namespace.close()


if __name__ == "__main__":
    {name: value for name, value in globals().items() if callable(value)}[sys.argv[2]]()
