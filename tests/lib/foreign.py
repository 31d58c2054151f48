#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""libpin through ctypes, without a compiler and without anything of the header but
the numbers.

foreign.py LIBRARY HEADER words   every declared function is there; what needs no module
foreign.py LIBRARY HEADER pin     pins, copies, lists, is refused, with the module
"""
import ctypes
import errno
import mmap
import re
import sys

U32, U64, PTR = ctypes.c_uint32, ctypes.c_uint64, ctypes.c_void_p
TEXT, INT, SIZE, SSIZE = ctypes.c_char_p, ctypes.c_int, ctypes.c_size_t, ctypes.c_ssize_t


class Library:
    """The functions used here, with their types; what returns an int is checked."""

    def __init__(self, path):
        self.dll = ctypes.CDLL(path)

    def call(self, result, name, *arguments):
        function = getattr(self.dll, "libpin_" + name)
        function.restype = result
        return function(*arguments)

    def done(self, name, *arguments):
        ret = self.call(INT, name, *arguments)
        if ret:
            raise OSError(-ret, name)

    def text(self, name, *arguments):
        value = self.call(TEXT, name, *arguments)
        return value.decode() if value is not None else None


def declared(header):
    with open(header, encoding="ascii") as file:
        return sorted(set(re.findall(r"\b(libpin_[a-z0-9_]+)\(", re.sub(
            r"/\*.*?\*/", "", file.read(), flags=re.S))))


def words(pin, header):
    names = declared(header)
    assert len(names) > 100, names
    for name in names:
        getattr(pin.dll, name)
    reason = pin.call(U32, "reason_from_name", b"fsdax")
    assert reason == 4
    assert pin.text("reason_name", U32(reason)) == "fsdax"
    assert pin.call(INT, "reason_error", U32(reason)) == errno.EOPNOTSUPP
    assert pin.text("reason_name", U32(999)) is None
    for number in range(1, pin.call(U32, "reason_last") + 1):
        assert pin.text("reason_sentence", U32(number)).endswith(".")
        assert pin.call(SIZE, "reason_remedy_count", U32(number)) > 0
    remedy = PTR(pin.call(PTR, "reason_remedy_for", U32(reason), U32(1), SIZE(1)))
    assert "IBV_ACCESS_ON_DEMAND" in pin.text("remedy_text", remedy)
    ctx = PTR(1)
    ret = pin.call(INT, "context_open", ctypes.byref(ctx), b"/dev/null", INT(0))
    assert ret == -errno.ENOTTY and not ctx.value, (ret, ctx)


def request_for(pin, address, length):
    request = PTR()
    pin.done("request_new", ctypes.byref(request))
    pin.done("request_set_address", request, U64(address))
    pin.done("request_set_length", request, U64(length))
    pin.done("request_set_write", request, INT(1))
    return request


def pin_memory(pin, _header):
    ctx, made, refusal = PTR(), PTR(), PTR()
    length = 1 << 20
    memory = mmap.mmap(-1, length)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    pin.done("context_open", ctypes.byref(ctx), None, INT(1))
    request = request_for(pin, address, length)
    pin.done("pin_create", ctx, request, ctypes.byref(made), ctypes.byref(refusal))
    number = U64(pin.call(U64, "pin_id", made))
    assert number.value > 0
    assert pin.call(U64, "pin_pages", made) == length // mmap.PAGESIZE
    assert pin.call(SSIZE, "pin_write", ctx, number, U64(5000), b"device", SIZE(6)) == 6
    assert memory[5000:5006] == b"device"
    ids = PTR()
    pin.done("list_get", ctx, ctypes.byref(ids))
    assert pin.call(SIZE, "list_count", ids) == 1
    assert pin.call(U64, "list_id", ids, SIZE(0)) == number.value
    pin.call(None, "list_free", ids)
    pin.done("unpin", ctx, number)
    pin.call(None, "pin_free", made)
    # Nothing is mapped at the first page of an address space.
    pin.done("request_set_address", request, U64(0))
    ret = pin.call(INT, "pin_create", ctx, request, ctypes.byref(made), ctypes.byref(refusal))
    assert ret == -errno.EFAULT and not made.value and refusal.value
    assert pin.text("refusal_reason_name", refusal) == "hole"
    pin.call(None, "refusal_free", refusal)
    pin.call(None, "request_free", request)
    pin.call(None, "context_close", ctx)


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    {"words": words, "pin": pin_memory}[sys.argv[3]](Library(sys.argv[1]), sys.argv[2])


main()
