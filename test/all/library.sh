#!/bin/bash
# parallel
# A program of somebody else's: built with the installed headers, libjoist.so and libjoist.a.
. "$(dirname "$0")/../lib.sh"
needs joist make cc pkg-config
cd "$TOP" || exit 1

[ "$JOIST_BUILD" = "$TOP/build" ] || skip_all "not the ordinary build"
run make -s install PREFIX="$W/usr"
expect_status 0 "make install" || exit 1
export PKG_CONFIG_PATH=$W/usr/lib/pkgconfig
shared=$(pkg-config --cflags --libs joist) static=$(pkg-config --cflags --static --libs joist)

# What can be seen from outside is what the two headers declare.
seen=$(nm -D --defined-only "$W/usr/lib/libjoist.so" | awk '{ print $3 }' | grep -vE '^(joist|wasm)_')
[ -z "$seen" ] && ok "libjoist.so shows only joist_ and wasm_" || not_ok "libjoist.so shows: $seen"
seen=$(nm -g --defined-only "$W/usr/lib/libjoist.a" | awk 'NF == 3 { print $3 }' | grep -vE '^(joist|wasm)_')
[ -z "$seen" ] && ok "libjoist.a shows only joist_ and wasm_" || not_ok "libjoist.a shows: $seen"

cat >"$W/add.c" <<'END'
#include <stdio.h>
#include <wasm.h>
/* (module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add)) */
static char add[] = "\0asm\1\0\0\0\1\7\1\x60\2\x7f\x7f\1\x7f\3\2\1\0\7\7\1\3add\0\0\n\t\1\7\0 \0 \1j\x0b";
int
main(void)
{
	wasm_engine_t *engine = wasm_engine_new();
	wasm_store_t *store = wasm_store_new(engine);
	wasm_byte_vec_t bytes = { sizeof add - 1, add };
	wasm_module_t *module = wasm_module_new(store, &bytes);
	wasm_extern_vec_t none = WASM_EMPTY_VEC, exports;
	wasm_instance_t *instance = wasm_instance_new(store, module, &none, NULL);
	wasm_instance_exports(instance, &exports);
	wasm_val_t two[] = { WASM_I32_VAL(40), WASM_I32_VAL(2) }, one[] = { WASM_INIT_VAL };
	wasm_val_vec_t args = WASM_ARRAY_VEC(two), results = WASM_ARRAY_VEC(one);
	wasm_trap_t *trap = wasm_func_call(wasm_extern_as_func(exports.data[0]), &args, &results);
	printf("%d\n", trap ? -1 : one[0].of.i32);
	wasm_extern_vec_delete(&exports);
	wasm_instance_delete(instance);
	wasm_module_delete(module);
	wasm_store_delete(store);
	wasm_engine_delete(engine);
	return 0;
}
END
cat >"$W/machine.c" <<'END'
#include <stdio.h>
#include <joist.h>
int
main(int argc, char **argv)
{
	struct err e = { 0 };
	struct joist *j = joist_open(argv[1], &e);
	char request[4096], *name, *list;
	int status = -1;
	snprintf(request, sizeof request, "{\"artifact\": \"%s\", \"name\": \"mine\"}", argv[2]);
	if (!j || joist_create(j, request, &name, &e) < 0 || joist_run(j, name, &status, &e) < 0 ||
	    joist_ps(j, "{\"all\": true}", &list, &e) < 0) {
		printf("%s\n%s\n", e.what, e.hint);
		return 1;
	}
	printf("%s ended with %d\n%s\n", name, status, list);
	if (joist_rm(j, name, NULL, &e) < 0)
		return 1;
	joist_close(j);
	return argc - 3;
}
END
cat >"$W/hello.wat" <<'END'
(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1) (func (export "_start") (call $exit (i32.const 42))))
END

# build NAME FLAGS...: with the shared library and with the static one
both() {
	# shellcheck disable=SC2086 # flags are words
	cc -Wall -Werror -o "$W/$1" "$W/$1.c" $shared -Wl,-rpath,"$W/usr/lib" &&
		cc -Wall -Werror -o "$W/$1.static" "$W/$1.c" ${static/-ljoist/-l:libjoist.a}
}
run both add
expect_status 0 "a program with wasm.h" && ok "wasm.h: compiles and links both ways"
for p in add add.static; do
	run "$W/$p"
	expect_status 0 "$p" && expect_out 42 "$p" && ok "wasm.h: $p"
done
run both machine
expect_status 0 "a program with joist.h" && ok "joist.h: compiles and links both ways"
for p in machine machine.static; do
	run "$W/$p" "$W/store" "$W/hello.wat"
	expect_status 0 "$p" && expect_has 'mine ended with 42' "$p" && expect_has '"exitCode":42' "$p" && ok "joist.h: $p"
done

if has c++; then
	printf '#include <wasm.h>\n#include <joist.h>\nint main() { wasm_engine_delete(wasm_engine_new()); return joist_version()[0] != %s; }\n' "'0'" >"$W/cpp.cc"
	# shellcheck disable=SC2086
	run c++ -Wall -Werror -o "$W/cpp" "$W/cpp.cc" $shared -Wl,-rpath,"$W/usr/lib"
	expect_status 0 "C++" && run "$W/cpp" && expect_status 0 "C++" && ok "both headers from C++"
fi

# The interface's own example programs, where a checkout of them is: unchanged.
examples=${WASM_C_API:-$TOP/../wasm-c-api}/example
if [ -d "$examples" ]; then
	cp "$examples"/*.wasm "$W"
	for f in "$examples"/*.c; do
		p=$(basename "$f" .c)
		joist inspect "$W/$p.wasm" >/dev/null 2>&1 || {
			skip "example $p: its module is in the encoding of an old draft"
			continue
		}
		# shellcheck disable=SC2086
		run cc -w -o "$W/x-$p" "$f" $shared -lpthread -Wl,-rpath,"$W/usr/lib"
		expect_status 0 "$p" || continue
		cd "$W" || exit 1
		run "./x-$p"
		expect_status 0 "example $p" && ok "example $p"
		cd "$TOP" || exit 1
	done
else
	skip "the interface's example programs: no checkout of wasm-c-api (set WASM_C_API=DIR)"
fi
