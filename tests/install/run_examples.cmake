# Looks where the links of the installed documents lead, builds the installed examples against the
# package, runs the tests that they have, and lets the greeter's client talk to its server: first by
# itself, then through the proxy. A signal ends the vault's server. Takes PREFIX, and what steps.cmake
# says.
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)

file(REMOVE_RECURSE ${OUT})
use_installed_package()

# A link that is not one of the web, nor within its document, leads to a file, or a folder.
set(links_seen 0)
file(GLOB_RECURSE documents ${PREFIX}/*.md)
foreach(document IN LISTS documents)
  cmake_path(GET document PARENT_PATH folder)
  file(READ ${document} text)
  string(REPLACE "](" "LINK(" text "${text}")  # A list does not bear single brackets.
  string(REGEX REPLACE "[][;]" " " text "${text}")
  string(REGEX MATCHALL "LINK\\([^)#: \n]*[./][^)#: \n]*[)#]" links "${text}")
  foreach(link IN LISTS links)
    string(REGEX REPLACE "^LINK.|.$" "" link "${link}")
    math(EXPR links_seen "${links_seen} + 1")
    if(NOT EXISTS ${folder}/${link})
      message(SEND_ERROR "${document}: ${link} is not there")
    endif()
  endforeach()
endforeach()
if(NOT links_seen GREATER 20)
  message(FATAL_ERROR "the installed documents (${documents}) have ${links_seen} links")
endif()

list(FILTER documents INCLUDE REGEX "/examples/greeter/README.md$")
if(NOT documents)
  message(FATAL_ERROR "the examples are not installed")
endif()
cmake_path(GET documents PARENT_PATH greeter)
cmake_path(GET greeter PARENT_PATH examples)
file(COPY ${examples}/ ${CMAKE_CURRENT_LIST_DIR}/services DESTINATION ${OUT}/sources)
set(tested chat file_copy greeter proxy writer_reader)
if(NOT EMULATOR AND NOT WIN32)
  list(APPEND tested plugin_host)
endif()
foreach(example IN LISTS tested ITEMS vault services)
  build(${OUT}/sources/${example} ${OUT}/${example})
endforeach()
foreach(example IN LISTS tested)
  run(${CMAKE_CTEST_COMMAND} --test-dir ${OUT}/${example} --output-on-failure --no-tests=error)
endforeach()

# expect_greetings(ENDPOINT [COMMAND …]…): what the client says that calls at ENDPOINT. It waits for
# the commands, which serve; each ends with its standard input, which is the output of the one
# before. What the client said comes back through a file.
function(expect_greetings endpoint)
  execute_process(
    COMMAND ${CMAKE_COMMAND} "-DCLIENT=${EMULATOR};${OUT}/greeter/greeter_client${SUFFIX}"
      -DENDPOINT=${endpoint} -DSAID=${OUT}/said.txt -P ${CMAKE_CURRENT_LIST_DIR}/run_client.cmake
    ${ARGN}
    TIMEOUT 60 RESULTS_VARIABLE results)
  if(NOT results MATCHES "^0(;0)+$")
    message(FATAL_ERROR "client and servers ended with ${results}")
  endif()
  file(READ ${OUT}/said.txt said)
  string(REPEAT "Hello, Ana!\n" 4 expected)
  string(REPLACE "\r\n" "\n" said "${said}")
  if(NOT said STREQUAL expected)
    message(FATAL_ERROR "the client said: ${said}")
  endif()
endfunction()

string(RANDOM LENGTH 12 unique)
set(endpoint piperpc-greeter-${unique})
set(front piperpc-proxy-${unique})
set(server COMMAND ${EMULATOR} ${OUT}/greeter/greeter_server${SUFFIX} ${endpoint})
expect_greetings(${endpoint} ${server})
expect_greetings(${front}
  COMMAND ${EMULATOR} ${OUT}/proxy/proxy${SUFFIX} ${front} ${endpoint} ${server})

execute_process(COMMAND ${EMULATOR} ${OUT}/proxy/proxy${SUFFIX} ${front} ${front}
  TIMEOUT 60 RESULT_VARIABLE result ERROR_VARIABLE said)
if(NOT result EQUAL 2 OR NOT said MATCHES "the proxy would call itself")
  message(FATAL_ERROR "a proxy for itself ended with ${result} and said: ${said}")
endif()

# Programs of another system have no such signals.
if(NOT EMULATOR AND NOT WIN32)
  run(sh ${CMAKE_CURRENT_LIST_DIR}/end_by_signal.sh ${OUT}/vault piperpc-vault-${unique})
endif()
