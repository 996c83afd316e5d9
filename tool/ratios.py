#!/usr/bin/env python3
"""ratios.py RESULT JSON -- the table of bench/os.sh: times, ratios, targets."""
import json
import sys

# what, against whom, at most
TARGETS = [
    ("run", "crun", 0.5), ("run", "floor", 1.5), ("run", "runc", None), ("run", "bwrap", None),
    ("run-bundle", "run/crun", None), ("exec", "crun", 0.5), ("exec", "runc", None),
    ("ps", "empty", 1.6), ("version", "empty", 1.6), ("fifty", "crun", 0.45), ("fifty", "runc", None),
]


def main():
    rows = {}
    for line in open(sys.argv[1]):
        name, *numbers = line.rstrip("\n").split("\t")
        wall_min, wall_med, cpu_min, cpu_med, rss, bad = map(int, numbers)
        rows[name] = {"wall_min_us": wall_min, "wall_median_us": wall_med, "cpu_min_us": cpu_min,
                      "cpu_median_us": cpu_med, "rss_kib": rss, "failed": bad}
    print(f"{'':22}{'wall min':>11}{'median':>11}{'cpu min':>11}{'median':>11}{'rss':>9}")
    for name, r in rows.items():
        if name.startswith("resident"):
            continue
        print(f"{name:22}" + "".join(f"{r[k] / 1000:8.2f} ms" for k in
              ("wall_min_us", "wall_median_us", "cpu_min_us", "cpu_median_us")) +
              f"{r['rss_kib']:5} KiB" + (f"   {r['failed']} FAILED" if r["failed"] else ""))
    print(f"\n{'':36}{'minimum':>9}{'median':>9}{'target':>9}")
    ratios = []
    for what, peer, most in TARGETS:
        mine = rows.get(what + "/joist")
        other = rows.get(peer) or rows.get(f"{what}/{peer}")
        label = f"{what}: joist / {peer.split('/')[-1]}"
        if not mine or not other or not mine["wall_min_us"] or not other["wall_min_us"]:
            print(f"{label:36}  not measured")
            continue
        low = mine["wall_min_us"] / other["wall_min_us"]
        mid = mine["wall_median_us"] / other["wall_median_us"]
        say = "" if most is None else f"<= {most:4}   " + ("met" if low <= most else "MISSED")
        print(f"{label:36}{low:9.2f}{mid:9.2f}   {say}")
        ratios.append({"what": what, "peer": peer, "minimum": low, "median": mid, "target": most})
    for label, name, most in (("peak memory of run", "run/joist", 2048),
                              ("memory of a monitor", "resident/joist", 1536)):
        kib = rows.get(name, {}).get("rss_kib", 0)
        if kib:
            print(f"{label:36}{kib:5} KiB            <= {most} KiB   {'met' if kib <= most else 'MISSED'}")
            ratios.append({"what": label, "kib": kib, "target_kib": most})
        else:
            print(f"{label:36}  not measured")
    with open(sys.argv[2], "w") as f:
        json.dump({"rows": rows, "ratios": ratios}, f, indent=1)


main()
