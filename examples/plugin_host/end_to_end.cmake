# A host whose plug-in dies, and is started again. Takes HOST, PLUGIN, and OUT, a folder to work in.
cmake_minimum_required(VERSION 3.25)

file(WRITE ${OUT}/lines.txt "hello\ncrash\nagain\n")
execute_process(COMMAND ${HOST} ${PLUGIN} INPUT_FILE ${OUT}/lines.txt
  OUTPUT_VARIABLE said ERROR_VARIABLE errors TIMEOUT 60 COMMAND_ERROR_IS_FATAL ANY)
if(NOT said STREQUAL "HELLO\nAGAIN\n")
  message(FATAL_ERROR "the host said: ${said}${errors}")
endif()
if(NOT errors MATCHES "UNAVAILABLE: .*\nthe plug-in has died: signal 6 \\(Aborted\\)\n")
  message(FATAL_ERROR "the host's errors: ${errors}")
endif()

execute_process(COMMAND ${PLUGIN} RESULT_VARIABLE result ERROR_VARIABLE errors TIMEOUT 60)
if(NOT result EQUAL 2 OR NOT errors MATCHES "plugin_host starts it")
  message(FATAL_ERROR "a plug-in without a host ended with ${result}: ${errors}")
endif()
