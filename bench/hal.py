"""hal.py -- called by hal.sh: run, collect, print as it is known, write build/bench/hal.json."""
import functools, json, os, re, shutil, socket, statistics, subprocess, threading, time

print = functools.partial(print, flush=True)

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
    said = {}
    for m in re.finditer(r"@@E (\w+) ([0-9.]+)", out):
        said.setdefault(m[1], []).append(float(m[2]))
    return said


times = {who: {p: [] for p in parts} for who in runs}
for _ in range(rounds if parts else 0):
    for who, argv in runs.items():
        for part, seconds in run(argv).items():
            times[who][part] += seconds

if parts:
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
    # the guest's memory is the largest mapping there is
    sizes = []
    with open(f"/proc/{pid}/smaps") as f:
        for line in f:
            if m := re.match(r"(Size|Rss):\s+(\d+)", line):
                sizes.append(int(m[2]))
    pairs = list(zip(sizes[::2], sizes[1::2]))
    rss = sum(r for _, r in pairs)
    return (int(fields[11]) + int(fields[12])) / TICK, rss, state, rss - max(pairs)[1]


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
boot, _, first, _ = look()
wait_for("@@idle")
busy, rss, second, _ = look()
mips = (retired(second) - retired(first)) / max(busy - boot, 0.01) / 1e6
time.sleep(2)
before, _, _, _ = look()
time.sleep(10)
after, rss, _, beside = look()
joist("snapshot", "bench@s")
start = time.time()
joist("restore", "-f", "bench@s")
restored = time.time() - start

print(f"""
instructions a second (a shell's loop)   {mips:8.0f} million     target 150
CPU time to the first program            {boot:8.2f} s           target 8
idle, of one core                        {(after - before) * 10:8.2f} %           target 1
a snapshot goes on after                 {restored * 1000:8.0f} ms          target 60
resident beside the guest's memory       {beside / 1024:8.1f} MiB         target 12 (with it {rss / 1024:.0f})""")

# -- disk and network ------------------------------------------------------------------
# A disk of random bytes, all of it in the host's cache; a listener on the host's loopback,
# which passt and qemu's user network (slirp) show as the gateway.
DISK, SENT = 1 << 30, 512
with open(W + "/disk", "wb") as f:
    for _ in range(DISK >> 20):
        f.write(os.urandom(1 << 20))
listener = socket.create_server(("127.0.0.1", 0))


def drain():
    while True:
        peer, _ = listener.accept()
        while peer.recv(1 << 20):
            pass
        peer.send(b"!")
        peer.close()


threading.Thread(target=drain, daemon=True).start()
gateway = "$(route -n | sed -n 's/^0.0.0.0 *\\([0-9.]*\\).*/\\1/p')"
work = ("cd /bench; for i in 1 2 3; do ./hal_io read /dev/vda 4; ./hal_io random /dev/vda 3 64 2; "
        f"./hal_io send {gateway} {listener.getsockname()[1]} {SENT}; done")
io = {"joist": run(["joist", "run", "--rm", "-m", "512M", "--cpus", "2", "--net", "user", "--kernel", kernel, "--initrd", initrd,
                    "--disk", W + "/disk", "--append", "console=ttyS0 quiet panic=-1 run=" + work])}
if "qemu" in runs:
    io["qemu"] = run(["qemu-system-riscv64", "-M", "virt", "-m", "512M", "-smp", "2", "-nographic", "-no-reboot", "-bios", "default",
                      "-drive", f"file={W}/disk,format=raw,if=none,id=d,readonly=on", "-device", "virtio-blk-device,drive=d",
                      "-netdev", "user,id=n", "-device", "virtio-net-device,netdev=n",
                      "-kernel", kernel, "-initrd", initrd, "-append", "console=ttyS0 quiet panic=-1 run=" + work])


def measured(what):
    columns = ""
    for who in ("joist", "qemu"):
        t = io.get(who, {}).get(what)
        columns += f"{max(t):12.0f} {statistics.median(t):8.0f}" if t else f"{'-':>21}"
    return columns


print(f"""
                                         joist max      med    qemu max      med
disk, read from one end, MB/s           {measured("read")}    target 1000
disk, 4 KiB anywhere, reads a second    {measured("random")}    target 60000
network, guest to host, Mbit/s          {measured("send")}    target 2000""")
with open("build/bench/hal.json", "w") as f:
    json.dump({"times": times, "mips": mips, "boot": boot, "idle": after - before, "restore": restored, "rss": rss, "beside": beside, "io": io}, f)
