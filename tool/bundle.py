#!/usr/bin/env python3
"""bundle.py ROOT COMMAND -- an OCI configuration for the benchmark, on stdout.

What `crun spec` and `runc spec` write by default (namespaces, mounts, masked and
read-only paths), with the default seccomp profile of the field when the host has
it in /usr/share/containers/seccomp.json, resolved for this processor and these
capabilities.
"""
import json
import os
import platform
import sys

CAPS = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_NET_BIND_SERVICE",
        "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT"]
PROFILE = "/usr/share/containers/seccomp.json"
ARCH = {"x86_64": ("amd64", "SCMP_ARCH_X86_64"), "aarch64": ("arm64", "SCMP_ARCH_AARCH64")}


def seccomp():
    if not os.path.exists(PROFILE) or platform.machine() not in ARCH:
        return None
    with open(PROFILE) as f:
        profile = json.load(f)
    arch, scmp = ARCH[platform.machine()]
    architectures = [scmp]
    for row in profile.get("archMap", []):
        if row["architecture"] == scmp:
            architectures += row.get("subArchitectures") or []
    syscalls = []
    for row in profile["syscalls"]:
        inc, exc = row.get("includes") or {}, row.get("excludes") or {}
        if inc.get("caps") and not set(inc["caps"]) <= set(CAPS):
            continue
        if exc.get("caps") and set(exc["caps"]) & set(CAPS):
            continue
        if inc.get("arches") and arch not in inc["arches"]:
            continue
        if exc.get("arches") and arch in exc["arches"]:
            continue
        one = {"names": row["names"], "action": row["action"]}
        if row.get("args"):
            one["args"] = row["args"]
        if row.get("errnoRet") is not None:
            one["errnoRet"] = row["errnoRet"]
        syscalls.append(one)
    return {"defaultAction": profile["defaultAction"], "defaultErrnoRet": 1,
            "architectures": architectures, "syscalls": syscalls}


def mount(dest, kind, source, *options):
    return {"destination": dest, "type": kind, "source": source, "options": list(options)}


def main():
    root, command = sys.argv[1], sys.argv[2].split()
    safe = ["nosuid", "noexec", "nodev"]
    config = {
        "ociVersion": "1.0.2",
        "process": {
            "user": {"uid": 0, "gid": 0}, "args": command, "cwd": "/",
            "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
            "capabilities": {k: CAPS for k in ("bounding", "effective", "permitted")},
            "noNewPrivileges": True,
        },
        "root": {"path": root},
        "hostname": "bench",
        "mounts": [
            mount("/proc", "proc", "proc"),
            mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
            mount("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666",
                  "mode=0620", "gid=5"),
            mount("/dev/shm", "tmpfs", "shm", *safe, "mode=1777", "size=65536k"),
            mount("/dev/mqueue", "mqueue", "mqueue", *safe),
            mount("/sys", "sysfs", "sysfs", *safe, "ro"),
        ],
        "linux": {
            "namespaces": [{"type": t} for t in ("pid", "network", "ipc", "uts", "mount", "cgroup")],
            "maskedPaths": ["/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
                            "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware",
                            "/proc/scsi"],
            "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
        },
    }
    profile = seccomp()
    if profile:
        config["linux"]["seccomp"] = profile
    json.dump(config, sys.stdout, indent=1)


main()
