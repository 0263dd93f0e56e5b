# What is built. A project that embeds this one gets the library and the generator, and nothing else;
# so it needs protobuf, abseil and, on Linux, liburing.
option(PIPERPC_BUILD_TOOLS "Build the command line, piperpc" ${PROJECT_IS_TOP_LEVEL})
option(PIPERPC_BUILD_SERVICES
  "Build piperpcd and its services, which need ICU, SQLite and libsodium" ${PROJECT_IS_TOP_LEVEL})
option(PIPERPC_INSTALL "Install the library and what was built with it" ${PROJECT_IS_TOP_LEVEL})

# Static libraries or shared ones: as all of the project that embeds this one, or otherwise.
if(NOT DEFINED PIPERPC_BUILD_SHARED)
  set(PIPERPC_BUILD_SHARED ${BUILD_SHARED_LIBS})
endif()
set(PIPERPC_LIBRARY_TYPE STATIC)
if(PIPERPC_BUILD_SHARED)
  set(PIPERPC_LIBRARY_TYPE SHARED)
endif()

# The tests look into the library, where a shared one shows nothing, and try all programs.
set(testable OFF)
if(PIPERPC_BUILD_TOOLS AND PIPERPC_BUILD_SERVICES AND NOT PIPERPC_BUILD_SHARED)
  set(testable ON)
endif()
set(tests ${testable})
if(NOT PROJECT_IS_TOP_LEVEL)
  set(tests OFF)
endif()
option(PIPERPC_BUILD_TESTS "Build the tests" ${tests})
option(PIPERPC_BUILD_BENCHMARKS "Build the benchmarks" OFF)
option(PIPERPC_BUILD_FUZZERS "Build the libFuzzer targets (clang only)" OFF)

option(PIPERPC_WERROR "Treat warnings as errors" ${PROJECT_IS_TOP_LEVEL})
set(PIPERPC_SANITIZE "" CACHE STRING "Sanitizers to build with: address,undefined or thread")

if(WIN32 AND PIPERPC_BUILD_SHARED)
  message(FATAL_ERROR "PipeRPC: there are only static libraries for Windows, because protobuf and "
    "abseil are static there, and a DLL and its program would each have a copy of their state. Set "
    "PIPERPC_BUILD_SHARED to OFF; BUILD_SHARED_LIBS may stay ON.")
endif()
if((PIPERPC_BUILD_TESTS OR PIPERPC_BUILD_BENCHMARKS OR PIPERPC_BUILD_FUZZERS) AND NOT testable)
  message(FATAL_ERROR "PipeRPC: PIPERPC_BUILD_TESTS, _BENCHMARKS and _FUZZERS need "
    "PIPERPC_BUILD_TOOLS=ON, PIPERPC_BUILD_SERVICES=ON and PIPERPC_BUILD_SHARED=OFF; set these, or "
    "the former to OFF.")
endif()
