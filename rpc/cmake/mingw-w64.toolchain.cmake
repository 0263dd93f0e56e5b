# Builds for Windows (x86-64) on Linux, with mingw-w64, and runs what it built under Wine.
#
# The libraries come from a prefix that tools/windows/dependencies makes; PIPERPC_WINDOWS_PREFIX, in
# the environment, names another one. Programs are static: no DLL has to go with them.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)

set(CMAKE_C_COMPILER x86_64-w64-mingw32-gcc-posix)
set(CMAKE_CXX_COMPILER x86_64-w64-mingw32-g++-posix)
set(CMAKE_RC_COMPILER x86_64-w64-mingw32-windres)
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)

set(tools ${CMAKE_CURRENT_LIST_DIR}/../../tools/windows)
cmake_path(NORMAL_PATH tools)
set(CMAKE_CROSSCOMPILING_EMULATOR ${tools}/run-under-wine)

# Through the environment, for what CMake runs to try the compiler needs it, too.
if("$ENV{PIPERPC_WINDOWS_PREFIX}" STREQUAL "")
  execute_process(COMMAND ${tools}/dependencies --print-prefix
    OUTPUT_VARIABLE prefix OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  set(ENV{PIPERPC_WINDOWS_PREFIX} ${prefix})
endif()
set(prefix $ENV{PIPERPC_WINDOWS_PREFIX})

# What find_package() found stays in the cache, and two prefixes must not mix.
if(PIPERPC_WINDOWS_PREFIX AND NOT PIPERPC_WINDOWS_PREFIX STREQUAL prefix)
  message(WARNING "this folder was made with the libraries in ${PIPERPC_WINDOWS_PREFIX} and stays "
    "with them. The current ones are in ${prefix}: cmake --fresh takes those.")
  set(prefix ${PIPERPC_WINDOWS_PREFIX})
  set(ENV{PIPERPC_WINDOWS_PREFIX} ${prefix})
endif()
if(NOT EXISTS ${prefix})
  message(FATAL_ERROR "no libraries for Windows in ${prefix}: tools/windows/dependencies makes them")
endif()
set(PIPERPC_WINDOWS_PREFIX ${prefix} CACHE PATH "Where the libraries for Windows are")

set(CMAKE_FIND_ROOT_PATH /usr/x86_64-w64-mingw32 ${prefix})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
