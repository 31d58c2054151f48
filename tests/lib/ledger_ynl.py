#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""ledger_ynl.py YNL SPEC: the ledger as the kernel's own client has it from pin.yaml.

YNL is the folder tools/net/ynl of the kernel's source. Pins a page, is told of it by a
dump, by its id, in the sums and by events, has it taken away, and expects what libpin's
users would: names, not numbers.
"""
import ctypes
import fcntl
import mmap
import os
import struct
import sys

IOC_PIN, IOC_UNPIN, F_WRITE = 0x9B01, 0x9B02, 1
PIN = struct.Struct("=IIQQQQIIQQQQIIII")  # struct pin_pin of <pin/ioctl.h>
UNPIN = struct.Struct("=IIQ")
COOKIE = 0xC0FFEE


def expect(what, found, wanted):
    if found != wanted:
        sys.exit(f"{what}: {found!r}, expected {wanted!r}")


def pin(device, addr, length):
    request = bytearray(PIN.pack(PIN.size, F_WRITE, addr, length, COOKIE,
                                 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
    fcntl.ioctl(device, IOC_PIN, request)
    return PIN.unpack(request)[8]


def expect_pin(told, pin_id, addr):
    expect("id", told["id"], pin_id)
    expect("address", told["addr"], addr)
    expect("length", told["length"], mmap.PAGESIZE)
    expect("mode", told["mode"], "longterm")
    expect("state", told["state"], "live")
    expect("flags", told["flags"], {"write"})
    expect("cookie", told["cookie"], COOKIE)
    expect("references", told["references"], 1)
    expect("nodes", [node["pages"] for node in told["node"]], [1])
    expect("pid", told["pid"], os.getpid())


def expect_refused(ledger, error, *request):
    from lib import NlError
    try:
        ledger.do(*request)
    except NlError as refused:
        expect("errno", refused.nl_msg.error, -error)
        expect("words", "msg" in refused.nl_msg.extack, True)
        return
    sys.exit(f"{request} succeeds")


def main():
    sys.path.insert(0, sys.argv[1])
    from lib import YnlFamily
    ledger = YnlFamily(sys.argv[2], schema="")
    # One of its own: YNL of 6.12 fails at an event while it waits for an answer.
    listener = YnlFamily(sys.argv[2], schema="")
    listener.ntf_subscribe("events")

    device = os.open("/dev/pin", os.O_RDWR)
    memory = mmap.mmap(-1, mmap.PAGESIZE)
    addr = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    pin_id = pin(device, addr, mmap.PAGESIZE)

    expect_pin(ledger.do("pin-get", {"id": pin_id}), pin_id, addr)
    found = ledger.dump("pin-get", {"pid": os.getpid(), "mode": "longterm"})
    expect("pins found", len(found), 1)
    expect_pin(found[0], pin_id, addr)
    expect("pins of another mode", ledger.dump("pin-get", {"mode": "lease"}), [])
    contexts = [c for c in ledger.dump("context-get", {}) if c["id"] == found[0]["context"]]
    expect("pins of the context", [c["pins"] for c in contexts], [1])
    expect("pins in all", ledger.do("totals-get", {})["longterm-pins"], 1)
    expect_refused(ledger, 2, "pin-get", {"id": pin_id + 1})

    ledger.do("pin-release", {"id": pin_id})
    fcntl.ioctl(device, IOC_UNPIN, bytearray(UNPIN.pack(UNPIN.size, 0, pin_id)))
    expect_refused(ledger, 2, "pin-release", {"id": pin_id})
    listener.check_ntf()
    heard = [(event["name"], event["msg"]) for event in listener.async_msg_queue]
    expect("events", [name for name, _ in heard], ["pinned", "revoked", "unpinned"])
    expect_pin({**heard[0][1]["pin"], "node": found[0]["node"]}, pin_id, addr)
    expect("cause", heard[1][1]["cause"], "admin")
    expect("who forced it", heard[1][1]["admin-pid"], os.getpid())
    expect("sequence", [event["sequence"] for _, event in heard],
           [heard[0][1]["sequence"] + i for i in range(3)])
    revocations = ledger.do("totals-get", {})["revocation"]
    expect("revocations", {"cause": "admin", "count": 1} in revocations, True)


if __name__ == "__main__":
    main()
