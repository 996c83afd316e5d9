#!/usr/bin/env python3
"""hostile.py DIR KIND -- write an OCI layout whose one layer is of that kind.

Prints nothing; the layout is DIR, its image has the tag "t".  The kinds are
the functions below whose names begin with "layer_".
"""
import gzip, hashlib, io, json, os, struct, sys, tarfile


def member(name, kind=tarfile.REGTYPE, data=b"", **more):
    t = tarfile.TarInfo(name)
    t.type = kind
    t.size = len(data)
    t.mode = 0o755 if kind == tarfile.DIRTYPE else 0o644
    for k, v in more.items():
        setattr(t, k, v)
    return t, io.BytesIO(data)


def tar(*members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as t:
        for info, data in members:
            t.addfile(info, data)
    return out.getvalue()


def layer_dotdot():
    return tar(member("ok", data=b"x"), member("../escaped", data=b"x"))


def layer_dotdot_inside():
    return tar(member("a/../../escaped", data=b"x"))


def layer_absolute():
    return tar(member("/escaped", data=b"x"))


def layer_symlink():
    return tar(member("out", tarfile.SYMTYPE, linkname="/tmp"), member("out/escaped", data=b"x"))


def layer_symlink_relative():
    return tar(member("out", tarfile.SYMTYPE, linkname="../.."), member("out/escaped", data=b"x"))


def layer_symlink_chain():
    return tar(member("a", tarfile.SYMTYPE, linkname="."), member("a/b", tarfile.SYMTYPE, linkname=".."),
               member("b/../escaped", data=b"x"), member("a/b/escaped", data=b"x"))


def layer_symlink_swapped():
    """A folder that becomes a link while its descriptor may be kept."""
    return tar(member("d", tarfile.DIRTYPE), member("d/one", data=b"1"),
               member("d", tarfile.SYMTYPE, linkname="/tmp"), member("d/escaped", data=b"x"))


def layer_hardlink_out():
    return tar(member("h", tarfile.LNKTYPE, linkname="../../../../etc/passwd"))


def layer_hardlink_through():
    return tar(member("out", tarfile.SYMTYPE, linkname="/etc"),
               member("h", tarfile.LNKTYPE, linkname="out/passwd"))


def layer_write_through_link():
    """The link is replaced, not followed."""
    return tar(member("f", tarfile.SYMTYPE, linkname="/tmp/escaped"), member("f", data=b"x"))


def layer_whiteout_dotdot():
    return tar(member("d", tarfile.DIRTYPE), member("d/.wh...", data=b""))


def layer_devices():
    return tar(*[member("dev/n%d" % i, tarfile.CHRTYPE, devmajor=1, devminor=3) for i in range(5000)])


def layer_deep():
    return tar(member("/".join(["d"] * 1500), tarfile.DIRTYPE))


def layer_long():
    return tar(member("n" * 300, data=b"x"))


def layer_xattrs():
    t, d = member("f", data=b"x")
    t.pax_headers = {"SCHILY.xattr.user.n%d" % i: "v" * 1000 for i in range(300)}
    return tar((t, d))


def layer_overlay_mark():
    """A mark of overlayfs that would show files of other folders."""
    t, d = member("d", tarfile.DIRTYPE)
    t.pax_headers = {"SCHILY.xattr.trusted.overlay.redirect": "/secret",
                     "SCHILY.xattr.user.overlay.redirect": "/secret"}
    return tar((t, d))


def layer_sparse():
    """A file of 4 EiB that is all hole (GNU sparse 1.0)."""
    size = 1 << 62
    t, d = member("GNUSparseFile.0/huge", data=b"1\n%d\n0\n".ljust(512, b"\0") % size)
    t.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "huge",
                     "GNU.sparse.realsize": str(size)}
    return tar((t, d))


def layer_truncated():
    return tar(member("f", data=b"x" * 100000))[:50000]


def layer_noise():
    return bytes((i * 7 + 3) % 256 for i in range(4096))


def layer_zeros():
    """3 GiB of zeros in a few megabytes."""
    return None


def zeros_gzip():
    head = tarfile.TarInfo("zeros")
    head.size = 3 << 30
    out = io.BytesIO()
    h = hashlib.sha256()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=1) as z:
        for block in [head.tobuf()] + [bytes(1 << 20)] * (3 << 10) + [bytes(1024)]:
            z.write(block)
            h.update(block)
    return out.getvalue(), h.hexdigest()


def put(root, data):
    digest = hashlib.sha256(data).hexdigest()
    with open(os.path.join(root, "blobs/sha256", digest), "wb") as f:
        f.write(data)
    return "sha256:" + digest, len(data)


def main():
    root, kind = sys.argv[1:]
    os.makedirs(os.path.join(root, "blobs/sha256"), exist_ok=True)
    if kind == "zeros":
        blob, diff = zeros_gzip()
    else:
        raw = globals()["layer_" + kind]()
        blob, diff = gzip.compress(raw), hashlib.sha256(raw).hexdigest()
    layer, n = put(root, blob)
    config, k = put(root, json.dumps({
        "os": "linux", "architecture": "amd64", "config": {},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + diff]}}).encode())
    manifest, m = put(root, json.dumps({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": k},
        "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": layer,
                    "size": n}]}).encode())
    with open(os.path.join(root, "index.json"), "w") as f:
        json.dump({"schemaVersion": 2, "manifests": [
            {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": manifest, "size": m,
             "annotations": {"org.opencontainers.image.ref.name": "t"}}]}, f)
    with open(os.path.join(root, "oci-layout"), "w") as f:
        f.write('{"imageLayoutVersion":"1.0.0"}')


main()
