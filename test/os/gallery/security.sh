# What a guest may do.
# needs: joist root

# test: the capabilities that the field gives by default
# run: joist run --rm $ROOTFS grep CapEff /proc/self/status
# expect-has: 00000000a80425fb

# test: one less, one more
# run: joist run --rm --cap-drop CHOWN --cap-add CAP_SYS_NICE $ROOTFS sh -c 'grep CapEff /proc/self/status; chown 1 /tmp 2>/dev/null || echo no chown'
# expect-has: 00000000a88425fa
# expect-has: ^no chown$

# test: none at all
# run: joist run --rm --cap-drop ALL $ROOTFS sh -c 'grep -E "Cap(Eff|Bnd|Prm|Inh|Amb)" /proc/self/status | cut -f2 | sort -u'
# expect: 0000000000000000

# test: an ordinary user has none in effect
# run: joist run --rm -u 1000 $ROOTFS sh -c 'grep -E "Cap(Eff|Prm|Amb)" /proc/self/status | cut -f2 | sort -u'
# expect: 0000000000000000

# test: a capability that does not exist
# run: joist run --rm --cap-add FLY $ROOTFS true
# expect-status: 125
# expect-err: FLY

# test: the seccomp filter is on, and says EPERM
# run: joist run --rm $ROOTFS sh -c 'grep "^Seccomp:" /proc/self/status; unshare -U true'
# expect-has: 2$
# expect-status: 1
# expect-err: Operation not permitted

# test: seccomp off
# run: joist run --rm --security-opt seccomp=unconfined $ROOTFS grep ^Seccomp: /proc/self/status
# expect-has: 0$

# test: a seccomp profile of one's own
# run: echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":95}]}' >$W/p.json; joist run --rm --security-opt seccomp=$W/p.json $ROOTFS sh -c 'mkdir /tmp/x'
# expect-status: 1
# expect-err: not supported

# test: no new privileges
# run: joist run --rm --security-opt no-new-privileges $ROOTFS grep NoNewPrivs /proc/self/status
# expect-has: 1$

# test: privileged means everything
# run: joist run --rm --privileged $ROOTFS sh -c 'grep Seccomp: /proc/self/status; mount -t tmpfs t /tmp && echo mounted; test "$(grep CapEff /proc/self/status | cut -f2)" = "$(grep CapBnd /proc/self/status | cut -f2)" && echo all'
# expect-has: 0$
# expect-has: ^mounted$
# expect-has: ^all$

# test: mount is refused otherwise
# run: joist run --rm $ROOTFS mount -t tmpfs t /tmp
# expect-status: 1
# expect-err: permi

# test: kernel parameters of its own namespaces
# run: joist run --rm --sysctl net.ipv4.ip_default_ttl=33 --sysctl kernel.shmmax=4096 $ROOTFS sh -c 'cat /proc/sys/net/ipv4/ip_default_ttl /proc/sys/kernel/shmmax'
# expect: 33
# expect: 4096

# test: kernel parameters of the whole host are refused
# run: joist run --rm --sysctl kernel.pid_max=4194304 $ROOTFS true
# expect-status: 125
# expect-err: kernel.pid_max

# test: setuid programs do not help a guest out of its user namespace
# run: joist run --rm --userns private $ROOTFS sh -c 'id -u; awk "{ print (\$2 != 0) }" /proc/self/uid_map'
# expect: 0
# expect: 1
