/* SPDX-License-Identifier: Apache-2.0 */
// A section of a program (SEC_IMAGE): laid out, relocated, with its own rights, and not loaded.
// needs: joist mingw
// run: joist run --rm $GUEST
// expect: section_image: all right
#include "right.h"

static int number = 42;
static int *const address = &number;

static DWORD
rights(const void *p)
{
	MEMORY_BASIC_INFORMATION m = { 0 };
	VirtualQuery(p, &m, sizeof m);
	return m.Type == MEM_IMAGE && m.State == MEM_COMMIT ? m.Protect : 0;
}

int
main(void)
{
	char path[MAX_PATH];
	BYTE *self = (BYTE *)GetModuleHandleA(NULL), *view, *other;
	GetModuleFileNameA(NULL, path, MAX_PATH);
	HANDLE f = CreateFileA(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
	HANDLE s = CreateFileMappingA(f, NULL, PAGE_READONLY | SEC_IMAGE, 0, 0, NULL);
	IS(s && (view = MapViewOfFile(s, FILE_MAP_READ, 0, 0, 0)) != NULL);
	IS((ULONG_PTR)view % 65536 == 0 && view != self && !memcmp(view, "MZ", 2));
	IMAGE_NT_HEADERS64 *nt =
	        (IMAGE_NT_HEADERS64 *)(view + ((IMAGE_DOS_HEADER *)view)->e_lfanew);
	IS(nt->Signature == IMAGE_NT_SIGNATURE && nt->OptionalHeader.Magic == 0x20b);
	/* each byte stands where it stands in the program, addresses are the view's own */
	IS(!memcmp(view + ((BYTE *)main - self), (BYTE *)main, 16));
	int **moved = (int **)(view + ((BYTE *)&address - self));
	IS(*moved == (int *)(view + ((BYTE *)&number - self)) && **moved == 42);
	IS(rights(view) == PAGE_READONLY &&
	   rights(view + ((BYTE *)main - self)) == PAGE_EXECUTE_READ);
	IS(rights(*moved) == PAGE_WRITECOPY || rights(*moved) == PAGE_READWRITE);
	/* what is written is the view's own */
	**moved = 43;
	other = MapViewOfFile(s, FILE_MAP_READ, 0, 0, 0);
	IS(other && other != view && *(int *)(other + ((BYTE *)&number - self)) == 42 &&
	   number == 42);
	IS(UnmapViewOfFile(other) && **moved == 43 && UnmapViewOfFile(view));
	IS(!UnmapViewOfFile(view));
	CloseHandle(s);
	FAILS(CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READONLY | SEC_IMAGE, 0, 4096,
	                         NULL),
	      ERROR_BAD_EXE_FORMAT);
	CloseHandle(f);
	f = CreateFileA("no-program", GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS,
	                FILE_FLAG_DELETE_ON_CLOSE, NULL);
	DWORD n;
	WriteFile(f,
	          "MZ, and no more than that, though it is long enough to have headers of its own",
	          78, &n, NULL);
	FAILS(CreateFileMappingA(f, NULL, PAGE_READONLY | SEC_IMAGE, 0, 0, NULL),
	      ERROR_BAD_EXE_FORMAT);
	CloseHandle(f);
	return done("section_image");
}
