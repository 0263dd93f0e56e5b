# A first service, as the documents have one write it: built, tested, called and watched with the
# installed package. Takes PREFIX, and what steps.cmake says.
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)
copy_consumers()
use_installed_package()
set(folder ${consumers}/build)
build(${consumers}/thermostat ${folder})
run(${CMAKE_CTEST_COMMAND} --test-dir ${folder} --output-on-failure --no-tests=error)
if(NOT EMULATOR AND NOT WIN32)
  string(RANDOM LENGTH 12 unique)
  run(sh ${CMAKE_CURRENT_LIST_DIR}/first_service.sh ${folder} piperpc-thermostat-${unique})
endif()
