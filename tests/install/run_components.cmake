# Each component of an installed package brings its targets, and one that is not there an error that
# names those that are. Takes PREFIX, and what steps.cmake says.
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)
copy_consumers()
use_installed_package()

# expect_found(COMPONENT TARGET...)
function(expect_found component)
  execute_process(OUTPUT_VARIABLE said COMMAND_ERROR_IS_FATAL ANY
    COMMAND ${CMAKE_COMMAND} -S ${consumers}/components -B ${consumers}/build-${component}
      -G ${GENERATOR} ${OPTIONS} -DCOMPONENTS=${component})
  if(NOT said MATCHES "found: ${ARGN}\n")
    message(SEND_ERROR "not found for ${component}: ${ARGN}; ${said}")
  endif()
endfunction()

set(generator "protoc-gen-piperpc;")
if(EMULATOR)
  set(generator "")  # A package for another system has none.
endif()
expect_found(runtime "piperpc")
expect_found(builtin "piperpc;builtin;proto")
expect_found(generate "piperpc;builtin;proto;${generator}piperpc_generate")
expect_found(testing "piperpc;testing")
expect_found("" "piperpc;builtin;proto;${generator}testing;piperpc_generate")
expect_refusal(${consumers}/components ${consumers}/build-unknown
  "PipeRPC has no component \"server\"; it has runtime, builtin, generate and testing"
  "-DCOMPONENTS=runtime\;server")
