/* SPDX-License-Identifier: Apache-2.0 */
/* vcruntime140_tables.S -- the exceptions that typeid and dynamic_cast throw themselves, with the
 * tables that a C++ program of Visual C++ reads: all distances are from ntdll's image, the
 * module that our code counts as.  An object is that of std::exception: a table of virtual
 * functions, the text, and whether the text is its own (it is not). */

	.macro TYPE label, name
	.balign 8
\label:
	.quad 0, 0
	.asciz "\name"
	.endm

	.macro CATCHABLE label, type
	.balign 4
\label:
	.long 0, \type - dll_image_ntdll
	.long 0, -1, 0
	.long 24, 0
	.endm

	.section .data.rel.ro.throw, "aw", @progbits
	TYPE .Ltype_exception, ".?AVexception@std@@"
	TYPE .Ltype_bad_cast, ".?AVbad_cast@std@@"
	TYPE .Ltype_bad_typeid, ".?AVbad_typeid@std@@"
	CATCHABLE .Lcatch_exception, .Ltype_exception
	CATCHABLE .Lcatch_bad_cast, .Ltype_bad_cast
	CATCHABLE .Lcatch_bad_typeid, .Ltype_bad_typeid

	.balign 4
.Larray_bad_cast:
	.long 2, .Lcatch_bad_cast - dll_image_ntdll, .Lcatch_exception - dll_image_ntdll
.Larray_bad_typeid:
	.long 2, .Lcatch_bad_typeid - dll_image_ntdll, .Lcatch_exception - dll_image_ntdll

	.globl vcruntime140_throw_info
	.hidden vcruntime140_throw_info
vcruntime140_throw_info:
	.long 0, 0, 0, .Larray_bad_cast - dll_image_ntdll
	.long 0, 0, 0, .Larray_bad_typeid - dll_image_ntdll

	/* class hierarchies, for who asks the object itself for its type */
	.macro LOCATOR label, type
	.balign 4
\label\()_base:
	.long \type - dll_image_ntdll, 0, 0, -1, 0, 0x40, \label\()_class - dll_image_ntdll
\label\()_bases:
	.long \label\()_base - dll_image_ntdll
\label\()_class:
	.long 0, 0, 1, \label\()_bases - dll_image_ntdll
\label:
	.long 1, 0, 0, \type - dll_image_ntdll, \label\()_class - dll_image_ntdll, \label - dll_image_ntdll
	.endm

	LOCATOR .Llocator_bad_cast, .Ltype_bad_cast
	LOCATOR .Llocator_bad_typeid, .Ltype_bad_typeid

	.globl vcruntime140_throw_tables
	.hidden vcruntime140_throw_tables
	.balign 8
	.quad .Llocator_bad_cast
vcruntime140_throw_tables:
	.quad vcruntime140_throw_destroy, vcruntime140_throw_what
	.quad .Llocator_bad_typeid
	.quad vcruntime140_throw_destroy, vcruntime140_throw_what

	.section .note.GNU-stack, "", @progbits
