/* SPDX-License-Identifier: Apache-2.0 */
// Resources of a program's file, changed: UpdateResource and its like.
// needs: joist mingw
// run: cd $W && joist run --rm $GUEST
// expect: put into a program that has none: ok
// expect: changed: ok
// expect: refused: ok
// expect: it runs still: 7
#include "check.h"

/* The file as it is now: under a name of its own, as what was loaded once stays so. */
static HMODULE
data(void)
{
	static int n;
	char name[16];
	snprintf(name, sizeof name, "now%d.exe", n++);
	CopyFileA("copy.exe", name, FALSE);
	return LoadLibraryExA(name, NULL, LOAD_LIBRARY_AS_DATAFILE);
}

/* A resource's bytes are these. */
static BOOL
has(HMODULE m, const char *type, const char *name, WORD language, const char *text)
{
	HRSRC r = FindResourceExA(m, type, name, language);
	return r && SizeofResource(m, r) == strlen(text) &&
	       !memcmp(LockResource(LoadResource(m, r)), text, strlen(text));
}

static void
put(void)
{
	HANDLE u = BeginUpdateResourceA("copy.exe", FALSE);
	IS(u);
	IS(UpdateResourceA(u, "zeta", "two", 0, "z2", 2) &&
	   UpdateResourceA(u, "alpha", "a", 0, "aa", 2));
	IS(UpdateResourceA(u, RT_RCDATA, MAKEINTRESOURCEA(7), 0x409, "english", 7));
	IS(UpdateResourceA(u, RT_RCDATA, MAKEINTRESOURCEA(7), 0x407, "deutsch", 7));
	IS(UpdateResourceA(u, RT_RCDATA, "name", 0, "named", 5));
	IS(UpdateResourceA(u, MAKEINTRESOURCEA(3), "#12", 0, "icon", 4));
	IS(EndUpdateResourceA(u, FALSE));
	HMODULE m = data();
	IS(m && has(m, "ZETA", "TWO", 0, "z2") && has(m, "alpha", "A", 0, "aa"));
	IS(has(m, RT_RCDATA, MAKEINTRESOURCEA(7), 0x409, "english"));
	IS(has(m, RT_RCDATA, MAKEINTRESOURCEA(7), 0x407, "deutsch"));
	IS(has(m, RT_RCDATA, "NAME", 0, "named") &&
	   has(m, MAKEINTRESOURCEA(3), MAKEINTRESOURCEA(12), 0, "icon"));
	FreeLibrary(m);
	done("put into a program that has none");
}

static void
changed(void)
{
	static char big[100000];
	memset(big, 'b', sizeof big - 1);
	HANDLE u = BeginUpdateResourceW(L"copy.exe", FALSE);
	IS(UpdateResourceW(u, (WCHAR *)RT_RCDATA, MAKEINTRESOURCEW(7), 0x409, big, sizeof big - 1));
	IS(UpdateResourceW(u, (WCHAR *)RT_RCDATA, MAKEINTRESOURCEW(7), 0x407, NULL, 0));
	IS(EndUpdateResourceW(u, FALSE));
	HMODULE m = data();
	IS(has(m, RT_RCDATA, MAKEINTRESOURCEA(7), 0x409, big) && has(m, "zeta", "two", 0, "z2"));
	IS(!has(m, RT_RCDATA, MAKEINTRESOURCEA(7), 0x407, "deutsch"));
	FreeLibrary(m);
	/* thrown away */
	u = BeginUpdateResourceW(L"copy.exe", TRUE);
	IS(EndUpdateResourceW(u, TRUE));
	m = data();
	IS(has(m, "alpha", "a", 0, "aa"));
	FreeLibrary(m);
	/* all others go */
	u = BeginUpdateResourceW(L"copy.exe", TRUE);
	IS(UpdateResourceW(u, L"only", L"one", 0, "1", 1) && EndUpdateResourceW(u, FALSE));
	m = data();
	IS(has(m, "only", "one", 0, "1") && !FindResourceA(m, "a", "alpha"));
	FreeLibrary(m);
	done("changed");
}

static void
refused(void)
{
	HANDLE f = CreateFileA("text", GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
	DWORD k;
	WriteFile(f, "MZ no program", 13, &k, NULL);
	CloseHandle(f);
	ERR(BeginUpdateResourceA("text", FALSE), ERROR_BAD_EXE_FORMAT);
	ERR(BeginUpdateResourceA("none", FALSE), ERROR_FILE_NOT_FOUND);
	HANDLE u = BeginUpdateResourceA("copy.exe", FALSE);
	ERR(UpdateResourceA(u, "no", "such", 0, NULL, 0), ERROR_INVALID_PARAMETER);
	EndUpdateResourceA(u, TRUE);
	done("refused");
}

int
main(int argc, char **argv)
{
	char self[MAX_PATH], line[] = "copy.exe again";
	STARTUPINFOA si = { .cb = sizeof si };
	PROCESS_INFORMATION pi;
	DWORD code = 0;

	(void)argv;
	if (argc > 1)
		return 7;
	GetModuleFileNameA(NULL, self, sizeof self);
	CopyFileA(self, "copy.exe", FALSE);
	put();
	changed();
	refused();
	fflush(stdout);
	if (CreateProcessA("copy.exe", line, NULL, NULL, FALSE, 0, NULL, NULL, &si, &pi)) {
		WaitForSingleObject(pi.hProcess, INFINITE);
		GetExitCodeProcess(pi.hProcess, &code);
	}
	printf("it runs still: %lu\n", code);
	return 0;
}
