#!/bin/bash
# timeout: 900
# parallel
# needs: joist
# A debugger of a computer of two harts: by packets over TCP, and with gdb where it is.
. "$(dirname "$0")/../lib.sh"
needs joist
for cc in riscv64-unknown-elf-gcc riscv64-linux-gnu-gcc none; do
	has "$cc" && break
done
[ "$cc" != none ] || skip_all "no compiler for RISC-V"
guest() { # OUTPUT FLAGS...
	local o=$1
	shift
	"$cc" -g -nostdlib -nostartfiles -static -no-pie -march=rv64gc -mabi=lp64d -mcmodel=medany \
		-Wl,-Ttext=0x80200000,--build-id=none -o "$o" "$@" "$TOP/test/hal/debug_guest.S"
}
guest "$W/guest" && guest "$W/once" -Wa,--defsym,ONCE=1 || skip_all "$cc makes no bare program"
declare -A at
while read -r value _ name; do at[$name]=$(printf %x "0x$value"); done < <("${cc%gcc}nm" "$W/guest")

# -- a client --------------------------------------------------------------------------
# connect NAME FLAGS...: joist debug, and a connection to it as descriptor 3
connect() {
	local name=$1 target
	shift
	run joist debug "$name" "$@" --port 0 --json
	target=$(sed -n 's/.*"target": "127.0.0.1:\([0-9]*\)".*/\1/p' <<<"$out")
	[ -n "$target" ] && exec 3<>"/dev/tcp/127.0.0.1/$target" || not_ok "no connection to $name"
}
hang_up() { exec 3>&-; }
# hear: the next packet, without $ and #, in $answer; what came before it in $noise
hear() {
	local c
	answer='' noise=''
	while IFS= read -r -N 1 -t 60 -u 3 c && [ "$c" != '$' ]; do noise+=$c; done
	while IFS= read -r -N 1 -t 60 -u 3 c && [ "$c" != '#' ]; do answer+=$c; done
	IFS= read -r -N 2 -t 60 -u 3 c
}
tell() { # PACKET: send it
	local i c sum=0
	for ((i = 0; i < ${#1}; i++)); do
		printf -v c %d "'${1:i:1}"
		sum=$(((sum + c) % 256))
	done
	printf '$%s#%02x' "$1" "$sum" >&3
}
ask() { tell "$1" && hear; }
# expect PACKET ANSWER: a pattern of the shell
expect() {
	ask "$1"
	# shellcheck disable=SC2053
	[[ $answer == $2 ]] || { not_ok "packet $1: '$answer', expected '$2'"; return 1; }
}
stops() { # PATTERN WHAT: let them run; how they stop
	expect vCont\;c "$1" && ok "$2"
}
# swap HEX: a number of 64 bits as registers are written
swap() {
	local n
	n=$(printf %016x "0x$1")
	echo "${n:14:2}${n:12:2}${n:10:2}${n:8:2}${n:6:2}${n:4:2}${n:2:2}${n:0:2}"
}
word() { # ADDRESS: 8 bytes as a number
	ask "m$1,8"
	echo $((16#$(swap "$answer")))
}
running() { joist ps -n --filter status=running | grep -qx "$1"; }
paused() { joist ps -n --filter status=paused | grep -qx "$1"; }

run joist run -d --name a --cpus 2 -m 64M --in rv --kernel "$W/guest" --debug
expect_status 0 "run --debug" && paused a && ok "run --debug: paused before the first instruction"
run joist pause a
[ "$status" != 0 ] && two_lines "pause" && ok "pause: refused while it is held"
connect a
expect 'qSupported:xmlRegisters=riscv' '*PacketSize=4000*QStartNoAckMode+*' && [[ $noise == *+* ]] && ok "qSupported, with an acknowledgement"
printf '$?#00' >&3 && IFS= read -r -N 1 -t 60 -u 3 c && [ "$c" = - ] && ok "a wrong checksum is refused" || not_ok "wrong checksum"
printf -- - >&3 && hear && [[ $answer == *PacketSize* ]] && ok "and an answer sent again" || not_ok "not sent again: $answer"
expect QStartNoAckMode OK
expect '?' 'T05thread:1;'
expect p20 "$(swap "${at[_start]}")" && ok "pc is where it begins"
expect qfThreadInfo m1,2 && expect qsThreadInfo l && expect qC QC1 && expect T2 OK && expect T3 'E*' && ok "threads"
expect qThreadExtraInfo,2 "$(printf 'hart 1, mode M, stopped' | od -An -tx1 | tr -d ' \n')" && ok "what a hart does"
expect qXfer:features:read:target.xml:0,40 'm<?xml*' && expect qXfer:features:read:target.xml:ffffff,40 l && ok "target.xml"
expect "m${at[read_only]},4" 78563412 && expect "m0,4" 'E*' && ok "memory, and none"
expect "M${at[watched]},8:0500000000000000" OK && [ "$(word "${at[watched]}")" = 5 ] && ok "memory is written" || not_ok "not written"
expect "X${at[watched]},0:" OK && expect "X${at[watched]},4:$(printf 'ab}\003c')" OK && [ "$(word "${at[watched]}")" = $((16#63236261)) ] && ok "with an escape, too" || not_ok "X: $(word "${at[watched]}")"
expect "M${at[watched]},8:0000000000000000" OK
expect "P5=$(swap 1234)" OK && expect p5 "$(swap 1234)" && ok "a register is written"
expect "P0=$(swap 1234)" OK && expect p0 "$(swap 0)" && ok "but for zero"
expect p181 "$(swap 0)" && expect p1fff 'E*' && expect p44 00000000 && ok "control registers"
ask g && [ "${#answer}" = 528 ] && regs=$answer && expect "G$regs" OK && expect g "$regs" && ok "all registers, there and back"
expect 'qRcmd,68656c70' '7265676973746572*' && ok "monitor help"
expect "qRcmd,$(printf registers | od -An -tx1 | tr -d ' \n')" '68617274*' && ok "monitor registers"
expect vNothing '' && expect qNothing '' && expect Z9,0,0 '' && ok "what is not known has an empty answer"
expect Gzz 'E*' && expect m 'E*' && expect mfff 'E*' && expect vCont 'E*' && expect 'vCont;c:7' 'E*' && expect vCont\;x 'E*' && expect Hg9 'E*' && ok "what is wrong is an error"

# steps and breakpoints
ask 'vCont;s:1' && [ "$answer" = 'T05thread:1;' ] && ask p20 && [ "$answer" != "$(swap "${at[_start]}")" ] && ok "a step" || not_ok "step: $answer"
expect "Z0,${at[turn]},2" OK && expect "Z1,${at[ready]},4" OK
stops 'T05thread:1;' "a breakpoint"
expect p20 "$(swap "${at[ready]}")" && ok "it is the one that is met first"
seen=
for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
	ask 'vCont;c'
	seen+=$answer
	ask p20 && [ "$answer" = "$(swap "${at[turn]}")" ] || not_ok "stopped elsewhere: $answer"
done
[[ $seen == *thread:1* && $seen == *thread:2* ]] && ok "both harts meet it" || not_ok "harts: $seen"
expect "z0,${at[ready]},4" OK && expect "z0,${at[turn]},2" OK && expect "z0,${at[turn]},2" OK
# One of the same place in its page: only the other address of it is meant.
far=$(printf %x $((16#${at[turn]} + 0x40000000)))
expect Hg1 OK && expect "m$far,8" '*' && same=$answer && expect "m${at[turn]},8" "$same"
expect "Z0,$far,2" OK
before=$(word "${at[counts]}")
tell 'vCont;c' && sleep 0.3 && printf '\003' >&3 && hear
[[ $answer == T02thread:* ]] && ok "an interrupt" || not_ok "interrupt: $answer"
[ "$(word "${at[counts]}")" -gt "$before" ] && ok "the same code under another address is no breakpoint" || not_ok "it did not run"
expect Hg1 OK && expect "P20=$(swap "$far")" OK
stops 'T05thread:1;' "under its own it is"
expect "z0,$far,2" OK && expect "P20=$(swap "${at[turn]}")" OK

# one goes, the other stands
expect Hg2 OK && ask p20 && stands=$answer
expect "Z0,${at[stores]},2" OK
expect 'vCont;c:1' 'T05thread:1;' && expect Hg2 OK && expect p20 "$stands" && ok "a hart that is not told to go stands"
expect "z0,${at[stores]},2" OK && expect Hg1 OK

# watchpoints: before the access
expect "Z2,${at[watched]},8" OK
stops "T05thread:1;watch:${at[watched]};" "a store is watched"
expect p20 "$(swap "${at[stores]}")" && n=$(word "${at[watched]}")
stops "T05thread:1;watch:${at[watched]};" "and the next"
[ "$(word "${at[watched]}")" = $((n + 1)) ] && ok "between them was one store" || not_ok "stores: $(word "${at[watched]}") after $n"
expect "z2,${at[watched]},8" OK && expect "Z3,$(printf %x $((16#${at[read_only]} + 2))),1" OK
stops "T05thread:1;rwatch:$(printf %x $((16#${at[read_only]} + 2)));" "a load is watched, by one byte of it"
expect p20 "$(swap "${at[loads]}")" && expect "z3,$(printf %x $((16#${at[read_only]} + 2))),1" OK
expect "Z2,${at[read_only]},4" OK && expect "Z4,${at[watched]},1" OK
stops "T05thread:1;awatch:${at[watched]};" "an access is watched"
expect "z2,${at[read_only]},4" OK && expect "z4,${at[watched]},1" OK

# the machine meanwhile
until_ok 60 paused a && ok "held it is paused" || not_ok "not paused"
run joist resume a
[ "$status" != 0 ] && two_lines "resume" && ok "resume: refused while a debugger holds it"
check "a snapshot while it is held" joist snapshot a@held
expect D OK && hang_up
until_ok 60 running a && ok "after detach it goes on" || not_ok "detach: not running"
connect a && ask '?' && before=$(word "${at[counts]}") && hang_up
until_ok 60 running a && ok "after a lost connection it goes on" || not_ok "lost: not running"
connect a && [ "$(word "${at[counts]}")" -gt "$before" ] && ok "and has run" || not_ok "it did not run"

# a breakpoint is gone with its debugger, also when that goes while they run
expect "Z0,${at[turn]},2" OK && expect vCont\;c 'T05*' && expect "z0,${at[turn]},2" OK && expect "Z2,${at[read_only]},4" OK
tell 'vCont;c' && hang_up
until_ok 60 running a || not_ok "not running"
joist pause a >/dev/null && connect a && ask '?' && expect D OK && hang_up
sleep 0.2
paused a && ok "who was paused before stays so" || not_ok "it was paused before"
joist resume a >/dev/null

# ebreak: first the debugger's, then the guest's
connect a && ask '?'
expect "M${at[stopped]},1:01" OK
stops 'T05thread:1;' "an ebreak"
expect p20 "$(swap "${at[trap]}")" && expect "P146=$(swap "${at[_start]}")" OK
expect 'vCont;s:1' 'T05thread:1;' && expect p20 "$(swap "${at[_start]}")" && expect p183 "$(swap 3)" && ok "and then the guest's trap"
expect "P20=$(swap "${at[behind]}")" OK
stops W00 "its end is told"
hang_up
until_ok 60 sh -c '! joist ps -n | grep -qx a' && run joist ps -a --filter name=a && expect_has 'exit 0' "the end"
run joist debug a
[ "$status" != 0 ] && two_lines "debug of a stopped one" && ok "a stopped machine has no debugger"
check "what was saved under a debugger goes on" joist restore a@held
until_ok 60 running a
connect a && ask '?' && tell k && until_ok 60 sh -c '! joist ps -n | grep -qx a' && ok "k ends it" || not_ok "k"
hang_up

# -- where it listens --------------------------------------------------------------------
run joist run -d --name b --cpus 2 -m 64M --in rv --kernel "$W/guest"
expect_status 0 "run"
run joist debug b
expect_out "gdb -ex 'target remote $JOIST_ROOT/machines/b/gdb'" "debug" && [ -S "$JOIST_ROOT/machines/b/gdb" ] && ok "a socket in the machine's folder"
(cd "$W" && joist debug b --socket sock >.out) && [ -S "$W/sock" ] && grep -qF "$W/sock" "$W/.out" && ok "--socket" || not_ok "--socket: $(cat "$W/.out")"
[ -e "$JOIST_ROOT/machines/b/gdb" ] && not_ok "the old one stayed" || ok "instead of the old one"
refused() {
	local what=$1
	shift
	run "$@"
	[ "$status" != 0 ] && two_lines "$what" && ok "refused: $what" || not_ok "$what: status $status"
}
refused "--port and --socket" joist debug b --port 0 --socket x
refused "a port that is none" joist debug b --port 70000
refused "a file that is no socket" joist debug b --socket "$W/guest"
refused "a name that is too long" joist debug b --socket "/tmp/$(printf %0120d 0)"
refused "no such machine" joist debug nobody
run joist debug b --wait
expect_status 0 "--wait" && until_ok 60 paused b && ok "--wait: it is held until one comes"
joist resume b >/dev/null && until_ok 60 running b && ok "or until it is told to go on" || not_ok "resume after --wait"
connect b --wait && ask '?' && exec 4<>"/dev/tcp/127.0.0.1/$(joist debug b | tr -dc '0-9\n' | sed 's/^127001//')"
IFS= read -r -N 1 -t 5 -u 4 c && not_ok "a second debugger was let in" || ok "one at a time"
exec 4>&-
printf '\003$garbage\003\003}}#$$$##00-++' >&3
head -c 40000 /dev/zero | tr '\0' x >&3
tell qC
for _ in 1 2 3 4 5 6 7 8 9; do hear && [[ $answer == QC* ]] && break; done
[[ $answer == QC* ]] && ok "garbage is survived" || not_ok "garbage: $answer"
run joist stop b
expect_status 0 "stop" && ok "stop ends what is held"
hang_up
if [ -d "$ROOTFS/bin" ]; then
	refused "of a container" joist run --rm --debug "$ROOTFS" /bin/true
fi

# -- inspect: registers by name, page tables ---------------------------------------------------
run joist run -d --name i --cpus 2 -m 64M --in rv --kernel "$W/guest" --debug
connect i && expect "Z0,${at[second]},2" OK && stops 'T05thread:2;' "both harts are there"
run joist inspect i
flat=$(tr -d ' \n' <<<"$out")
has_flat() { [[ $flat == *"$1"* ]] && ok "inspect: $2" || not_ok "inspect: $2: $(grep -o '"pages":.*"devices"' <<<"$flat" | head -c 600)"; }
has_flat '"pages":{"mode":"sv39","root":"0x'"${at[root]}"'","ranges":[{"virtual":"0x80000000","physical":"0x80000000","size":1073741824,"flags":"rwx"},{"virtual":"0xc0000000","physical":"0x80000000","size":1073741824,"flags":"rwx"}]}' "what is mapped"
has_flat '"pages":{"mode":"bare"}' "a hart without translation"
has_flat '"a0":"0x1","a1":"0x7"' "registers by name"
has_flat '"pc":"0x'"${at[second]}"'"' "pc"
expect D OK && hang_up
until_ok 60 running i && run joist inspect i
flat=$(tr -d ' \n' <<<"$out")
has_flat '"pages":{"mode":"sv39"' "also while it runs"
joist rm -f i >/dev/null

# -- deterministic: in turn ------------------------------------------------------------------
run joist run -d --name c --cpus 2 -m 64M --in rv --kernel "$W/guest" --debug --deterministic
connect c && expect "Z0,${at[second]},2" OK
stops 'T05thread:2;' "deterministic: a breakpoint"
expect 'vCont;s:2;c' 'T05thread:2;' && ok "and a step"
expect D OK && hang_up
until_ok 60 running c && ok "and on" || not_ok "deterministic: not running"
joist rm -f c >/dev/null

# -- a trace -----------------------------------------------------------------------------------
run joist run --rm --name d -m 64M --in rv --kernel "$W/once" --trace "$W/trace"
expect_status 0 "--trace" && [ "$(head -n 1 "$W/trace" | cut -c 1-20)" = '0 S 0000000080200000' ] && ok "--trace: from the first instruction" || not_ok "trace: $(head -n 1 "$W/trace")"
# what was stored last: 1000 turns
tac "$W/trace" | grep -m 1 ' c.ld ' | grep -q 'c.ld a2,0(a1)  *a2=3e7$' && ok "with the register that changed" || not_ok "trace: $(tac "$W/trace" | grep -m 1 ' c.ld ')"
[ "$(tail -n 1 "$W/trace" | awk '{ print $5 }')" = ecall ] && ok "to the last" || not_ok "trace: $(tail -n 1 "$W/trace")"
# the same words and names as the compiler's tools say
objdump=${cc%gcc}objdump
"$objdump" -d -M numeric,no-aliases "$W/once" | awk -F '\t' 'NF > 2 { sub(/:/, "", $1); gsub(/ /, "", $1); gsub(/ /, "", $2); printf "00000000%s_%s\n", $1, $2 }' | sort -u >"$W/words"
awk '{ print $3 "_" $4 }' "$W/trace" | sort -u | comm -23 - "$W/words" | head -n 3 >"$W/alien"
[ -s "$W/alien" ] && not_ok "not of the program: $(cat "$W/alien")" || ok "each is a word of the program"

# -- gdb itself -----------------------------------------------------------------------------------
if ! has gdb-multiarch; then
	skip "no gdb-multiarch"
	exit 0
fi
run joist run -d --name e --cpus 2 -m 64M --in rv --kernel "$W/guest" --debug
target=$(joist debug e | sed "s/.*remote \(.*\)'/\1/")
cat >"$W/script" <<END
set pagination off
set confirm off
target remote $target
info threads
break turn
continue
continue
continue
printf "here %#lx\n", \$pc
stepi
printf "then %#lx\n", \$pc
delete
watch *(long *)&watched
continue
continue
printf "stored %ld\n", *(long *)&watched
delete
printf "fp %d satp %#lx\n", \$fcsr, \$satp
monitor help
thread 2
x/2i \$pc
detach
END
run timeout 60 gdb-multiarch -nx -batch -x "$W/script" "$W/guest"
expect_has 'Thread 2 (hart 1, mode M, stopped)' gdb && expect_has "here 0x${at[turn]}" gdb && expect_has "then 0x$(printf %x $((16#${at[turn]} + 4)))" gdb &&
	expect_has 'hit Breakpoint 1, turn ()' gdb && expect_has 'New value = 1' gdb && expect_has 'stored 2' gdb &&
	expect_has 'satp 0x8000000000080' gdb && expect_err 'registers  all' gdb && expect_has detached gdb && ok "gdb: threads, breakpoints, watchpoints, steps, registers"
until_ok 60 running e && ok "gdb: detached, it goes on" || not_ok "gdb: not running"
# gdb that dies
printf 'target remote %s\nshell kill -9 $PPID\n' "$target" >"$W/script"
{ timeout 60 gdb-multiarch -nx -batch -x "$W/script" >/dev/null 2>&1; } 2>/dev/null
until_ok 60 running e && ok "gdb: killed, it goes on" || not_ok "gdb killed: not running"
