# Installs a build to a folder of its own, builds the greeter against it, and lets its client talk to
# its server. Takes BUILD, SOURCE (of the example), OUT (a scratch folder), GENERATOR, OPTIONS (a list
# for the example's configuration), EMULATOR (what runs its programs, or nothing), SUFFIX (of theirs).
cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${OUT})
file(MAKE_DIRECTORY ${OUT})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${OUT}/prefix)
file(GLOB_RECURSE config ${OUT}/prefix/*/piperpcConfig.cmake)
cmake_path(GET config PARENT_PATH package)
run(${CMAKE_COMMAND} -S ${SOURCE} -B ${OUT}/build -G ${GENERATOR} -Dpiperpc_DIR=${package}
  ${OPTIONS})
run(${CMAKE_COMMAND} --build ${OUT}/build)

string(RANDOM LENGTH 12 unique)
set(endpoint piperpc-greeter-${unique})

# The client waits for the server; the server ends with its standard input, which is the client's
# output. What the client said comes back through a file.
execute_process(
  COMMAND ${CMAKE_COMMAND} "-DCLIENT=${EMULATOR};${OUT}/build/greeter_client${SUFFIX}"
    -DENDPOINT=${endpoint} -DSAID=${OUT}/said.txt -P ${CMAKE_CURRENT_LIST_DIR}/run_client.cmake
  COMMAND ${EMULATOR} ${OUT}/build/greeter_server${SUFFIX} ${endpoint}
  TIMEOUT 60 RESULTS_VARIABLE results)
if(NOT results STREQUAL "0;0")
  message(FATAL_ERROR "client and server ended with ${results}")
endif()
file(READ ${OUT}/said.txt said)
string(REPEAT "Hello, Ana!\n" 4 expected)
string(REPLACE "\r\n" "\n" said "${said}")
if(NOT said STREQUAL expected)
  message(FATAL_ERROR "the client said: ${said}")
endif()
