/* SPDX-License-Identifier: Apache-2.0 */
/* registry_host.c -- the registry before any change: registry.def, and what is the host's. */
#include <cpuid.h>
#include <stdio.h>
#include <string.h>

#include "layer/api/nt/host.h"
#include "layer/api/nt/registry/registry_tree.h"

static const struct row {
	const char *key, *name;
	DWORD type;
	const char *text;
	DWORD number;
} rows[] = {
#define KEY(key)                    { key, NULL, 0, NULL, 0 },
#define TEXT(key, name, type, text) { key, name, type, text, 0 },
#define NUMBER(key, name, number)   { key, name, REG_DWORD, NULL, number },
#include "layer/api/nt/registry/registry.def"
#undef KEY
#undef TEXT
#undef NUMBER
};

static void
processors(void)
{
	char brand[64] = "", vendor[16] = "", name[96], id[64], *b = brand;
	unsigned r[4];
	__cpuid(0, r[0], r[1], r[2], r[3]);
	memcpy(vendor, &r[1], 4);
	memcpy(vendor + 4, &r[3], 4);
	memcpy(vendor + 8, &r[2], 4);
	for (unsigned leaf = 0x80000002; leaf <= 0x80000004; leaf++) {
		__cpuid(leaf, r[0], r[1], r[2], r[3]);
		memcpy(brand + (leaf - 0x80000002) * 16, r, 16);
	}
	while (*b == ' ')
		b++;
	__cpuid(1, r[0], r[1], r[2], r[3]);
	unsigned family = r[0] >> 8 & 15, model = (r[0] >> 4 & 15) | (r[0] >> 12 & 0xf0);
	if (family == 15)
		family += r[0] >> 20 & 255;
	snprintf(id, sizeof id, "%s Family %u Model %u Stepping %u",
	         strncmp(vendor, "Authentic", 9) ? "Intel64" : "AMD64", family, model, r[0] & 15);
	for (uint32_t i = 0; i < host_processors(); i++) {
		snprintf(name, sizeof name,
		         "HKLM\\HARDWARE\\DESCRIPTION\\System\\CentralProcessor\\%u", i);
		registry_tree_text(name, "ProcessorNameString", REG_SZ, b);
		registry_tree_text(name, "VendorIdentifier", REG_SZ, vendor);
		registry_tree_text(name, "Identifier", REG_SZ, id);
		registry_tree_number(name, "~MHz", 2500);
	}
}

static void
names(void)
{
	char host_full[65], name[16];
	host_name(host_full);
	host_short(host_full, name);
	registry_tree_text("HKLM\\SYSTEM\\CurrentControlSet\\Control\\ComputerName\\ComputerName",
	                   "ComputerName", REG_SZ, name);
	registry_tree_text(
	        "HKLM\\SYSTEM\\CurrentControlSet\\Control\\ComputerName\\ActiveComputerName",
	        "ComputerName", REG_SZ, name);
	registry_tree_text("HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters",
	                   "Hostname", REG_SZ, host_full);
	registry_tree_text("HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters", "Domain",
	                   REG_SZ, "");
	registry_tree_text("HKCU\\Volatile Environment", "USERNAME", REG_SZ, host.user);
}

/* REG_TZI_FORMAT */
struct tzi {
	LONG bias, standard_bias, daylight_bias;
	struct SYSTEMTIME standard, daylight;
};

static void
date(struct SYSTEMTIME *t, const struct zone_rule *r)
{
	t->wMonth = (WORD)r->month;
	t->wDay = (WORD)r->week;
	t->wDayOfWeek = (WORD)r->day;
	t->wHour = (WORD)(r->second > 0 ? r->second / 3600 % 24 : 0);
}

static void
zone(void)
{
	static const char control[] =
	        "HKLM\\SYSTEM\\CurrentControlSet\\Control\\TimeZoneInformation";
	const struct zone *z = zone_host();
	const char *name = zone_windows(host.place);
	struct tzi t = { .bias = z->standard };
	char path[192];
	if (z->begin.month) {
		t.daylight_bias = z->daylight - z->standard;
		date(&t.daylight, &z->begin);
		date(&t.standard, &z->end);
	}
	if (!name)
		name = z->standard == 0 && !z->begin.month ? "UTC" : z->standard_name;
	registry_tree_text(control, "TimeZoneKeyName", REG_SZ, name);
	registry_tree_text(control, "StandardName", REG_SZ, name);
	registry_tree_number(control, "Bias", (DWORD)t.bias);
	registry_tree_number(control, "DaylightBias", (DWORD)t.daylight_bias);
	snprintf(path, sizeof path,
	         "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Time Zones\\%s", name);
	registry_tree_text(path, "Display", REG_SZ, name);
	registry_tree_text(path, "Std", REG_SZ, name);
	registry_tree_text(path, "Dlt", REG_SZ, name);
	registry_tree_data(path, "TZI", REG_BINARY, &t, sizeof t);
}

void
registry_tree_begin(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct row *r = &rows[i];
		if (!r->name)
			registry_tree_data(r->key, NULL, 0, NULL, 0);
		else if (r->text)
			registry_tree_text(r->key, r->name, r->type, r->text);
		else
			registry_tree_number(r->key, r->name, r->number);
	}
	processors();
	names();
	zone();
}
