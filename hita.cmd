@echo off
rem Starts Hita on Windows; see the file "hita" for what it does and which variables it knows.
rem Sources are compared with a copy of them that was made when the program was built.
setlocal EnableExtensions DisableDelayedExpansion
set "root=%~dp0."
set "backend=%HITA_TORCH_BACKEND%"
if not defined backend set "backend=cpu"
if defined HITA_LIBTORCH set "backend=none"
if not "%backend%"=="cpu" if not "%backend%"=="cuda" if not "%backend%"=="none" (
    >&2 echo hita: HITA_TORCH_BACKEND is '%backend%'; it must be cpu, cuda or none.
    exit /b 2
)
rem Two copies of libtorch cannot live in one process, so a foreign one gets a program that brings none. Of --libtorch=X the loop sees two words.
set "rest="
for %%A in (%*) do (
    if "%%~A"=="--" set "rest=1"
    if not defined rest for /f "tokens=1 delims=:" %%B in ("%%~A") do if "%%B"=="--libtorch" set "backend=none"
)

set "dotnet="
for /f "delims=" %%D in ('where dotnet 2^>nul') do if not defined dotnet set "dotnet=%%D"
for %%D in ("%DOTNET_ROOT%\dotnet.exe" "%LOCALAPPDATA%\Microsoft\dotnet\dotnet.exe" "%ProgramFiles%\dotnet\dotnet.exe") do if not defined dotnet if exist "%%~D" set "dotnet=%%~D"
if not defined dotnet goto nodotnet

set "store=%HITA_BUILD_DIR%"
if not defined store set "store=%root%\.hita"
rem The build runs in the checkout, the user's folder may be another one.
for %%S in ("%store%") do set "store=%%~fS"
set "place=%store%\%backend%"
set "seen=%place%\sources"

call :find_app
if defined app (
    call :compare /L
    if not defined differs goto start
)

mkdir "%place%" 2>nul
rem A folder can be made only once, so it serves as the lock of two first starts.
set waited=0
:lock
mkdir "%place%\lock" 2>nul && goto build
if not exist "%place%\lock\" goto readonly
if %waited%==0 >&2 echo hita: waiting for another start that is building...
set /a waited+=1
if %waited% geq 900 (
    >&2 echo hita: another start has been building for 15 minutes; if none is, delete "%place%\lock" and try again.
    exit /b 1
)
ping -n 2 127.0.0.1 >nul
goto lock

:readonly
rem The other start may have given the lock back between the two looks, so it is tried once more.
mkdir "%place%\lock" 2>nul && goto build
if exist "%place%\lock\" goto lock
call :find_app
if not defined app (
    >&2 echo hita: Hita is not built yet and "%store%" cannot be written: name a folder for the built program with HITA_BUILD_DIR.
    exit /b 1
)
>&2 echo hita: the sources changed since the program was built, but "%store%" cannot be written: starting the program as it was built.
goto start

:build
call :find_app
if defined app (
    call :compare /L
    if not defined differs (
        rmdir "%place%\lock"
        goto start
    )
)
if defined app >&2 echo Building Hita (the sources changed)...
if not defined app >&2 echo Building Hita (first start)...
set "app=app-%RANDOM%%RANDOM%"
rem Without a stamp nobody takes the copy for the sources of the program that is there.
del "%place%\stamp" 2>nul
call :compare
pushd "%root%"
"%dotnet%" --version <nul >"%place%\version.log" 2>&1
if errorlevel 1 goto nosdk
"%dotnet%" build src\Hita.Cli\Hita.Cli.csproj -c Release --nologo -v quiet -nodeReuse:false --artifacts-path "%place%\build" -o "%place%\%app%" "-p:TorchBackend=%backend%" -p:UseSharedCompilation=false -p:TreatWarningsAsErrors=false -p:RunAnalyzers=false -p:EnforceCodeStyleInBuild=false -p:CompileAhead=true -p:GenerateDocumentationFile=false <nul >"%place%\build.log" 2>&1
if errorlevel 1 goto failed
popd
rem Folders of earlier builds. One that a program runs from cannot be renamed and stays as a whole; without the rename it would lose the files that
rem happen not to be open.
for /d %%D in ("%place%\app-*") do if /i not "%%~nxD"=="%app%" ren "%%D" "old-%%~nxD" 2>nul
for /d %%D in ("%place%\old-app-*") do rmdir /s /q "%%D" 2>nul
>"%place%\stamp" echo %app%
rmdir "%place%\lock"

:start
if not defined DOTNET_GCgen0size set "DOTNET_GCgen0size=0x10000000"
"%dotnet%" "%place%\%app%\Hita.Cli.dll" %*
exit /b %errorlevel%

:failed
popd
>&2 type "%place%\build.log"
>&2 echo hita: the build failed; the lines above say why (they are kept in "%place%\build.log").
rmdir "%place%\lock"
exit /b 1

:nodotnet
>&2 echo hita: the .NET 10 SDK was not found: install it (https://dotnet.microsoft.com/download/dotnet/10.0) or put its folder on PATH.
exit /b 1

:nosdk
popd
>&2 type "%place%\version.log"
>&2 echo hita: %dotnet% has no SDK of version 10: install .NET 10 (https://dotnet.microsoft.com/download/dotnet/10.0).
rmdir "%place%\lock"
exit /b 1

rem Sets app to the built program's folder, or to nothing where there is none.
:find_app
set "app="
if exist "%place%\stamp" set /p app=<"%place%\stamp"
if defined app if not exist "%place%\%app%\Hita.Cli.dll" set "app="
exit /b 0

rem Sets differs where a source came, went or changed since it was copied; with /L it only looks, without it copies.
:compare
set "differs="
for %%D in (src bench\Hita.Bench build models) do if exist "%root%\%%D\" (
    robocopy "%root%\%%D" "%seen%\%%D" /MIR /XD bin obj packed .vs /XF *.user *.swp *~ %~1 /R:1 /W:1 /NJH /NJS /NDL /NFL /NC /NS /NP >nul 2>nul
    if errorlevel 1 set "differs=1"
)
robocopy "%root%" "%seen%\root" Directory.* global.json nuget.config /PURGE %~1 /R:1 /W:1 /NJH /NJS /NDL /NFL /NC /NS /NP >nul 2>nul
if errorlevel 1 set "differs=1"
exit /b 0
