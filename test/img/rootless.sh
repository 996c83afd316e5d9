# shellcheck shell=bash
# Images of a user without rights: with ranges of ids the owners are kept,
# without any they are squashed, with one warning; both can be removed.
# timeout: 120
. "$(dirname "$0")/../lib.sh"
needs root
command -v newuidmap >/dev/null || skip_all "no newuidmap"
test_user || skip_all "no user can be made"
store=$W/home/store
img() { as_user "$W/bin/libexec/joist-image" --root "$store" "$@"; }
mkdir -p "$W/src/closed" "$W/src/dev"
echo x >"$W/src/owned" && chown 33:44 "$W/src/owned"
echo x >"$W/src/closed/in" && chown -R 55:55 "$W/src/closed" && chmod 700 "$W/src/closed"
mknod "$W/src/dev/null" c 1 3
setcap cap_net_bind_service+ep "$W/src/owned" 2>/dev/null
tar --xattrs --xattrs-include='*' -C "$W/src" -cf "$W/src.tar" .
chmod 644 "$W/src.tar"

# shellcheck disable=SC2034
remove() {
	run as_user "$W/bin/joist" rmi it
	expect_status 0 "$1" && [ -z "$(find "$store/layers" -mindepth 1 | head -n 1)" ] && ok "$1: removed"
}

run img import "$W/src.tar" it
if expect_status 0 "with ranges"; then
	base=$(sed -n "s/^$TEST_USER:\([0-9]*\):.*/\1/p" /etc/subuid)
	fs=$(echo "$store"/layers/*/fs)
	[ "$(stat -c %u:%g "$fs/owned")" = "$((base + 32)):$((base + 43))" ] && ok "owners are kept" || not_ok "owners: $(stat -c %u:%g "$fs/owned")"
	getcap -n "$fs/owned" 2>/dev/null | grep -q net_bind && ok "capabilities are kept" || not_ok "capabilities: $(getcap -n "$fs/owned")"
	expect_err "device files" "a warning" && ok "a warning of what is left out"
	img -q export --format docker it >"$W/back.tar"
	tar -xOf "$W/back.tar" --wildcards '*.tar' | tar -tvf - --numeric-owner | grep -q '33/44.*owned' && ok "exported with its owners" || not_ok "exported owners"
	remove "with ranges"
fi

sed -i "/^$TEST_USER:/d" /etc/subuid /etc/subgid
run img import "$W/src.tar" it
if expect_status 0 "without ranges"; then
	fs=$(echo "$store"/layers/*/fs)
	[ "$(stat -c %U "$fs/owned")" = "$TEST_USER" ] && ok "owners are squashed"
	[ "$(grep -c 'one owner' <<<"$err")" = 1 ] && ok "one warning says so" || not_ok "warnings: $err"
	remove "without ranges"
fi
