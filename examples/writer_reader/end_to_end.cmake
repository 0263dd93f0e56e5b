# A writer and two readers. Takes WRITER and READER, which are commands, and OUT, a folder to work in.
cmake_minimum_required(VERSION 3.25)

# Four processes side by side: this script as the one who types, the writer, which reads what is
# typed, and this script around each reader.
if(NOT ROLE)
  file(REMOVE_RECURSE ${OUT})
  file(MAKE_DIRECTORY ${OUT})
  string(RANDOM LENGTH 12 unique)
  execute_process(
    COMMAND ${CMAKE_COMMAND} -DOUT=${OUT} -DROLE=typist -P ${CMAKE_CURRENT_LIST_FILE}
    COMMAND ${WRITER} phrases-${unique}
    COMMAND ${CMAKE_COMMAND} "-DREADER=${READER}" -DOUT=${OUT} -DENDPOINT=phrases-${unique}
      -DROLE=first -P ${CMAKE_CURRENT_LIST_FILE}
    COMMAND ${CMAKE_COMMAND} "-DREADER=${READER}" -DOUT=${OUT} -DENDPOINT=phrases-${unique}
      -DROLE=second -P ${CMAKE_CURRENT_LIST_FILE}
    TIMEOUT 60 COMMAND_ERROR_IS_FATAL ANY)
  foreach(reader first second)
    file(READ ${OUT}/${reader}.txt said)
    string(REPLACE "\r\n" "\n" said "${said}")
    if(NOT said STREQUAL "(listening)\nhello\nand bye\n")
      message(FATAL_ERROR "the ${reader} reader said: ${said}")
    endif()
  endforeach()
  return()
endif()

if(NOT ROLE STREQUAL "typist")
  execute_process(COMMAND ${READER} ${ENDPOINT} OUTPUT_FILE ${OUT}/${ROLE}.txt
    TIMEOUT 30 COMMAND_ERROR_IS_FATAL ANY)
  return()
endif()

# Types when both listen, or after 30 s, when the test fails.
foreach(attempt RANGE 300)
  set(said "")
  foreach(reader first second)
    if(EXISTS ${OUT}/${reader}.txt)
      file(READ ${OUT}/${reader}.txt more)
      string(APPEND said "${more}")
    endif()
  endforeach()
  if(said MATCHES "listening.*listening")
    break()
  endif()
  execute_process(COMMAND ${CMAKE_COMMAND} -E sleep 0.1)
endforeach()
foreach(line hello "and bye" fim)
  execute_process(COMMAND ${CMAKE_COMMAND} -E echo ${line})
endforeach()
