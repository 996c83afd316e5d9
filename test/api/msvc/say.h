/* say.h -- what these programs need of Windows: they have no C library, so that nothing but the
 * compiler's own code and ours is between a throw and its catch. */
typedef unsigned long DWORD;
typedef unsigned long long u64;
typedef void *HANDLE;

#ifdef __cplusplus
extern "C" {
#endif
__declspec(dllimport) HANDLE GetStdHandle(DWORD);
__declspec(dllimport) int WriteFile(HANDLE, const void *, DWORD, DWORD *, void *);
__declspec(dllimport) void ExitProcess(unsigned);
__declspec(dllimport) void RaiseException(DWORD, DWORD, DWORD, const u64 *);
int _fltused;
#ifdef __cplusplus
}
#endif

static void
say(const char *s)
{
	DWORD n = 0;
	while (s[n])
		n++;
	WriteFile(GetStdHandle((DWORD)-11), s, n, &n, 0);
}

static void
num(const char *s, u64 v)
{
	char b[40];
	int i = 39;
	b[i] = 0;
	do
		b[--i] = "0123456789abcdef"[v & 15];
	while (v >>= 4);
	say(s);
	say(b + i);
	say("\n");
}
