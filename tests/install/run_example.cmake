# Installs a build to a folder of its own, builds the greeter against it, and lets its client talk to
# its server. Takes BUILD, SOURCE (of the example), OUT (a scratch folder), CXX, FLAGS, GENERATOR.
cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${OUT})
file(MAKE_DIRECTORY ${OUT})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${OUT}/prefix)
run(${CMAKE_COMMAND} -S ${SOURCE} -B ${OUT}/build -G ${GENERATOR}
  -DCMAKE_PREFIX_PATH=${OUT}/prefix -DCMAKE_CXX_COMPILER=${CXX} "-DCMAKE_CXX_FLAGS=${FLAGS}")
run(${CMAKE_COMMAND} --build ${OUT}/build)

string(RANDOM LENGTH 12 unique)
set(endpoint piperpc-greeter-${unique})

# The client waits for the server; the server ends with its standard input, which is the client's
# output. What the client said comes back through a file.
execute_process(
  COMMAND ${CMAKE_COMMAND} -DCLIENT=${OUT}/build/greeter_client -DENDPOINT=${endpoint}
    -DSAID=${OUT}/said.txt -P ${CMAKE_CURRENT_LIST_DIR}/run_client.cmake
  COMMAND ${OUT}/build/greeter_server ${endpoint}
  TIMEOUT 60 RESULTS_VARIABLE results)
if(NOT results STREQUAL "0;0")
  message(FATAL_ERROR "client and server ended with ${results}")
endif()
file(READ ${OUT}/said.txt said)
string(REPEAT "Hello, Ana!\n" 4 expected)
if(NOT said STREQUAL expected)
  message(FATAL_ERROR "the client said: ${said}")
endif()
