@echo off
rem run demo [options]   the window on the built-in microscope
rem run test [options]   the test suite
rem Installs uv with pip where it is missing, then hands over to uv.
setlocal
set "ROOT=%~dp0."
set "WORD=%~1"
if /i "%WORD%"=="demo" goto known
if /i "%WORD%"=="test" goto known
echo usage: run demo [options]   watch the built-in microscope refocused live 1>&2
echo        run test [options]   run the tests (options go to pytest) 1>&2
exit /b 2

:known
set "PYTHON=python"
where py >nul 2>nul && set "PYTHON=py -3"
set "UV=uv"
where uv >nul 2>nul && goto have_uv
set "UV=%PYTHON% -m uv"
%PYTHON% -m uv --version >nul 2>nul && goto have_uv
echo run: installing uv with pip 1>&2
%PYTHON% -m pip install --quiet uv || exit /b 1

:have_uv
if defined PIP_FIND_LINKS if not defined UV_FIND_LINKS set "UV_FIND_LINKS=%PIP_FIND_LINKS%"
set "REST="
:next
shift
if "%~1"=="" goto go
set REST=%REST% %1
goto next

:go
if /i "%WORD%"=="test" (
    cd /d "%ROOT%"
    %UV% run pytest --numprocesses auto --maxprocesses 4 --dist loadfile %REST%
) else (
    %UV% run --project "%ROOT%" deepz-live demo %REST%
)
exit /b %ERRORLEVEL%
