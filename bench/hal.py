"""hal.py -- called by hal.sh: run, collect, print, write build/bench/hal.json."""
import json, os, re, shutil, statistics, subprocess, time

W = os.environ["W"]
rounds = int(os.environ["rounds"])
parts = os.environ["parts"].split()
kernel, initrd = "build/guest/vmlinux", W + "/initrd.gz"
command = "console=ttyS0 quiet panic=-1 run=/bench/rvbench 1 " + " ".join(parts)
runs = {
    "native": [W + "/native", "1"] + parts,
    "joist": ["joist", "run", "--rm", "--kernel", kernel, "--initrd", initrd, "--append", command],
}
if shutil.which("qemu-system-riscv64"):
    runs["qemu"] = ["qemu-system-riscv64", "-M", "virt", "-m", "1G", "-nographic", "-no-reboot", "-bios", "default",
                    "-kernel", kernel, "-initrd", initrd, "-append", command]


def run(argv):
    out = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=1800).stdout
    return {m[1]: float(m[2]) for m in re.finditer(r"@@E (\w+) ([0-9.]+)", out)}


times = {who: {p: [] for p in parts} for who in runs}
for _ in range(rounds):
    for who, argv in runs.items():
        for part, seconds in run(argv).items():
            times[who][part].append(seconds)

print("part      " + "".join(f"{who:>10} min  med" for who in runs) + "   joist/native  joist/qemu")
for p in parts:
    row = f"{p:10}"
    for who in runs:
        t = times[who][p]
        row += f"{min(t):10.3f} {statistics.median(t):7.3f}" if t else f"{'-':>18}"
    for peer in ("native", "qemu"):
        t = times.get(peer, {}).get(p)
        row += f"{min(times['joist'][p]) / min(t):13.2f}" if t and times["joist"][p] else f"{'-':>13}"
    print(row)

# -- instructions, boot, idle, restore -----------------------------------------------
TICK = os.sysconf("SC_CLK_TCK")


def joist(*argv):
    return subprocess.run(["joist", *argv], capture_output=True, text=True).stdout


def look():
    state = json.loads(joist("inspect", "bench"))[0]
    pid = state["state"]["monitor"]
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    with open(f"/proc/{pid}/status") as f:
        rss = int(re.search(r"VmRSS:\s+(\d+)", f.read())[1])
    return (int(fields[11]) + int(fields[12])) / TICK, rss, state


def retired(state):
    text = json.dumps(state)
    return sum(int(n, 16) for n in re.findall(r'"instret": "(0x[0-9a-f]+)"', text))


def wait_for(word):
    end = time.time() + 600
    while word not in joist("logs", "bench") and time.time() < end:
        time.sleep(0.02)


loop = "i=0; while [ $i -lt 4000000 ]; do i=$((i+1)); done; echo @@idle; sleep 1000"
joist("run", "-d", "--name", "bench", "--kernel", kernel, "--initrd", initrd, "--append", "console=ttyS0 quiet run=" + loop)
wait_for("joist: ready")
boot, _, first = look()
wait_for("@@idle")
busy, rss, second = look()
mips = (retired(second) - retired(first)) / max(busy - boot, 0.01) / 1e6
time.sleep(2)
before, _, _ = look()
time.sleep(10)
after, rss, _ = look()
joist("snapshot", "bench@s")
joist("rm", "-f", "bench@none")
start = time.time()
joist("restore", "-f", "bench@s")
restored = time.time() - start
print(f"""
instructions a second (a shell's loop)   {mips:8.0f} million     target 150
CPU time to the first program            {boot:8.2f} s           target 8
idle, of one core                        {(after - before) * 10:8.2f} %           target 1
a snapshot goes on after                 {restored * 1000:8.0f} ms          target 60
resident memory                          {rss / 1024:8.1f} MiB, what the guest touched among it""")
with open("build/bench/hal.json", "w") as f:
    json.dump({"times": times, "mips": mips, "boot": boot, "idle": after - before, "restore": restored, "rss": rss}, f)
