#!/bin/bash
# image.sh -- unpacking an image of 200 MB beside podman, in one interleaved run.
#
# The same local OCI layout is taken into an empty store by `joist import` and by
# `podman pull oci:DIR`, turn by turn; what is measured is wall time until the
# program has ended, with all of it unpacked.  Prints minimum, median and processor
# time, then the target as a ratio of minimums (ours must be at most 0.5), and writes
# build/bench/image.json.
#
# The image is made of this host's own files, in BENCH_LAYERS (4) layers of together
# BENCH_MB (200) megabytes.  Environment: BENCH_ROUNDS (5), BENCH_COMPRESS (gzip, zstd).
set -eu
cd "$(dirname "$0")/.."
build=${JOIST_BUILD:-$PWD/build}
rounds=${BENCH_ROUNDS:-5} layers=${BENCH_LAYERS:-4} mb=${BENCH_MB:-200} how=${BENCH_COMPRESS:-gzip}
program=$build/libexec/joist-image
out=$build/bench
[ "$(id -u)" = 0 ] || { echo "bench/image.sh: skipped: needs root"; exit 0; }
[ -x "$program" ] || { echo "bench/image.sh: skipped: no $program"; exit 0; }
command -v python3 >/dev/null || { echo "bench/image.sh: skipped: no python3"; exit 0; }
# podman takes a path with a capital in it for a bad name.
W=${TMPDIR:-/var/tmp}/joist-bench-image-$$
mkdir -m 700 "$W"
trap 'rm -rf --one-file-system "$W"' EXIT
trap 'exit 130' INT TERM
mkdir -p "$out"

# -- an image of real files -----------------------------------------------------------
python3 - "$W/layout" "$layers" "$mb" "$how" <<'END'
import hashlib, io, json, os, subprocess, sys, tarfile
root, layers, mb, how = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) << 20, sys.argv[4]
os.makedirs(root + "/blobs/sha256")
def put(data, media):
    d = hashlib.sha256(data).hexdigest()
    with open(root + "/blobs/sha256/" + d, "wb") as f:
        f.write(data)
    return {"mediaType": media, "digest": "sha256:" + d, "size": len(data)}
files = []
for top in ("/usr/lib/python3", "/usr/lib/python3.11", "/usr/share/perl", "/usr/share/doc", "/usr/include",
            "/usr/bin", "/usr/sbin", "/usr/lib/x86_64-linux-gnu", "/usr/lib/gcc", "/usr/share", "/usr/lib"):
    for folder, folders, names in os.walk(top):
        folders.sort()
        files += [os.path.join(folder, n) for n in sorted(names)]
descs, diffs, seen, i, total = [], [], set(), 0, 0
for k in range(layers):
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as t:
        while raw.tell() < mb // layers and i < len(files):
            f, i = files[i], i + 1
            if f in seen or not (os.path.isfile(f) or os.path.islink(f)):
                continue
            seen.add(f)
            t.add(f, recursive=False)
            total += 1
    data = raw.getvalue()
    diffs.append("sha256:" + hashlib.sha256(data).hexdigest())
    packed = subprocess.run([how, "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout
    descs.append(put(packed, "application/vnd.oci.image.layer.v1.tar+" + how))
config = put(json.dumps({"os": "linux", "architecture": "amd64", "config": {},
    "rootfs": {"type": "layers", "diff_ids": diffs}}).encode(), "application/vnd.oci.image.config.v1+json")
kind = "application/vnd.oci.image.manifest.v1+json"
m = put(json.dumps({"schemaVersion": 2, "mediaType": kind, "config": config, "layers": descs}).encode(), kind)
m["annotations"] = {"org.opencontainers.image.ref.name": "bench"}
json.dump({"schemaVersion": 2, "manifests": [m]}, open(root + "/index.json", "w"))
open(root + "/oci-layout", "w").write('{"imageLayoutVersion":"1.0.0"}')
print("image: %d files, %.0f MB in %d layers, %.0f MB as %s" % (total, mb / 1048576, layers,
      sum(d["size"] for d in descs) / 1048576, how))
END

# -- the runs --------------------------------------------------------------------------
ours() { "$program" --root "$W/store" -q import "oci:$W/layout:bench" bench >/dev/null; }
podman_pull() {
	podman --root "$W/pod" --runroot "$W/podrun" --storage-driver overlay pull -q "oci:$W/layout:bench" >/dev/null
}
peers=joist
if command -v podman >/dev/null && podman_pull 2>"$W/why"; then
	peers="$peers podman"
else
	echo "bench/image.sh: podman does not run here: skipped ($(head -n 1 "$W/why" 2>/dev/null || echo 'not on PATH'))"
fi
forget() {
	rm -rf "$W/store" "$W/podrun"
	[ ! -d "$W/pod" ] || podman --root "$W/pod" --runroot "$W/podrun" --storage-driver overlay rmi -af >/dev/null 2>&1 || :
	rm -rf "$W/pod" "$W/podrun"
	sync
}
forget
for round in $(seq "$rounds"); do
	for peer in $peers; do
		run=ours
		[ "$peer" = joist ] || run=podman_pull
		TIMEFORMAT="%R %U %S"
		printf '%s ' "$peer" >>"$W/times"
		{ time $run 2>"$W/err" || { cat "$W/err"; exit 1; }; } 2>>"$W/times"
		forget
	done
	printf '\rround %s of %s' "$round" "$rounds" >&2
done
printf '\r\033[K' >&2

python3 - "$W/times" "$out/image.json" <<'END'
import json, statistics, sys
rows = {}
for line in open(sys.argv[1]):
    name, wall, user, system = line.split()
    rows.setdefault(name, []).append((float(wall), float(user) + float(system)))
result = {"rows": {}, "targets": []}
print("%-10s %10s %10s %10s" % ("", "minimum", "median", "processor"))
for name, runs in rows.items():
    wall = [r[0] for r in runs]
    row = {"min": min(wall), "median": statistics.median(wall), "cpu": min(r[1] for r in runs)}
    result["rows"][name] = row
    print("%-10s %9.3fs %9.3fs %9.3fs" % (name, row["min"], row["median"], row["cpu"]))
if "podman" in rows:
    ratio = result["rows"]["joist"]["min"] / result["rows"]["podman"]["min"]
    result["targets"].append({"name": "unpack/podman", "ratio": ratio, "most": 0.5, "met": ratio <= 0.5})
    print("unpack: %.2f of podman (target: at most 0.50) %s" % (ratio, "met" if ratio <= 0.5 else "MISSED"))
json.dump(result, open(sys.argv[2], "w"), indent=1)
END
