# Which namespaces are a guest's own.
# needs: joist root

# test: all of its own
# run: for n in mnt pid net ipc uts cgroup; do test "$(joist run --rm $ROOTFS readlink /proc/self/ns/$n)" != "$(readlink /proc/self/ns/$n)" && echo $n; done
# expect: mnt
# expect: pid
# expect: net
# expect: ipc
# expect: uts
# expect: cgroup

# test: those of the host, when asked for
# run: for n in pid ipc uts; do test "$(joist run --rm --pid host --ipc host --uts host $ROOTFS readlink /proc/self/ns/$n)" = "$(readlink /proc/self/ns/$n)" && echo $n; done
# expect: pid
# expect: ipc
# expect: uts

# test: the cgroup namespace of the host
# run: test "$(joist run --rm --cgroupns host $ROOTFS readlink /proc/self/ns/cgroup)" = "$(readlink /proc/self/ns/cgroup)" && echo same
# expect: same

# test: a wrong word is refused
# run: joist run --rm --pid banana $ROOTFS true
# expect-status: 125
# expect-err: banana

# test: an init that reaps
# run: joist run --rm --init $ROOTFS sh -c 'echo $$; (sleep 0.1 &) ; sleep 0.4; ps -o stat | grep -c Z'
# expect-not: ^1$
# expect-has: ^0$
# expect-status: 1

# test: no network by default but the loopback
# run: joist run --rm --net none $ROOTFS sh -c 'ip -o link | cut -d: -f2; ping -c 1 -W 1 127.0.0.1 >/dev/null && echo up'
# expect:  lo
# expect: up

# test: the network of the host
# run: test "$(joist run --rm --net host $ROOTFS readlink /proc/self/ns/net)" = "$(readlink /proc/self/ns/net)" && echo same
# expect: same

# test: names in /etc/hosts, name servers in resolv.conf
# run: joist run --rm --add-host box:10.1.2.3 --dns 10.9.9.9 --dns-search example.test --net none $ROOTFS sh -c 'grep box /etc/hosts; cat /etc/resolv.conf'
# expect-has: ^10\.1\.2\.3[[:space:]]+box
# expect-has: ^nameserver 10\.9\.9\.9
# expect-has: ^search example\.test

# test: a cgroup of one's choice
# run: joist run --rm --cgroup-parent joist-test-parent --cgroupns host $ROOTFS cat /proc/self/cgroup; find /sys/fs/cgroup -maxdepth 3 -depth -type d -name joist-test-parent -exec rmdir {} + 2>/dev/null
# expect-has: joist-test-parent
# expect-not: No such

# test: a published port is part of the configuration
# run: joist create --name $N-port --net user --publish 127.0.0.1:18080:80 $ROOTFS true >/dev/null && joist inspect $N-port | grep -c 18080; joist rm $N-port >/dev/null
# expect-not: ^0$
