"""api.py WORK OUT -- what bench/api.sh runs and prints."""
import glob, json, os, shutil, statistics, subprocess, sys

work, out = sys.argv[1:3]
rounds = int(os.environ.get("BENCH_ROUNDS", "5"))
win, lin = os.path.join(work, "win"), os.path.join(work, "lin")
engines = {"joist": ["joist", "run", "--rm", "--net", "host"]}
if shutil.which("wine"):
    engines["wine"] = ["wine"]

# row of winbench: most that it may take, beside linbench's row of the same name or in ns
TARGETS = {
    "event_set_wait_uncontended": ("ns", 60), "mutex_wait_release": ("ns", 60),
    "thread_create_join": ("native", 1.5), "file_open_close_existing": ("native", 2),
    "iocp_post_get": ("ns", 500), "createprocess_tiny_wait": ("ns", 2e6),
    "socket_echo_blocking": ("native", 1.3), "socket_echo_iocp": ("native", 1.3),
    "heap_alloc_free": ("native", 2), "malloc_free_msvcrt": ("native", 2),
}
TESTS = "time heap file open rw find event thread proc reg sock vm exc pipe".split()


def rows(argv, cwd, test, into):
    folder = os.path.join(work, "run")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(cwd, folder)
    try:
        r = subprocess.run(argv + [test], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, timeout=120)
    except subprocess.TimeoutExpired:
        return "took more than 120 s"
    for line in r.stdout.decode(errors="replace").split("\n"):
        part = line.strip().split("\t")
        if len(part) >= 2:
            try:
                into.setdefault(part[0], []).append(float(part[1]))
            except ValueError:
                pass
    return None if r.returncode == 0 else (r.stderr.decode(errors="replace").strip() or f"status {r.returncode}")


table, wrong = {e: {} for e in ["native", *engines]}, {}
for _ in range(rounds):
    for test in TESTS:
        rows([os.path.join(work, "run", "linbench")], lin, test, table["native"])
        for e, argv in engines.items():
            bad = rows(argv + [os.path.join(work, "run", "winbench.exe")], win, test, table[e])
            if bad:
                wrong[f"{e} {test}"] = bad
print(f"{'nanoseconds, minimum (median)':34}{'native':>20}" + "".join(f"{e:>20}{'to native':>10}" for e in engines))
names = list(dict.fromkeys(n for e in engines for n in table[e]))
for name in names:
    native = table["native"].get(name)
    row = f"{name:34}" + (f"{min(native):11.0f} ({statistics.median(native):.0f})".rjust(20) if native else " " * 20)
    for e in engines:
        v = table[e].get(name)
        row += f"{min(v):11.0f} ({statistics.median(v):.0f})".rjust(20) if v else " " * 20
        row += f"{min(v) / min(native):10.2f}" if v and native else " " * 10
    kind, most = TARGETS.get(name, (None, None))
    v = table["joist"].get(name)
    if kind and v:
        figure = min(v) if kind == "ns" else min(v) / min(native) if native else None
        if figure is not None:
            row += f"   target {most:g}{' ns' if kind == 'ns' else ''}: {'met' if figure <= most else 'missed'}"
    print(row)
for what, why in wrong.items():
    print(f"{what}: {why.splitlines()[0]}")

# -- whole processes: start and memory -----------------------------------------------------
list_file = os.path.join(work, "rows")
commands = {"native hello (static)": f"{lin}/hello", "joist hello": f"joist run --rm {win}/hello.exe",
            "joist hello without C library": f"joist run --rm {win}/hello_nocrt.exe"}
if "wine" in engines:
    commands["wine hello"] = f"wine {win}/hello.exe"
cache = os.environ.get("JOIST_PROGRAMS", os.path.expanduser("~/.cache/joist-programs"))
big = {}
for exe in glob.glob(f"{cache}/@biomejs__cli-win32-x64@*/biome.exe"):
    big["joist biome --version"] = f"joist run --rm {exe} --version"
    version = exe.split("@")[-1].split("/")[0]
    for native in glob.glob(f"{cache}/@biomejs__cli-linux-x64@{version}/biome"):
        big["native biome --version"] = f"{native} --version"
commands.update(big)
with open(list_file, "w") as f:
    for name, line in commands.items():
        f.write(f"{name}\t-\t{line}\n")
text = subprocess.run([os.path.join(out, "timer"), "-n", str(max(40, rounds)), list_file], cwd=work,
                      stdout=subprocess.PIPE, check=True).stdout.decode()
whole = {}
print(f"\n{'whole process':34}{'wall us, min (median)':>24}{'CPU us, min (median)':>24}{'peak KiB':>10}")
for line in text.strip().split("\n"):
    part = line.split("\t")
    name, figures = part[0], [float(x) for x in part[1:6]]
    whole[name] = figures
    print(f"{name:34}{figures[0]:14.0f} ({figures[1]:.0f}){figures[2]:17.0f} ({figures[3]:.0f}){figures[4]:10.0f}")


def target(name, figure, most, unit):
    print(f"{name:60}{figure:10.2f} {unit}  target {most:g}: {'met' if figure <= most else 'missed'}")


h, n = whole.get("joist hello"), whole.get("native hello (static)")
if h and n:
    target("hello: processor time", h[2] / 1000, 1.3, "ms")
    target("hello: wall clock beyond native", (h[0] - n[0]) / 1000, 1, "ms")
    target("hello: peak memory", h[4] / 1024, 4, "MiB")
if "native biome --version" in whole:
    target("biome --version: wall clock beyond native",
           (whole["joist biome --version"][0] - whole["native biome --version"][0]) / 1000, 2, "ms")
with open(os.path.join(out, "api.json"), "w") as f:
    json.dump({"rows": table, "whole": whole, "wrong": wrong}, f, indent=1)
