"""x11_shm: shares memory with the X server by number, as programs do that draw much (MIT-SHM): says whether it can."""

import ctypes

from Xlib import display, error
from Xlib.protocol import rq

IPC_PRIVATE, IPC_RMID = 0, 0


class Attach(rq.Request):
    _request = rq.Struct(
        rq.Card8("opcode"), rq.Opcode(1), rq.RequestLength(), rq.Card32("segment"), rq.Card32("shmid"),
        rq.Bool("read_only"), rq.Pad(3),
    )


libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
server = display.Display()
extension = server.query_extension("MIT-SHM")
if not extension or not extension.present:
    print("no MIT-SHM")
else:
    memory = libc.shmget(IPC_PRIVATE, 4096, 0o600)
    assert memory >= 0 and libc.shmat(memory, None, 0) != ctypes.c_void_p(-1).value
    refused = error.CatchError()
    Attach(
        display=server.display, onerror=refused, opcode=extension.major_opcode,
        segment=server.display.allocate_resource_id(), shmid=memory, read_only=0,
    )
    server.sync()
    print(f"refused: {type(refused.get_error()).__name__}" if refused.get_error() else "shared")
    libc.shmctl(memory, IPC_RMID, None)
