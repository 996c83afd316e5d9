/* SPDX-License-Identifier: Apache-2.0 */
// The built-in cmd, as a program starts it: each argument is a line of a batch file (or with
// -c one command line for cmd /c), and the exit code is the program's.
// needs: joist mingw
// test: echo, variables and arithmetic
// run: cd $W && joist run --rm $GUEST '@echo off' 'set A=1' 'set /a B=A+41' 'echo B=%B%' 'echo %A:~0,1%.' 'echo ;' 'exit /b 3'
// expect: B=42
// expect: 1.
// expect: ;
// expect-status: 3
// test: the registry, and who and where one is
// run: cd $W && joist run --rm --hostname box $GUEST '@echo off' 'hostname' 'whoami | findstr /b box >nul && echo me' 'reg add HKCU\Software\T /v n /t REG_DWORD /d 0x1f /f' 'reg add HKCU\Software\T /v m /t REG_MULTI_SZ /d x\0y /f >nul' 'reg add HKCU\Software\T /ve /d "a b" /f >nul' 'reg add HKCU\Software\T\s /v b /t REG_BINARY /d 00ffA1 /f >nul' 'reg query HKCU\Software\T' 'reg query HKCU\Software\T /s /v b' 'reg add HKCU\Software\T /v n /t REG_DWORD /d x /f 2>nul || echo no number' 'reg query HKCU\Software\T /v none 2>nul || echo none' 'echo no| reg delete HKCU\Software\T' 'reg delete HKCU\Software\T /v n /f' 'reg query HKCU\Software\T /v n 2>nul || echo gone' 'reg delete HKCU\Software\T /f >nul & reg query HKCU\Software\T 2>nul || echo all gone' 'reg query HKLM\SOFTWARE\Microsoft\Cryptography /v MachineGuid | find "REG_SZ" >nul && echo a machine'
// expect: box
// expect: me
// expect: The operation completed successfully.
// expect:
// expect: HKEY_CURRENT_USER\Software\T
// expect:     n    REG_DWORD    0x1f
// expect:     m    REG_MULTI_SZ    x\0y
// expect:     (Default)    REG_SZ    a b
// expect:
// expect: HKEY_CURRENT_USER\Software\T\s
// expect:
// expect: HKEY_CURRENT_USER\Software\T\s
// expect:     b    REG_BINARY    00FFA1
// expect:
// expect: no number
// expect:
// expect: none
// expect: HKEY_CURRENT_USER\Software\T, delete it (Yes/No)? The operation was canceled by the user.
// expect: The operation completed successfully.
// expect:
// expect: gone
// expect: all gone
// expect: a machine
// test: folders, links, and words that say little
// run: cd $W && joist run --rm $GUEST '@echo off' 'mkdir one\two' 'pushd one' 'chdir two' 'echo deep>f' 'popd' 'setlocal' 'set LOCAL=1' 'endlocal' 'echo [%LOCAL%]' 'xcopy /q one\two\f copy\ >nul' 'type copy\f' 'erase copy\f' 'if not exist copy\f echo erased' 'mklink /h g one\two\f >nul' 'type g' 'chcp 65001' 'assoc .none 2>nul || echo no assoc' 'ftype none 2>nul || echo no ftype' 'cls >nul' 'ver | find "Windows" >nul && echo a version'
// expect: []
// expect: deep
// expect: erased
// expect: deep
// expect: Active code page: 65001
// expect: no assoc
// expect: no ftype
// expect: a version
// test: operators and redirections
// run: cd $W && joist run --rm $GUEST '@echo off' 'echo A&& echo B|| echo C' '(echo 1& echo 2) >f' 'echo three>>f' 'type f' 'type none 2>nul || echo no'
// expect: A
// expect: B
// expect: 1
// expect: 2
// expect: three
// expect: no
// expect-status: 1
// test: pipes between programs, commands and batch files
// run: cd $W && joist run --rm $GUEST '@echo off' 'echo one|find "o"' '(echo b& echo a)|sort' 'type f.bat|findstr /c:"needle" >nul && echo found needle'
// expect: one
// expect: a
// expect: b
// expect: found needle
// test: for in all its forms
// run: cd $W && joist run --rm $GUEST '@echo off' 'for %%i in (a "b c") do echo %%~i' 'for /l %%n in (3,-1,2) do echo %%n' 'for /f "tokens=1,2*" %%a in ("x y z w") do echo %%c %%b %%a' 'for /f %%a in (\x27echo out\x27) do echo [%%a]'
// expect: a
// expect: b c
// expect: 3
// expect: 2
// expect: z w y x
// expect: [out]
// test: if in all its forms
// run: cd $W && joist run --rm $GUEST '@echo off' 'if exist f.bat (echo there) else echo gone' 'if not defined NOPE if 1 lss 10 echo less' 'if /i abc==ABC (echo same)' 'cmd /c exit 5' 'if errorlevel 5 if not errorlevel 6 echo five'
// expect: there
// expect: less
// expect: same
// expect: five
// expect-status: 5
// test: labels, call, shift and delayed expansion
// run: cd $W && joist run --rm $GUEST '@echo off' 'setlocal enabledelayedexpansion' 'call :sub 1 2' 'echo %ERRORLEVEL%' 'set I=0' ':again' 'set /a I+=1' 'if !I! lss 3 goto again' 'echo !I!' 'goto :eof' ':sub' 'shift' 'echo %1%2.' 'exit /b 7'
// expect: 2.
// expect: 7
// expect: 3
// expect-status: 7
// test: files and folders
// run: cd $W && joist run --rm $GUEST '@echo off' 'md a\b' 'echo x>a\b\c.txt' 'copy a\b\c.txt a\d.txt' 'ren a\d.txt *.bak' 'dir /b a' 'move a\d.bak e.txt >nul' 'del a\b\c.txt' 'rd /s /q a' 'if exist a echo still' 'cd' 'dir /b /a-d e.*'
// expect-has: ^        1 file\(s\) copied\.$
// expect-has: ^d\.bak$
// expect-has: ^Z:.*
// expect-has: ^e\.txt$
// expect-not: still
// test: what is not there, in cmd /c and in a batch file
// run: cd $W && joist run --rm $GUEST -c nothing_such
// expect-err: 'nothing_such' is not recognized as an internal or external command,
// expect-status: 1
// run: cd $W && joist run --rm $GUEST '@nothing_such' '@exit /b %ERRORLEVEL%'
// expect-err: operable program or batch file.
// expect-status: 49
// test: a syntax error ends the batch file
// run: cd $W && joist run --rm $GUEST '@echo off' 'echo before' 'if a b' 'echo behind'
// expect: before
// expect-err: b was unexpected at this time.
// expect-status: 255
#include <windows.h>
#include <stdio.h>
#include <string.h>

static void
unescape(char *s)
{
	for (char *p; (p = strstr(s, "\\x27"));) {
		*p = '\'';
		memmove(p + 1, p + 4, strlen(p + 4) + 1);
	}
}

int
main(int argc, char **argv)
{
	STARTUPINFOA s = { .cb = sizeof s };
	PROCESS_INFORMATION pi;
	char line[4096] = "f.bat";
	DWORD code = 0;

	if (argc > 2 && strcmp(argv[1], "-c") == 0) {
		snprintf(line, sizeof line, "%%COMSPEC%% /c %s", argv[2]);
		ExpandEnvironmentStringsA("%COMSPEC% /c ", line, sizeof line);
		strncat(line, argv[2], 2000);
	} else {
		FILE *f = fopen("f.bat", "w");
		if (!f)
			return 99;
		for (int i = 1; i < argc; i++) {
			unescape(argv[i]);
			fprintf(f, "%s\n", argv[i]);
		}
		fprintf(f, "@rem needle\n");
		fclose(f);
	}
	if (!CreateProcessA(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &s, &pi))
		return 98;
	WaitForSingleObject(pi.hProcess, INFINITE);
	GetExitCodeProcess(pi.hProcess, &code);
	return (int)code;
}
