/* SPDX-License-Identifier: Apache-2.0 */
// Security descriptors written as text.
// needs: joist mingw
// libs: -ladvapi32
// run: joist run --rm $GUEST
// expect: owner S-1-5-32-544, group S-1-5-18
// expect: 2 entries: 0 0 10000000 S-1-1-0; 1 3 1f01ff S-1-5-18
// expect: control 9004
// expect: ansi 1
// expect: wrong: 1337 1336 87
#include <windows.h>
#include <sddl.h>
#include <stdio.h>

static const char *
name(PSID s)
{
	static char text[4][80];
	static int i;
	char *t = NULL;
	i = (i + 1) % 4;
	ConvertSidToStringSidA(s, &t);
	snprintf(text[i], 80, "%s", t);
	LocalFree(t);
	return text[i];
}

static int
wrong(const wchar_t *s)
{
	PSECURITY_DESCRIPTOR d;
	return ConvertStringSecurityDescriptorToSecurityDescriptorW(s, SDDL_REVISION_1, &d, NULL)
	               ? 0
	               : (int)GetLastError();
}

int
main(void)
{
	PSECURITY_DESCRIPTOR d;
	ULONG size;
	PSID owner, group;
	BOOL present, defaulted;
	PACL a;
	SECURITY_DESCRIPTOR_CONTROL control;
	DWORD revision;
	ConvertStringSecurityDescriptorToSecurityDescriptorW(
	        L"O:BAG:SYD:P(A;;GA;;;WD)(D;OICI;FA;;;S-1-5-18)", SDDL_REVISION_1, &d, &size);
	GetSecurityDescriptorOwner(d, &owner, &defaulted);
	GetSecurityDescriptorGroup(d, &group, &defaulted);
	printf("owner %s, group %s\n", name(owner), name(group));
	GetSecurityDescriptorDacl(d, &present, &a, &defaulted);
	printf("%d entries:", a->AceCount);
	for (int i = 0; i < a->AceCount; i++) {
		ACCESS_ALLOWED_ACE *e;
		GetAce(a, i, (void **)&e);
		printf("%s %d %d %lx %s", i ? ";" : "", e->Header.AceType, e->Header.AceFlags,
		       e->Mask, name(&e->SidStart));
	}
	GetSecurityDescriptorControl(d, &control, &revision);
	printf("\ncontrol %x\n", control);
	LocalFree(d);
	printf("ansi %d\n", ConvertStringSecurityDescriptorToSecurityDescriptorA(
	                            "D:", SDDL_REVISION_1, &d, NULL));
	printf("wrong: %d %d %d\n", wrong(L"O:XX"), wrong(L"D:(Z;;GA;;;WD)"), wrong(L"nonsense"));
	return 0;
}
