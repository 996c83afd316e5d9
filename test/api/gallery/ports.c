/* SPDX-License-Identifier: Apache-2.0 */
// Communications ports: none is there; and tables of firmware that name no host.
// needs: joist mingw
// run: joist run --rm $GUEST
// expect: ports: ok
// expect: settings: ok
// expect: firmware: ok
#include "check.h"

#define NO(e) ERR(e, ERROR_INVALID_FUNCTION)

static void
ports(void)
{
	DCB d = { .DCBlength = sizeof d };
	COMMTIMEOUTS t = { 0 };
	COMSTAT s;
	COMMPROP p;
	COMMCONFIG c;
	DWORD n = sizeof c;
	char self[MAX_PATH];
	IS(CreateFileA("\\\\.\\COM1", GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL) ==
	   INVALID_HANDLE_VALUE);
	IS(GetLastError() == ERROR_FILE_NOT_FOUND);
	GetModuleFileNameA(NULL, self, MAX_PATH);
	HANDLE h = CreateFileA(self, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
	NO(GetCommState(h, &d));
	NO(SetCommState(h, &d));
	NO(GetCommTimeouts(h, &t));
	NO(SetCommTimeouts(h, &t));
	NO(GetCommMask(h, &n));
	NO(SetCommMask(h, 1));
	NO(GetCommModemStatus(h, &n));
	NO(GetCommProperties(h, &p));
	NO(GetCommConfig(h, &c, &n));
	NO(PurgeComm(h, PURGE_RXCLEAR));
	NO(EscapeCommFunction(h, SETDTR));
	NO(ClearCommError(h, &n, &s));
	NO(WaitCommEvent(h, &n, NULL));
	NO(SetupComm(h, 100, 100));
	NO(SetCommBreak(h));
	NO(ClearCommBreak(h));
	NO(TransmitCommChar(h, 'x'));
	CloseHandle(h);
	ERR(GetCommState((HANDLE)0x7ffc, &d), ERROR_INVALID_HANDLE);
	ERR(SetupComm((HANDLE)0x7ffc, 1, 1), ERROR_INVALID_HANDLE);
	done("ports");
}

static void
settings(void)
{
	DCB d = { 0 };
	IS(BuildCommDCBA("COM1: baud=115200 parity=E data=7 stop=2 dtr=on rts=hs xon=off octs=on",
	                 &d));
	IS(d.BaudRate == 115200 && d.Parity == EVENPARITY && d.ByteSize == 7 &&
	   d.StopBits == TWOSTOPBITS && d.fDtrControl == DTR_CONTROL_ENABLE &&
	   d.fRtsControl == RTS_CONTROL_HANDSHAKE && !d.fOutX && d.fOutxCtsFlow &&
	   d.DCBlength == sizeof d);
	IS(BuildCommDCBW(L"96,n,8,1", &d) && d.BaudRate == 9600 && d.Parity == NOPARITY &&
	   d.ByteSize == 8 && d.StopBits == ONESTOPBIT);
	IS(BuildCommDCBA("19,o,8,1.5,x", &d) && d.BaudRate == 19200 && d.fOutX && d.fInX);
	static const char *const bad[] = { "",           "COM1",          "baud=x", "parity=q",
		                           "data=9",     "stop=3",        "x=1",    "baud",
		                           "96,n,8,1,q", "baud=9600 xon", "dtr=tg" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		DCB keep = d;
		ERR(BuildCommDCBA(bad[i], &d), ERROR_INVALID_PARAMETER);
		IS(!memcmp(&keep, &d, sizeof d));
	}
	done("settings");
}

static void
firmware(void)
{
	BYTE b[512];
	DWORD id = 77;
	UINT n = GetSystemFirmwareTable('RSMB', 0, NULL, 0);
	IS(n > 8 && n < sizeof b && GetLastError() == ERROR_INSUFFICIENT_BUFFER);
	IS(GetSystemFirmwareTable('RSMB', 0, b, sizeof b) == n && *(DWORD *)(b + 4) == n - 8);
	/* structure by structure to the end */
	UINT at = 8, systems = 0;
	int type = -1;
	while (at + 4 <= n && type != 127) {
		type = b[at];
		systems += type == 1 && !strcmp((char *)b + at + b[at + 1], "Joist");
		at += b[at + 1];
		while (at + 1 < n && (b[at] || b[at + 1]))
			at++;
		at += 2;
	}
	IS(type == 127 && at == n && systems == 1);
	IS(EnumSystemFirmwareTables('RSMB', &id, 4) == 4 && id == 0);
	ERR(EnumSystemFirmwareTables('ACPI', &id, 4), ERROR_NOT_FOUND);
	ERR(GetSystemFirmwareTable('ACPI', 'PCAF', b, sizeof b), ERROR_NOT_FOUND);
	ERR(GetSystemFirmwareTable('XXXX', 0, b, sizeof b), ERROR_INVALID_FUNCTION);
	done("firmware");
}

int
main(void)
{
	ports();
	settings();
	firmware();
	return 0;
}
