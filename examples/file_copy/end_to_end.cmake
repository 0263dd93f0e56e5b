# The programs copy a file, after a part of it. Takes SERVER and CLIENT, which are commands, and OUT, a
# folder to work in.
cmake_minimum_required(VERSION 3.25)

# The server ends with its standard input, which is the output of this script's other half.
if(NOT ENDPOINT)
  file(REMOVE_RECURSE ${OUT})
  string(RANDOM LENGTH 300000 text)
  file(WRITE ${OUT}/folder/source.txt ${text})
  string(RANDOM LENGTH 12 unique)
  execute_process(
    COMMAND ${CMAKE_COMMAND} "-DCLIENT=${CLIENT}" -DOUT=${OUT} -DENDPOINT=file-copy-${unique}
      -P ${CMAKE_CURRENT_LIST_FILE}
    COMMAND ${SERVER} file-copy-${unique} ${OUT}/folder
    TIMEOUT 60 COMMAND_ERROR_IS_FATAL ANY)
  return()
endif()

file(READ ${OUT}/folder/source.txt beginning LIMIT 200000)
file(WRITE ${OUT}/copy.txt.part ${beginning})
execute_process(COMMAND ${CLIENT} ${ENDPOINT} source.txt ${OUT}/copy.txt
  OUTPUT_VARIABLE said TIMEOUT 30 COMMAND_ERROR_IS_FATAL ANY)
file(SHA256 ${OUT}/folder/source.txt sent)
file(SHA256 ${OUT}/copy.txt came)
if(NOT came STREQUAL sent OR NOT said MATCHES "at byte 200000\r?\n300000 bytes, SHA-256 ${sent}\r?\n")
  message(FATAL_ERROR "the copy of ${sent} is ${came}, and the client said: ${said}")
endif()
execute_process(COMMAND ${CLIENT} ${ENDPOINT} none.txt ${OUT}/none.txt
  RESULT_VARIABLE result ERROR_VARIABLE said TIMEOUT 30)
if(NOT result EQUAL 1 OR NOT said MATCHES "NOT_FOUND: .*none.txt" OR EXISTS ${OUT}/none.txt)
  message(FATAL_ERROR "a copy of nothing ended with ${result}: ${said}")
endif()
