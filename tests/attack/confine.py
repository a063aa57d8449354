#!/usr/bin/env python3
"""confine.py: the hostile program of confine_only.bats. `confine.py CASE [ARG...]`; each attempt that worked prints its name,
and nothing else is printed.
"""
import array
import ctypes
import fcntl
import os
import resource
import signal
import socket
import struct
import sys
import time

libc = ctypes.CDLL(None, use_errno=True)
AT_FDCWD, EMPTY_PATH = -100, 0x1000


def call(number, *words):
    result = libc.syscall(number, *[ctypes.c_long(w) if isinstance(w, int) else w for w in words])
    if result < 0:
        raise OSError(ctypes.get_errno(), "call %d" % number)
    return result


def tries(name, function, *arguments, **named):
    try:
        function(*arguments, **named)
    except (OSError, PermissionError):
        return
    print(name, flush=True)


def files(victim):
    """A directory of the caller's that was not bound."""
    file = victim + "/file"
    for name, flags in {"read": os.O_RDONLY, "write": os.O_WRONLY, "cut": os.O_RDONLY | os.O_TRUNC}.items():
        tries(name, os.open, file, flags)
    tries("list", os.listdir, victim)
    tries("list /", os.listdir, "/")
    tries("truncate", os.truncate, file, 0)
    tries("make", os.open, victim + "/new", os.O_WRONLY | os.O_CREAT)
    tries("tmpfile", os.open, victim, os.O_TMPFILE | os.O_RDWR)
    tries("mkdir", os.mkdir, victim + "/newdir")
    tries("fifo", os.mkfifo, victim + "/fifo")
    tries("symlink", os.symlink, "/", victim + "/soft")
    tries("link in", os.link, file, "hard")
    open("mine", "w").close()
    tries("link out", os.link, "mine", victim + "/hard")
    tries("move in", os.rename, file, "moved")
    tries("move out", os.rename, "mine", victim + "/moved")
    tries("unlink", os.unlink, file)
    tries("rmdir", os.rmdir, victim + "/d/a/b")
    tries("run", os.execv, victim + "/program", ["program"])
    os.symlink(victim, "link")
    tries("by a link", os.open, "link/file", os.O_RDONLY)
    tries("by /proc", os.open, "/proc/self/root" + file, os.O_RDONLY)
    held = os.open(file, os.O_PATH)
    tries("by a descriptor", os.open, "/proc/self/fd/%d" % held, os.O_RDWR)
    tries("by exec", os.execve, os.open(victim + "/program", os.O_PATH), ["program"], {})


def attributes(file):
    """Of a file that cannot be written: one that is not shown, or is shown to be read."""
    held = os.open(file, os.O_PATH)
    by_fd = "/proc/self/fd/%d" % held
    path = ctypes.c_char_p(file.encode())
    empty = ctypes.c_char_p(b"")
    os.symlink(file, "link")
    where, name = os.open(os.path.dirname(file), os.O_PATH), os.path.basename(file)
    for way, of in {"name": file, "link": "link", "descriptor": by_fd, "root": "/proc/self/root" + file}.items():
        tries("chmod by " + way, os.chmod, of, 0o777)
        tries("utime by " + way, os.utime, of, (1, 1))
        tries("chown by " + way, os.chown, of, os.getuid(), os.getgid())
        tries("setxattr by " + way, os.setxattr, of, "user.a", b"b")
    tries("fchmodat", os.chmod, name, 0o777, dir_fd=where)
    tries("utimensat", os.utime, name, (1, 1), dir_fd=where)
    tries("chown of itself", os.chown, file, os.getuid(), os.getgid(), follow_symlinks=False)
    tries("fchmodat2", call, 452, AT_FDCWD, path, 0o777, 0)
    tries("fchmodat2 of O_PATH", call, 452, held, empty, 0o777, EMPTY_PATH)
    tries("fchownat of O_PATH", call, 260, held, empty, os.getuid(), os.getgid(), EMPTY_PATH)
    tries("utimensat of O_PATH", call, 280, held, empty, None, EMPTY_PATH)
    tries("utime", call, 132, path, None)
    tries("utimes", call, 235, path, None)
    tries("futimesat", call, 261, AT_FDCWD, path, None)
    tries("setxattrat", call, 463, AT_FDCWD, path, 0, b"user.a\0", b"\0" * 16, 16)
    tries("file_setattr", call, 469, AT_FDCWD, path, b"\0" * 24, 24, 0)
    try:
        fd = os.open(file, os.O_RDONLY)
    except OSError:
        return
    print("(read)")
    tries("fchmod", os.fchmod, fd, 0o777)
    tries("fchown", os.fchown, fd, os.getuid(), os.getgid())
    tries("futimens", os.utime, fd, (1, 1))
    tries("fsetxattr", os.setxattr, fd, "user.a", b"b")
    flags = array.array("L", [0])
    tries("FS_IOC_GETFLAGS", fcntl.ioctl, fd, 0x80086601, flags)
    flags[0] |= 0x40  # nodump
    tries("FS_IOC_SETFLAGS", fcntl.ioctl, fd, 0x40086602, flags)
    tries("FS_IOC_FSSETXATTR", fcntl.ioctl, fd, 0x401C5820, bytearray(28))


def exchanged(file, seconds):
    """A name that is a file of ours in one moment and a link to a victim in the next."""
    open("own", "w").close()
    end = time.time() + float(seconds)
    if os.fork() == 0:
        while time.time() < end:
            for make in (lambda: os.link("own", "x"), lambda: os.symlink(file, "x")):
                make()
                os.rename("x", "name")
        os._exit(0)
    while time.time() < end:
        for change in (lambda: os.chmod("name", 0o777), lambda: os.utime("name", (1, 1))):
            try:
                change()
            except OSError:
                pass
    os.wait()


def signals(pid, group):
    """To a process outside, and to those of the sandbox that are no command's."""
    pids = {"bystander": int(pid), "supervisor": None, "init": os.getppid()}
    # Nobody tells the command who its parent's parent is; it can guess.
    pids["supervisor"] = int(os.environ.get("SUPERVISOR", "0")) or int(pid)
    for who, pid in pids.items():
        tries("kill " + who, os.kill, pid, 0)
        tries("kill -CONT " + who, os.kill, pid, signal.SIGCONT)
        tries("tkill " + who, call, 200, pid, signal.SIGCONT)
        tries("tgkill " + who, call, 234, pid, pid, signal.SIGCONT)
        info = struct.pack("iiiiiiQ", signal.SIGCONT, 0, -1, 0, os.getpid(), os.getuid(), 0) + b"\0" * 96
        tries("rt_sigqueueinfo " + who, call, 129, pid, signal.SIGCONT, info)
        tries("rt_tgsigqueueinfo " + who, call, 297, pid, pid, signal.SIGCONT, info)
        try:
            pidfd = os.pidfd_open(pid)
        except OSError:
            continue
        tries("pidfd_send_signal " + who, call, 424, pidfd, signal.SIGCONT, None, 0)
    tries("kill group", os.kill, -int(group), signal.SIGCONT)
    # SIGIO, sent by the kernel in our name.
    ours, theirs = socket.socketpair()
    try:
        fcntl.fcntl(ours, fcntl.F_SETOWN, int(pids["bystander"]))
        fcntl.fcntl(ours, fcntl.F_SETSIG, signal.SIGUSR1)
        fcntl.fcntl(ours, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
        theirs.send(b"x")
    except OSError:
        pass


def everybody():
    """kill -9 of all that can be reached."""
    child = os.fork()
    if child == 0:
        while True:
            time.sleep(1000)
    os.kill(-1, signal.SIGKILL)
    print("own child" if os.waitpid(child, 0)[1] == 9 else "no child")


def processes(pid):
    pid = int(pid)
    tries("ptrace", call, 101, 0x4206, pid, 0, 0)  # PTRACE_SEIZE
    one, local = ctypes.create_string_buffer(8), ctypes.create_string_buffer(16)
    vector = struct.pack("QQ", ctypes.addressof(one), 8)
    there = struct.pack("QQ", 0x1000, 8)
    # Memory that is not there: EFAULT says that it was looked for.
    for name, number in {"process_vm_readv": 310, "process_vm_writev": 311}.items():
        try:
            call(number, pid, vector, 1, there, 1, 0)
            print(name)
        except OSError as error:
            if error.errno == 14:
                print(name)
    del local
    tries("pidfd_getfd", lambda: call(438, os.pidfd_open(pid), 0, 0))
    tries("kcmp", call, 312, os.getpid(), pid, 0, 0, 0)
    for name in ("environ", "cmdline", "maps", "mem", "status", "stat", "root/etc/passwd", "cwd/file", "fd/0", "exe"):
        tries("/proc " + name, os.open, "/proc/%d/%s" % (pid, name), os.O_RDONLY)
    for name in ("oom_score_adj", "comm", "mem", "autogroup", "clear_refs"):
        tries("write /proc " + name, os.open, "/proc/%d/%s" % (pid, name), os.O_WRONLY)
    tries("list /proc", os.listdir, "/proc")
    for name in ("keys", "net/unix", "mounts", "sys/kernel/core_pattern"):
        tries("/proc/" + name, os.open, "/proc/thread-self/" + name if "/" not in name else "/proc/" + name, os.O_WRONLY)


def limits(pid, confined=None):
    pid = int(pid)
    tries("prlimit", resource.prlimit, pid, resource.RLIMIT_CORE, (0, resource.RLIM_INFINITY))
    tries("sched_setaffinity", os.sched_setaffinity, pid, os.sched_getaffinity(0))
    tries("sched_setscheduler", os.sched_setscheduler, pid, os.SCHED_BATCH, os.sched_param(0))
    tries("sched_setparam", os.sched_setparam, pid, os.sched_param(0))
    tries("sched_setattr", call, 314, pid, struct.pack("IIQiIQQQ", 48, 3, 0, 5, 0, 0, 0, 0), 0)
    tries("setpriority", os.setpriority, os.PRIO_PROCESS, pid, 19)
    tries("setpriority of a group", os.setpriority, os.PRIO_PGRP, pid, 19)
    tries("ioprio_set", call, 251, 1, pid, 3 << 13)
    if confined:  # else it would be for others of the user too
        tries("setpriority of the user", os.setpriority, os.PRIO_USER, 0, 19)
        tries("ioprio_set of the user", call, 251, 3, os.getuid(), 3 << 13)
    # Of itself, which is its own affair.
    os.setpriority(os.PRIO_PROCESS, 0, 19)
    os.sched_setaffinity(0, os.sched_getaffinity(0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


def sockets(path, abstract, port):
    unix = lambda kind: socket.socket(socket.AF_UNIX, kind)
    tries("stream by path", lambda: unix(socket.SOCK_STREAM).connect(path))
    tries("abstract", lambda: unix(socket.SOCK_STREAM).connect("\0" + abstract))
    tries("datagram by path", lambda: unix(socket.SOCK_DGRAM).sendto(b"x", path + ".d"))
    for name, kind in {"datagram pair": socket.SOCK_DGRAM, "raw pair": socket.SOCK_RAW}.items():
        tries(name, lambda k=kind: socket.socketpair(socket.AF_UNIX, k)[0].sendto(b"x", path + ".d"))
    tries("stream pair", lambda: socket.socketpair()[0].connect(path))
    tries("seqpacket pair", lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)[0].connect(path))
    if not port:
        return
    tries("TCP", lambda: socket.create_connection(("127.0.0.1", int(port))))
    tries("UDP", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", int(port))))
    tries("netlink", lambda: socket.socket(16, socket.SOCK_RAW, 0))
    tries("io_uring", call, 425, 8, ctypes.create_string_buffer(512))
    # What was handed in.
    tries("handed in", lambda: socket.socket(fileno=os.dup(0)).connect(("127.0.0.1", int(port))))


def ipc(key, queue):
    tries("shmget", call, 29, int(key), 64, 0)
    tries("semget", call, 64, int(key), 1, 0o1000 | 0o600)
    tries("msgget", call, 68, int(key), 0o1000 | 0o600)
    for name, number in {"shmat": 30, "shmctl": 31, "semctl": 66}.items():
        try:
            call(number, 0, 0, 2, b"\0" * 256)
            print(name)
        except OSError as error:
            if error.errno != 38:
                print(name)
    tries("mq_open", call, 240, ctypes.c_char_p(queue.encode()), os.O_RDONLY, 0, None)
    for name in ("add_key", "request_key", "keyctl"):
        try:
            call({"add_key": 248, "request_key": 249, "keyctl": 250}[name], 0, -3, 0, 0, 0)
            print(name)
        except OSError as error:
            if error.errno != 38:
                print(name)
    tries("/dev/shm", os.open, "/dev/shm", os.O_RDONLY)


def watching(path):
    tries("inotify", lambda: call(254, call(294, 0), ctypes.c_char_p(path.encode()), 0xFFF))
    tries("inotify, the older", lambda: call(254, call(253), ctypes.c_char_p(path.encode()), 0xFFF))
    tries("fanotify", call, 300, 0x200, 0)
    tries("handle", call, 303, AT_FDCWD, ctypes.c_char_p(path.encode()), struct.pack("Ii", 128, 0) + b"\0" * 128, b"\0" * 8, 0)


def another_root(victim):
    """A root in a user namespace of one's own, in which names that pid 1 is told mean other things."""
    os.makedirs("root" + os.getcwd())
    if libc.unshare(0x10000000) != 0:
        return
    print("(namespace)")
    tries("chroot", os.chroot, "root")
    tries("setns", call, 308, os.open("/proc/self/ns/user", os.O_RDONLY), 0)
    tries("mount", call, 165, b"none\0", os.getcwd().encode() + b"\0", b"tmpfs\0", 0, None)


def terminal():
    """Of others of the caller's, with whom we share /dev/pts."""
    for name in os.environ["TERMINALS"].split():
        tries("open " + name, os.open, name, os.O_RDWR | os.O_NOCTTY)
    tries("list", os.listdir, "/dev/pts")
    tries("another", os.open, "/dev/ptmx", os.O_RDWR | os.O_NOCTTY)
    tries("own", os.open, "/dev/tty", os.O_RDWR | os.O_NOCTTY)
    tries("own by its name", os.open, os.ttyname(0), os.O_RDWR | os.O_NOCTTY)


# --- what tries to stay ------------------------------------------------------------------------------


def hop(end):
    """Never in one process for long."""
    while time.time() < end:
        if os.fork():
            os._exit(0)
    os._exit(0)


def stay(seconds):
    """A daemon, one that takes orphans for itself, a few that hop from process to process, a tree, one that heeds nothing."""
    end = time.time() + float(seconds)
    settled, say = os.pipe()
    for _ in range(3):
        if os.fork() == 0:
            os.setsid()
            os.write(say, b"x")
            hop(end)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.setsid()
            os.write(say, b"x")
            time.sleep(float(seconds))
        os._exit(0)
    if os.fork() == 0:
        os.setsid()
        libc.prctl(36, 1, 0, 0, 0)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        os.write(say, b"x")
        while time.time() < end:
            if os.fork() == 0:
                os.setsid()
                os.fork()
                time.sleep(0.01)
                os._exit(0)
            time.sleep(0.001)
        os._exit(0)
    if os.fork() == 0:
        for number in range(1, 65):
            if number not in (9, 19, 32, 33):
                signal.signal(number, signal.SIG_IGN)
        for _ in range(4):
            os.fork()
            os.setpgid(0, 0)
        os.write(say, b"x")
        time.sleep(float(seconds))
        os._exit(0)
    for _ in range(3 + 1 + 1 + 16):
        os.read(settled, 1)
    print("there", flush=True)
    if len(sys.argv) > 3:
        time.sleep(float(seconds))


if __name__ == "__main__":
    case = globals()[sys.argv[1]]
    case(*sys.argv[2 : 2 + case.__code__.co_argcount])
