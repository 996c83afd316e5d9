#!/bin/bash
# needs: joist wasm
# A program of the language floor at rest, saved, and let go on elsewhere and later.
. "$(dirname "$0")/../lib.sh"

cat >"$W/count.c" <<'EOF'
#include <stdio.h>
#include <time.h>
int main(int argc, char **argv) {
	FILE *f = fopen("/data/out", "w");
	for (int i = 1; i <= 30; i++) {
		struct timespec t = { 0, 50000000 };
		fprintf(f, "%d\n", i);
		fflush(f);
		nanosleep(&t, NULL);
	}
	puts("done");
	return argc;
}
EOF
clang --target=wasm32-wasi -O1 -o "$W/count.wasm" "$W/count.c" || skip_all "all: no compiler for wasm32-wasi"
mkdir "$W/data"
at() { until [ "$(wc -l <"$W/data/out" 2>/dev/null || echo 0)" -ge "$1" ]; do sleep 0.02; done; }

run joist run -d --name c -v "$W/data:/data" "$W/count.wasm" a b
expect_status 0 && ok "in the background"
at 5
run joist snapshot c@early
expect_status 0 && expect_out c@early && ok "snapshot of a running machine"
n=$(wc -l <"$W/data/out")
at $((n + 3))
ok "it goes on"
run joist pause c
run joist snapshot c@later
expect_status 0 && ok "snapshot of a paused machine"
run joist ps
expect_has paused && ok "it stays paused"
run joist snaps c
expect_status 0 && expect_has c@early && expect_has c@later && ok "snaps"
run joist snaps --json
expect_has '"label": "early"' && ok "snaps --json"
run joist resume c
run joist wait c
expect_out 3 && ok "it ends as ever"
[ "$(tail -n 1 "$W/data/out")" = 30 ] && ok "its file is whole" || not_ok "its file: $(tail -n 1 "$W/data/out")"

# -- back -------------------------------------------------------------------------
truncate -s 0 "$W/data/out"
run joist restore c@early
expect_status 0 && ok "restore"
run joist restore c@early
expect_status 125 && expect_err "stop it first" && ok "a running machine is not overrun"
run joist restore -f c@later
expect_status 0 && ok "restore -f"
run joist wait c
expect_out 3 && ok "the restored one ends with the same status"
[ "$(tail -n 1 "$W/data/out")" = 30 ] && ok "it wrote to its open file to the end" ||
	not_ok "its file: $(tail -n 1 "$W/data/out")"
run joist logs c
expect_has "done" && ok "and to its output"
run joist restore --name d c@early
expect_status 0 && expect_out d && ok "a new machine from a snapshot"
run joist restore -a c@later
expect_status 3 && expect_has "done" && ok "attached"
run joist wait d
expect_out 3 && ok "the new one ends too"

# -- what cannot be -------------------------------------------------------------------
run joist restore c@never
expect_status 125 && expect_err "has no snapshot 'never'" && ok "one that is not there"
run joist restore c
expect_status 125 && expect_err "NAME@LABEL" && ok "no label"
run joist snapshot c@x
expect_status 125 && expect_err "not running" && ok "of a stopped machine"
run joist snapshot 'c@../x'
expect_status 125 && ok "a label that is a path"
printf 'x' | dd of="$JOIST_ROOT/machines/c/snap/later" bs=1 seek=300 conv=notrunc 2>/dev/null
run joist restore c@later
expect_status 125 && expect_err "damaged" && ok "a damaged one"
truncate -s 200 "$JOIST_ROOT/machines/c/snap/later"
run joist restore c@later
expect_status 125 && ok "a truncated one"
cp "$W/count.wasm" "$W/old.wasm"
printf '\0\2\1x' >>"$W/count.wasm"
run joist restore c@early
expect_status 125 && expect_err "is not the program" && ok "another program in its place"
mv "$W/old.wasm" "$W/count.wasm"
run joist rm c@later
run joist snaps c
! grep -q c@later <<<"$out" && ok "rm NAME@LABEL" || not_ok "rm NAME@LABEL"
run joist rm c d
run joist snaps
! grep -q @ <<<"$out" && ok "they go with their machine" || not_ok "snapshots are left: $out"
