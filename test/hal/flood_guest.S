/* SPDX-License-Identifier: Apache-2.0 */
/* One hart that says lines on the serial port as fast as it takes them: for ever. */
	.option norelax
	.globl _start
	.section .text
_start:
	li t0, 0x10000000
1:	li t2, 63
2:	lbu t3, 5(t0)
	andi t3, t3, 0x20
	beqz t3, 2b
	li t1, 'x'
	sb t1, 0(t0)
	addi t2, t2, -1
	bnez t2, 2b
	li t1, '\n'
	sb t1, 0(t0)
	j 1b
