/* SPDX-License-Identifier: Apache-2.0 */
// Files by streams and by descriptors: text and binary, places, modes, names, folders.
// needs: joist mingw
// test: of ucrtbase
// run: cd $W && joist run --rm $GUEST ucrtbase.dll
// expect: all right
// test: of msvcrt
// run: cd $W && joist run --rm $GUEST msvcrt.dll
// expect: all right
#include "../crt_call.h"

typedef void *stream;

static char *
raw(const char *name)
{
	static char b[256];
	DWORD n = 0;
	HANDLE h = CreateFileA(name, GENERIC_READ, 3, NULL, OPEN_EXISTING, 0, NULL);
	ReadFile(h, b, sizeof b - 1, &n, NULL);
	CloseHandle(h);
	b[n] = 0;
	for (char *p = b; *p; p++)
		if (*p == '\r')
			*p = '~';
	return b;
}

static stream
open_stream(const char *name, const char *mode)
{
	stream f = ((stream(*)(const char *, const char *))find("fopen"))(name, mode);
	check("fopen", f != NULL, 1, __LINE__);
	return f;
}

static void
text(void)
{
	char b[64];
	wchar_t w[64];
	stream f = open_stream("a.txt", "w");
	INT(fputs, 0, "one\ntwo\n", f);
	INT(fputc, 'x', 'x', f);
	INT(putc, '\n', '\n', f);
	LONG(fwrite, 3, "end", (size_t)1, (size_t)3, f);
	INT(ftell, 16, f);
	INT(fflush, 0, f);
	INT(fclose, 0, f);
	AFTER("text mode", "one~\ntwo~\nx~\nend", raw("a.txt"));
	f = open_stream("a.txt", "r");
	TEXT_(fgets, "one\n", b, 64, f);
	INT(ftell, 5, f);
	INT(fgetc, 't', f);
	INT(ungetc, 'T', 'T', f);
	INT(getc, 'T', f);
	INT(ftell, 6, f);
	INT(fseek, 0, f, 10, 0);
	TEXT_(fgets, "x\n", b, 64, f);
	LONG(fread, 3, b, (size_t)1, (size_t)10, f);
	INT(feof, 0x10, f);
	INT(fgetc, -1, f);
	((void (*)())find("clearerr"))(f);
	INT(feof, 0, f);
	((void (*)())find("rewind"))(f);
	INT(fseek, 0, f, -3, 2);
	TEXT_(fgets, "end", b, 64, f);
	long long at = 0;
	INT(fgetpos, 0, f, &at);
	check("fgetpos", at, 16, __LINE__);
	at = 5;
	INT(fsetpos, 0, f, &at);
	INT(fgetc, 't', f);
	LONG(_ftelli64, 6, f);
	INT(_fseeki64, 0, f, 0LL, 0);
	INT(fseek, 0, f, 0, 0);
	INT(fgetwc, 'o', f);
	WIDE(fgetws, L"ne\n", w, 64, f);
	INT(ferror, 0, f);
	INT(fclose, 0, f);
	/* Ctrl-Z ends a text file and no other */
	f = open_stream("z.txt", "wb");
	LONG(fwrite, 5, "ab\032cd", (size_t)1, (size_t)5, f);
	INT(fclose, 0, f);
	f = open_stream("z.txt", "r");
	LONG(fread, 2, b, (size_t)1, (size_t)64, f);
	INT(fclose, 0, f);
	f = open_stream("z.txt", "rb");
	LONG(fread, 5, b, (size_t)1, (size_t)64, f);
	INT(fclose, 0, f);
	f = open_stream("z.txt", "a+b");
	LONG(fwrite, 1, "!", (size_t)1, (size_t)1, f);
	INT(fseek, 0, f, 0, 0);
	INT(fgetc, 'a', f);
	INT(fclose, 0, f);
	f = open_stream("z.txt", "r+b");
	INT(setvbuf, 0, f, NULL, 0, (size_t)16);
	INT(fseek, 0, f, 2, 0);
	INT(fputc, 'Z', 'Z', f);
	INT(fseek, 0, f, 0, 0);
	TEXT_(fgets, "abZcd!", b, 64, f);
	INT(fclose, 0, f);
	check("fopen",
	      (long long)((stream(*)(const char *, const char *))find("fopen"))("none", "r"), 0,
	      __LINE__);
	check("_errno", *((int *(*)(void))find("_errno"))(), 2, __LINE__);
}

/* UTF-16 and UTF-8 files, where the run-time knows them. */
static void
unicode(void)
{
	stream f = ((stream(*)(const wchar_t *, const wchar_t *))find("_wfopen"))(
	        L"u.txt", L"w, ccs=UTF-16LE");
	wchar_t b[16];
	check("_wfopen", f != NULL, 1, __LINE__);
	INT(fputws, 0, L"\u20ac\n", f);
	INT(fputwc, 'a', L'a', f);
	INT(fclose, 0, f);
	char *s = raw("u.txt");
	check("UTF-16", memcmp(s, "\xff\xfe\xac\x20~\0\n\0a", 10), 0, __LINE__);
	f = open_stream("v.txt", "w, ccs=UTF-8");
	INT(fputws, 0, L"\u20ac\n", f);
	INT(fclose, 0, f);
	AFTER("UTF-8", "\xef\xbb\xbf\xe2\x82\xac~\n", raw("v.txt"));
	f = open_stream("v.txt", "r, ccs=UTF-8");
	WIDE(fgetws, L"\u20ac\n", b, 16, f);
	INT(ungetwc, 'q', L'q', f);
	INT(getwc, 'q', f);
	INT(fclose, 0, f);
}

static void
descriptors(void)
{
	char b[64];
	int p[2];
	int (*open)(const char *, int, int) = find("_open");
	int fd = open("d.bin", 0x8000 | 0x100 | 0x200 | 2, 0x180);
	check("_open", fd >= 3, 1, __LINE__);
	INT(_write, 5, fd, "a\nb\nc", 5);
	INT(_lseek, 0, fd, 0, 0);
	INT(_read, 5, fd, b, 64);
	INT(_tell, 5, fd);
	LONG(_telli64, 5, fd);
	INT(_eof, 1, fd);
	INT(_filelength, 5, fd);
	LONG(_filelengthi64, 5, fd);
	LONG(_lseeki64, 1, fd, 1LL, 0);
	INT(_setmode, 0x8000, fd, 0x4000);
	INT(_write, 2, fd, "\nx", 2);
	INT(_setmode, 0x4000, fd, 0x8000);
	INT(_isatty, 0, fd);
	INT(_chsize, 0, fd, 3);
	INT(_commit, 0, fd);
	int other = (int)((long long (*)())find("_dup"))(fd);
	check("_dup", other > fd, 1, __LINE__);
	INT(_dup2, 0, fd, other);
	INT(_close, 0, other);
	check("_get_osfhandle", ((intptr_t(*)())find("_get_osfhandle"))(fd) > 0, 1, __LINE__);
	INT(_close, 0, fd);
	AFTER("_chsize", "a~\n", raw("d.bin"));
	INT(_pipe, 0, p, 4096, 0x8000);
	INT(_write, 3, p[1], "abc", 3);
	INT(_read, 3, p[0], b, 64);
	INT(_close, 0, p[1]);
	INT(_read, 0, p[0], b, 64);
	INT(_close, 0, p[0]);
	stream f = ((stream(*)(int, const char *))find("_fdopen"))(open("d.bin", 0x8000, 0), "rb");
	INT(fgetc, 'a', f);
	check("_fileno", ((int (*)())find("_fileno"))(f) >= 3, 1, __LINE__);
	INT(fclose, 0, f);
	INT(_access, 0, "d.bin", 0);
	INT(_access, -1, "none", 0);
	INT(_waccess, 0, L"d.bin", 6);
	INT(_chmod, 0, "d.bin", 0x100);
	INT(_access, -1, "d.bin", 2);
	INT(_chmod, 0, "d.bin", 0x180);
}

static void
folders(void)
{
	char b[300];
	wchar_t w[300];
	struct {
		unsigned dev;
		unsigned short ino, mode;
		short links, uid, gid;
		unsigned rdev;
		long long size, atime, mtime, ctime;
	} st;
	INT(_mkdir, 0, "sub");
	INT(_mkdir, -1, "sub");
	check("_errno", *((int *(*)(void))find("_errno"))(), 17, __LINE__);
	INT(_chdir, 0, "sub");
	INT(_wchdir, 0, L"..");
	INT(_wmkdir, 0, L"sub\\two");
	INT(rename, 0, "sub\\two", "sub\\three");
	INT(_wrename, 0, L"sub\\three", L"sub\\four");
	INT(_rmdir, 0, "sub\\four");
	INT(_wrmdir, 0, L"sub");
	INT(_stat64, 0, "d.bin", &st);
	check("_stat64", st.size, 3, __LINE__);
	check("_stat64", st.mode & 0xf000, 0x8000, __LINE__);
	INT(_wstat64, 0, L".", &st);
	check("_wstat64", st.mode & 0xf000, 0x4000, __LINE__);
	INT(_stat64, -1, "none", &st);
	struct {
		unsigned attrib;
		long long create, access, write, size;
		char name[260];
	} fd;
	long long h = ((long long (*)())find("_findfirst64"))("d.b*", &fd);
	check("_findfirst64", h != -1, 1, __LINE__);
	AFTER("_findfirst64", "d.bin", fd.name);
	INT(_findnext64, -1, h, &fd);
	INT(_findclose, 0, h);
	check("_getcwd", ((char *(*)())find("_getcwd"))(b, 300) == b && b[1] == ':', 1, __LINE__);
	check("_wgetcwd", ((wchar_t * (*)()) find("_wgetcwd"))(w, 300) == w && w[1] == ':', 1,
	      __LINE__);
	check("_getdrive", ((int (*)())find("_getdrive"))(), (b[0] & 0xdf) - 'A' + 1, __LINE__);
	check("_fullpath",
	      strcmp(strrchr(((char *(*)())find("_fullpath"))(b, "x\\..\\d.bin", (size_t)300),
	                     '\\'),
	             "\\d.bin"),
	      0, __LINE__);
	char drive[3], dir[256], name[256], ext[256];
	((void (*)())find("_splitpath"))("C:\\a.b\\name.tar.gz", drive, dir, name, ext);
	AFTER("_splitpath", "C:", drive);
	AFTER("_splitpath", "\\a.b\\", dir);
	AFTER("_splitpath", "name.tar", name);
	AFTER("_splitpath", ".gz", ext);
	((void (*)())find("_makepath"))(b, "C", "\\a", "b", "c");
	AFTER("_makepath", "C:\\a\\b.c", b);
	INT(_splitpath_s, 34, "C:\\abc", drive, (size_t)3, dir, (size_t)256, name, (size_t)2, NULL,
	    (size_t)0);
	memcpy(b, "tXXXXXX", sizeof "tXXXXXX");
	check("_mktemp", ((char *(*)())find("_mktemp"))(b) == b && b[1] == 'a', 1, __LINE__);
	check("tmpnam", ((char *(*)())find("tmpnam"))(NULL) != NULL, 1, __LINE__);
	stream f = ((stream(*)(void))find("tmpfile"))();
	check("tmpfile", f != NULL, 1, __LINE__);
	INT(fputs, 0, "t", f);
	INT(fclose, 0, f);
	INT(_unlink, 0, "d.bin");
	INT(remove, 0, "a.txt");
	INT(_wunlink, 0, L"z.txt");
	INT(_wremove, -1, L"z.txt");
}

static void
environment(void)
{
	char b[64];
	size_t n;
	INT(_putenv, 0, "CRT_TEST=one");
	TEXT_(getenv, "one", "CRT_TEST");
	TEXT_(getenv, "one", "crt_test");
	WIDE(_wgetenv, L"one", L"CRT_TEST");
	GetEnvironmentVariableA("CRT_TEST", b, 64);
	AFTER("_putenv", "one", b);
	INT(_putenv_s, 0, "CRT_TEST", "two");
	INT(getenv_s, 0, &n, b, sizeof b, "CRT_TEST");
	check("getenv_s", find("getenv_s") ? n : 4, 4, __LINE__);
	INT(_wputenv, 0, L"CRT_TEST=");
	TEXT_(getenv, NULL, "CRT_TEST");
}

static void
ignore(const wchar_t *e, const wchar_t *f, const wchar_t *file, unsigned line, uintptr_t r)
{
	(void)e, (void)f, (void)file, (void)line, (void)r;
}

int
main(int argc, char **argv)
{
	if (!load(argc, argv))
		return 1;
	void (*set)(void *) = find("_set_invalid_parameter_handler");
	if (set)
		set((void *)ignore);
	text();
	unicode();
	descriptors();
	folders();
	environment();
	return result(120);
}
