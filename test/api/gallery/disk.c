/* SPDX-License-Identifier: Apache-2.0 */
// C: as a program finds it: what Windows has there is there for whoever looks, in any spelling.
// needs: joist mingw

// test: what is on it
// run: joist run --rm $GUEST
// expect: in any case: 1 1 1
// expect: relative: 1 1
// expect: the disk: Program Files, Program Files (x86), ProgramData, Users, Windows
// expect: the user: AppData, Desktop, Documents, Downloads
// expect: not there: 2 3
// expect: removed: 1, and stays so: 2
// expect: files: hosts, networks, protocol, services; a line of them 443/tcp

#include <stdio.h>
#include <string.h>
#include <windows.h>

static int
folder(const char *path)
{
	DWORD a = GetFileAttributesA(path);
	return a != INVALID_FILE_ATTRIBUTES && a & FILE_ATTRIBUTE_DIRECTORY;
}

static DWORD
missing(const char *path)
{
	return GetFileAttributesA(path) == INVALID_FILE_ATTRIBUTES ? GetLastError() : 0;
}

static void
list(const char *title, const char *pattern)
{
	WIN32_FIND_DATAA d;
	HANDLE h = FindFirstFileA(pattern, &d);
	const char *between = "";

	printf("%s: ", title);
	do {
		if (!strcmp(d.cFileName, ".") || !strcmp(d.cFileName, ".."))
			continue;
		printf("%s%s", between, d.cFileName);
		between = ", ";
	} while (FindNextFileA(h, &d));
	FindClose(h);
	printf("\n");
}

static void
list_files(void)
{
	char line[128], found[32] = "";
	char text[4096] = { 0 };
	DWORD n = 0;
	WIN32_FIND_DATAA d;
	const char *between = "";
	HANDLE h = FindFirstFileA("C:\\Windows\\System32\\drivers\\etc\\*", &d);
	printf("files: ");
	do {
		if (!(d.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY)) {
			printf("%s%s", between, d.cFileName);
			between = ", ";
		}
	} while (FindNextFileA(h, &d));
	FindClose(h);
	h = CreateFileA("C:\\Windows\\System32\\drivers\\etc\\services", GENERIC_READ, 7, NULL,
	                OPEN_EXISTING, 0, NULL);
	ReadFile(h, text, sizeof text - 1, &n, NULL);
	CloseHandle(h);
	for (char *p = strtok(text, "\r\n"); p; p = strtok(NULL, "\r\n"))
		if (sscanf(p, "%127s %31s", line, found) == 2 && !strcmp(line, "https"))
			break;
	printf("; a line of them %s\n", found);
}

int
main(void)
{
	printf("in any case: %d %d %d\n", folder("c:\\USERS\\Joist\\appdata\\LOCAL\\temp"),
	       folder("C:/windows/system32/Drivers"),
	       GetFileAttributesA("C:\\WINDOWS\\system32\\CMD.EXE") != INVALID_FILE_ATTRIBUTES);
	SetCurrentDirectoryA("C:\\Program Files");
	int common = folder("Common Files");
	SetCurrentDirectoryA("C:\\Users");
	printf("relative: %d %d\n", common, folder("joist\\AppData\\Roaming"));
	list("the disk", "C:\\*");
	list("the user", "C:\\Users\\joist\\*");
	printf("not there: %lu %lu\n", missing("C:\\Users\\joist\\Music"),
	       missing("C:\\Usersjoist\\x"));
	printf("removed: %d, and stays so: ", RemoveDirectoryA("C:\\Users\\joist\\Desktop"));
	printf("%lu\n", missing("C:\\Users\\joist\\Desktop"));
	list_files();
	return 0;
}
