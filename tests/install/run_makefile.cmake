# A plain Makefile, against an installed package. Takes PREFIX, PKGCONFIG_DIR (in it), CXX, and what
# steps.cmake says.
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)
copy_consumers()
set(ENV{PKG_CONFIG_PATH} ${PREFIX}/${PKGCONFIG_DIR}:$ENV{PKG_CONFIG_PATH})
cmake_path(GET PKGCONFIG_DIR PARENT_PATH libdir)
run(make -C ${consumers}/makefile CXX=${CXX} LDFLAGS=-Wl,-rpath=${PREFIX}/${libdir})
expect_runs(${consumers}/makefile/program)

execute_process(COMMAND make -C ${consumers}/makefile -q RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "a second make would have something to do")
endif()
