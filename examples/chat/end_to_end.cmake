# The programs chat. Takes SERVER and CLIENT, which are commands, and OUT, a folder to work in.
cmake_minimum_required(VERSION 3.25)

# The server ends with its standard input, which is the output of this script's other half.
if(NOT ENDPOINT)
  string(RANDOM LENGTH 12 unique)
  execute_process(
    COMMAND ${CMAKE_COMMAND} "-DCLIENT=${CLIENT}" -DOUT=${OUT} -DENDPOINT=chat-${unique}
      -P ${CMAKE_CURRENT_LIST_FILE}
    COMMAND ${SERVER} chat-${unique}
    TIMEOUT 60 COMMAND_ERROR_IS_FATAL ANY)
  return()
endif()

file(WRITE ${OUT}/lines.txt "hello\nbye\n")
execute_process(COMMAND ${CLIENT} ${ENDPOINT} lobby ana INPUT_FILE ${OUT}/lines.txt
  OUTPUT_VARIABLE said TIMEOUT 30 COMMAND_ERROR_IS_FATAL ANY)
string(REPLACE "\r\n" "\n" said "${said}")
if(NOT said STREQUAL "* here: ana\nana: hello\nana: bye\n")
  message(FATAL_ERROR "the client said: ${said}")
endif()
execute_process(COMMAND ${CLIENT} ${ENDPOINT} lobby "" INPUT_FILE ${OUT}/lines.txt
  RESULT_VARIABLE result ERROR_VARIABLE said TIMEOUT 30)
if(NOT result EQUAL 1 OR NOT said MATCHES "INVALID_ARGUMENT: the name is empty")
  message(FATAL_ERROR "one without a name ended with ${result}: ${said}")
endif()
