# Runs protoc with the plugin on a case and compares. A case is a folder of .proto files:
#   cases/NAME    beside each .proto stand the .piperpc.*h and .piperpc.cc that must come out of it,
#                 byte for byte. -DUPDATE=ON writes them. warnings.txt, when there is one, is what
#                 the plugin says meanwhile; else it says nothing.
#   errors/NAME   is refused; error.txt is what the plugin says, protoc's prefix apart.
# arguments.txt, when there is one, is the plugin's parameter.
# Takes CASE (the folder), OUT (a scratch folder), PROTOC, PLUGIN and IMPORTS (a list of folders).
cmake_minimum_required(VERSION 3.25)

file(REMOVE_RECURSE ${OUT})
file(MAKE_DIRECTORY ${OUT})
file(GLOB_RECURSE protos RELATIVE ${CASE} ${CASE}/*.proto)
list(TRANSFORM IMPORTS PREPEND -I)
set(parameter)
if(EXISTS ${CASE}/arguments.txt)
  file(STRINGS ${CASE}/arguments.txt parameter)
  string(APPEND parameter ":")
endif()
execute_process(
  COMMAND ${PROTOC} -I. ${IMPORTS} --plugin=protoc-gen-piperpc=${PLUGIN}
    --piperpc_out=${parameter}${OUT} ${protos}
  WORKING_DIRECTORY ${CASE} RESULT_VARIABLE result ERROR_VARIABLE errors)

if(EXISTS ${CASE}/error.txt)
  file(READ ${CASE}/error.txt expected)
  string(REGEX REPLACE "^--piperpc_out: [^:]*: " "" said "${errors}")
  if(result EQUAL 0)
    message(FATAL_ERROR "${CASE} was not refused")
  elseif(NOT said STREQUAL expected)
    message(FATAL_ERROR "expected: ${expected}\nprotoc said: ${errors}")
  endif()
  return()
endif()

if(NOT result EQUAL 0)
  message(FATAL_ERROR "protoc refused ${CASE}: ${errors}")
endif()
set(warnings "")
if(EXISTS ${CASE}/warnings.txt)
  file(READ ${CASE}/warnings.txt warnings)
endif()
if(UPDATE AND NOT "${errors}" STREQUAL "")
  file(WRITE ${CASE}/warnings.txt "${errors}")
elseif(NOT UPDATE AND NOT "${errors}" STREQUAL "${warnings}")
  message(FATAL_ERROR "expected to be told: ${warnings}\nprotoc said: ${errors}")
endif()
file(GLOB_RECURSE made RELATIVE ${OUT} ${OUT}/*)
file(GLOB_RECURSE goldens RELATIVE ${CASE} ${CASE}/*.piperpc.*h ${CASE}/*.piperpc.cc)
if(UPDATE)
  foreach(name IN LISTS goldens)
    file(REMOVE ${CASE}/${name})
  endforeach()
  file(COPY ${OUT}/ DESTINATION ${CASE})
  return()
endif()
if(NOT made STREQUAL goldens)
  message(FATAL_ERROR "the files made (${made}) are not the goldens (${goldens})")
endif()
foreach(name IN LISTS made)
  execute_process(COMMAND ${CMAKE_COMMAND} -E compare_files ${OUT}/${name} ${CASE}/${name}
    RESULT_VARIABLE different)
  if(different)
    message(SEND_ERROR "${OUT}/${name} is not ${CASE}/${name}; build the target update_goldens "
      "when the change is meant, and read the diff")
  endif()
endforeach()
