# Limits that bite.
# needs: joist root cgroup memory pids

# test: memory: the kernel ends what takes more, and it is said
# run: joist run --name $N -m 24M --memory-swap 24M $ROOTFS tail /dev/zero; echo $?; joist inspect $N | grep -o "oomKilled\": *true"
# expect-has: ^137$
# expect-has: oomKilled": true

# test: memory: what fits is let be
# run: joist run --rm --memory 64M --memory-reservation 32M $ROOTFS sh -c 'head -c 10000000 /dev/zero | tail | wc -c'
# expect: 10000000

# test: processes: a fork bomb stays small
# run: joist run --rm --pids-limit 20 $ROOTFS sh -c 'for i in $(seq 60); do sleep 3 & done; wait' 2>&1 | head -n 1; joist run --rm --pids-limit 20 $ROOTFS echo after
# expect-has: fork|Resource temporarily
# expect-has: ^after$

# test: cpu: a half processor is throttled
# run: joist run -d --name $N-cpu -c 0.2 $ROOTFS sh -c 'while :; do :; done' >/dev/null; sleep 1; joist top --once --json $N-cpu | tr ',' '\n' | grep -iE 'throttled' ; joist rm -f $N-cpu >/dev/null
# expect-has: throttled[a-zA-Z_]*": *[1-9]

# test: cpu: which processor, and what weight
# run: joist run --rm --cpuset-cpus 0 --cpuset-mems 0 --cpu-shares 512 $ROOTFS grep Cpus_allowed_list /proc/self/status
# expect-has: 0$

# test: resource limits of a process
# run: joist run --rm --ulimit nofile=64:128 --ulimit core=0 $ROOTFS sh -c 'ulimit -Sn; ulimit -Hn; ulimit -c'
# expect: 64
# expect: 128
# expect: 0

# test: the score for the OOM killer
# run: joist run --rm --oom-score-adj 500 $ROOTFS cat /proc/self/oom_score_adj
# expect: 500

# test: a limit that makes no sense
# run: joist run --rm -m lots $ROOTFS true
# expect-status: 125
# expect-err: lots

# test: less memory than a program can start with is refused or ends it, never hangs
# run: timeout 20 joist run --rm -m 4k $ROOTFS true; test $? -ne 0 -a $? -ne 124
# expect-status: 0

# test: pause instead of kill when memory is out
# run: joist create --name $N-oom --oom-kill-disable -m 32M $ROOTFS true >/dev/null && joist inspect $N-oom | grep -o '"disableOOMKiller": *true'; joist rm $N-oom >/dev/null
# expect-has: disableOOMKiller
