# shellcheck shell=bash
# Pull and push with Debian's registry, skopeo as the other side, and registries
# that misbehave.
# timeout: 400
. "$(dirname "$0")/../lib.sh"
for tool in docker-registry skopeo python3 openssl; do
	command -v $tool >/dev/null || skip_all "no $tool"
done
here=$(cd "$(dirname "$0")" && pwd)
program=$JOIST_LIBEXEC/joist-image
img() { "$program" --root "$JOIST_ROOT" "$@"; }
export HOME=$W/home
mkdir -p "$HOME"
unset DOCKER_CONFIG REGISTRY_AUTH_FILE XDG_RUNTIME_DIR

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# registry NAME [MORE YAML]: sets $port.
registry() {
	port=$(free_port)
	cat >"$W/$1.yml" <<-END
		version: 0.1
		storage: {filesystem: {rootdirectory: $W/$1}}
		http: {addr: 127.0.0.1:$port${3:-}}
		log: {level: error, accesslog: {disabled: true}}
		${2:-}
	END
	docker-registry serve "$W/$1.yml" >"$W/$1.log" 2>&1 &
	own $!
	for _ in $(seq 100); do (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && return; sleep 0.1; done
	skip_all "docker-registry does not start: $(head -c 300 "$W/$1.log")"
}
# misbehave MODE: sets $bad, its port.
misbehave() {
	rm -f "$W/bad.port"
	python3 "$here/registry.py" "localhost:$good" "$1" >"$W/bad.port" 2>"$W/bad.err" &
	bad_pid=$!
	own $bad_pid
	for _ in $(seq 100); do [ -s "$W/bad.port" ] && break; sleep 0.1; done
	bad=$(cat "$W/bad.port")
}
layers_of() { find "$JOIST_ROOT/layers" -mindepth 1 -maxdepth 1 -name '[0-9a-f]*' | wc -l; }
left() { find "$JOIST_ROOT/layers" "$JOIST_ROOT/images/partial" -mindepth 1 -maxdepth 1 ! -name '*.lock' ! -name '[0-9a-f]*' | head -n 3; }

# -- an image of three layers, by other hands ---------------------------------------
mkdir -p "$W/root"
head -c 700000 /dev/urandom >"$W/root/noise"
seq 200000 >"$W/root/numbers"
img -q import "$W/root" base >/dev/null || skip_all "import does not work"
registry main
good=$port
run img push base "localhost:$good/t:1"
expect_status 0 && ok "push"
run skopeo inspect --tls-verify=false "docker://localhost:$good/t:1"
expect_status 0 && expect_has "sha256:" && ok "skopeo reads what we pushed"

rm -rf "$JOIST_ROOT"
run img pull "localhost:$good/t:1"
expect_status 0 && ok "pull"
run diff -r "$W/root" "$JOIST_ROOT"/layers/*/fs
expect_status 0 "pulled bytes" && ok "what is pulled is what was pushed"
digest=$(img -q pull "localhost:$good/t:1")
run img pull "localhost:$good/t@$digest"
expect_status 0 && ok "pull by digest"
run img pull "localhost:$good/none:1"
expect_status 125 && expect_err "404" && expect_err "check the name" && ok "a missing image"

for c in gzip zstd; do
	run skopeo copy -q --dest-tls-verify=false --dest-compress-format "$c" --dest-compress \
		--dest-force-compress-format "oci:$JOIST_ROOT/images:localhost:$good/t:1" "docker://localhost:$good/$c:1"
	[ "$status" = 0 ] || run skopeo copy -q --dest-tls-verify=false --dest-compress-format "$c" \
		"oci:$JOIST_ROOT/images:localhost:$good/t:1" "docker://localhost:$good/$c:1"
	expect_status 0 "skopeo copies to $c" || continue
	rm -rf "$W/other"
	run "$program" --root "$W/other" pull "localhost:$good/$c:1"
	expect_status 0 && diff -r "$W/root" "$W"/other/layers/*/fs && ok "an image from skopeo ($c)"
done
run skopeo copy -q --dest-tls-verify=false -f v2s2 "oci:$JOIST_ROOT/images:localhost:$good/t:1" "docker://localhost:$good/v2s2:1"
rm -rf "$W/other"
run "$program" --root "$W/other" pull "localhost:$good/v2s2:1"
expect_status 0 && diff -r "$W/root" "$W"/other/layers/*/fs && ok "Docker's schema 2"

# -- several platforms -------------------------------------------------------------------
python3 - "$good" <<'END'
import http.client, json, sys, hashlib
def call(method, path, body=None, **h):
    c = http.client.HTTPConnection("localhost:" + sys.argv[1])
    c.request(method, path, body, {k.replace("_", "-"): v for k, v in h.items()})
    r = c.getresponse()
    return r, r.read()
kind = "application/vnd.oci.image.manifest.v1+json"
r, m = call("GET", "/v2/t/manifests/1", Accept=kind)
d = "sha256:" + hashlib.sha256(m).hexdigest()
index = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [
    {"mediaType": kind, "digest": d, "size": len(m), "platform": {"os": "linux", "architecture": a}}
    for a in ("amd64", "arm64", "riscv64")]})
r, b = call("PUT", "/v2/t/manifests/multi", index, Content_Type="application/vnd.oci.image.index.v1+json")
assert r.status == 201, (r.status, b)
END
run img pull "localhost:$good/t:multi"
expect_status 0 && expect_out "$digest" "an index leads to this platform" && ok "a multi-platform index"
run img pull --platform linux/s390x "localhost:$good/t:multi"
expect_status 125 && expect_err "not made for linux/s390x" && expect_err "linux/arm64" && ok "a platform that is not there"
run img pull --all-platforms "localhost:$good/t:multi"
expect_status 0 && run img push "localhost:$good/t:multi" "localhost:$good/copied:multi" && expect_status 0 &&
	run skopeo inspect --tls-verify=false --raw "docker://localhost:$good/copied:multi" && expect_has riscv64 && ok "a whole index, there and back"

# -- a mount instead of a second upload
run img push "localhost:$good/t:1" "localhost:$good/mounted:1"
expect_status 0 && run skopeo inspect --tls-verify=false "docker://localhost:$good/mounted:1" && expect_status 0 && ok "push to another repository"

# -- two at once
rm -rf "$JOIST_ROOT"
img -q pull "localhost:$good/t:1" >/dev/null & one=$!
img -q pull "localhost:$good/t:1" >/dev/null & two=$!
wait $one; a=$?; wait $two; b=$?
[ "$a$b" = 00 ] && [ "$(layers_of)" = 1 ] && [ -z "$(left)" ] && ok "two pulls at once" || not_ok "two pulls at once: $a $b $(layers_of) $(left)"

# -- who misbehaves --------------------------------------------------------------------
for mode in cut cut-all fail; do
	misbehave $mode
	rm -rf "$JOIST_ROOT"
	run img pull "localhost:$bad/t:1"
	expect_status 0 "$mode" && diff -r "$W/root" "$JOIST_ROOT"/layers/*/fs && ok "a registry that does '$mode'"
	[ $mode != cut ] || { grep -q 'range from' "$W/bad.err" && ok "a cut download goes on where it was" || not_ok "no range was asked for"; }
	kill $bad_pid
done

misbehave stop
rm -rf "$JOIST_ROOT"
run img pull "localhost:$bad/t:1"
expect_status 125 && expect_err "t" && expect_err "try again" && [ -z "$(left)" ] && ok "a registry that stops in the middle"
part=$(find "$JOIST_ROOT/images/partial" -type f ! -name '*.lock' -size +10k | wc -l)
kill $bad_pid
run img pull "localhost:$good/t:1"
expect_status 0 && [ "$part" = 1 ] && diff -r "$W/root" "$JOIST_ROOT"/layers/*/fs && ok "what came before it stopped is used" || not_ok "resume: $part partial"

for mode in tamper longer; do
	misbehave $mode
	rm -rf "$JOIST_ROOT"
	run img pull "localhost:$bad/t:1"
	word="wrong digest"
	[ $mode = tamper ] || word="longer than"
	expect_status 125 $mode && expect_err "$word" $mode && [ -z "$(left)" ] && [ "$(layers_of)" = 0 ] && ok "a registry that does '$mode'"
	kill $bad_pid
done

misbehave busy
run timeout 100 "$program" --root "$JOIST_ROOT" pull "localhost:$bad/t:1"
expect_status 125 && expect_err "429" && expect_err "log in" && ok "too many requests"
kill $bad_pid
misbehave huge
run img pull "localhost:$bad/t:1"
expect_status 125 && expect_err "larger than" && ok "a manifest of 100 MB"
kill $bad_pid

misbehave redirect
rm -rf "$JOIST_ROOT"
run img pull --creds me:secret "localhost:$bad/t:1"
expect_status 0 && grep -q "other host got" "$W/bad.err" && ! grep -q "Basic\|Bearer" "$W/bad.err" && ok "another host is not told who we are"
kill $bad_pid

misbehave token
run img pull "localhost:$bad/t:1"
expect_status 125 && expect_err "credentials" && ok "a token that needs a login"
rm -rf "$JOIST_ROOT"
run img pull --creds me:secret "localhost:$bad/t:1"
expect_status 0 && ok "a bearer token"
mkdir -p "$HOME/.docker" "$W/bin"
cat >"$W/bin/docker-credential-test" <<'END'
#!/bin/sh
read -r server
echo '{"ServerURL":"'"$server"'","Username":"me","Secret":"secret"}'
END
chmod +x "$W/bin/docker-credential-test"
echo '{"credHelpers":{"localhost:'"$bad"'":"test"}}' >"$HOME/.docker/config.json"
rm -rf "$JOIST_ROOT"
PATH=$W/bin:$PATH run img pull "localhost:$bad/t:1"
expect_status 0 && ok "a credential helper"
kill $bad_pid
rm -f "$HOME/.docker/config.json"

run img pull --plain-http "localhost:1/t:1"
expect_status 125 && expect_err "registry running" && ok "nobody there"

# -- who is stopped in the middle ------------------------------------------------------------
misbehave slow
for signal in INT KILL; do
	rm -rf "$JOIST_ROOT"
	# Not a background job of this shell: those are deaf to INT.
	python3 - "$signal" "$program" --root "$JOIST_ROOT" pull "localhost:$bad/t:1" 2>"$W/said" <<-'END'
		import signal, subprocess, sys, time
		p = subprocess.Popen(sys.argv[2:], stdout=subprocess.DEVNULL)
		time.sleep(1.5)
		p.send_signal(getattr(signal, "SIG" + sys.argv[1]))
		sys.exit(p.wait() & 255)
	END
	code=$?
	part=$(find "$JOIST_ROOT/images/partial" -type f ! -name '*.lock' -size +10k | wc -l)
	if [ $signal = INT ]; then
		[ "$code$part" = 1301 ] && [ -z "$(left)" ] && grep -q "goes on" "$W/said" && ok "an interrupted pull keeps what came, and nothing else" ||
			not_ok "interrupted: status $code, $part partial, $(left), $(cat "$W/said")"
	fi
	run img pull "localhost:$good/t:1"
	expect_status 0 && [ "$part" = 1 ] && [ -z "$(left)" ] && diff -r "$W/root" "$JOIST_ROOT"/layers/*/fs && ok "the pull after SIG$signal goes on and cleans up" ||
		not_ok "after SIG$signal: $part partial, $(left)"
done
kill $bad_pid

# -- basic auth and TLS ----------------------------------------------------------------------
if command -v htpasswd >/dev/null; then
	htpasswd -Bbc "$W/users" me secret 2>/dev/null
	registry basic "auth: {htpasswd: {realm: here, path: $W/users}}"
	img -q import "$W/root" base >/dev/null
	run img push base "localhost:$port/t:1"
	expect_status 125 && expect_err "login" && ok "basic auth refuses a stranger"
	run img push --creds me:wrong base "localhost:$port/t:1"
	expect_status 125 && ok "basic auth refuses a wrong password"
	run img push --creds me:secret base "localhost:$port/t:1"
	expect_status 0 && ok "basic auth with --creds"
	echo '{"auths":{"localhost:'"$port"'":{"auth":"'"$(printf me:secret | base64)"'"}}}' >"$HOME/.docker/config.json"
	rm -rf "$JOIST_ROOT"
	run img pull "localhost:$port/t:1"
	expect_status 0 && ok "basic auth from ~/.docker/config.json"
else
	skip "basic auth: no htpasswd"
fi
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$W/key.pem" -out "$W/cert.pem" -days 2 -subj /CN=localhost \
	-addext subjectAltName=DNS:localhost 2>/dev/null
registry tls "" ", tls: {certificate: $W/cert.pem, key: $W/key.pem}"
img -q import "$W/root" base >/dev/null
run img push base "localhost:$port/t:1"
expect_status 125 && expect_err "cert" && ok "an unknown certificate is refused"
run img push --tls-verify=false base "localhost:$port/t:1"
expect_status 0 && ok "--tls-verify=false"
mkdir -p "$W/certs" && cp "$W/cert.pem" "$W/certs/ca.crt"
rm -rf "$JOIST_ROOT"
run img pull --cert-dir "$W/certs" "localhost:$port/t:1"
expect_status 0 && ok "--cert-dir"
