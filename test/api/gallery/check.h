/* check.h -- for programs of the gallery: each thing that is not so is named on a line. */
#include <windows.h>
#include <stdio.h>
#include <string.h>

static int wrong;

#define IS(e) ((e) ? (void)0 : (wrong++, (void)printf("line %d: not %s (last error %lu)\n", __LINE__, #e, GetLastError())))
#define ERR(e, code) (SetLastError(12345), IS(!(e)), IS(GetLastError() == (DWORD)(code)))

static inline void
done(const char *what)
{
	printf("%s: %s\n", what, wrong ? "wrong" : "ok");
	fflush(stdout);
	wrong = 0;
}
