#!/bin/bash
# timeout: 900
# parallel
# The public unit tests of RISC-V (github.com/riscv-software-src/riscv-tests, with its `env`), where
# somebody has them: RISCV_TESTS=FOLDER make test ONLY=hal/public. Every extension that we claim.
. "$(dirname "$0")/../lib.sh"
source=${RISCV_TESTS:-}
[ -n "$source" ] || skip_all "RISCV_TESTS names no folder with riscv-tests"
[ -d "$source/isa" ] && [ -e "$source/env/p/link.ld" ] || skip_all "$source is not riscv-tests, or lacks its env"
needs riscv64-linux-gnu-gcc
[ -x "$JOIST_BUILD/test/hal/rvtest" ] || skip_all "no runner: make parts"

# As its own makefile builds them, but for a compiler that makes programs for Linux.  `p` is bare, `v`
# runs in user mode below page tables.  (rv64uziccid is Ziccid's, that stores become code without a
# fence.i: not ours.)
flags=(-static -mcmodel=medany -fvisibility=hidden -nostdlib -nostartfiles -fno-pie -no-pie -fno-stack-protector
	"-Wl,--build-id=none" -w -mabi=lp64d -I"$source/isa/macros/scalar")
# for assemblers that do not know them yet
cat >"$W/zicond.h" <<'END'
.macro czero.eqz d, s, t
	.insn r 0x33, 5, 7, \d, \s, \t
.endm
.macro czero.nez d, s, t
	.insn r 0x33, 7, 7, \d, \s, \t
.endm
END
build() { # p|v SET NAME FLAGS...
	local kind=$1 set=$2 name=$3 env=$source/env/$1 more=()
	shift 3
	[ "$kind" != v ] || more=(-O2 -std=gnu99 -DENTROPY=0x1234567 "$env/entry.S" "$env"/*.c)
	riscv64-linux-gnu-gcc "${flags[@]}" "$@" -I"$env" -T"$env/link.ld" "${more[@]}" "$source/isa/$set/$name.S" \
		-o "$W/$set-$kind-$name" 2>"$W/cc" || not_ok "$set-$kind-$name cannot be built: $(head -n 1 "$W/cc")"
}
for set in ui um ua uc uf ud uzba uzbb uzbc uzbs uzicond mi si mzicbo ssvnapot; do
	arch=rv64g
	case $set in
	uzb?) arch=rv64g_${set#u} ;;
	mzicbo) arch=rv64g_zicboz ;;
	esac
	more=()
	[ "$set" != uzicond ] || more=("-Wa,$W/zicond.h")
	for t in "$source/isa/rv64$set"/*.S; do
		name=$(basename "$t" .S)
		build p "rv64$set" "$name" -march=$arch "${more[@]}"
		case $set in mi | si | mzicbo | ssvnapot | uzicond) ;; *) build v "rv64$set" "$name" -march=$arch ;; esac
	done
	run "$JOIST_BUILD/test/hal/rvtest" "$W/rv64$set"-*
	expect_status 0 "rv64$set" && ok "rv64$set: $(tail -n 1 <<<"$out")"
	rm -f "$W/rv64$set"-*
done
