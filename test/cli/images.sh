#!/bin/bash
# The verbs of images, as one meets them: import, images, run, export, push, pull, rmi.
. "$(dirname "$0")/../lib.sh"
needs joist root python3 docker-registry

# -- import -------------------------------------------------------------------------
run joist import --change 'CMD ["/bin/echo", "from the image"]' --change 'ENV COLOUR=green' \
	--change 'STOPSIGNAL SIGINT' --change 'LABEL a=b' --message 'first' "$ROOTFS" small
expect_status 0 "import" && expect_has sha256: "import" && ok "import makes an image of a folder"
run joist images
expect_has small "images" && ok "images lists it"
check "images --json" sh -c 'joist images --json | python3 -c "import json,sys; assert \"small\" in json.dumps(json.load(sys.stdin))"'
run joist inspect small
expect_has COLOUR=green "inspect" && expect_has SIGINT "inspect" && ok "inspect shows its configuration"

# -- run --------------------------------------------------------------------------------
run joist run --rm small
expect_out "from the image" "run of an image" && ok "its command is run"
run joist run --rm small sh -c 'echo $COLOUR; echo x >/changed && cat /changed'
expect_out "green
x" "run with another command" && ok "its environment is given, its root can be written to"
run joist run --rm small ls /changed
expect_status 1 "a fresh root" && ok "what one machine wrote no other sees"
run joist create --name holder small
run joist rmi small
expect_status 125 "rmi of a used image" && two_lines "rmi of a used image" && ok "an image that a machine uses stays"
run joist start --attach holder
expect_out "from the image" "start" && ok "and can be started from"

# -- export --------------------------------------------------------------------------------
run joist export --output "$W/oci.tar" small
expect_status 0 "export" && tar -tf "$W/oci.tar" | grep -q oci-layout && ok "export writes an OCI layout"
run joist export --format docker -o "$W/docker.tar" small
expect_status 0 "export docker" && tar -tf "$W/docker.tar" | grep -q manifest.json && ok "export --format docker"
run joist export -o "$W/root.tar" holder
expect_status 0 "export of a machine" && tar -tf "$W/root.tar" | grep -q 'bin/busybox$' && ok "export of a machine writes its root"
run joist import "$W/docker.tar" again
expect_status 0 "import of a docker-archive" && run joist run --rm again && expect_out "from the image" "round trip" &&
	ok "what is exported can be imported"

# -- push and pull -----------------------------------------------------------------------------
port=$((20000 + $$ % 10000))
cat >"$W/registry.yml" <<END
version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: $W/registry}, delete: {enabled: true}}
http: {addr: "127.0.0.1:$port"}
END
docker-registry serve "$W/registry.yml" >"$W/registry.log" 2>&1 &
own $!
until_ok 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port" || skip_all "push, pull: the registry does not start"
run joist push small "localhost:$port/team/small:1"
expect_status 0 "push" && ok "push sends an image to a registry"
run joist rm holder
run joist rmi small
run joist rmi --force again
run joist rmi --unused
expect_status 0 "rmi" && [ "$(joist images | wc -l)" -le 1 ] && ok "rmi --unused leaves no image" || not_ok "images left: $(joist images)"
left=$(find "$JOIST_ROOT/images/blobs" -type f 2>/dev/null | wc -l)
[ "$left" = 0 ] && ok "and no blob" || not_ok "$left blobs left"
run joist pull "localhost:$port/team/small:1"
expect_status 0 "pull" && ok "pull fetches it again"
run joist run --rm --pull never "localhost:$port/team/small:1"
expect_out "from the image" "run of the pulled image" && ok "it is the same"
run joist rmi "localhost:$port/team/small:1"
run joist run --rm "localhost:$port/team/small:1"
expect_has "from the image" "run of a missing image" && ok "run pulls what is missing"
run joist --quiet pull "localhost:$port/team/none:1"
expect_status 125 "pull of nothing" && two_lines "pull of nothing" && ok "pull of what is not there"
run joist pull --plain-http --tls-verify true --all-platforms --creds user:secret "localhost:$port/team/small:1"
expect_status 0 "pull with flags" && ok "pull takes its flags"

# -- an image that cannot be had ---------------------------------------------------------
run joist run --rm localhost:1/nothing
lines=$(printf '%s\n' "$err" | wc -l)
expect_status 125 "no registry" && [ "$lines" = 2 ] && ok "an image that cannot be fetched is one error of two lines" || not_ok "no registry: $lines lines: $err"
