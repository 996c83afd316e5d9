/* SPDX-License-Identifier: Apache-2.0 */
/* hid.c -- devices of people's hands (Learn: hidsdi.h).  There are none, so no handle is one of them. */
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/object/object.h"

#define HIDP_STATUS_INVALID_PREPARSED_DATA ((NTSTATUS)0xc0110001)

/* GUID_DEVINTERFACE_HID */
WINAPI void
hid_HidD_GetHidGuid(BYTE out[16])
{
	static const BYTE guid[16] = { 0xb2, 0x55, 0x1e, 0x4d, 0x6f, 0xf1, 0xcf, 0x11,
		                       0x88, 0xcb, 0x00, 0x11, 0x11, 0x00, 0x00, 0x30 };
	memcpy(out, guid, sizeof guid);
}

/* A handle of something else, or none at all. */
static BOOLEAN
no_device(HANDLE h)
{
	struct object *o;

	if (!succeed(handle_get(h, NULL, &o)))
		return FALSE;
	object_unref(o);
	return (BOOLEAN)refuse(1); /* ERROR_INVALID_FUNCTION */
}

/* Texts and reports, in and out. */
WINAPI BOOLEAN
hid_HidD_GetProductString(HANDLE h, void *buffer, ULONG n)
{
	(void)buffer, (void)n;
	return no_device(h);
}

WINAPI BOOLEAN
hid_HidD_GetIndexedString(HANDLE h, ULONG index, void *out, ULONG n)
{
	(void)index, (void)out, (void)n;
	return no_device(h);
}

WINAPI BOOLEAN
hid_HidD_GetAttributes(HANDLE h, void *out)
{
	(void)out;
	return no_device(h);
}

WINAPI BOOLEAN
hid_HidD_GetPreparsedData(HANDLE h, void **out)
{
	(void)out;
	return no_device(h);
}

WINAPI BOOLEAN
hid_HidD_SetNumInputBuffers(HANDLE h, ULONG n)
{
	(void)n;
	return no_device(h);
}

WINAPI BOOLEAN
hid_HidD_FreePreparsedData(void *p)
{
	(void)p; /* nobody was given any */
	return (BOOLEAN)refuse(ERROR_INVALID_PARAMETER);
}

WINAPI NTSTATUS
hid_HidP_GetCaps(void *p, void *out)
{
	(void)p, (void)out;
	return HIDP_STATUS_INVALID_PREPARSED_DATA;
}
