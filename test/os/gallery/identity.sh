# Who and where a guest is.
# needs: joist root

# test: host name and domain name
# run: joist run --rm --hostname box --domainname example.test $ROOTFS sh -c 'hostname; cat /proc/sys/kernel/domainname'
# expect: box
# expect: example.test

# test: its host name is the machine's name
# run: joist run --rm --name $N $ROOTFS sh -c 'test "$(hostname)" = '$N' && echo same'
# expect: same

# test: numbers as user and group
# run: joist run --rm -u 1234:56 $ROOTFS id
# expect-has: uid=1234 gid=56

# test: a name as user, with the groups of the image
# run: joist run --rm --user user $ROOTFS sh -c 'id -u; id -g; id -G'
# expect: 1000
# expect: 1000
# expect: 1000 26

# test: one more group, by number and by name
# run: joist run --rm -u 1000:1000 --group-add 77 --group-add daemon $ROOTFS id -G
# expect-has: 77
# expect-has: (^| )1( |$)

# test: a user that is not there
# run: joist run --rm -u nobody-here $ROOTFS id
# expect-status: 125
# expect-err: nobody-here

# test: working folder, made when it is missing
# run: joist run --rm --workdir /some/where $ROOTFS pwd
# expect: /some/where

# test: environment from flags, from us and from a file
# run: printf 'FILE=from file\n# no\nOURS2\n' >$W/env; OURS=ours OURS2=too joist run --rm -e GIVEN=given --env OURS --env-file $W/env $ROOTFS sh -c 'echo "$GIVEN $OURS $FILE $OURS2"'
# expect: given ours from file too

# test: nothing else of our environment comes in
# run: SECRET=x joist run --rm $ROOTFS env
# expect-has: ^PATH=
# expect-not: SECRET|JOIST

# test: HOME is the user's
# run: joist run --rm -u user $ROOTFS sh -c 'echo $HOME'
# expect: /home/user

# test: an entry point takes the arguments
# run: joist run --rm --entrypoint /bin/echo $ROOTFS a b
# expect: a b
