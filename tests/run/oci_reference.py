#!/usr/bin/python3
"""oci_reference: what libseccomp makes of a seccomp profile, beside what ours does.

    oci_reference.py COMPILER PROFILE [CAPABILITIES]

An independent reading of the profile (Python's json) goes into libseccomp, as engines do it, and both
programs are run in an interpreter over every number of the three architectures, and over arguments at
the edges of every condition. Ours may differ in these ways only, and never to the looser side:

- calls newer than all that the profile names answer ENOSYS, as do foreign architectures;
- of two rules about one call the strictest answers;
- of arguments that the kernel takes 32 bits of, 32 bits are compared (only those are tried here);
- socketcall and ipc of i386 do not lead around conditions.
"""
import ctypes
import errno
import json
import os
import struct
import subprocess
import sys
import tempfile

X86_64, X32, X86 = 0xC000003E, 0x4000003E, 0x40000003
AUDIT = {X86_64: 0xC000003E, X32: 0xC000003E, X86: 0x40000003}
ARCH = {"SCMP_ARCH_X86_64": X86_64, "SCMP_ARCH_X32": X32, "SCMP_ARCH_X86": X86}
OPS = {"NE": 1, "LT": 2, "LE": 3, "EQ": 4, "GE": 5, "GT": 6, "MASKED_EQ": 7}
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
RANK = [0x80000000, 0, 0x00030000, 0x00050000, 0x7FF00000, 0x7FFC0000, 0x7FFF0000]


class Arg(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


lib = ctypes.CDLL("libseccomp.so.2")
lib.seccomp_init.restype = ctypes.c_void_p
lib.seccomp_init.argtypes = [ctypes.c_uint32]
lib.seccomp_arch_add.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
lib.seccomp_attr_set.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_uint32]
lib.seccomp_rule_add_array.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint,
                                       ctypes.POINTER(Arg)]
lib.seccomp_syscall_resolve_name.argtypes = [ctypes.c_char_p]
lib.seccomp_syscall_resolve_name_arch.argtypes = [ctypes.c_uint32, ctypes.c_char_p]
lib.seccomp_export_bpf.argtypes = [ctypes.c_void_p, ctypes.c_int]


def action(name, number):
    name = name.removeprefix("SCMP_ACT_")
    return {"ALLOW": ALLOW, "ERRNO": ERRNO | (1 if number is None else number), "LOG": 0x7FFC0000,
            "KILL": 0, "KILL_THREAD": 0, "KILL_PROCESS": 0x80000000, "TRAP": 0x00030000,
            "TRACE": 0x7FF00000 | (1 if number is None else number)}[name]


def included(rule, caps):
    inc, exc = rule.get("includes") or {}, rule.get("excludes") or {}
    return (all(cap in caps for cap in inc.get("caps") or []) and
            not any(cap in caps for cap in exc.get("caps") or []) and
            (not inc.get("arches") or "amd64" in inc["arches"]) and
            "amd64" not in (exc.get("arches") or []))


def rules_of(profile, caps):
    for rule in profile.get("syscalls") or []:
        if not included(rule, caps):
            continue
        args = rule.get("args") or []
        for name in rule.get("names") or [rule["name"]]:
            yield name, action(rule["action"], rule.get("errnoRet")), [
                Arg(arg["index"], OPS[arg["op"].removeprefix("SCMP_CMP_")], arg["value"], arg.get("valueTwo") or 0)
                for arg in args]


def reference(profile, caps):
    default = action(profile["defaultAction"], profile.get("defaultErrnoRet"))
    context = lib.seccomp_init(default)
    lib.seccomp_attr_set(context, 2, ERRNO | errno.ENOSYS)  # other architectures
    arches = {X86_64}
    for entry in profile.get("archMap") or []:
        if entry["architecture"] == "SCMP_ARCH_X86_64":
            arches |= {ARCH[one] for one in entry["subArchitectures"] or [] if one in ARCH}
    arches |= {ARCH[one] for one in profile.get("architectures") or [] if one in ARCH}
    for arch in arches - {X86_64}:
        assert lib.seccomp_arch_add(context, arch) == 0
    for name, act, args in rules_of(profile, caps):
        number = lib.seccomp_syscall_resolve_name(name.encode())
        if number == -1 or act == default:
            continue
        # What libseccomp refuses to add (a call that some architecture lacks) engines pass over.
        lib.seccomp_rule_add_array(context, act, number, len(args), (Arg * max(len(args), 1))(*args))
    with tempfile.TemporaryFile() as out:
        assert lib.seccomp_export_bpf(context, out.fileno()) == 0
        out.seek(0)
        return decode(out.read()), arches, default


def decode(data):
    return list(struct.iter_unpack("=HBBI", data))


def run(code, number, audit, args):
    data = struct.pack("=iIQ6Q", number - (1 << 32) if number >> 31 else number, audit, 0, *args)
    words = struct.unpack("=16I", data)
    i = acc = 0
    while True:
        op, jt, jf, k = code[i]
        i += 1
        if op == 0x20:
            acc = words[k // 4]
        elif op == 0x54:
            acc &= k
        elif op == 0x06:
            return k
        elif op == 0x05:
            i += k
        elif op == 0x15:
            i += jt if acc == k else jf
        elif op == 0x35:
            i += jt if acc >= k else jf
        elif op == 0x25:
            i += jt if acc > k else jf
        elif op == 0x45:
            i += jt if acc & k else jf
        else:
            raise ValueError(hex(op))


def rank(answer):
    return RANK.index(answer & 0xFFFF0000)


def arguments(name, found):
    """No arguments, and each condition of a call at and around its values, with the others met."""
    yield [0] * 6
    for args in found.get(name, []):
        met = [0] * 6
        for one in args:
            met[one.arg] = one.b if one.op == 7 else one.a
        for one in args:
            values = {one.a, one.a + 1, one.a - 1, one.b, one.b | one.a, 0xFFFFFFFF, 0x80000000, 0, one.a ^ 1}
            for value in values:
                if 0 <= value < (1 << 64 if one.a >> 32 else 1 << 32):
                    yield met[:one.arg] + [value] + met[one.arg + 1:]


def main():
    compiler, path = sys.argv[1:3]
    caps = sys.argv[3].split(",") if len(sys.argv) > 3 and sys.argv[3] else []
    bits = {"CAP_SYS_ADMIN": 21, "CAP_SYS_PTRACE": 19, "CAP_SYS_CHROOT": 18, "CAP_BPF": 39, "CAP_AUDIT_WRITE": 29}
    with open(path, "rb") as profile:
        image = subprocess.run([compiler, path, f"{sum(1 << bits[cap] for cap in caps):x}"], stdin=profile,
                               check=True, capture_output=True).stdout
    with open(path, encoding="utf-8") as text:
        profile = json.load(text)
    length = struct.unpack("=I", image[16:20])[0]
    ours = decode(image[-8 * length:])
    theirs, arches, default = reference(profile, caps)
    found, newest = {}, {arch: 0 for arch in arches}
    for name, _, args in rules_of(profile, caps):
        found.setdefault(name, []).append(args)
    for rule in profile.get("syscalls") or []:
        for name in rule.get("names") or [rule["name"]]:
            for arch in arches:
                number = lib.seccomp_syscall_resolve_name_arch(arch, name.encode())
                newest[arch] = max(newest[arch], number)
    asked = strict = 0
    for arch in sorted(arches):
        for number in range(0, 512):
            number |= 0x40000000 if arch == X32 else 0
            lib.seccomp_syscall_resolve_num_arch.restype = ctypes.c_char_p
            name = (lib.seccomp_syscall_resolve_num_arch(arch, number) or b"").decode()
            for args in arguments(name, found):
                us, them = run(ours, number, AUDIT[arch], args), run(theirs, number, AUDIT[arch], args)
                asked += 1
                if us == them:
                    continue
                newer = number > newest[arch] and us == ERRNO | errno.ENOSYS and rank(them) <= rank(us)
                known_now = not name and us != default  # our own table of newer calls
                if newer or known_now:
                    continue
                if rank(us) > rank(them) or (rank(us) == rank(them) and us != them):
                    sys.exit(f"{name or number} {args} on {arch:#x}: ours {us:#x}, libseccomp's {them:#x}")
                print(f"stricter: {name} on {arch:#x}: ours {us:#x}, libseccomp's {them:#x}")
                strict += 1
    for audit, number in [(0xC00000B7, 0), (0, 0), (0xC000003E, 0x40000000 | 600), (0xC000003E, 600)]:
        if rank(run(ours, number, audit, [0] * 6)) > rank(ERRNO) and default != ALLOW:
            sys.exit(f"call {number} of {audit:#x} is not refused")
    print(f"asked {asked}, instructions {len(ours)} (libseccomp {len(theirs)}), stricter {strict}")


os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
main()
