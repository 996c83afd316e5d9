/* SPDX-License-Identifier: Apache-2.0 */
/* image.S -- an image in memory for each system DLL: headers and an export directory.
 *
 * A program may walk them as those of any DLL, so they are real; but there is no file, and
 * nothing is built or relocated at a start: an export's address is a distance known to the
 * linker.  Distances are unsigned, so the images stand before all functions: .text.unlikely
 * is what the linker puts first.
 *
 * Behind each export directory stands what it has no place for, in the order of the names:
 * a fixed ordinal or 0, and how many arguments there are (table.c reads it).
 */

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define IMAGE JOIN(dll_image, DLL_NAME)
#define LABEL(n) JOIN(JOIN(.Ldll, DLL_NAME), n)
#define STRING_(...) #__VA_ARGS__
#define STRING(...) STRING_(__VA_ARGS__)
#define NAMED(n) STRING(LABEL(name) n)

	.section .text.unlikely.dll, "ax", @progbits

#define DLL_NAME ntdll
#define DLL_FILE "ntdll.dll"
#define DLL_PREFIX ntdll
#define DLL_TABLE "layer/api/dll/ntdll.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME kernel32
#define DLL_FILE "KERNEL32.DLL"
#define DLL_PREFIX kernel32
#define DLL_TABLE "layer/api/dll/kernel32.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME kernelbase
#define DLL_FILE "KERNELBASE.dll"
#define DLL_PREFIX kernel32
#define DLL_TABLE "layer/api/dll/kernel32.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME ucrtbase
#define DLL_FILE "ucrtbase.dll"
#define DLL_PREFIX ucrtbase
#define DLL_TABLE "layer/api/dll/ucrtbase.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME msvcrt
#define DLL_FILE "msvcrt.dll"
#define DLL_PREFIX msvcrt
#define DLL_TABLE "layer/api/dll/msvcrt.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME vcruntime140
#define DLL_FILE "VCRUNTIME140.dll"
#define DLL_PREFIX vcruntime140
#define DLL_TABLE "layer/api/dll/vcruntime140.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME vcruntime140_1
#define DLL_FILE "VCRUNTIME140_1.dll"
#define DLL_PREFIX vcruntime140_1
#define DLL_TABLE "layer/api/dll/vcruntime140_1.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME advapi32
#define DLL_FILE "ADVAPI32.dll"
#define DLL_PREFIX advapi32
#define DLL_TABLE "layer/api/dll/advapi32.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME user32
#define DLL_FILE "USER32.dll"
#define DLL_PREFIX user32
#define DLL_TABLE "layer/api/dll/user32.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME gdi32
#define DLL_FILE "GDI32.dll"
#define DLL_PREFIX gdi32
#define DLL_TABLE "layer/api/dll/gdi32.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME shell32
#define DLL_FILE "SHELL32.dll"
#define DLL_PREFIX shell32
#define DLL_TABLE "layer/api/dll/shell32.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME shlwapi
#define DLL_FILE "SHLWAPI.dll"
#define DLL_PREFIX shlwapi
#define DLL_TABLE "layer/api/dll/shlwapi.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME shcore
#define DLL_FILE "SHCORE.dll"
#define DLL_PREFIX shcore
#define DLL_TABLE "layer/api/dll/shcore.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME ole32
#define DLL_FILE "ole32.dll"
#define DLL_PREFIX ole32
#define DLL_TABLE "layer/api/dll/ole32.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME combase
#define DLL_FILE "combase.dll"
#define DLL_PREFIX combase
#define DLL_TABLE "layer/api/dll/combase.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME oleaut32
#define DLL_FILE "OLEAUT32.dll"
#define DLL_PREFIX oleaut32
#define DLL_TABLE "layer/api/dll/oleaut32.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME rpcrt4
#define DLL_FILE "RPCRT4.dll"
#define DLL_PREFIX rpcrt4
#define DLL_TABLE "layer/api/dll/rpcrt4.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME version
#define DLL_FILE "VERSION.dll"
#define DLL_PREFIX version
#define DLL_TABLE "layer/api/dll/version.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME userenv
#define DLL_FILE "USERENV.dll"
#define DLL_PREFIX userenv
#define DLL_TABLE "layer/api/dll/userenv.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME netapi32
#define DLL_FILE "NETAPI32.dll"
#define DLL_PREFIX netapi32
#define DLL_TABLE "layer/api/dll/netapi32.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME netutils
#define DLL_FILE "NETUTILS.dll"
#define DLL_PREFIX netutils
#define DLL_TABLE "layer/api/dll/netutils.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME winhttp
#define DLL_FILE "WINHTTP.dll"
#define DLL_PREFIX winhttp
#define DLL_TABLE "layer/api/dll/winhttp.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME setupapi
#define DLL_FILE "SETUPAPI.dll"
#define DLL_PREFIX setupapi
#define DLL_TABLE "layer/api/dll/setupapi.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME cfgmgr32
#define DLL_FILE "CFGMGR32.dll"
#define DLL_PREFIX cfgmgr32
#define DLL_TABLE "layer/api/dll/cfgmgr32.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME hid
#define DLL_FILE "HID.DLL"
#define DLL_PREFIX hid
#define DLL_TABLE "layer/api/dll/hid.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME winmm
#define DLL_FILE "WINMM.dll"
#define DLL_PREFIX winmm
#define DLL_TABLE "layer/api/dll/winmm.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME powrprof
#define DLL_FILE "POWRPROF.dll"
#define DLL_PREFIX powrprof
#define DLL_TABLE "layer/api/dll/powrprof.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME rstrtmgr
#define DLL_FILE "RstrtMgr.DLL"
#define DLL_PREFIX rstrtmgr
#define DLL_TABLE "layer/api/dll/rstrtmgr.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME psapi
#define DLL_FILE "PSAPI.DLL"
#define DLL_PREFIX psapi
#define DLL_TABLE "layer/api/dll/psapi.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME dbghelp
#define DLL_FILE "dbghelp.dll"
#define DLL_PREFIX dbghelp
#define DLL_TABLE "layer/api/dll/dbghelp.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME ws2_32
#define DLL_FILE "WS2_32.dll"
#define DLL_PREFIX ws2_32
#define DLL_TABLE "layer/api/dll/ws2_32.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME wsock32
#define DLL_FILE "WSOCK32.dll"
#define DLL_PREFIX wsock32
#define DLL_TABLE "layer/api/dll/wsock32.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME mswsock
#define DLL_FILE "MSWSOCK.dll"
#define DLL_PREFIX mswsock
#define DLL_TABLE "layer/api/dll/mswsock.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME iphlpapi
#define DLL_FILE "IPHLPAPI.DLL"
#define DLL_PREFIX iphlpapi
#define DLL_TABLE "layer/api/dll/iphlpapi.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME dnsapi
#define DLL_FILE "DNSAPI.dll"
#define DLL_PREFIX dnsapi
#define DLL_TABLE "layer/api/dll/dnsapi.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME bcrypt
#define DLL_FILE "bcrypt.dll"
#define DLL_PREFIX bcrypt
#define DLL_TABLE "layer/api/dll/bcrypt.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME bcryptprimitives
#define DLL_FILE "bcryptPrimitives.dll"
#define DLL_PREFIX bcryptprimitives
#define DLL_TABLE "layer/api/dll/bcryptprimitives.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME crypt32
#define DLL_FILE "CRYPT32.dll"
#define DLL_PREFIX crypt32
#define DLL_TABLE "layer/api/dll/crypt32.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME secur32
#define DLL_FILE "SECUR32.dll"
#define DLL_PREFIX secur32
#define DLL_TABLE "layer/api/dll/secur32.def"
#include "layer/api/dll/image.inc"

#include "layer/api/dll/vcruntime140_throw.inc"
#include "layer/api/dll/msvcp140_throw.inc"
#include "layer/api/dll/msvcp140_rtti.inc"

#define DLL_NAME msvcp140
#define DLL_FILE "MSVCP140.dll"
#define DLL_PREFIX msvcp140
#define DLL_TABLE "layer/api/dll/msvcp140.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME msvcp140_1
#define DLL_FILE "MSVCP140_1.dll"
#define DLL_PREFIX msvcp140
#define DLL_TABLE "layer/api/dll/msvcp140_1.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME msvcp140_atomic_wait
#define DLL_FILE "MSVCP140_ATOMIC_WAIT.dll"
#define DLL_PREFIX msvcp140
#define DLL_TABLE "layer/api/dll/msvcp140_atomic_wait.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME comctl32
#define DLL_FILE "COMCTL32.dll"
#define DLL_PREFIX comctl32
#define DLL_TABLE "layer/api/dll/comctl32.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME ncrypt
#define DLL_FILE "ncrypt.dll"
#define DLL_PREFIX ncrypt
#define DLL_TABLE "layer/api/dll/ncrypt.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME sspicli
#define DLL_FILE "SSPICLI.DLL"
#define DLL_PREFIX secur32
#define DLL_TABLE "layer/api/dll/secur32.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME dxgi
#define DLL_FILE "dxgi.dll"
#define DLL_PREFIX dxgi
#define DLL_TABLE "layer/api/dll/dxgi.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME pdh
#define DLL_FILE "pdh.dll"
#define DLL_PREFIX pdh
#define DLL_TABLE "layer/api/dll/pdh.def"
#include "layer/api/dll/image.inc"

#define DLL_NAME wtsapi32
#define DLL_FILE "WTSAPI32.dll"
#define DLL_PREFIX wtsapi32
#define DLL_TABLE "layer/api/dll/wtsapi32.def"
#include "layer/api/dll/image.inc"

/* Headers for those of which nothing is done. */
#define DLL_NAME nothing
#define DLL_FILE "nothing.dll"
#define DLL_PREFIX nothing
#define DLL_TABLE "layer/api/dll/nothing.def"
#include "layer/api/dll/image.inc"

	.section .note.GNU-stack, "", @progbits
