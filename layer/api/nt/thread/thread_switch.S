/* SPDX-License-Identifier: Apache-2.0 */
/* thread_switch.S -- onto the stack of a thread of the program, and off it.
 *
 *	void thread_switch(void **base, void *stack, void (*f)(void *), void *argument)
 *	void thread_switch_back(void *base)
 *
 * The first calls f(argument) on the stack and comes back when the second is called with what
 * it has put into *base.  For who walks the frames this is the lowest one.
 */
	.text
	.globl thread_switch
	.hidden thread_switch
	.type thread_switch, @function
thread_switch:
	.cfi_startproc
	pushq %rbp
	pushq %rbx
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	subq $8, %rsp
	stmxcsr (%rsp)
	fnstcw 4(%rsp)
	movq %rsp, (%rdi)
	movq %rsi, %rsp
	movq %rcx, %rdi
	xorl %ebp, %ebp
	.cfi_undefined rip
	.cfi_undefined rbp
	call *%rdx
	ud2
	.cfi_endproc
	.size thread_switch, . - thread_switch

	.globl thread_switch_back
	.hidden thread_switch_back
	.type thread_switch_back, @function
thread_switch_back:
	movq %rdi, %rsp
	cld
	ldmxcsr (%rsp)
	fldcw 4(%rsp)
	addq $8, %rsp
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbx
	popq %rbp
	ret
	.size thread_switch_back, . - thread_switch_back

	.section .note.GNU-stack, "", @progbits
