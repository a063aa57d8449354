#!/usr/bin/env python3
"""network.py: the hostile program inside, for network.bats. `network.py CASE [ARG...]`; each attempt prints "WHAT: RESULT"
where RESULT is the error's name, or what was achieved, in capitals.
"""
import ctypes
import errno
import os
import socket
import struct
import sys
import threading

NEWNS, NEWUSER, NEWPID, NEWNET = 0x20000, 0x10000000, 0x20000000, 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def check(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def attempt(what, function, *arguments):
    try:
        result = function(*arguments)
        said = "DONE" if result is None else result
    except socket.timeout:
        said = "slow"
    except OSError as error:
        said = errno.errorcode.get(error.errno, str(error))
    sys.stdout.write("%s: %s\n" % (what, said))
    sys.stdout.flush()


attempt_now = attempt


# --- ways to an address ---------------------------------------------------------------------------


def new_socket(address, kind):
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
    s.settimeout(0.8)
    return s


def connect(address, port, prepare=lambda s: None, scope=0):
    with new_socket(address, socket.SOCK_STREAM) as s:
        prepare(s)
        s.connect((address, port, 0, scope) if ":" in address else (address, port))
        return "REACHED " + s.recv(99).decode().strip()


def datagram(address, port, prepare=lambda s: None, ancillary=()):
    with new_socket(address, socket.SOCK_DGRAM) as s:
        prepare(s)
        s.sendmsg([b"x"], ancillary, 0, (address, port))
        return "REACHED " + s.recv(99).decode().strip()


def option(level, name, value):
    return lambda s: s.setsockopt(level, name, value)


def reach(*targets):
    """ADDRESS PORT ...: by every way that there is, all at once since silence takes long."""
    tap = socket.if_nametoindex("tap0")
    threads = []

    def attempt(*arguments):
        threads.append(threading.Thread(target=attempt_now, args=arguments))
        threads[-1].start()

    for address, port in zip(targets[::2], targets[1::2]):
        port, name = int(port), "%s %s" % (address, port)
        six = ":" in address
        attempt(name + " tcp", connect, address, port)
        attempt(name + " udp", datagram, address, port)
        attempt(name + " by device", connect, address, port, option(socket.SOL_SOCKET, 25, b"tap0"))
        attempt(name + " udp by device", datagram, address, port, option(socket.SOL_SOCKET, 25, b"tap0"))
        attempt(name + " by lo", connect, address, port, option(socket.SOL_SOCKET, 25, b"lo"))
        attempt(name + " no route", connect, address, port, option(socket.SOL_SOCKET, socket.SO_DONTROUTE, 1))
        attempt(name + " by mark", connect, address, port, option(socket.SOL_SOCKET, 36, 0x5B0C))
        if six:
            attempt(name + " by scope", connect, address, port, lambda s: None, tap)
            info = [(41, 50, b"\0" * 16 + struct.pack("=I", tap))]
            attempt(name + " by packet info", datagram, address, port, lambda s: None, info)
            attempt(name + " by interface", datagram, address, port, option(41, 76, struct.pack("!I", tap)))
        else:
            info = [(0, 8, struct.pack("=i", tap) + b"\0" * 8)]
            attempt(name + " by packet info", datagram, address, port, lambda s: None, info)
            attempt(name + " by interface", datagram, address, port, option(0, 50, struct.pack("!I", tap)))
            way = bytes([131, 7, 4]) + socket.inet_aton(address) + b"\0"
            attempt(name + " by source route", connect, "203.0.113.1", port, option(0, 4, way))
            attempt(name + " mapped", connect, "::ffff:" + address, port)
    for thread in threads:
        thread.join()


# --- sockets of power -----------------------------------------------------------------------------


def sockets():
    attempt("packet", socket.socket, 17, socket.SOCK_RAW, socket.htons(3))
    attempt("packet datagram", socket.socket, 17, socket.SOCK_DGRAM, socket.htons(3))
    attempt("raw", socket.socket, socket.AF_INET, socket.SOCK_RAW, 255)
    attempt("raw udp", socket.socket, socket.AF_INET, socket.SOCK_RAW, 17)
    attempt("raw icmp", socket.socket, socket.AF_INET, socket.SOCK_RAW, 1)
    attempt("raw icmp6", socket.socket, socket.AF_INET6, socket.SOCK_RAW, 58)
    s = socket.socket()
    attempt("mark", s.setsockopt, socket.SOL_SOCKET, 36, 0x5B0C)
    attempt("force buffer", s.setsockopt, socket.SOL_SOCKET, 32, 1 << 30)
    attempt("transparent", s.setsockopt, 0, 19, 1)
    attempt("priority", s.setsockopt, socket.SOL_SOCKET, socket.SO_PRIORITY, 7)
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    mark = [(socket.SOL_SOCKET, 36, struct.pack("=I", 0x5B0C))]
    attempt("mark by message", u.sendmsg, [b"x"], mark, 0, ("203.0.113.66", 9))


def vsock():
    for cid in (0, 1, 2):
        attempt("vsock %d" % cid, lambda: socket.socket(40, socket.SOCK_STREAM).connect((cid, 22)))


# --- netlink --------------------------------------------------------------------------------------


def attribute(kind, data):
    return struct.pack("=HH", 4 + len(data), kind) + data + b"\0" * (-len(data) % 4)


def ask(family, kind, body, flags=0x605):
    """NLM_F_REQUEST | ACK | CREATE | REPLACE or so: the kernel's word."""
    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, family)
    s.settimeout(2)
    s.sendto(struct.pack("=IHHII", 16 + len(body), kind, flags, 1, 0) + body, (0, 0))
    answer = s.recv(65536)
    code = struct.unpack("=i", answer[16:20])[0]
    if code:
        raise OSError(-code, "netlink")


def netlink():
    tap = socket.if_nametoindex("tap0")
    lo = socket.if_nametoindex("lo")
    host = socket.inet_aton("192.168.77.2")
    attempt("link down", ask, 0, 16, struct.pack("=BBHiII", 0, 0, 0, tap, 0, 1))
    attempt("link new", ask, 0, 16, struct.pack("=BBHiII", 0, 0, 0, 0, 0, 0) + attribute(3, b"x0\0") + attribute(18, attribute(1, b"dummy\0")))
    attempt("link moved", ask, 0, 16, struct.pack("=BBHiII", 0, 0, 0, tap, 0, 0) + attribute(19, struct.pack("=I", 1)))
    attempt("address", ask, 0, 20, struct.pack("=BBBBi", 2, 32, 0, 0, lo) + attribute(2, host) + attribute(1, host))
    route = struct.pack("=BBBBBBBBI", 2, 32, 0, 0, 254, 4, 0, 1, 0)
    attempt("route", ask, 0, 24, route + attribute(1, host) + attribute(4, struct.pack("=I", tap)))
    attempt("route deleted", ask, 0, 25, struct.pack("=BBBBBBBBI", 2, 32, 0, 0, 254, 4, 0, 7, 0) + attribute(1, host), 5)
    attempt("rule", ask, 0, 32, struct.pack("=BBBBBBBBI", 2, 0, 0, 0, 254, 0, 0, 1, 0) + attribute(6, struct.pack("=I", 1)))
    attempt("rule deleted", ask, 0, 33, struct.pack("=BBBBBBBBI", 2, 0, 0, 0, 0, 0, 0, 0, 0) + attribute(6, struct.pack("=I", 101)), 5)
    attempt("neighbour", ask, 0, 28, struct.pack("=BBHiHBB", 2, 0, 0, tap, 0x80, 0, 0) + attribute(1, socket.inet_aton("10.0.2.2")) + attribute(2, b"\2" * 6))
    attempt("queue", ask, 0, 36, struct.pack("=BBHiIII", 0, 0, 0, tap, 0, 0xFFFFFFFF, 0) + attribute(1, b"pfifo\0"))

    def nft(kind, body):
        """A batch of one, to nf_tables: what the kernel says to each part."""
        s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
        s.settimeout(2)
        batch = b""
        for number, code, flags, data in ((0, 16, 1, struct.pack("!BBH", 0, 0, 10)), (1, 0xA00 | kind, 5, body), (2, 17, 1, struct.pack("!BBH", 0, 0, 10))):
            batch += struct.pack("=IHHII", 16 + len(data), code, flags, number, 0) + data
        s.sendto(batch, (0, 0))
        code = struct.unpack("=i", s.recv(65536)[16:20])[0]
        if code:
            raise OSError(-code, "nft")

    attempt("nft table deleted", nft, 2, struct.pack("!BBH", 1, 0, 0) + attribute(1, b"sandbox\0"))
    attempt("nft everything deleted", nft, 2, struct.pack("!BBH", 0, 0, 0))
    attempt("nft table made", nft, 0, struct.pack("!BBH", 1, 0, 0) + attribute(1, b"mine\0"))
    attempt("nft rules read", ask, 12, 0xA07, struct.pack("!BBH", 1, 0, 0), 0x301)
    attempt("iptables", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 255).setsockopt(0, 64, b"\0" * 96))
    attempt("audit", ask, 9, 1001, struct.pack("=10I", *[0] * 10), 5)


# --- namespaces, files ----------------------------------------------------------------------------


def child(function):
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(r)
        os.dup2(w, 1)
        try:
            function()
        finally:
            sys.stdout.flush()
            os._exit(0)
    os.close(w)
    with open(r) as said:
        text = said.read()
    os.waitpid(pid, 0)
    sys.stdout.write(text)


def mount_proc():
    """In a user and pid namespace of our own: would it have a /proc/sys that may be written?"""
    uid, gid = os.geteuid(), os.getegid()

    def inner():
        check(libc.unshare(NEWUSER | NEWNS | NEWPID))
        open("/proc/self/setgroups", "w").write("deny")
        open("/proc/self/uid_map", "w").write("0 %d 1" % uid)
        open("/proc/self/gid_map", "w").write("0 %d 1" % gid)

        def innermost():
            attempt("proc mounted", lambda: check(libc.mount(b"proc", b"/tmp", b"proc", 0, None)) and None)
            attempt("sys remounted", lambda: check(libc.mount(b"none", b"/proc/sys", None, 0x1020, None)) and None)
            attempt("sys unmounted", lambda: check(libc.umount2(b"/proc/sys", 2)) and None)
            attempt("sysctl there", write, "/proc/sys/net/ipv4/ip_unprivileged_port_start", "0")
            attempt("sysctl in new proc", write, "/tmp/sys/net/ipv4/ip_unprivileged_port_start", "0")

        child(innermost)

    child(inner)


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def sysctls():
    done = 0
    for top, _, names in os.walk("/proc/sys/net"):
        for name in names:
            path = os.path.join(top, name)
            try:
                text = open(path).read()
                write(path, text)
                print("%s: WRITTEN" % path)
            except OSError:
                done += 1
    print("refused: %s" % (done > 100))
    attempt("remount", lambda: check(libc.mount(b"none", b"/proc/sys", None, 0x1020, None)) and None)
    attempt("unmount", lambda: check(libc.umount2(b"/proc/sys", 2)) and None)
    mount_proc()


def namespaces():
    attempt("join process 1", lambda: check(libc.setns(os.open("/proc/1/ns/net", os.O_RDONLY), NEWNET)) and None)
    attempt("join our own", lambda: check(libc.setns(os.open("/proc/self/ns/net", os.O_RDONLY), NEWNET)) and None)
    attempt("join its user namespace", lambda: check(libc.setns(os.open("/proc/1/ns/user", os.O_RDONLY), NEWUSER)) and None)

    def parent():
        """NS_GET_USERNS of our network namespace, NS_GET_PARENT of our user namespace."""
        import fcntl

        owner = fcntl.ioctl(os.open("/proc/self/ns/net", os.O_RDONLY), 0xB701)
        check(libc.setns(owner, NEWUSER))

    attempt("join the network's owner", parent)

    def new_network():
        check(libc.unshare(NEWUSER | NEWNET))
        home = os.open("/proc/1/ns/net", os.O_RDONLY)
        ask(0, 16, struct.pack("=BBHiII", 0, 0, 0, 0, 0, 0) + attribute(3, b"v0\0")
            + attribute(18, attribute(1, b"veth\0") + attribute(2, attribute(1, struct.pack("=BBHiII", 0, 0, 0, 0, 0, 0) + attribute(3, b"v1\0") + attribute(28, struct.pack("=I", home))))))

    child(lambda: attempt("a cable into it", new_network))

    def lonely():
        check(libc.unshare(NEWUSER | NEWNET))
        return connect("203.0.113.66", 443)

    child(lambda: attempt("a network of our own", lonely))


def look(abstract):
    """What can be seen of those who work for us outside; abstract: a socket of theirs, @NAME."""
    for pid in sorted(filter(str.isdigit, os.listdir("/proc")), key=int):
        try:
            print("process: %s" % open("/proc/%s/comm" % pid).read().strip())
        except OSError:
            pass
    print("descriptors: %s" % " ".join(sorted(d for d in os.listdir("/proc/self/fd") if int(d) > 2 and os.path.exists("/proc/self/fd/" + d) and not os.readlink("/proc/self/fd/" + d).startswith("/proc/"))))
    sockets = [line.split() for line in open("/proc/net/unix")][1:]
    print("unix sockets by name: %d" % len([s for s in sockets if len(s) > 7]))
    attempt("descriptors of process 1", lambda: " ".join(os.listdir("/proc/1/fd")))
    attempt("abstract socket", lambda: socket.socket(socket.AF_UNIX).connect(abstract.replace("@", "\0")))


def names(*wanted):
    for name in wanted:
        try:
            found = sorted({entry[4][0] for entry in socket.getaddrinfo(name, None)})
            print("%s: %s" % (name, " ".join(found).upper()))
        except OSError as error:
            print("%s: %s" % (name, "none"))


globals()[sys.argv[1]](*sys.argv[2:])
