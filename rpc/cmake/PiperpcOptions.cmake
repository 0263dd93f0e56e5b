# What is built. A project that embeds this one gets the library and the generator, and nothing else;
# so it needs protobuf, abseil and, on Linux, liburing.
option(PIPERPC_BUILD_TOOLS "Build the command line, piperpc" ${PROJECT_IS_TOP_LEVEL})
option(PIPERPC_BUILD_SERVICES
  "Build piperpcd and its services, which need ICU, SQLite and libsodium" ${PROJECT_IS_TOP_LEVEL})
option(PIPERPC_INSTALL "Install the library and what was built with it" ${PROJECT_IS_TOP_LEVEL})

# The tests try all programs.
set(testable OFF)
if(PIPERPC_BUILD_TOOLS AND PIPERPC_BUILD_SERVICES)
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

if((PIPERPC_BUILD_TESTS OR PIPERPC_BUILD_BENCHMARKS OR PIPERPC_BUILD_FUZZERS) AND NOT testable)
  message(FATAL_ERROR "PipeRPC: PIPERPC_BUILD_TESTS, _BENCHMARKS and _FUZZERS need "
    "PIPERPC_BUILD_TOOLS=ON and PIPERPC_BUILD_SERVICES=ON; set these, or the former to OFF.")
endif()
