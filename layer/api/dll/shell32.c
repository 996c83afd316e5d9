/* SPDX-License-Identifier: Apache-2.0 */
/* shell32.c -- command lines, known folders; there is no desktop to show. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/env.h"
#include "layer/api/nt/guid.h"
#include "layer/api/nt/mem/movable.h"
#include "layer/api/nt/text/nls.h"

#define E_FAIL        ((HRESULT)0x80004005)
#define E_INVALIDARG  ((HRESULT)0x80070057)
#define E_OUTOFMEMORY ((HRESULT)0x8007000e)
#define E_NOTIMPL     ((HRESULT)0x80004001)
#define E_NOT_FOUND   ((HRESULT)0x80070002)

WINAPI void *combase_CoTaskMemAlloc(SIZE_T n);
WINAPI void combase_CoTaskMemFree(void *p);
WINAPI BOOL kernel32_CreateDirectoryW(const WCHAR *path, const struct SECURITY_ATTRIBUTES *s);

/* -- command lines ------------------------------------------------------------------ */

/* One argument by the documented rules: 2n backslashes and a quote are n and a quote that opens or
 * closes, 2n+1 are n and a quote itself; two quotes within quotes are one.  The program's own
 * name knows no backslashes. */
static const WCHAR *
argument(const WCHAR *p, bool program, WCHAR *out, size_t *n)
{
	bool quoted = false;
	*n = 0;
#define PUT(c)                                                                                     \
	do {                                                                                       \
		if (out)                                                                           \
			out[*n] = (c);                                                             \
		++*n;                                                                              \
	} while (0)
	while (*p && (quoted || (*p != ' ' && *p != '\t'))) {
		size_t slashes = 0;
		if (program) {
			if (*p == '"')
				quoted = !quoted;
			else
				PUT(*p);
			p++;
			continue;
		}
		while (*p == '\\')
			slashes++, p++;
		if (*p == '"') {
			for (size_t i = 0; i < slashes / 2; i++)
				PUT('\\');
			if (slashes % 2) {
				PUT('"');
			} else if (quoted && p[1] == '"') {
				PUT('"');
				p++;
			} else {
				quoted = !quoted;
			}
			p++;
			continue;
		}
		for (size_t i = 0; i < slashes; i++)
			PUT('\\');
		if (*p && (quoted || (*p != ' ' && *p != '\t'))) {
			PUT(*p);
			p++;
		}
	}
#undef PUT
	while (*p == ' ' || *p == '\t')
		p++;
	return p;
}

WINAPI WCHAR **
shell32_CommandLineToArgvW(const WCHAR *line, int *count)
{
	size_t n, units = 0, k = 0;
	HANDLE block;
	if (!line || !count) {
		last_error(ERROR_INVALID_PARAMETER);
		return NULL;
	}
	const WCHAR *begin =
	        *line ? line
	              : teb()->ProcessEnvironmentBlock->ProcessParameters->ImagePathName.Buffer;
	for (const WCHAR *p = begin; *p || k == 0; k++) {
		p = argument(p, k == 0 && begin == p, NULL, &n);
		units += n + 1;
	}
	DWORD e = movable_alloc(0, (k + 1) * sizeof(WCHAR *) + units * sizeof(WCHAR), &block);
	if (e) {
		last_error(e);
		return NULL;
	}
	WCHAR **argv = block, *to = (WCHAR *)(argv + k + 1);
	const WCHAR *p = begin;
	for (size_t i = 0; i < k; i++) {
		argv[i] = to;
		p = argument(p, i == 0, to, &n);
		to[n] = 0;
		to += n + 1;
	}
	argv[k] = NULL;
	*count = (int)k;
	return argv;
}

/* -- folders ------------------------------------------------------------------------- */

/* By GUID and by CSIDL: a variable and what follows it. */
static const struct folder {
	const WCHAR *guid;
	int csidl;
	const WCHAR *variable, *tail;
} folders[] = {
	{ u"{B4BFCC3A-DB2C-424C-B029-7FE99A87C641}", 0x10, u"USERPROFILE", u"\\Desktop" },
	{ u"{FDD39AD0-238F-46AF-ADB4-6C85480369C7}", 5, u"USERPROFILE", u"\\Documents" },
	{ u"{374DE290-123F-4565-9164-39C4925E467B}", -1, u"USERPROFILE", u"\\Downloads" },
	{ u"{4BD8D571-6D19-48D3-BE97-422220080E43}", 0xd, u"USERPROFILE", u"\\Music" },
	{ u"{33E28130-4E1E-4676-835A-98395C3BC3BB}", 0x27, u"USERPROFILE", u"\\Pictures" },
	{ u"{18989B1D-99B5-455B-841C-AB7C74E4DDFC}", 0xe, u"USERPROFILE", u"\\Videos" },
	{ u"{1777F761-68AD-4D8A-87BD-30B759FA33DD}", 6, u"USERPROFILE", u"\\Favorites" },
	{ u"{5E6C858F-0E22-4760-9AFE-EA3317B67173}", 0x28, u"USERPROFILE", u"" },
	{ u"{3EB685DB-65F9-4CF6-A03A-E3EF65729F3D}", 0x1a, u"APPDATA", u"" },
	{ u"{F1B32785-6FBA-4FCF-9D55-7B8E7F157091}", 0x1c, u"LOCALAPPDATA", u"" },
	{ u"{A520A1A4-1780-4FF6-BD18-167343C5AF16}", -1, u"USERPROFILE", u"\\AppData\\LocalLow" },
	{ u"{62AB5D82-FDC1-4DC3-A9DD-070D1D495D97}", 0x23, u"ProgramData", u"" },
	{ u"{905E63B6-C1BF-494E-B29C-65B732D3D21A}", 0x26, u"ProgramFiles", u"" },
	{ u"{6D809377-6AF0-444B-8957-A3773F02200E}", -1, u"ProgramFiles", u"" },
	{ u"{7C5A40EF-A0FB-4BFC-874A-C0F2E0B9FA8E}", 0x2a, u"SystemDrive",
	  u"\\Program Files (x86)" },
	{ u"{F7F1ED05-9F6D-47A2-AAAE-29D317C6F066}", 0x2b, u"ProgramFiles", u"\\Common Files" },
	{ u"{F38BF404-1D43-42F2-9305-67DE0B28FC23}", 0x24, u"SystemRoot", u"" },
	{ u"{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}", 0x25, u"SystemRoot", u"\\System32" },
	{ u"{D65231B0-B2F1-4857-A4CE-A8E7C6EA7D27}", 0x29, u"SystemRoot", u"\\SysWOW64" },
	{ u"{FD228CB7-AE11-4AE3-864C-16F3910AB8FE}", 0x14, u"SystemRoot", u"\\Fonts" },
	{ u"{DFDF76A2-C82A-4D63-906A-5644AC457385}", -1, u"PUBLIC", u"" },
	{ u"{0762D272-C50A-4BB0-A382-697DCD729B80}", -1, u"SystemDrive", u"\\Users" },
	{ u"{A77F5D77-2E2B-44C3-A6A2-ABA601054A51}", 2, u"APPDATA",
	  u"\\Microsoft\\Windows\\Start Menu\\Programs" },
	{ u"{625B53C3-AB48-4EC1-BA1F-A1EF4146FC19}", 0xb, u"APPDATA",
	  u"\\Microsoft\\Windows\\Start Menu" },
	{ u"{B97D20BB-F46A-4C97-BA10-5E3608430854}", 7, u"APPDATA",
	  u"\\Microsoft\\Windows\\Start Menu\\Programs\\Startup" },
	{ u"{AE50C081-EBD2-438A-8655-8A092E34987A}", 8, u"APPDATA",
	  u"\\Microsoft\\Windows\\Recent" },
	{ u"{8983036C-27C0-404B-8F08-102D10DCFD74}", 9, u"APPDATA",
	  u"\\Microsoft\\Windows\\SendTo" },
	{ u"{A63293E8-664E-48DB-A079-DF759E0509F7}", 0x15, u"APPDATA",
	  u"\\Microsoft\\Windows\\Templates" },
	{ u"{352481E8-33BE-4251-BA85-6007CAEDCF9D}", 0x20, u"LOCALAPPDATA",
	  u"\\Microsoft\\Windows\\INetCache" },
	{ u"{2B0F765D-C0E9-4171-908E-08A611B84FF6}", 0x21, u"LOCALAPPDATA",
	  u"\\Microsoft\\Windows\\INetCookies" },
	{ u"{D9DC8A3B-B784-432E-A781-5A1130A75963}", 0x22, u"LOCALAPPDATA",
	  u"\\Microsoft\\Windows\\History" },
};

static HRESULT
folder_path(const struct folder *f, WCHAR *out, size_t room)
{
	WCHAR *base = env_dup(f->variable);
	size_t n, k = nls_length(f->tail);
	if (!base)
		return E_NOT_FOUND;
	n = nls_length(base);
	if (n + k + 1 > room) {
		free(base);
		return E_FAIL;
	}
	memcpy(out, base, n * sizeof *out);
	memcpy(out + n, f->tail, (k + 1) * sizeof *out);
	free(base);
	return 0;
}

static bool
make_folders(const WCHAR *path)
{
	WCHAR *w = nls_dup(path);
	bool ok = w != NULL;
	for (WCHAR *p = w; ok && *p; p++) {
		if ((*p != '\\' && *p != '/') || p - w < 3)
			continue;
		WCHAR c = *p;
		*p = 0;
		kernel32_CreateDirectoryW(w, NULL);
		*p = c;
	}
	ok = ok &&
	     (kernel32_CreateDirectoryW(w, NULL) || teb()->LastErrorValue == ERROR_ALREADY_EXISTS);
	free(w);
	return ok;
}

WINAPI HRESULT
shell32_SHGetKnownFolderPath(const struct GUID *id, DWORD flags, HANDLE token, WCHAR **out)
{
	WCHAR path[MAX_PATH * 2];
	HRESULT r = E_NOT_FOUND;
	struct GUID g;
	(void)token;
	if (!out)
		return E_INVALIDARG;
	*out = NULL;
	if (!id)
		return E_INVALIDARG;
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		if (!guid_parse(folders[i].guid, &g) || memcmp(&g, id, sizeof g))
			continue;
		r = folder_path(&folders[i], path, sizeof path / sizeof *path);
		if (r < 0)
			break;
		if (flags & 0x8000) /* KF_FLAG_CREATE */
			make_folders(path);
		size_t n = (nls_length(path) + 1) * sizeof *path;
		if (!(*out = combase_CoTaskMemAlloc(n)))
			return E_OUTOFMEMORY;
		memcpy(*out, path, n);
		return 0;
	}
	return r;
}

WINAPI HRESULT
shell32_SHGetFolderPathW(HWND owner, int csidl, HANDLE token, DWORD flags, WCHAR *out)
{
	(void)owner, (void)token, (void)flags;
	if (!out)
		return E_INVALIDARG;
	*out = 0;
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		if (folders[i].csidl != (csidl & 0xff) &&
		    !(folders[i].csidl == 0x10 && (csidl & 0xff) == 0))
			continue;
		HRESULT r = folder_path(&folders[i], out, MAX_PATH);
		if (r >= 0 && (csidl & 0x8000))
			make_folders(out);
		return r;
	}
	return E_INVALIDARG;
}

WINAPI HRESULT
shell32_SHGetFolderPathA(HWND owner, int csidl, HANDLE token, DWORD flags, char *out)
{
	WCHAR w[MAX_PATH];
	HRESULT r = shell32_SHGetFolderPathW(owner, csidl, token, flags, w);
	if (r >= 0)
		nls_ansi_to(w, out, MAX_PATH);
	return r;
}

WINAPI BOOL
shell32_SHGetSpecialFolderPathW(HWND owner, WCHAR *out, int csidl, BOOL create)
{
	return shell32_SHGetFolderPathW(owner, csidl | (create ? 0x8000 : 0), NULL, 0, out) >= 0;
}

WINAPI BOOL
shell32_SHGetSpecialFolderPathA(HWND owner, char *out, int csidl, BOOL create)
{
	return shell32_SHGetFolderPathA(owner, csidl | (create ? 0x8000 : 0), NULL, 0, out) >= 0;
}

WINAPI int
shell32_SHCreateDirectoryExW(HWND owner, const WCHAR *path, const struct SECURITY_ATTRIBUTES *s)
{
	(void)owner;
	if (kernel32_CreateDirectoryW(path, s))
		return ERROR_SUCCESS;
	if (teb()->LastErrorValue == ERROR_PATH_NOT_FOUND && make_folders(path))
		return ERROR_SUCCESS;
	return (int)teb()->LastErrorValue;
}

WINAPI int
shell32_SHCreateDirectory(HWND owner, const WCHAR *path)
{
	return shell32_SHCreateDirectoryExW(owner, path, NULL);
}

/* -- what would need a desktop ---------------------------------------------------------- */

WINAPI HRESULT
shell32_SHGetDesktopFolder(void **out)
{
	if (!out)
		return E_INVALIDARG;
	*out = NULL;
	return E_FAIL;
}

WINAPI HRESULT combase_CoGetMalloc(DWORD one, void **out);

WINAPI HRESULT
shell32_SHGetMalloc(void **out)
{
	return combase_CoGetMalloc(1, out);
}

WINAPI DWORD kernel32_GetFileAttributesW(const WCHAR *path);

struct SHFILEINFOW {
	HANDLE icon;
	int icon_index;
	DWORD attributes;
	WCHAR name[260], type[80];
};

/* The name that is shown, and what kind of file it is; pictures there are none. */
WINAPI DWORD_PTR
shell32_SHGetFileInfoW(const WCHAR *path, DWORD attributes, struct SHFILEINFOW *out, UINT size,
                       UINT flags)
{
	enum { ICON = 0x100, NAME = 0x200, TYPE = 0x400, INDEX = 0x4000, BY_ATTRIBUTES = 0x10 };
	enum { DIRECTORY = 0x10, ASK_ATTRIBUTES = 0x800, MORE = 0x3000 | 8 };
	if (out)
		memset(out, 0, size);
	if (!path || !out || size < sizeof *out || flags & (ICON | INDEX | MORE) ||
	    !(flags & (NAME | TYPE | ASK_ATTRIBUTES)))
		return 0;
	if (!(flags & BY_ATTRIBUTES) &&
	    (attributes = kernel32_GetFileAttributesW(path)) == UINT32_MAX)
		return 0;
	const WCHAR *base = path, *dot = NULL;
	for (const WCHAR *p = path; *p; p++)
		if (*p == '\\' || *p == '/')
			base = p + 1;
	for (const WCHAR *p = base; *p; p++)
		if (*p == '.')
			dot = p + 1;
	if (flags & NAME)
		for (size_t i = 0; base[i] && i < 259; i++)
			out->name[i] = base[i];
	if (flags & ASK_ATTRIBUTES) /* SFGAO_FILESYSTEM, SFGAO_FOLDER */
		out->attributes = 0x40000000 | (attributes & DIRECTORY ? 0x20000000 : 0);
	if (flags & TYPE) {
		static const WCHAR file[] = u"File", folder[] = u"File folder";
		size_t n = 0;
		for (; !(attributes & DIRECTORY) && dot && dot[n] && n < 60; n++)
			out->type[n] = nls_up(dot[n]);
		if (n)
			out->type[n++] = ' ';
		memcpy(out->type + n, attributes & DIRECTORY ? folder : file,
		       attributes & DIRECTORY ? sizeof folder : sizeof file);
	}
	return 1;
}

/* Icons are not taken out: how many there are is 0, and none is got. */
WINAPI UINT
shell32_ExtractIconExW(const WCHAR *file, int index, void **large, void **small, UINT n)
{
	(void)n;
	if (!file || kernel32_GetFileAttributesW(file) == UINT32_MAX)
		return index == -1 && !large && !small ? 0 : UINT32_MAX;
	return 0;
}

WINAPI void
shell32_SHChangeNotify(LONG event, UINT flags, const void *a, const void *b)
{
	(void)event, (void)flags, (void)a, (void)b; /* no window watches */
}

WINAPI BOOL
shell32_Shell_NotifyIconW(DWORD message, void *data)
{
	(void)message, (void)data;
	return refuse(1460);
}

WINAPI LONG_PTR user32_GetWindowLongPtrW(HWND h, int i);
WINAPI LONG_PTR user32_SetWindowLongPtrW(HWND h, int i, LONG_PTR v);

/* Nobody drops any; the window says that it would take them. */
WINAPI void
shell32_DragAcceptFiles(HWND w, BOOL accept)
{
	enum { GWL_EXSTYLE = -20, WS_EX_ACCEPTFILES = 0x10 };
	LONG_PTR style = user32_GetWindowLongPtrW(w, GWL_EXSTYLE) & ~WS_EX_ACCEPTFILES;
	user32_SetWindowLongPtrW(w, GWL_EXSTYLE, style | (accept ? WS_EX_ACCEPTFILES : 0));
}

/* At most 128 units (AppUserModelIDs); an empty one has not been set. */
static WCHAR app_id[129];
static pthread_mutex_t app_id_lock = PTHREAD_MUTEX_INITIALIZER;

WINAPI HRESULT
shell32_SetCurrentProcessExplicitAppUserModelID(const WCHAR *id)
{
	size_t n = id ? nls_length(id) : 0;
	if (!n || n > 128)
		return E_INVALIDARG;
	pthread_mutex_lock(&app_id_lock);
	memcpy(app_id, id, (n + 1) * sizeof *id);
	pthread_mutex_unlock(&app_id_lock);
	return 0;
}

WINAPI HRESULT
shell32_GetCurrentProcessExplicitAppUserModelID(WCHAR **id)
{
	WCHAR *out;
	if (!id)
		return E_INVALIDARG;
	*id = NULL;
	if (!(out = combase_CoTaskMemAlloc(sizeof app_id)))
		return E_OUTOFMEMORY;
	pthread_mutex_lock(&app_id_lock);
	memcpy(out, app_id, sizeof app_id);
	pthread_mutex_unlock(&app_id_lock);
	if (!*out) {
		combase_CoTaskMemFree(out);
		return E_FAIL;
	}
	*id = out;
	return 0;
}

WINAPI BOOL
shell32_IsUserAnAdmin(void)
{
	return FALSE;
}
