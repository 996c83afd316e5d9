#!/bin/bash
# parallel
# What Microsoft's compilers make of exceptions: C++ with __CxxFrameHandler3, type information,
# and __try; and the C++ library as such programs use it.  They are compiled by clang for that
# target; each says what it does.
. "$(dirname "$0")/../lib.sh"
needs joist
here=$(dirname "$(realpath "$0")")/msvc
for tool in clang++ lld-link llvm-dlltool; do
	command -v $tool >/dev/null || { skip_all "no $tool"; exit 0; }
done
cd "$W" || exit 1

library() { # NAME.dll functions...
	local name=$1
	shift
	printf 'LIBRARY %s\nEXPORTS\n' "$name" >"$name.def"
	printf '%s\n' "$@" >>"$name.def"
	llvm-dlltool -m i386:x86-64 -d "$name.def" -l "$name.lib"
}
library kernel32.dll GetStdHandle WriteFile ExitProcess RaiseException
library ucrtbase.dll set_terminate malloc free
# The C++ library's names are long: all that its table (layer/api/dll/msvcp140.def) has.
mapfile -t names < <(sed -nE 's/^(FN|AS)\(([^,]+),.*/"\2"/p; s/^DATA\(([^,]+),.*/"\1" DATA/p' \
	"$TOP/layer/api/dll/msvcp140.def")
library msvcp140.dll "${names[@]}"
library vcruntime140.dll _CxxThrowException __CxxFrameHandler3 __C_specific_handler __std_terminate \
	memcpy memset _purecall __RTDynamicCast __RTtypeid __RTCastToVoid __std_type_info_name \
	__std_type_info_hash __std_type_info_compare __uncaught_exceptions __current_exception
cat >type.s <<'S'
	.section .rdata, "dr"
	.globl "??_7type_info@@6B@"
"??_7type_info@@6B@":
	.quad 0, 0
	.text
	.globl "??1type_info@@UEAA@XZ"
"??1type_info@@UEAA@XZ":
	ret
S
target=--target=x86_64-pc-windows-msvc
clang $target -c type.s -o type.obj

try() { # NAME, expected on standard input
	local source=$here/$1 language=()
	[ "${1##*.}" != c ] || language=(-xc)
	cat >"$1.want"
	clang++ $target -w -O1 -fno-threadsafe-statics -fexceptions -fcxx-exceptions \
		"${language[@]}" -c "$source" -o "$1.obj" &&
		lld-link /entry:start /subsystem:console /nodefaultlib "/out:$1.exe" "$1.obj" type.obj \
			kernel32.dll.lib ucrtbase.dll.lib vcruntime140.dll.lib \
			msvcp140.dll.lib || { not_ok "$1 does not compile"; return; }
	printf '12 34' | joist run --rm "./$1.exe" >"$1.got" 2>&1
	if diff "$1.want" "$1.got" >"$1.diff"; then ok "$1"; else not_ok "$1: $(head -n 3 "$1.diff")"; fi
}

try throw.cpp <<'END'
+one
+middle
+inner
+thrower
-thrower
-inner
-middle
-one
int 2a
--
+one
+middle
+inner
+thrower
ctor D
-thrower
-inner
-middle
-one
Base& 5
 f 2
dtor D
--
+one
+middle
+inner
+thrower
-thrower
-inner
-middle
-one
str text
--
+one
+middle
+inner
+thrower
-thrower
-inner
-middle
-one
...
--
+one
+middle
+inner
+thrower
-thrower
-inner
-middle
-one
Base* 0
--
+one
+middle
+inner
+thrower
-thrower
-inner
-middle
-one
...
--
+one
+middle
+inner
+thrower
-thrower
-inner
-middle
returned
-one
--
+middle
+inner
+thrower
ctor D
copy D
-thrower
-inner
-middle
by value 6
dtor D
dtor D
--
+middle
+inner
+thrower
ctor D
-thrower
-inner
-middle
first 7
second 6
dtor D
--
+z
+middle
+inner
+thrower
-thrower
-inner
-middle
+incatch
caught 2a
+thrower
-thrower
-incatch
-z
text
--
+middle
+inner
+thrower
-thrower
-inner
-middle
+outer catch
+in
+thrower
ctor D
-thrower
-in
+inner catch
D 6
-inner catch
dtor D
still in outer
rethrown inside 2a
-outer catch
--
+thrower
-thrower
loop 0
+thrower
-thrower
loop 2
--
+deep
+deep
+deep
+deep
-deep
-deep
-deep
-deep
deep caught
many c350
END

try rtti.cpp <<'END'
down 1
across 1
virtual 1
virtual across 1
not 0
whole 1
bad_cast Bad dynamic_cast!
struct C
int * __ptr64
class std::bad_cast
bad_typeid
hash same 1
compare 1
uncaught 1
caught 0
current 1
none 1
inside destructor 2
outside 3
terminate called
END

try scopes.c <<'END'
finally f1 1
caught c0000005
f2 filter 1
inner finally
f2 filter 2
outer finally
caught 2
filter 5
inside filter
caught 5
ret 9
filter 4
outer caught 4
many
END

try streams.cpp <<'END'
integers: ok
wide integers: ok
reals: ok
wide reals: ok
characters: ok
wide characters: ok
numbers: ok
wide numbers: ok
reading: ok
wide reading: ok
both: ok
wide both: ok
buffers: ok
wide buffers: ok
failures: ok
wide failures: ok
ios_base::failbit set: iostream stream erroriostream
ios_base::badbit set: iostream stream error
states: ok
locales: ok
1 2.5;
standard streams: ok
END

try raise.cpp <<'END'
length_error too long | too long
out_of_range out of it | out of it
logic_error not valid | not valid
invalid_argument not valid | not valid
runtime_error at run time | at run time
overflow_error too much | too much
bad_alloc bad allocation | bad allocation
bad_function_call bad function call | bad function call
not length_error something else | out of it of another type
system_error resource deadlock would occur: resource deadlock would occur | resource deadlock would occur: resource deadlock would occur
_System_error device or resource busy: device or resource busy | device or resource busy: device or resource busy
future_error no state | no state
value 16
generic 3
no such file or directory 1
none 0
some 1
kept for later
kept for later
objects 1
value 7
objects 2
swapped 1
objects 0
same 1
random 1
no file 1
END
