#!/usr/bin/env python3
"""vnc.py -- a viewer for tests (RFC 6143): no more of the protocol than they need.

    vnc.py unix:PATH|HOST:PORT [--password TEXT] COMMAND...

One connection; the commands in their order:
    size                    print WIDTHxHEIGHT
    pixel X Y               print its colour, rrggbb, of a picture asked for whole
    await X Y COLOUR        go on with changes until it has that colour, 30 seconds at most
    key KEYSYM              press and let go, such as 0x61
    point X Y BUTTONS
"""
import socket
import struct
import subprocess
import sys
import time


class Viewer:
    def __init__(self, address, password):
        if address.startswith("unix:"):
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.connect(address[5:])
        else:
            host, port = address.rsplit(":", 1)
            self.sock = socket.create_connection((host, int(port)))
        self.sock.settimeout(30)
        if not self.take(12).startswith(b"RFB 003."):
            sys.exit("no RFB server")
        self.sock.sendall(b"RFB 003.008\n")
        kinds = self.take(self.take(1)[0])
        kind = 2 if password is not None else 1
        if kind not in kinds:
            sys.exit("the server has security types %s, not %d" % (list(kinds), kind))
        self.sock.sendall(bytes([kind]))
        if kind == 2:
            self.sock.sendall(answer(self.take(16), password))
        if self.number() != 0:
            sys.exit("refused: " + self.take(self.number()).decode())
        self.sock.sendall(b"\1")
        self.size(*struct.unpack(">HH", self.take(4)))
        self.take(16)
        self.take(self.number())
        # 32 bits a pixel, red in the third byte; encodings: raw, and the size may change
        self.sock.sendall(struct.pack(">Bxxx4B3H3Bxxx", 0, 32, 24, 0, 1, 255, 255, 255, 16, 8, 0))
        self.sock.sendall(struct.pack(">BxH2i", 2, 2, 0, -223))

    def take(self, n):
        data = b""
        while len(data) < n:
            more = self.sock.recv(n - len(data))
            if not more:
                sys.exit("the server closed the connection")
            data += more
        return data

    def number(self):
        return struct.unpack(">I", self.take(4))[0]

    def size(self, width, height):
        self.width, self.height = width, height
        self.pixels = bytearray(width * height * 4)

    def rectangle(self):
        x, y, w, h, encoding = struct.unpack(">4Hi", self.take(12))
        if encoding == -223:
            self.size(w, h)
            return True
        data = self.take(w * h * 4)
        for i in range(h):
            at = ((y + i) * self.width + x) * 4
            self.pixels[at:at + w * 4] = data[i * w * 4:(i + 1) * w * 4]
        return False

    def update(self, changes):
        """One answer; whole pictures come again when the size was another."""
        again = True
        while again:
            again = False
            self.sock.sendall(struct.pack(">BB4H", 3, changes, 0, 0, self.width, self.height))
            while True:
                kind = self.take(1)[0]
                if kind == 0:
                    break
                if kind == 3:
                    self.take(3)
                    self.take(self.number())
                elif kind != 2:
                    sys.exit("message %d of the server is not known" % kind)
            for _ in range(struct.unpack(">xH", self.take(3))[0]):
                again |= self.rectangle()

    def colour(self, x, y):
        at = (y * self.width + x) * 4
        return self.pixels[at:at + 3][::-1].hex()

    def key(self, keysym):
        for down in 1, 0:
            self.sock.sendall(struct.pack(">BBxxI", 4, down, keysym))

    def point(self, x, y, buttons):
        self.sock.sendall(struct.pack(">BBHH", 5, buttons, x, y))


def answer(challenge, password):
    """VNC authentication: DES under the password, each byte's bits the other way round."""
    key = password.encode()[:8].ljust(8, b"\0")
    key = "".join("%02x" % int("{:08b}".format(b)[::-1], 2) for b in key)
    # thrice the same key: what is left of 3DES is DES, which openssl has no longer
    return subprocess.run(["openssl", "enc", "-des-ede3", "-nopad", "-K", key * 3],
                          input=challenge, stdout=subprocess.PIPE, check=True).stdout


def main(args):
    address, password = args.pop(0), None
    if args[0] == "--password":
        password = args[1]
        del args[:2]
    viewer = Viewer(address, password)
    while args:
        command = args.pop(0)
        if command == "size":
            viewer.update(False)
            print("%dx%d" % (viewer.width, viewer.height))
        elif command == "pixel":
            x, y = int(args.pop(0)), int(args.pop(0))
            viewer.update(False)
            print(viewer.colour(x, y))
        elif command == "await":
            x, y, colour = int(args.pop(0)), int(args.pop(0)), args.pop(0)
            end = time.monotonic() + 30
            viewer.update(False)
            while viewer.colour(x, y) != colour:
                if time.monotonic() > end:
                    sys.exit("it stays " + viewer.colour(x, y))
                viewer.update(True)
            print(colour)
        elif command == "key":
            viewer.key(int(args.pop(0), 0))
        elif command == "point":
            viewer.point(int(args.pop(0)), int(args.pop(0)), int(args.pop(0)))
        else:
            sys.exit("no command " + command)
    # what was sent last is read before the connection ends
    viewer.update(False)


main(sys.argv[1:])
