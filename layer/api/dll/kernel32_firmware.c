/* SPDX-License-Identifier: Apache-2.0 */
/* kernel32_firmware.c -- tables of firmware: of SMBIOS what says that this is a machine of Joist's.
 *
 * The host's own tables name its maker and its serial numbers, which are nobody's business.
 */
#include <string.h>

#include "layer/api/dll/dll.h"

enum {
	SMBIOS = 0x52534d42, /* 'RSMB' */
	ACPI = 0x41435049,
	FIRMWARE = 0x4649524d,
	NOT_FOUND = 1168,
	ERROR_NO_FUNCTION = 1,
};

/* RawSMBIOSData of version 2.7; each structure ends with its texts and an empty one (SMBIOS 6.1.3). */
struct smbios {
	BYTE calling, major, minor, revision;
	DWORD length;
	BYTE system[27];
	char texts[21];
	BYTE end[6];
} __attribute__((packed));

static const struct smbios smbios = {
	.major = 2,
	.minor = 7,
	.length = sizeof smbios - 8,
	/* system information (7.2): maker, product, version; no serial number, no UUID; power switch */
	.system = { 1, 27, 0, 1, 1, 2, 3, 0, [24] = 6 },
	.texts = "Joist\0Machine\0000.1.0\0",
	.end = { 127, 4, 0x7f, 0, 0, 0 },
};

WINAPI UINT
kernel32_GetSystemFirmwareTable(DWORD provider, DWORD id, void *out, DWORD size)
{
	if (provider != SMBIOS)
		return (UINT)refuse(provider == ACPI || provider == FIRMWARE
		                            ? (DWORD)NOT_FOUND
		                            : (DWORD)ERROR_NO_FUNCTION);
	(void)id; /* there is one table */
	if (!out || size < sizeof smbios)
		refuse(ERROR_INSUFFICIENT_BUFFER);
	else
		memcpy(out, &smbios, sizeof smbios);
	return sizeof smbios;
}

/* Of ACPI and of the firmware there are none. */
WINAPI UINT
kernel32_EnumSystemFirmwareTables(DWORD provider, void *out, DWORD size)
{
	if (provider == ACPI || provider == FIRMWARE)
		return (UINT)refuse(NOT_FOUND);
	if (provider != SMBIOS)
		return (UINT)refuse(ERROR_NO_FUNCTION);
	if (out && size >= sizeof(DWORD))
		memset(out, 0, sizeof(DWORD));
	else
		refuse(ERROR_INSUFFICIENT_BUFFER);
	return sizeof(DWORD);
}
