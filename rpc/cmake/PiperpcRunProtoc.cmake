# cmake -DDEPFILE=FILE -P PiperpcRunProtoc.cmake -- PROTOC ARGUMENT...
#
# Runs protoc, and makes what it writes to FILE, on which files the code depends, readable for ninja
# and make: protoc does not quote spaces there. It writes a path in each line, and the last of those
# that it has made together with the first of those that it has read.
cmake_minimum_required(VERSION 3.25)

set(command)
set(in_command OFF)
math(EXPR last "${CMAKE_ARGC} - 1")
foreach(i RANGE ${last})
  if(in_command)
    list(APPEND command "${CMAKE_ARGV${i}}")
  elseif(CMAKE_ARGV${i} STREQUAL "--")
    set(in_command ON)
  endif()
endforeach()

execute_process(COMMAND ${command} RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "protoc ended with ${result}")
endif()

file(READ ${DEPFILE} text)
string(REGEX REPLACE " ?\\\\\n ?" "\n" text "${text}")
string(REPLACE ": " ":\n" text "${text}")  # Now each line is a path.
string(REPLACE "\\ " " " text "${text}")   # Should a later protoc quote them.
string(REPLACE " " "\\ " text "${text}")
string(REPLACE "#" "\\#" text "${text}")
string(REPLACE "$" "$$" text "${text}")
string(REPLACE "\n" " \\\n" text "${text}")
file(WRITE ${DEPFILE} "${text}")
