# The first thing anybody does: run a program in a plain folder.
# needs: joist root

# test: output is the program's
# run: joist run --rm $ROOTFS /bin/echo hello
# expect: hello

# test: exit status is the program's
# run: joist run --rm $ROOTFS /bin/sh -c 'exit 37'
# expect-status: 37

# test: a signal is 128 and its number
# run: joist run --rm $ROOTFS /bin/sh -c 'kill -TERM $$; sleep 1; kill -KILL $$; exit 4'
# expect-status: 4

# test: a command that is not there is 127, in two lines
# run: joist run --rm $ROOTFS /bin/no-such-command
# expect-status: 127
# expect-err: no-such-command

# test: a name is looked for on PATH
# run: joist run --rm $ROOTFS echo found
# expect: found

# test: a file that cannot be executed is 126
# run: joist run --rm $ROOTFS /etc/passwd
# expect-status: 126

# test: flags behind the artifact are the guest's own
# run: joist run --rm $ROOTFS echo --rm -it --name x
# expect: --rm -it --name x

# test: no such folder
# run: joist run --rm $W/nothing /bin/true
# expect-status: 127
# expect-err: nothing

# test: standard error stays apart
# run: joist run --rm $ROOTFS /bin/sh -c 'echo out; echo err >&2' 2>/dev/null
# expect: out

# test: standard input with -i
# run: echo typed | joist run --rm -i $ROOTFS cat
# expect: typed

# test: the first program is process 1, and alone
# run: joist run --rm $ROOTFS sh -c 'echo $$; echo /proc/[0-9]*'
# expect: 1
# expect: /proc/1

# test: only three descriptors are open
# run: exec 7</etc/hostname; joist run --rm $ROOTFS ls /proc/self/fd
# expect: 0
# expect: 1
# expect: 2
# expect: 3

# test: a folder is run as it is: what a guest writes is in it
# run: cp -a $ROOTFS $W/mine; joist run --rm $W/mine sh -c 'echo new >/changed'; cat $W/mine/changed
# expect: new

# test: nothing is ignored or blocked that the caller did not ask for
# run: env --default-signal joist run --rm $ROOTFS awk '/^Sig(Blk|Ign)/ { print substr($2, 10) }' /proc/1/status
# expect: 0000000
# expect: 0000000

# test: a guest can have a terminal
# run: script -qec "joist run --rm -it $ROOTFS sh -c 'test -t 0 && test -t 1 && tty'" /dev/null < <(sleep 2) | tr -d '\r'
# expect-has: ^/dev/(pts/0|console)$
