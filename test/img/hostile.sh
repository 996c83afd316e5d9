# shellcheck shell=bash
# Layers made to harm: each is refused with two lines, and nothing is left.
# timeout: 300
. "$(dirname "$0")/../lib.sh"
command -v python3 >/dev/null || skip_all "no python3"
here=$(cd "$(dirname "$0")" && pwd)
program=$JOIST_LIBEXEC/joist-image
img() { "$program" --root "$JOIST_ROOT" "$@"; }

# Nothing of an image that was refused is in the store, and nothing outside of it.
clean() {
	local found
	found=$(find "$JOIST_ROOT/layers" "$JOIST_ROOT/images/blobs" "$JOIST_ROOT/images/partial" \
		-mindepth 1 ! -name sha256 ! -name '*.lock' 2>/dev/null | head -n 3)
	[ -z "$found" ] || { not_ok "$1: left behind: $found"; return 1; }
	found=$(find "$W" /tmp /etc -maxdepth 2 -name 'escaped*' 2>/dev/null | head -n 3)
	[ -z "$found" ] || { not_ok "$1: escaped: $found"; return 1; }
}

refused() {
	local kind=$1 word=$2
	rm -rf "$W/layout"
	python3 "$here/hostile.py" "$W/layout" "$kind" || { not_ok "$kind: no layout"; return; }
	run img import "oci:$W/layout:t" "$kind"
	expect_status 125 "$kind" && expect_err "$word" "$kind" && clean "$kind" && ok "$kind is refused"
}

refused dotdot "leads out"
refused dotdot_inside "leads out"
refused absolute "absolute"
refused symlink "leads out"
refused symlink_relative "leads out"
refused symlink_chain "leads out"
refused symlink_swapped "leads out"
refused hardlink_out "leads out"
refused hardlink_through "leads out"
refused whiteout_dotdot "whiteout"
refused deep "deep"
refused long "long"
refused xattrs "attributes"
refused sparse "larger than the disk"
refused truncated "broken"
refused noise "not a tar"
refused zeros "unpacks to more"
refused devices "device files"

# Two lines: what happened and what to do.
run img import "oci:$W/layout:t" again
[ "$(wc -l <<<"$err")" -ge 2 ] && ok "a bomb's error says what to do" || not_ok "a bomb's error: $err"

# These are taken, and do no harm.
python3 "$here/hostile.py" "$W/through" write_through_link
run img import "oci:$W/through:t" through
expect_status 0 && [ ! -e /tmp/escaped ] && ok "a link is replaced, not written through"

python3 "$here/hostile.py" "$W/marks" overlay_mark
run img import "oci:$W/marks:t" marks
if expect_status 0; then
	marks=$(find "$JOIST_ROOT/layers" -name d -exec python3 -c \
		'import os, sys; print(*os.listxattr(sys.argv[1]))' {} \;)
	case $marks in *redirect*) not_ok "marks of overlayfs: $marks" ;; *) ok "marks of overlayfs are left out" ;; esac
fi

# A digest that is wrong, in each place.
tamper() {
	local what=$1 file=$2
	cp -r "$W/through" "$W/tampered"
	printf 'x' | dd of="$W/tampered/$file" bs=1 seek=20 conv=notrunc status=none
	rm -rf "$JOIST_ROOT"
	run img import "oci:$W/tampered:t" tampered
	expect_status 125 "$what" && clean "$what" && ok "a tampered $what is refused"
	rm -rf "$W/tampered"
}
blob_of() { python3 -c "
import json
d = '$W/through/'
path = lambda o: 'blobs/sha256/' + o['digest'][7:]
m = json.load(open(d + 'index.json'))['manifests'][0]
if '$1' != 'manifest':
    m = json.load(open(d + path(m)))
    m = m['config'] if '$1' == 'config' else m['layers'][0]
print(path(m))"; }
tamper manifest "$(blob_of manifest)"
tamper config "$(blob_of config)"
tamper layer "$(blob_of layer)"

# A manifest of 100 MB of brackets.
rm -rf "$JOIST_ROOT"
cp -r "$W/through" "$W/brackets"
head -c 100000000 /dev/zero | tr '\0' '[' >"$W/brackets/$(blob_of manifest)"
run img import "oci:$W/brackets:t" brackets
expect_status 125 && expect_err "larger than" && clean brackets && ok "100 MB of brackets are refused"
head -c 3000000 /dev/zero | tr '\0' '[' >"$W/brackets/$(blob_of manifest)"
run img import "oci:$W/brackets:t" brackets
expect_status 125 && clean brackets && ok "3 MB of brackets are refused"
rm -rf "$W/brackets"

# A full disk: a clear error, nothing left, nothing lost.
if [ "$(id -u)" = 0 ]; then
	mkdir -p "$W/small" "$W/src"
	head -c 8M /dev/urandom >"$W/src/large"
	printf 'kept' >"$W/kept"
	run unshare -m bash -c "
		mount -t tmpfs -o size=12m none '$W/small' || exit 99
		mkdir -p '$W/small/one' && cp '$W/kept' '$W/small/one/'
		'$program' --root '$W/small/store' -q import '$W/small/one' first || exit 98
		'$program' --root '$W/small/store' import '$W/src' second; echo status \$?
		find '$W/small/store/layers' -mindepth 1 -maxdepth 1 | wc -l
		find '$W/small/store/images/partial' '$W/small/store/images/blobs' -type f ! -name '*.lock' | wc -l
		'$program' --root '$W/small/store' export first | tar tf - >/dev/null && echo intact"
	[ "$status" = 99 ] && skip "a full disk: no tmpfs here"
	[ "$status" = 99 ] || { expect_has "status 125" && expect_err "No space left" && expect_err "free some space" &&
		expect_has "$(printf '1\n3\nintact')" "full disk: nothing left, nothing lost" &&
		ok "a full disk leaves nothing and loses nothing"; }
fi
