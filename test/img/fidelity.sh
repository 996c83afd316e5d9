# shellcheck shell=bash
# What a layer says is what is unpacked: owners, modes, times, links, holes,
# attributes, devices, whiteouts; and it survives export and import.
# timeout: 200
. "$(dirname "$0")/../lib.sh"
needs root
command -v python3 >/dev/null || skip_all "no python3"
program=$JOIST_LIBEXEC/joist-image
img() { "$program" --root "$JOIST_ROOT" "$@"; }

# A tarball with one of everything (python's tarfile, no program of ours).
python3 - "$W/all.tar" <<'END'
import io, os, struct, sys, tarfile
def add(t, name, kind=tarfile.REGTYPE, data=b"", pax=None, **more):
    i = tarfile.TarInfo(name)
    i.type, i.size, i.mode, i.mtime = kind, len(data), 0o644, 1000000000.25
    if kind == tarfile.DIRTYPE:
        i.mode = 0o755
    i.pax_headers = dict(pax or {})
    for k, v in more.items():
        setattr(i, k, v)
    t.addfile(i, io.BytesIO(data))
cap = struct.pack("<5I", 0x02000001, 1 << 10, 0, 0, 0)      # net_bind_service
acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *e) for e in (
    (1, 6, 0xffffffff), (2, 4, 1234), (4, 4, 0xffffffff), (16, 4, 0xffffffff), (32, 0, 0xffffffff)))
with tarfile.open(sys.argv[1], "w", format=tarfile.PAX_FORMAT) as t:
    add(t, "./", tarfile.DIRTYPE)
    add(t, "./plain", data=b"hello")
    add(t, "./owned", data=b"x", uid=1234, gid=5678)
    add(t, "./big-id", data=b"x", uid=4000000000, gid=3000000000)
    add(t, "./suid", data=b"x", uid=7, gid=8, mode=0o6755)
    add(t, "./sticky", tarfile.DIRTYPE, mode=0o1777)
    add(t, "./sgid", tarfile.DIRTYPE, mode=0o2775, gid=50)
    add(t, "./sgid/child", data=b"x")
    add(t, "./closed", tarfile.DIRTYPE, mode=0o500)
    add(t, "./closed/in", data=b"x", mode=0o400)
    add(t, "./link", tarfile.SYMTYPE, linkname="/absolute/../target", uid=9)
    add(t, "./hard", tarfile.LNKTYPE, linkname="./plain")
    add(t, "./hard-abs", tarfile.LNKTYPE, linkname="/plain")
    add(t, "./fifo", tarfile.FIFOTYPE)
    add(t, "./null", tarfile.CHRTYPE, devmajor=1, devminor=3, mode=0o666)
    add(t, "./disk", tarfile.BLKTYPE, devmajor=8, devminor=17)
    add(t, "./cap", data=b"x", uid=3, pax={"SCHILY.xattr.security.capability": cap.decode("utf-8", "surrogateescape")})
    add(t, "./acl", data=b"x", pax={"SCHILY.xattr.system.posix_acl_access": acl.decode("utf-8", "surrogateescape")})
    add(t, "./xattr", data=b"x", pax={"SCHILY.xattr.user.note": "text", "SCHILY.xattr.trusted.t": "t"})
    add(t, "./zeros", data=b"a" * 4096 + bytes(1 << 20) + b"b")
    add(t, "./e\u0301 NFD \u00e9 NFC", data=b"x")
    add(t, "./" + "long/" * 40 + "name", data=b"x")
    add(t, "./implied/by/name", data=b"x")
    add(t, "./twice", data=b"old")
    add(t, "./twice", data=b"new")
END
run img import "$W/all.tar" all
expect_status 0 || exit 1
fs=$(echo "$JOIST_ROOT"/layers/*/fs)

# is NAME WANTED FORMAT FILE: what stat says of it.
is() {
	local got
	got=$(stat -c "$3" "$fs/$4")
	[ "$got" = "$2" ] && ok "$1" || not_ok "$1: $got, expected $2"
}
is "contents" 5 %s plain
is "owner" 1234:5678 %u:%g owned
is "large owner" 4000000000:3000000000 %u:%g big-id
is "set-user-id" 6755:7:8 %a:%u:%g suid
is "sticky" 1777 %a sticky
is "set-group-id folder" 2775:50 %a:%g sgid
is "a child of it" 644:0 %a:%g sgid/child
is "closed folder" 500 %a closed
is "time" 1000000000 %Y plain
is "time of a folder" 1000000000 %Y closed
is "nanoseconds" "2001-09-09 01:46:40.250000000 +0000" %y plain
is "owner of a link" 9 %u link
is "hard links" 3 %h plain
is "fifo" fifo %F fifo
is "device" "character special file 1:3" "%F %t:%T" null
is "block device" "8:11" "%t:%T" disk
is "implied folder" 755:0 %a:%u implied
is "replaced" 3 %s twice
[ "$(readlink "$fs/link")" = /absolute/../target ] && ok "link" || not_ok "link"
[ "$(cat "$fs/twice")" = new ] && ok "the later entry wins" || not_ok "the later entry wins"
[ "$(stat -c %b "$fs/zeros")" -lt 200 ] && [ "$(tail -c 1 "$fs/zeros")" = b ] && ok "zeros are holes" || not_ok "zeros: $(stat -c %b "$fs/zeros") blocks"
[ -e "$fs/"$'e\u0301 NFD \u00e9 NFC' ] && ok "names are bytes" || not_ok "names: $(ls "$fs")"
python3 - "$fs" <<'END' && ok "attributes" || not_ok "attributes"
import os, sys
fs = sys.argv[1]
get = lambda n, k: os.getxattr(fs + "/" + n, k)
assert get("cap", "security.capability")[4:8] == b"\x00\x04\x00\x00"
assert get("xattr", "user.note") == b"text" and get("xattr", "trusted.t") == b"t"
assert b"\xd2\x04\x00\x00" in get("acl", "system.posix_acl_access")
END

# Through every form and back, nothing changes.
fingerprint() {
	(cd "$1" && find . -printf '%p %y %m %U %G %T@ %n %l\n' | grep -Ev '^./(implied|long)' | sort && getfattr -dRhm - . 2>/dev/null | sort)
}
want=$(fingerprint "$fs")
img -q export -o "$W/a.oci" all && img -q export --format docker -o "$W/a.docker" all && img -q export --format oci-dir -o "$W/a.dir" all || not_ok "export"
for form in a.oci a.docker a.dir; do
	rm -rf "$W/back"
	run "$program" --root "$W/back" import "$W/$form"
	expect_status 0 "$form" || continue
	[ "$(fingerprint "$W"/back/layers/*/fs)" = "$want" ] && ok "$form and back" || not_ok "$form and back: $(diff <(fingerprint "$W"/back/layers/*/fs) <(echo "$want") | head -n 5)"
done
cp -a "$fs" "$W/folder"
rm -rf "$W/back"
run "$program" --root "$W/back" import "$W/folder" folder
expect_status 0 && [ "$(fingerprint "$W"/back/layers/*/fs)" = "$want" ] && ok "a folder" || not_ok "a folder: $(diff <(fingerprint "$W"/back/layers/*/fs) <(echo "$want") | head -n 5)"
gzip -k "$W/all.tar" && xz -k "$W/all.tar" && zstd -qk "$W/all.tar" 2>/dev/null
for f in "$W"/all.tar.*; do
	rm -rf "$W/back"
	run "$program" --root "$W/back" import - piped:1 <"$f"
	"$program" --root "$W/back" import - piped:1 <"$f" >/dev/null 2>&1
	[ "$(fingerprint "$W"/back/layers/*/fs)" = "$want" ] && ok "${f##*.} from standard input" || not_ok "${f##*.} from standard input: $(diff <(fingerprint "$W"/back/layers/*/fs) <(echo "$want") | head -n 5)"
done

# -- whiteouts ---------------------------------------------------------------------------
rm -rf "$JOIST_ROOT"
mkdir -p "$W/lay/blobs/sha256"
python3 - "$W/lay" <<'END'
import gzip, hashlib, io, json, sys, tarfile
root = sys.argv[1]
def put(b):
    d = hashlib.sha256(b).hexdigest()
    open(root + "/blobs/sha256/" + d, "wb").write(b)
    return {"mediaType": "x", "digest": "sha256:" + d, "size": len(b)}
def layer(*names):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as t:
        for n in names:
            i = tarfile.TarInfo(n.rstrip("/"))
            i.mode = 0o644
            if n.endswith("/"):
                i.type, i.mode = tarfile.DIRTYPE, 0o755
            t.addfile(i)
    return out.getvalue()
raw = [layer("a/", "a/one", "a/two", "b/", "b/old", "c", "d/", "d/x", "e/", "e/x"),
       layer("a/.wh.one", "b/.wh..wh..opq", "b/new", ".wh.c", ".wh.d", "d/", "d/y", ".wh..wh.plnk", "e", "f/", ".wh.f")]
layers = [put(gzip.compress(r)) for r in raw]
config = put(json.dumps({"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers",
    "diff_ids": ["sha256:" + hashlib.sha256(r).hexdigest() for r in raw]}}).encode())
m = put(json.dumps({"schemaVersion": 2, "config": config, "layers": layers}).encode())
json.dump({"schemaVersion": 2, "manifests": [m]}, open(root + "/index.json", "w"))
open(root + "/oci-layout", "w").write('{"imageLayoutVersion":"1.0.0"}')
END
run img import "$W/lay" whiteouts
expect_status 0 || exit 1
ids=$(python3 - "$JOIST_ROOT" <<'END'
import json, sys
blob = lambda d: json.load(open(sys.argv[1] + "/images/blobs/sha256/" + d[7:]))
m = blob(json.load(open(sys.argv[1] + "/images/index.json"))["manifests"][0]["digest"])
print(",".join(d[7:] for d in blob(m["config"]["digest"])["rootfs"]["diff_ids"]))
END
)
mkdir -p "$JOIST_ROOT/machines/m/upper/b"
touch "$JOIST_ROOT/machines/m/upper/b/mine"
mknod "$JOIST_ROOT/machines/m/upper/e" c 0 0
echo '{"annotations":{"dev.joist.image.layers":"'"$ids"'"}}' >"$JOIST_ROOT/machines/m/config.json"
wanted='./ a/ a/two b/ b/mine b/new d/ d/y f/'
got=$(img export --machine m | tar tf - | sort | tr '\n' ' ')
[ "$got" = "$wanted " ] && ok "whiteouts, seen through overlayfs" || not_ok "whiteouts: $got"
img flatten --machine m
got=$(cd "$JOIST_ROOT/machines/m/flat" && find . -mindepth 1 \( -type d -printf '%P/\n' -o -printf '%P\n' \) | sort | tr '\n' ' ')
[ "./ $got" = "$wanted " ] && ok "whiteouts, copied" || not_ok "whiteouts, copied: $got"
