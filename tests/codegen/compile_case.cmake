# Compiles the generated code of a case with another compiler, warnings being errors. Takes CXX, DIR
# (where the code is) and INCLUDES (a list of folders).
cmake_minimum_required(VERSION 3.25)

list(TRANSFORM INCLUDES PREPEND -I)
file(GLOB_RECURSE sources ${DIR}/*.piperpc.cc)
foreach(source IN LISTS sources)
  execute_process(
    COMMAND ${CXX} -std=c++20 -Wall -Wextra -Wshadow -Werror -fsyntax-only -I${DIR} ${INCLUDES}
      ${source}
    RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    message(SEND_ERROR "${CXX} refuses ${source}")
  endif()
endforeach()
