/* SPDX-License-Identifier: Apache-2.0 */
/* Two harts for a debugger: each counts in its own word, for ever.  Hart 0 also stores to
 * `watched` at each 1000th turn, loads `read_only`, and powers off when `stopped` is set; it
 * sees RAM under two addresses, 0x80000000 and 0xc0000000.  With ONCE there is one hart,
 * which ends after the first 1000 turns. */
	.option norelax
	.globl _start, turn, turn_end, second, watched, counts, read_only, root, stopped, ready, stores, loads
	.ifndef ONCE
	.globl trap, behind
	.endif
	.section .text
_start:
	la sp, stack0
	la gp, counts
	/* one leaf of 1 GiB each: RAM as it is, and RAM again at 0xc0000000 */
	la t0, root
	li t1, 0x80000000 >> 2 | 0xcf
	sd t1, 16(t0)
	sd t1, 24(t0)
	srli t0, t0, 12
	li t1, 8 << 60
	or t0, t0, t1
	csrw satp, t0
	sfence.vma
ready:
	li a0, 1            /* HSM hart_start of hart 1 */
	la a1, second
	li a2, 7
	li a6, 0
	li a7, 0x48534d
	.ifndef ONCE
	ecall
	.endif
	li s0, 0
	li s1, 1000
loop:
	mv a0, zero
	call turn
	addi s0, s0, 1
	blt s0, s1, loop    /* also when a debugger had it make one turn more */
	li s0, 0
	la t0, watched
	ld t1, 0(t0)
	addi t1, t1, 1
stores:
	sd t1, 0(t0)
	la t0, read_only
loads:
	lw t1, 0(t0)
	.ifndef ONCE
	la t0, stopped
	ld t1, 0(t0)
	beqz t1, loop
trap:
	ebreak
behind:
	.endif
	li a7, 0x53525354   /* SRST: power off */
	li a6, 0
	li a0, 0
	li a1, 0
	ecall
	j .

/* counts[a0]++ */
turn:
	slli a1, a0, 3
	add a1, a1, gp
	ld a2, 0(a1)
	addi a2, a2, 1
	sd a2, 0(a1)
turn_end:
	ret

second: /* a0 is 1, a1 is 7; its translation is off */
	la sp, stack1
	la gp, counts
	li s1, 7
1:	li a0, 1
	call turn
	j 1b

	.section .data
	.balign 8
watched: .dword 0
counts: .dword 0, 0
read_only: .word 0x12345678
	.balign 8
stopped: .dword 0
	.section .bss
	.balign 4096
root: .space 4096
	.space 4096
stack0:
	.space 4096
stack1:
