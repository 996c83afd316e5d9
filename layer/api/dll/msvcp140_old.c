/* SPDX-License-Identifier: Apache-2.0 */
/* msvcp140_old.c -- what programs of Visual C++ 2015 and 2017 ask of the C++ library: the start of a
 * std::thread, futures, constants that newer compilers know by themselves. */
#include "layer/api/dll/msvcp140.h"

struct thrd {
	HANDLE handle;
	DWORD id;
};

WINAPI int msvcp140__Thrd_start(struct thrd *t, unsigned(WINAPI *f)(void *), void *x);
WINAPI int msvcp140__Mtx_init(void **m, int type);
WINAPI void msvcp140__Mtx_destroy(void *m);
WINAPI int msvcp140__Mtx_lock(void *m);
WINAPI int msvcp140__Mtx_unlock(void *m);
WINAPI int msvcp140__Cnd_init(void **c);
WINAPI void msvcp140__Cnd_destroy(void *c);
WINAPI int msvcp140__Cnd_wait(void *c, void *m);
WINAPI int msvcp140__Cnd_signal(void *c);
WINAPI void msvcp140__Cnd_do_broadcast_at_thread_exit(void);
WINAPI _Noreturn void msvcp140_Throw_C_error(int result);

/* -- _Pad: what a thread is to do stands on the stack of who starts it, until it has it --------------------- */

struct pad {
	msvcp140_function *const *table; /* 0: _Go, which is the program's */
	void *condition, *mutex;
	bool started;
};

static void
must(int result)
{
	if (result)
		msvcp140_Throw_C_error(result);
}

WINAPI struct pad *
msvcp140_pad_ctor(struct pad *p)
{
	p->started = false;
	must(msvcp140__Cnd_init(&p->condition));
	must(msvcp140__Mtx_init(&p->mutex, 1));
	must(msvcp140__Mtx_lock(p->mutex));
	return p;
}

WINAPI void
msvcp140_pad_dtor(struct pad *p)
{
	must(msvcp140__Mtx_unlock(p->mutex));
	msvcp140__Mtx_destroy(p->mutex);
	msvcp140__Cnd_destroy(p->condition);
}

WINAPI static unsigned
run(void *x)
{
	unsigned code = VIRTUAL(x, 0, WINAPI unsigned (*)(void *), x);
	msvcp140__Cnd_do_broadcast_at_thread_exit();
	return code;
}

WINAPI void
msvcp140_pad_Launch(struct pad *p, struct thrd *t)
{
	must(msvcp140__Thrd_start(t, run, p));
	while (!p->started)
		must(msvcp140__Cnd_wait(p->condition, p->mutex));
}

/* The new thread has what it needs. */
WINAPI void
msvcp140_pad_Release(struct pad *p)
{
	must(msvcp140__Mtx_lock(p->mutex));
	p->started = true;
	must(msvcp140__Cnd_signal(p->condition));
	must(msvcp140__Mtx_unlock(p->mutex));
}

struct start {
	int(WINAPI *f)(void *);
	void *x;
};

WINAPI static unsigned
run_start(void *x)
{
	struct start s = *(struct start *)x;
	crt_free(x);
	unsigned code = (unsigned)s.f(s.x);
	msvcp140__Cnd_do_broadcast_at_thread_exit();
	return code;
}

WINAPI int
msvcp140__Thrd_create(struct thrd *t, int(WINAPI *f)(void *), void *x)
{
	struct start *s = msvcp140_new(sizeof *s);
	*s = (struct start){ f, x };
	int result = msvcp140__Thrd_start(t, run_start, s);
	if (result)
		crt_free(s);
	return result;
}

/* -- call_once, new ------------------------------------------------------------------------------------------ */

WINAPI BOOL kernel32_InitOnceExecuteOnce(void *once, void *f, void *x, void **context);

WINAPI int
msvcp140_Execute_once(void *once, int(WINAPI *f)(void *, void *, void **), void *x)
{
	return kernel32_InitOnceExecuteOnce(once, (void *)(uintptr_t)f, x, NULL);
}

typedef void(WINAPI *new_handler)(void);
static new_handler _Atomic handler;

WINAPI static int
call_handler(size_t n)
{
	(void)n;
	new_handler f = handler;
	if (f)
		f();
	return 1;
}

WINAPI new_handler
msvcp140_set_new_handler(new_handler f)
{
	new_handler old = handler;
	handler = f;
	crt_new_process = f ? call_handler : NULL;
	return old;
}

WINAPI new_handler
msvcp140_get_new_handler(void)
{
	return handler;
}

/* -- variables ---------------------------------------------------------------------------------------------------- */

const char msvcp140_old_nothrow[1];
const int64_t msvcp140_old_badoff = -1;
void *msvcp140_old_raise_handler;

/* ios_base's constants (_Iosb<int>), in the order of the rows' numbers */
const int msvcp140_old_iosb[] = {
	IOS_SKIPWS,
	IOS_UNITBUF,
	IOS_UPPERCASE,
	IOS_SHOWBASE,
	IOS_SHOWPOINT,
	IOS_SHOWPOS,
	IOS_LEFT,
	IOS_RIGHT,
	IOS_INTERNAL,
	IOS_DEC,
	IOS_OCT,
	IOS_HEX,
	IOS_SCIENTIFIC,
	IOS_FIXED,
	IOS_BOOLALPHA,
	IOS_ADJUST,
	IOS_BASE,
	IOS_FLOAT,
	0 /* goodbit */,
	IOS_EOF,
	IOS_FAIL,
	IOS_BAD,
	1 /* in */,
	2 /* out */,
	4 /* ate */,
	8 /* app */,
	16 /* trunc */,
	32 /* binary */,
	64 /* _Nocreate */,
	128 /* _Noreplace */,
	IOS_BEG,
	IOS_CUR,
	IOS_END,
	IOS_STATES,
	IOS_FLAGS,
	64 /* _Default_open_prot */,
	0 /* _Fmtzero */
};
