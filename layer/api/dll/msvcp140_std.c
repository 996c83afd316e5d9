/* SPDX-License-Identifier: Apache-2.0 */
/* msvcp140_std.c -- the DLL's start: tables of virtual functions and the standard streams. */
#include "layer/api/dll/msvcp140_unit.h"
#include "layer/api/dll/ucrtbase.h"

#define UNIT        char
#define INT         int
#define END         (-1)
#define C(name)     msvcp140_##name
#define CLASS(name) CLASS_##name
#define WRITE       ucrtbase_stream_write
#define READ        ucrtbase_stream_get
#define UNREAD      ucrtbase_stream_unget
#include "layer/api/dll/msvcp140_std.inc"
#undef UNIT
#undef INT
#undef END
#undef C
#undef CLASS
#undef WRITE
#undef READ
#undef UNREAD
#define UNIT        WCHAR
#define INT         uint16_t
#define END         0xffff
#define C(name)     msvcp140_w##name
#define CLASS(name) CLASS_W##name
#define WRITE       ucrtbase_stream_write_wide
#define READ        ucrtbase_stream_get_wide
#define UNREAD      ucrtbase_stream_unget_wide
#include "layer/api/dll/msvcp140_std.inc"

extern const char dll_image_ntdll[];
extern const uint32_t msvcp140_rtti_locators[];

msvcp140_function **
msvcp140_table(msvcp140_function **table, enum msvcp140_class c)
{
	table[0] = (msvcp140_function *)(uintptr_t)(dll_image_ntdll + msvcp140_rtti_locators[c]);
	return table + 1;
}

void
msvcp140_start(void)
{
	static bool started;
	struct ios_base b;
	struct facet f;
	if (started)
		return;
	started = true;
	msvcp140_ios_base_ctor(&b);
	msvcp140_facet_ctor(&f, 0);
	msvcp140_std_start();
	msvcp140_wstd_start();
}

/* Each module that uses the streams has an object of this class, ios_base::Init; and of the
 * same for wide ones. */
int msvcp140_std_users, msvcp140_wstd_users;

WINAPI void
msvcp140_std_Init_ctor(void *init)
{
	(void)init;
	__atomic_fetch_add(&msvcp140_std_users, 1, __ATOMIC_SEQ_CST);
}

WINAPI void
msvcp140_std_Init_dtor(void *init)
{
	(void)init;
	if (__atomic_fetch_sub(&msvcp140_std_users, 1, __ATOMIC_SEQ_CST) != 1)
		return;
	msvcp140_ostream_flush(&msvcp140_cout.o);
	msvcp140_ostream_flush(&msvcp140_cerr.o);
}

WINAPI void *
msvcp140_std_Init(void *init)
{
	msvcp140_std_Init_ctor(init);
	return init;
}

WINAPI int *
msvcp140_std_Init_count(void)
{
	return &msvcp140_std_users;
}

WINAPI void *
msvcp140_std_Winit(void *init)
{
	__atomic_fetch_add(&msvcp140_wstd_users, 1, __ATOMIC_SEQ_CST);
	return init;
}

WINAPI void
msvcp140_std_Winit_dtor(void *init)
{
	(void)init;
	if (__atomic_fetch_sub(&msvcp140_wstd_users, 1, __ATOMIC_SEQ_CST) != 1)
		return;
	msvcp140_wostream_flush(&msvcp140_wcout.o);
	msvcp140_wostream_flush(&msvcp140_wcerr.o);
}
