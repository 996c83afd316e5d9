# What a guest sees of files.
# needs: joist root

# test: a folder of the host
# run: mkdir -p $W/v && echo inside >$W/v/f && joist run --rm -v $W/v:/data $ROOTFS sh -c 'cat /data/f; echo back >/data/g' && cat $W/v/g
# expect: inside
# expect: back

# test: a folder of the host, only to read
# run: mkdir -p $W/v && joist run --rm --volume $W/v:/data:ro $ROOTFS touch /data/x
# expect-status: 1
# expect-err: Read-only

# test: a single file
# run: echo one >$W/one; joist run --rm -v $W/one:/etc/one:ro $ROOTFS cat /etc/one
# expect: one

# test: --mount in words
# run: mkdir -p $W/m && echo m >$W/m/f; joist run --rm --mount type=bind,src=$W/m,dst=/m,ro --mount type=tmpfs,dst=/t $ROOTFS sh -c 'cat /m/f; touch /m/x 2>/dev/null || echo ro; touch /t/x && echo rw'
# expect: m
# expect: ro
# expect: rw

# test: a folder in memory with options
# run: joist run --rm --tmpfs /t:size=1m,mode=1777 $ROOTFS sh -c 'grep " /t " /proc/mounts; dd if=/dev/zero of=/t/f bs=1M count=3 2>&1 | tail -n 1; stat -c %a /t'
# expect-has: tmpfs.*size=1024k
# expect-has: 1\+0 records out
# expect-has: ^1777$

# test: a root that nobody writes to
# run: joist run --rm --read-only --tmpfs /tmp $ROOTFS sh -c 'touch /x 2>/dev/null || echo refused; touch /tmp/x && echo allowed'
# expect: refused
# expect: allowed

# test: the size of /dev/shm
# run: joist run --rm --shm-size 3m $ROOTFS sh -c 'grep " /dev/shm " /proc/mounts'
# expect-has: size=3072k

# test: the devices that everybody needs, and no others
# run: joist run --rm $ROOTFS sh -c 'ls /dev | tr "\n" " "; echo x >/dev/null; head -c 4 /dev/urandom | wc -c; cat /dev/mem 2>&1'
# expect-has: full.*null.*ptmx.*pts.*random.*shm.*tty.*urandom.*zero
# expect-has: ^4$|4$
# expect-not: sda|loop0|fuse|kmsg
# expect-status: 1

# test: a device of the host, given
# run: joist run --rm --device /dev/null:/dev/mine:rw $ROOTFS sh -c 'echo x >/dev/mine && stat -c "%F %t:%T" /dev/mine'
# expect: character special file 1:3

# test: kernel files that tell or change too much are hidden
# run: joist run --rm $ROOTFS sh -c 'cat /proc/kcore | wc -c; ls /proc/acpi 2>/dev/null | wc -l; echo x >/proc/sys/kernel/hostname; echo b >/proc/sysrq-trigger'
# expect: 0
# expect: 0
# expect-err: Read-only
# expect-status: 1

# test: no mount of the host is to be seen
# run: joist run --rm $ROOTFS sh -c 'cut -d" " -f5 /proc/self/mountinfo | sort | tr "\n" " "'
# expect-has: ^/ .*/dev.*/proc.*/sys
# expect-not: /var|/tmp|/home

# test: a volume that is not there
# run: joist run --rm -v $W/not/here:/x:bogus $ROOTFS true
# expect-status: 125
