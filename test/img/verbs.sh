# shellcheck shell=bash
# The verbs about images, as people and programs use them.
# timeout: 120
. "$(dirname "$0")/../lib.sh"
needs root
command -v python3 >/dev/null || skip_all "no python3"
mkdir -p "$W/root/etc"
cp -r "$ROOTFS"/. "$W/root/"
echo one >"$W/root/etc/which"

run joist import "$W/root" app:1 -c 'CMD ["/bin/cat", "/etc/which"]' -c 'ENV A=b' -c 'LABEL k=v' -m "from a test"
expect_status 0 && case $out in sha256:*) ok "import prints the digest" ;; *) not_ok "import printed: $out" ;; esac
digest=$out
run joist import "$W/root" app:2 -c 'NONSENSE x'
expect_status 125 && expect_err "not an instruction" && expect_err "CMD" && ok "import refuses a strange instruction"
run joist run --rm app:1
expect_out one "an image's command" && ok "an imported image runs"
run joist run --rm app:1 /bin/sh -c 'echo $A'
expect_out b "an image's environment" && ok "with its environment"

run joist images
expect_has "app:1" && ok "images lists it"
run joist images --json
python3 -c '
import json, sys
i, = json.load(sys.stdin)
assert i["name"] == "app:1" and i["digest"] == sys.argv[1] and i["platform"].startswith("linux/")
assert i["layers"] == 1 and i["size"] > 0 and i["machines"] == [], i' "$digest" <<<"$out" && ok "images --json" || not_ok "images --json: $out"
run joist inspect app:1
expect_has '"k": "v"' "inspect" && ok "inspect shows an image's labels"

run joist run -d --name user app:1 /bin/sleep 1000
run joist rmi app:1
expect_status 125 && expect_err "used by machine 'user'" && expect_err "joist rm user" && ok "rmi refuses what a machine uses"
run joist rmi -f app:1
expect_status 0 && run joist exec user /bin/cat /etc/which && expect_out one "forced" && ok "rmi -f takes the name, not what the machine needs"
run joist rmi --unused
run joist exec user /bin/cat /etc/which
expect_out one "collected" && ok "collection leaves what a machine uses"
run joist export -o "$W/user.tar" user
expect_status 0 && tar -xOf "$W/user.tar" etc/which | grep -q one && ok "export of a machine"
joist rm -f user >/dev/null
run joist rmi --unused
[ -z "$(find "$JOIST_ROOT/layers" "$JOIST_ROOT/images/blobs/sha256" -mindepth 1 | head -n 1)" ] && ok "and then nothing is left" || not_ok "left: $(find "$JOIST_ROOT/layers" -maxdepth 1)"

run joist rmi app:1
expect_status 125 && expect_err "image 'app:1' is not in the store" && expect_err "joist pull app:1" && ok "an image that is not there"
run joist run --rm --pull never app:1
expect_status 125 && expect_err "not in the store" && ok "run --pull never"

# -- a layout, run from where it is
joist import "$W/root" app:1 -c 'CMD ["/bin/cat", "/etc/which"]' >/dev/null 2>&1
run joist export --format oci-dir -o "$W/layout" app:1
expect_status 0 && ok "export of a layout"
joist rmi app:1 >/dev/null
run joist run --rm "oci:$W/layout"
expect_out one "oci:DIR" && ok "a layout runs from where it is"
run joist run --rm "oci:$W/layout:none"
expect_status 125 && ok "a tag that a layout has not"

# -- a registry
if command -v docker-registry >/dev/null; then
	port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	cat >"$W/reg.yml" <<-END
		version: 0.1
		storage: {filesystem: {rootdirectory: $W/reg}}
		http: {addr: 127.0.0.1:$port}
		log: {level: error, accesslog: {disabled: true}}
	END
	docker-registry serve "$W/reg.yml" >"$W/reg.log" 2>&1 &
	own $!
	for _ in $(seq 100); do (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.1; done
	joist import "oci:$W/layout" app:1 >/dev/null 2>&1
	run joist push app:1 "localhost:$port/app:1"
	expect_status 0 && ok "push"
	joist rmi app:1 >/dev/null
	run joist pull "localhost:$port/app:1"
	expect_status 0 && expect_has "sha256:" && ok "pull"
	joist rmi "localhost:$port/app:1" >/dev/null
	run joist run --rm "localhost:$port/app:1"
	expect_out one "run pulls" && ok "run pulls what is missing, and prints nothing of its own"
	run joist rmi "localhost:$port/app:1"
	run joist run --rm "localhost:$port/none:1"
	expect_status 125 && expect_err "404" && ok "run of an image that is nowhere"
else
	skip "a registry: no docker-registry"
fi
