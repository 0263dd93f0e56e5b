# Looks at sources with a compiler, without exceptions and type information, and with all the warnings
# that users may have as errors. Takes CXX, STANDARD (c++20, or another name), SOURCES (files; of a
# folder, all .piperpc.cc in it), INCLUDES (folders that warnings are wanted of) and LIBRARIES (folders
# of other libraries' headers). "no -std=…" is said where the compiler does not know the standard.
cmake_minimum_required(VERSION 3.25)

set(nothing ${CMAKE_CURRENT_BINARY_DIR}/nothing.cc)
file(TOUCH ${nothing})
execute_process(COMMAND ${CXX} -std=${STANDARD} -fsyntax-only ${nothing}
  RESULT_VARIABLE result ERROR_QUIET)
if(NOT result EQUAL 0)
  message("no -std=${STANDARD} in ${CXX}")
  return()
endif()

set(flags -std=${STANDARD} -fno-exceptions -fno-rtti
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror)
list(TRANSFORM INCLUDES PREPEND -I)
list(REMOVE_ITEM LIBRARIES /usr/include)  # As a folder of libraries it would come too early.
foreach(folder IN LISTS LIBRARIES)
  list(APPEND INCLUDES -isystem ${folder})
endforeach()

foreach(source IN LISTS SOURCES)
  set(files ${source})
  if(IS_DIRECTORY ${source})
    file(GLOB_RECURSE files ${source}/*.piperpc.cc)
  endif()
  foreach(file IN LISTS files)
    execute_process(COMMAND ${CXX} ${flags} -fsyntax-only ${INCLUDES} ${file} RESULT_VARIABLE result)
    if(NOT result EQUAL 0)
      message(SEND_ERROR "${CXX} -std=${STANDARD} refuses ${file}")
    endif()
  endforeach()
endforeach()
