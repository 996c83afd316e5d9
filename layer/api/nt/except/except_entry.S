/* SPDX-License-Identifier: Apache-2.0 */
/* except_entry.S -- all registers as a caller sees them, and back into them.
 *
 * Offsets are those of CONTEXT (types.h); it is aligned to 16.
 */
	.text

/* Everything into the CONTEXT at \c, but the registers \c, rip and rsp. */
	.macro SAVE c
	mov %rax, 0x78(\c)
	mov %rbx, 0x90(\c)
	mov %rbp, 0xa0(\c)
	mov %rsi, 0xa8(\c)
	mov %rdi, 0xb0(\c)
	mov %rdx, 0x88(\c)
	mov %r8, 0xb8(\c)
	mov %r9, 0xc0(\c)
	mov %r10, 0xc8(\c)
	mov %r11, 0xd0(\c)
	mov %r12, 0xd8(\c)
	mov %r13, 0xe0(\c)
	mov %r14, 0xe8(\c)
	mov %r15, 0xf0(\c)
	mov %cs, 0x38(\c)
	mov %ds, 0x3a(\c)
	mov %es, 0x3c(\c)
	mov %fs, 0x3e(\c)
	mov %gs, 0x40(\c)
	mov %ss, 0x42(\c)
	stmxcsr 0x34(\c)
	fxsave64 0x100(\c)
	movl $0x10000f, 0x30(\c)
	.endm

/* RtlCaptureContext: WINAPI void except_capture(struct CONTEXT *c) */
	.globl except_capture
	.hidden except_capture
	.type except_capture, @function
except_capture:
	.cfi_startproc
	pushfq
	.cfi_adjust_cfa_offset 8
	mov %rcx, 0x80(%rcx)
	SAVE %rcx
	mov (%rsp), %eax
	mov %eax, 0x44(%rcx)
	mov 8(%rsp), %rax
	mov %rax, 0xf8(%rcx)
	lea 16(%rsp), %rax
	mov %rax, 0x98(%rcx)
	mov 0x78(%rcx), %rax
	popfq
	.cfi_adjust_cfa_offset -8
	ret
	.cfi_endproc
	.size except_capture, . - except_capture

/* A function that is called with the context of its caller, in which its arguments are, and
 * may come back with a value. */
	.macro CAUGHT name, to
	.globl \name
	.hidden \name
	.type \name, @function
\name:
	.cfi_startproc
	pushfq
	.cfi_adjust_cfa_offset 8
	sub $0x4e0, %rsp
	.cfi_adjust_cfa_offset 0x4e0
	cld
	mov %rcx, 0x80(%rsp)
	SAVE %rsp
	mov 0x4e0(%rsp), %eax
	mov %eax, 0x44(%rsp)
	mov 0x4e8(%rsp), %rax
	mov %rax, 0xf8(%rsp)
	lea 0x4f0(%rsp), %rax
	mov %rax, 0x98(%rsp)
	mov %rsp, %rdi
	/* what Microsoft's convention keeps and the host's does not: whoever unwinds finds it here */
	.cfi_rel_offset %rsi, 0xa8
	.cfi_rel_offset %rdi, 0xb0
	.cfi_rel_offset %xmm6, 0x200
	.cfi_rel_offset %xmm7, 0x210
	.cfi_rel_offset %xmm8, 0x220
	.cfi_rel_offset %xmm9, 0x230
	.cfi_rel_offset %xmm10, 0x240
	.cfi_rel_offset %xmm11, 0x250
	.cfi_rel_offset %xmm12, 0x260
	.cfi_rel_offset %xmm13, 0x270
	.cfi_rel_offset %xmm14, 0x280
	.cfi_rel_offset %xmm15, 0x290
	call \to
	movaps 0x200(%rsp), %xmm6
	movaps 0x210(%rsp), %xmm7
	movaps 0x220(%rsp), %xmm8
	movaps 0x230(%rsp), %xmm9
	movaps 0x240(%rsp), %xmm10
	movaps 0x250(%rsp), %xmm11
	movaps 0x260(%rsp), %xmm12
	movaps 0x270(%rsp), %xmm13
	movaps 0x280(%rsp), %xmm14
	movaps 0x290(%rsp), %xmm15
	mov 0xa8(%rsp), %rsi
	mov 0xb0(%rsp), %rdi
	.cfi_restore %rsi
	.cfi_restore %rdi
	.cfi_restore %xmm6
	.cfi_restore %xmm7
	.cfi_restore %xmm8
	.cfi_restore %xmm9
	.cfi_restore %xmm10
	.cfi_restore %xmm11
	.cfi_restore %xmm12
	.cfi_restore %xmm13
	.cfi_restore %xmm14
	.cfi_restore %xmm15
	add $0x4e8, %rsp
	.cfi_adjust_cfa_offset -0x4e8
	ret
	.cfi_endproc
	.size \name, . - \name
	.endm

	/* Where an exception of RaiseException stands: in a DLL of Windows, about to return. */
	.globl except_standing
	.hidden except_standing
	.type except_standing, @function
	.cfi_startproc
	nop
except_standing:
	ret
	.cfi_endproc
	.size except_standing, . - except_standing

	CAUGHT except_raise, except_raise_host
	CAUGHT kernel32_RaiseException, except_RaiseException
	CAUGHT ntdll_RtlRaiseException, except_RtlRaiseException
	CAUGHT ntdll_RtlRaiseStatus, except_RtlRaiseStatus
	CAUGHT ntdll_NtRaiseException, except_NtRaiseException
	CAUGHT ntdll_RtlUnwind, except_RtlUnwind
	CAUGHT ntdll_RtlUnwindEx, except_RtlUnwindEx
	CAUGHT ntdll_RtlCaptureStackBackTrace, except_RtlCaptureStackBackTrace
	CAUGHT ntdll_RtlWalkFrameChain, except_RtlWalkFrameChain
	CAUGHT vcruntime140__CxxThrowException, except_CxxThrowException
	CAUGHT vcruntime140__local_unwind, except_local_unwind
	CAUGHT vcruntime140_longjmp, except_longjmp

/* WINAPI int _setjmp(void *buffer, void *frame): a jump buffer (_JUMP_BUFFER of setjmp.h) has the
 * frame and what a call leaves alone. */
	.globl vcruntime140___intrinsic_setjmp
	.hidden vcruntime140___intrinsic_setjmp
	.type vcruntime140___intrinsic_setjmp, @function
vcruntime140___intrinsic_setjmp:
	.cfi_startproc
	mov %rdx, (%rcx)
	mov %rbx, 8(%rcx)
	lea 8(%rsp), %rax
	mov %rax, 0x10(%rcx)
	mov %rbp, 0x18(%rcx)
	mov %rsi, 0x20(%rcx)
	mov %rdi, 0x28(%rcx)
	mov %r12, 0x30(%rcx)
	mov %r13, 0x38(%rcx)
	mov %r14, 0x40(%rcx)
	mov %r15, 0x48(%rcx)
	mov (%rsp), %rax
	mov %rax, 0x50(%rcx)
	stmxcsr 0x58(%rcx)
	fnstcw 0x5c(%rcx)
	movdqu %xmm6, 0x60(%rcx)
	movdqu %xmm7, 0x70(%rcx)
	movdqu %xmm8, 0x80(%rcx)
	movdqu %xmm9, 0x90(%rcx)
	movdqu %xmm10, 0xa0(%rcx)
	movdqu %xmm11, 0xb0(%rcx)
	movdqu %xmm12, 0xc0(%rcx)
	movdqu %xmm13, 0xd0(%rcx)
	movdqu %xmm14, 0xe0(%rcx)
	movdqu %xmm15, 0xf0(%rcx)
	xor %eax, %eax
	ret
	.cfi_endproc
	.size vcruntime140___intrinsic_setjmp, . - vcruntime140___intrinsic_setjmp

/* _Noreturn void except_jump(const struct CONTEXT *c, const void *extended, uint32_t features): by
 * IRETQ, which writes nothing where the context's stack is.  extended is an XSAVE area whose
 * features are restored too, or NULL. */
	.globl except_jump
	.hidden except_jump
	.type except_jump, @function
except_jump:
	.cfi_startproc
	test %rsi, %rsi
	jz 1f
	mov %edx, %eax
	xor %edx, %edx
	xrstor64 (%rsi)
1:	fxrstor64 0x100(%rdi)
	ldmxcsr 0x34(%rdi)
	mov %ss, %eax
	push %rax
	pushq 0x98(%rdi)
	mov 0x44(%rdi), %eax
	and $0x244dd5, %eax             /* no IOPL, NT, RF, VM */
	or $0x202, %eax
	push %rax
	mov %cs, %eax
	push %rax
	pushq 0xf8(%rdi)
	mov 0x78(%rdi), %rax
	mov 0x80(%rdi), %rcx
	mov 0x88(%rdi), %rdx
	mov 0x90(%rdi), %rbx
	mov 0xa0(%rdi), %rbp
	mov 0xa8(%rdi), %rsi
	mov 0xb8(%rdi), %r8
	mov 0xc0(%rdi), %r9
	mov 0xc8(%rdi), %r10
	mov 0xd0(%rdi), %r11
	mov 0xd8(%rdi), %r12
	mov 0xe0(%rdi), %r13
	mov 0xe8(%rdi), %r14
	mov 0xf0(%rdi), %r15
	mov 0xb0(%rdi), %rdi
	iretq
	.cfi_endproc
	.size except_jump, . - except_jump

/* uint64_t unwind_guard(uint64_t (*f)(void *), void *a, struct guard *g): a frame that the
 * unwinder knows by its address, with g at its lowest place. */
	.globl unwind_guard
	.hidden unwind_guard
	.globl unwind_guard_return
	.hidden unwind_guard_return
	.type unwind_guard, @function
unwind_guard:
	.cfi_startproc
	push %rdx
	.cfi_adjust_cfa_offset 8
	mov %rdi, %rax
	mov %rsi, %rdi
	call *%rax
unwind_guard_return:
	add $8, %rsp
	.cfi_adjust_cfa_offset -8
	ret
	.cfi_endproc
	.size unwind_guard, . - unwind_guard

/* bool except_try_call(void (*f)(void *), void *a, void **rsp): true, or false when a fault
 * has led to except_try_failed with *rsp as stack. */
	.globl except_try_call
	.hidden except_try_call
	.globl except_try_failed
	.hidden except_try_failed
	.type except_try_call, @function
except_try_call:
	.cfi_startproc
	push %rbp
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %rbp, 0
	push %rbx
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %rbx, 0
	push %r12
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r12, 0
	push %r13
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r13, 0
	push %r14
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r14, 0
	push %r15
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r15, 0
	sub $8, %rsp
	.cfi_adjust_cfa_offset 8
	mov %rsp, (%rdx)
	mov %rdi, %rax
	mov %rsi, %rdi
	call *%rax
	mov $1, %eax
	jmp 1f
except_try_failed:
	xor %eax, %eax
1:	add $8, %rsp
	.cfi_adjust_cfa_offset -8
	pop %r15
	.cfi_adjust_cfa_offset -8
	pop %r14
	.cfi_adjust_cfa_offset -8
	pop %r13
	.cfi_adjust_cfa_offset -8
	pop %r12
	.cfi_adjust_cfa_offset -8
	pop %rbx
	.cfi_adjust_cfa_offset -8
	pop %rbp
	.cfi_adjust_cfa_offset -8
	ret
	.cfi_endproc
	.size except_try_call, . - except_try_call

	.section .note.GNU-stack, "", @progbits
