/* SPDX-License-Identifier: Apache-2.0 */
/* One hart that says R on the serial port and writes the finisher's reset: for ever. */
	.option norelax
	.globl _start
	.section .text
_start:
	li t0, 0x10000000
	li t1, 'R'
	sb t1, 0(t0)
	li t1, '\n'
	sb t1, 0(t0)
	li t0, 0x100000
	li t1, 0x7777
	sw t1, 0(t0)
	j .
