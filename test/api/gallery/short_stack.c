/* SPDX-License-Identifier: Apache-2.0 */
// An exception on a stack that is short: a program may count on 4 KiB being enough to reach its
// vectored handler and to go on behind it.  Go's goroutines do.
// needs: joist mingw
// run: joist run --rm $GUEST
// expect: went on 2, beneath 4096 bytes nothing was written: 1
#include <windows.h>
#include <stdio.h>
#include <string.h>

enum { ROOM = 32768, ENOUGH = 4096 };
static BYTE *room;
static int handled;

static LONG CALLBACK
handles(EXCEPTION_POINTERS *p)
{
	handled++;
	p->ContextRecord->Rip += 2;
	return EXCEPTION_CONTINUE_EXECUTION;
}

int
main(void)
{
	room = VirtualAlloc(NULL, ROOM, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
	memset(room, 0x55, ROOM);
	AddVectoredExceptionHandler(1, handles);
	for (int i = 0; i < 2; i++)
		asm volatile("mov %%rsp, %%r12\n\t"
		             "mov %0, %%rsp\n\t"
		             "ud2\n\t"
		             "mov %%r12, %%rsp"
		             :
		             : "r"(room + ROOM)
		             : "r12", "memory");
	int kept = 1;
	for (int i = 0; i < ROOM - ENOUGH; i++)
		kept &= room[i] == 0x55;
	printf("went on %d, beneath %d bytes nothing was written: %d\n", handled, ENOUGH, kept);
	return 0;
}
