# How every target of this project is compiled: piperpc_compile_options(TARGET).
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
endif()

# libstdc++'s own semaphore, where it stands on condition variables, looks at its value before it takes
# the lock and so loses wake-ups (bits/atomic_wait.h): ~stop_callback, which waits for one, hangs.
# The semaphore of winpthreads does not. Users of the library must agree, for its size differs.
set(PIPERPC_ABI_DEFINITIONS)
if(MINGW)
  set(PIPERPC_ABI_DEFINITIONS _GLIBCXX_USE_POSIX_SEMAPHORE=1)
endif()
add_compile_definitions(${PIPERPC_ABI_DEFINITIONS})

# What one clone compiled serves all others: paths below the project count from its folder.
option(PIPERPC_CCACHE "Compile through ccache where there is one" ${PROJECT_IS_TOP_LEVEL})
if(PIPERPC_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(PIPERPC_CCACHE_PROGRAM ccache)
  if(PIPERPC_CCACHE_PROGRAM)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${PIPERPC_CCACHE_PROGRAM})
  endif()
endif()

if(PIPERPC_SANITIZE)
  set(PIPERPC_SANITIZE_OPTIONS -fsanitize=${PIPERPC_SANITIZE})
  if(PIPERPC_SANITIZE MATCHES "undefined")
    list(APPEND PIPERPC_SANITIZE_OPTIONS -fno-sanitize-recover=undefined)
    # Of clang's checks that g++ has not, or not so: with that of functions, clang 14 makes no object
    # file of a coroutine; that of an object's type opens a pipe, and so finds fault with all objects
    # in a test without descriptors.
    if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
      list(APPEND PIPERPC_SANITIZE_OPTIONS -fno-sanitize=function,vptr)
    endif()
  endif()
  add_compile_options(${PIPERPC_SANITIZE_OPTIONS} -fno-omit-frame-pointer)
  add_link_options(${PIPERPC_SANITIZE_OPTIONS})
endif()

function(piperpc_compile_options target)
  if(WIN32)  # Windows 10's functions, without macros that break ordinary names.
    target_compile_definitions(${target} PRIVATE _WIN32_WINNT=0x0A00 WIN32_LEAN_AND_MEAN NOMINMAX)
  endif()
  # Which lock guards what, and (beta) in which order locks are taken; clang-cl, too, knows them.
  target_compile_options(${target} PRIVATE
    $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety$<SEMICOLON>-Wthread-safety-beta>)
  if(MSVC)
    target_compile_options(${target} PRIVATE /utf-8 /bigobj /W4 $<$<BOOL:${PIPERPC_WERROR}>:/WX>)
  else()
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wshadow
      $<$<BOOL:${PIPERPC_WERROR}>:-Werror>)
    # g++ 12 warns of std::string's own operator+ when it optimises (GCC bug 105651), and of the
    # strings in aggregates that are made where they are passed.
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
      target_compile_options(${target} PRIVATE -Wno-restrict -Wno-maybe-uninitialized)
    endif()
  endif()
endfunction()

# For files of the runtime that are not on the way of a good call or of a new connection (starts,
# ends, calls that fail, what waits for threads): there a smaller program is worth more than a few
# instructions.
function(piperpc_optimize_for_size)
  if(NOT MSVC)
    set_source_files_properties(${ARGV} TARGET_DIRECTORY piperpc
      PROPERTIES COMPILE_OPTIONS $<$<CONFIG:Release,RelWithDebInfo>:-Os>)
  endif()
endfunction()
