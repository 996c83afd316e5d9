/* SPDX-License-Identifier: Apache-2.0 */
/* fiber_switch.S -- void fiber_switch_stack(void **from, void *to); and where a fiber begins.
 *
 * Registers that Microsoft's convention keeps besides (rdi, rsi, xmm6 to xmm15) have been saved
 * by the function of that convention that led here.
 */
	.text
	.globl fiber_switch_stack
	.hidden fiber_switch_stack
	.type fiber_switch_stack, @function
fiber_switch_stack:
	.cfi_startproc
	pushq %rbp
	pushq %rbx
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	subq $8, %rsp
	.cfi_adjust_cfa_offset 56
	stmxcsr (%rsp)
	fnstcw 4(%rsp)
	movq %rsp, (%rdi)
	movq %rsi, %rsp
	ldmxcsr (%rsp)
	fldcw 4(%rsp)
	addq $8, %rsp
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbx
	popq %rbp
	.cfi_adjust_cfa_offset -56
	ret
	.cfi_endproc
	.size fiber_switch_stack, . - fiber_switch_stack

	.globl fiber_start
	.hidden fiber_start
	.type fiber_start, @function
fiber_start:                            /* the first switch to a new one: rbx is its function */
	.cfi_startproc
	.cfi_undefined rip
	xorl %ebp, %ebp
	call *%rbx
	ud2
	.cfi_endproc
	.size fiber_start, . - fiber_start

	.section .note.GNU-stack, "", @progbits
