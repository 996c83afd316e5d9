"""lang.py WORK OUT -- what bench/lang.sh runs and prints."""
import json, os, random, shutil, statistics, subprocess, sys

work, out = sys.argv[1:3]
rounds = int(os.environ.get("BENCH_ROUNDS", "3"))
node = os.path.join(work, "node.mjs")
with open(node, "w") as f:
    f.write("import {WASI} from 'node:wasi'; import {readFileSync} from 'node:fs';\n"
            "const w = new WASI({version: 'preview1', args: ['x']});\n"
            "const m = await WebAssembly.compile(readFileSync(process.argv[2]));\n"
            "const i = await WebAssembly.instantiate(m, w.getImportObject());\n"
            "process.exit(w.start(i));\n")
ENGINES = {
    "joist": ["joist", "run", "--rm", "-i", "MODULE"],
    "wasm3": ["wasm3", "MODULE"], "iwasm": ["iwasm", "MODULE"], "wasmtime": ["wasmtime", "MODULE"],
    "wasmedge": ["wasmedge", "MODULE"], "node": ["node", "--no-warnings", node, "MODULE"],
}
engines = {n: a for n, a in ENGINES.items() if shutil.which(a[0])}


def command(engine, module):
    return [module if a == "MODULE" else a for a in engines[engine]]


# -- programs --------------------------------------------------------------------------
def measured(argv):
    text = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True).stdout.decode()
    seconds, result = text[text.index("@E") + 2:].split()[:2]
    return float(seconds), result


programs = sorted(f[:-5] for f in os.listdir(work) if f.endswith(".wasm") and f != "hello.wasm")
table = {}
for p in programs:
    times, results = {}, {}
    for _ in range(rounds):
        for e in ["native"] + list(engines):
            argv = [os.path.join(work, p)] if e == "native" else command(e, os.path.join(work, p + ".wasm"))
            try:
                t, r = measured(argv)
            except (subprocess.CalledProcessError, ValueError):
                continue
            times.setdefault(e, []).append(t)
            results[e] = r
    if results["joist"] != results["native"]:
        sys.exit(f"bench/lang.sh: {p}: joist says {results['joist']}, native code {results['native']}")
    table[p] = times
names = list(engines)
print(f"{'times native, minimum (median)':32}" + "".join(f"{n:>18}" for n in names))
ratios = {n: [] for n in names}
for p, times in table.items():
    row = f"{p:32}"
    for n in names:
        if n not in times:
            row += f"{'failed':>18}"
            continue
        low = min(times[n]) / min(times["native"])
        mid = statistics.median(times[n]) / statistics.median(times["native"])
        ratios[n].append(low)
        row += f"{low:9.2f} ({mid:6.2f})"
    print(row)
mean = {n: statistics.geometric_mean(r) for n, r in ratios.items() if len(r) == len(table)}
print(f"{'geometric mean':32}" + "".join(f"{mean[n]:9.2f}         " if n in mean else f"{'-':>18}" for n in names))


# -- whole processes ---------------------------------------------------------------------
def leb(n):
    b = b""
    while n >= 128:
        b += bytes([n & 127 | 128])
        n >>= 7
    return b + bytes([n])


def section(i, body):
    return bytes([i]) + leb(len(body)) + body


def large(path, size):
    """Functions of a few hundred instructions such as compilers emit, and a main that returns."""
    r = random.Random(1)
    bodies, total = [b"\x02\x00\x0b"], 0
    while total < size:
        code = b"\x01\x06\x7f"
        for _ in range(r.randrange(20, 120)):
            a, b, c = (r.randrange(8) for _ in range(3))
            code += r.choice([
                bytes([0x20, a, 0x20, b, 0x6a, 0x21, c]),
                bytes([0x20, a, 0x28, 2]) + leb(r.randrange(4096)) + bytes([0x21, b]),
                bytes([0x20, a, 0x41]) + bytes([r.randrange(64)]) + bytes([0x71, 0x22, b, 0x45, 0x0d, 0]),
                bytes([0x20, a, 0x20, b, 0x36, 2]) + leb(r.randrange(512)),
                bytes([0x20, a, 0x20, b, 0x10]) + leb(1 + r.randrange(len(bodies))) + b"\x21" + bytes([c]),
                bytes([0x02, 0x40, 0x20, a, 0x0d, 0, 0x20, b, 0x41, 0x10, 0x74, 0x21, c, 0x0b]),
            ])
        # blocks: br_if 0 above leaves the block around the whole
        code = code[:3] + b"\x02\x40" + code[3:] + b"\x0b\x20\x00\x0b"
        bodies.append(leb(len(code)) + code)
        total += len(code)
    n = len(bodies)
    with open(path, "wb") as f:
        f.write(b"\0asm\1\0\0\0" + section(1, b"\2\x60\0\0\x60\2\x7f\x7f\1\x7f") +
                section(3, leb(n) + b"\0" + b"\1" * (n - 1)) + section(5, b"\1\0\1") +
                section(7, b"\2\6_start\0\0\6memory\2\0") + section(10, leb(n) + b"".join(bodies)))


wholes = {"hello": os.path.join(work, "hello.wasm")}
for mb in (20, 75):
    wholes[f"main of {mb} MB"] = os.path.join(work, f"large{mb}.wasm")
    large(wholes[f"main of {mb} MB"], mb << 20)
rows = os.path.join(work, "rows")
with open(rows, "w") as f:
    for w, path in wholes.items():
        for e in engines:
            f.write(f"{w}/{e}\t-\t{shutil.which(command(e, path)[0])} {' '.join(command(e, path)[1:])}\n")
    f.write(f"validate 75 MB/joist\t-\t{shutil.which('joist')} inspect {wholes['main of 75 MB']}\n")
text = subprocess.run([os.path.join(out, "timer"), "-n", str(max(7, rounds)), rows], stdout=subprocess.PIPE,
                      check=True).stdout.decode()
print(f"\n{'whole processes':32}{'cpu min':>12}{'median':>12}{'wall min':>12}{'peak':>12}")
wholes_table = {}
for line in text.splitlines():
    name, *numbers = line.split("\t")
    wall, _, cpu, cpu_mid, rss, bad = map(int, numbers)
    wholes_table[name] = {"wall_us": wall, "cpu_us": cpu, "cpu_median_us": cpu_mid, "rss_kib": rss, "failed": bad}
    print(f"{name:32}{cpu / 1000:9.2f} ms{cpu_mid / 1000:9.2f} ms{wall / 1000:9.2f} ms{rss:8} KiB" +
          (f"  {bad} FAILED" if bad else ""))

# -- targets --------------------------------------------------------------------------------
speed = 75 * 1.048576 / (wholes_table["validate 75 MB/joist"]["cpu_us"] / 1e6)
targets = [
    ("interpreter, geometric mean to native", mean["joist"], 12, "x"),
    ("hello: processor time", wholes_table["hello/joist"]["cpu_us"] / 1000, 1.5, " ms"),
    ("hello: peak memory", wholes_table["hello/joist"]["rss_kib"] / 1024, 3, " MiB"),
    ("20 MB to main", wholes_table["main of 20 MB/joist"]["cpu_us"] / 1000, 60, " ms"),
    ("75 MB to main", wholes_table["main of 75 MB/joist"]["cpu_us"] / 1000, 250, " ms"),
    ("reading and validating (at least)", -speed, -300, " MB/s"),
]
print()
for name, value, most, unit in targets:
    print(f"{name:40}{abs(value):9.2f}{unit}   target {abs(most)}{unit}   {'met' if value <= most else 'MISSED'}")
with open(os.path.join(out, "lang.json"), "w") as f:
    json.dump({"programs": table, "wholes": wholes_table, "geometric_mean": mean}, f, indent=1)
