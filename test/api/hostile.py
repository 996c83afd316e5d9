"""hostile.py EXE FOLDER -- broken and hostile PE files, made of a good one.

Each is FOLDER/NAME.exe; its name says what is wrong with it.
"""
import os, struct, sys

good = open(sys.argv[1], "rb").read()
out = sys.argv[2]
pe = struct.unpack_from("<I", good, 0x3C)[0]
opt = pe + 24
nsec = struct.unpack_from("<H", good, pe + 6)[0]
sections = opt + struct.unpack_from("<H", good, pe + 20)[0]


def put(name, data):
    with open(os.path.join(out, name + ".exe"), "wb") as f:
        f.write(data)


def patch(name, *changes):
    b = bytearray(good)
    for at, fmt, value in changes:
        struct.pack_into(fmt, b, at, value)
    put(name, bytes(b))


put("empty", b"")
put("two_bytes", b"MZ")
for n in (64, pe, pe + 6, opt, opt + 100, sections + 20, 0x400, len(good) // 2):
    put("cut_%d" % n, good[:n])
patch("header_past_end", (0x3C, "<I", 0x7FFFFFF0))
patch("header_negative", (0x3C, "<I", 0xFFFFFFF8))
patch("no_sections", (pe + 6, "<H", 0))
patch("many_sections", (pe + 6, "<H", 0xFFFF))
patch("i386", (pe + 4, "<H", 0x14C))
patch("arm64", (pe + 4, "<H", 0xAA64))
patch("arm", (pe + 4, "<H", 0x1C4))
patch("optional_size", (pe + 20, "<H", 0xFFFF))
patch("optional_none", (pe + 20, "<H", 0))
patch("magic", (opt, "<H", 0x10B))
patch("entry_outside", (opt + 16, "<I", 0x7FFFFFFF))
patch("image_huge", (opt + 56, "<I", 0xFFFFF000))
patch("image_none", (opt + 56, "<I", 0))
patch("headers_huge", (opt + 60, "<I", 0xFFFFFFFF))
patch("align_zero", (opt + 32, "<I", 0))
patch("align_odd", (opt + 32, "<I", 0x1003))
patch("stack_huge", (opt + 72, "<Q", 1 << 60))
patch("imports_outside", (opt + 112 + 8, "<I", 0x7FFFFFF0))
patch("imports_in_headers", (opt + 112 + 8, "<I", 4))
patch("relocs_outside", (opt + 112 + 5 * 8, "<II".replace("II", "I"), 0x7FFFFFF0))
patch("tls_outside", (opt + 112 + 9 * 8, "<I", 0x7FFFFFF0), (opt + 112 + 9 * 8 + 4, "<I", 40))
patch("exception_outside", (opt + 112 + 3 * 8, "<I", 0x7FFFFFF0))
for k in range(min(nsec, 3)):
    s = sections + 40 * k
    patch("section%d_overlap" % k, (s + 12, "<I", 0x1000), (s + 8, "<I", 0x7FFFFFFF))
    patch("section%d_offset" % k, (s + 20, "<I", 0xFFFFFE00))
    patch("section%d_size" % k, (s + 16, "<I", 0xFFFFFFFF))
    patch("section%d_address" % k, (s + 12, "<I", 0xFFFFF000))
