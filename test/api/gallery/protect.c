/* SPDX-License-Identifier: Apache-2.0 */
// Data that only this machine, and this program's own secret, can read again; and memory that is
// hidden from a look.  The second run finds what the first one wrote, with the machine's key; a
// third machine does not.
// needs: joist mingw
// libs: -lcrypt32 -ladvapi32
// run: joist run --rm $GUEST
// expect: data: ok
// expect: damage: ok
// expect: memory: ok
// test: data come back in the machine that protected them
// run: cd $W && joist run --name $N $GUEST put 'Z:blob.bin' && joist start -a $N; find $JOIST_ROOT -name protect -printf '%m %s\n'; joist rm $N >/dev/null
// expect: put
// expect: put
// expect: 600 32
// test: the key is a secret of the machine: another one has another
// run: cd $W && rm -f blob.bin && joist run --rm $GUEST put 'Z:blob.bin' && joist run --rm $GUEST get 'Z:blob.bin'
// expect: put
// expect: not ours: 13
#include "check.h"
#include "hex.h"
#include <ntsecapi.h>
#include <wincrypt.h>

static const char words[] = "attack at dawn";

static DATA_BLOB
blob(const void *p, DWORD n)
{
	DATA_BLOB b = { n, (BYTE *)p };
	return b;
}

static void
data(void)
{
	DATA_BLOB in = blob(words, sizeof words), out = { 0 }, two = { 0 }, back = { 0 },
	          salt = blob("salt", 4), pepper = blob("pepper", 6), none = { 0 };
	WCHAR *name = NULL;
	IS(CryptProtectData(&in, L"the plan", &salt, NULL, NULL, CRYPTPROTECT_UI_FORBIDDEN, &out));
	IS(out.cbData > sizeof words &&
	   hex_is(out.pbData, "01000000d08c9ddf0115d1118c7a00c04fc297eb"));
	for (DWORD i = 0; i + sizeof words <= out.cbData; i++)
		IS(memcmp(out.pbData + i, words, sizeof words));
	IS(CryptUnprotectData(&out, &name, &salt, NULL, NULL, 0, &back));
	IS(back.cbData == sizeof words && !memcmp(back.pbData, words, sizeof words) &&
	   !wcscmp(name, L"the plan"));
	LocalFree(back.pbData), LocalFree(name);
	ERR(CryptUnprotectData(&out, NULL, &pepper, NULL, NULL, 0, &back), ERROR_INVALID_DATA);
	ERR(CryptUnprotectData(&out, NULL, NULL, NULL, NULL, 0, &back), ERROR_INVALID_DATA);
	/* twice the same is not the same */
	IS(CryptProtectData(&in, L"the plan", &salt, NULL, NULL, 0, &two) &&
	   two.cbData == out.cbData);
	IS(memcmp(out.pbData, two.pbData, out.cbData));
	LocalFree(out.pbData), LocalFree(two.pbData);
	/* nothing, without a name */
	IS(CryptProtectData(&none, NULL, NULL, NULL, NULL, CRYPTPROTECT_LOCAL_MACHINE, &out));
	IS(CryptUnprotectData(&out, &name, NULL, NULL, NULL, 0, &back) && back.cbData == 0 &&
	   !*name);
	LocalFree(out.pbData), LocalFree(back.pbData), LocalFree(name);
	CRYPTPROTECT_PROMPTSTRUCT ask = { sizeof ask, CRYPTPROTECT_PROMPT_ON_PROTECT, NULL, NULL };
	ERR(CryptProtectData(&in, NULL, NULL, NULL, &ask, 0, &out), ERROR_PASSWORD_RESTRICTION);
	ERR(CryptProtectData(NULL, NULL, NULL, NULL, NULL, 0, &out), ERROR_INVALID_PARAMETER);
	done("data");
}

/* No byte of a blob may change, and none may be missing. */
static void
damage(void)
{
	DATA_BLOB in = blob(words, sizeof words), out = { 0 }, back = { 0 };
	IS(CryptProtectData(&in, L"x", NULL, NULL, NULL, 0, &out));
	for (DWORD i = 0; i < out.cbData; i++) {
		out.pbData[i] ^= 1;
		ERR(CryptUnprotectData(&out, NULL, NULL, NULL, NULL, 0, &back), ERROR_INVALID_DATA);
		out.pbData[i] ^= 1;
	}
	for (DWORD n = out.cbData; n--;) {
		DATA_BLOB cut = blob(out.pbData, n);
		ERR(CryptUnprotectData(&cut, NULL, NULL, NULL, NULL, 0, &back), ERROR_INVALID_DATA);
	}
	IS(CryptUnprotectData(&out, NULL, NULL, NULL, NULL, 0, &back));
	LocalFree(out.pbData), LocalFree(back.pbData);
	done("damage");
}

static void
memory(void)
{
	BYTE p[48], q[48];
	memset(p, 'x', 48);
	memset(q, 'x', 48);
	for (DWORD how = CRYPTPROTECTMEMORY_SAME_PROCESS; how <= CRYPTPROTECTMEMORY_SAME_LOGON;
	     how++) {
		IS(CryptProtectMemory(p, 48, how) && memcmp(p, q, 48));
		IS(CryptUnprotectMemory(p, 48, how) && !memcmp(p, q, 48));
	}
	ERR(CryptProtectMemory(p, 47, 0), ERROR_INVALID_PARAMETER);
	ERR(CryptProtectMemory(p, 48, 3), ERROR_INVALID_PARAMETER);
	/* SystemFunction040 and SystemFunction041 */
	IS(RtlEncryptMemory(p, 48, 0) == 0 && memcmp(p, q, 48));
	IS(RtlDecryptMemory(p, 48, 0) == 0 && !memcmp(p, q, 48));
	done("memory");
}

static int
put(const char *path)
{
	DATA_BLOB in = blob(words, sizeof words), out = { 0 }, back = { 0 };
	FILE *f = fopen(path, "rb");
	BYTE buf[1000];
	if (f) {
		DATA_BLOB old = blob(buf, (DWORD)fread(buf, 1, sizeof buf, f));
		fclose(f);
		if (!CryptUnprotectData(&old, NULL, NULL, NULL, NULL, 0, &back) ||
		    memcmp(back.pbData, words, sizeof words))
			return printf("not ours: %lu\n", GetLastError()), 1;
	}
	if (!CryptProtectData(&in, NULL, NULL, NULL, NULL, 0, &out) || !(f = fopen(path, "wb")))
		return printf("cannot: %lu\n", GetLastError()), 1;
	fwrite(out.pbData, 1, out.cbData, f);
	fclose(f);
	puts("put");
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc > 2)
		return put(argv[2]), 0;
	data();
	damage();
	memory();
	return 0;
}
