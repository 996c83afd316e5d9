/* SPDX-License-Identifier: Apache-2.0 */
/* One hart in S mode, with page tables, that puts a value into each kind of state, counts to
 * 40 slowly, and says whether all is as it was: "kept" and status 0, or the number of what is not.
 *
 * test/hal/older.sh restores a snapshot of it that an older version made, in the middle.
 */
	.option norelax
	.globl _start
	.section .text
_start:
	la sp, stack_end
	/* Sv39, two leaves of 1 GiB: devices, RAM */
	la t0, root
	li t1, 0x000000cf
	sd t1, 0(t0)
	li t1, 0x200000cf
	sd t1, 16(t0)
	srli t1, t0, 12
	li t2, 8 << 60
	or t1, t1, t2
	csrw satp, t1
	sfence.vma
	li t0, 0x6000 /* FS */
	csrs sstatus, t0
	li s2, 0x0123456789abcdef
	li t0, 42
	fcvt.d.l fs0, t0
	li t0, 0x60
	csrw fcsr, t0
	csrw sscratch, s2
	la t0, wrong
	csrw stvec, t0
	/* the timer rings after the snapshot, and is seen in sip, not taken */
	rdtime s3
	li t0, 15000000
	add a0, s3, t0
	li a7, 0x54494d45
	li a6, 0
	ecall
	la a1, word
	sd s2, 0(a1)
	li s4, 0
	la a0, hello
	jal say
1:	rdtime t0
	sub t0, t0, s3
	li t1, 500000
	mul t1, t1, s4
	bltu t0, t1, 1b
	addi s4, s4, 1
	li t1, 40
	bltu s4, t1, 1b

	li s5, '1'
	li t0, 0x0123456789abcdef
	bne s2, t0, lost
	li s5, '2'
	csrr t1, sscratch
	bne t1, t0, lost
	li s5, '3'
	la t1, word
	ld t1, 0(t1)
	bne t1, t0, lost
	li s5, '4'
	fcvt.l.d t1, fs0
	li t2, 42
	bne t1, t2, lost
	li s5, '5'
	frcsr t1
	li t2, 0x60
	bne t1, t2, lost
	li s5, '6'
	csrr t1, satp
	srli t1, t1, 60
	li t2, 8
	bne t1, t2, lost
	li s5, '7'
	csrr t1, stvec
	la t2, wrong
	bne t1, t2, lost
	li s5, '8' /* the timer rang */
	csrr t1, sip
	andi t1, t1, 0x20
	beqz t1, lost
	la a0, kept
	jal say
	li t1, 0x5555
end:	li t0, 0x100000
	sw t1, 0(t0)
	j .

	.balign 4
wrong:	li s5, 'x'
lost:	li t0, 0x10000000
	sb s5, 0(t0)
	li t1, '\n'
	sb t1, 0(t0)
	li t1, 0x13333
	j end

say:	li t0, 0x10000000
2:	lbu t1, 0(a0)
	beqz t1, 3f
	sb t1, 0(t0)
	addi a0, a0, 1
	j 2b
3:	ret

hello:	.asciz "begun\n"
kept:	.asciz "kept\n"

	.data
	.balign 4096
root:	.zero 4096
word:	.zero 8
	.zero 1024
stack_end:
