# Generated code in every form, against an installed package. Takes PREFIX, GREETER_TYPE (of the library
# that is installed for others), and what steps.cmake says.
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)
copy_consumers()
use_installed_package()

set(folder ${consumers}/build)
build(${consumers}/generate ${folder} -DGREETER_TYPE=${GREETER_TYPE})
expect_nothing_to_do(${folder})
foreach(program with_library with_objects attached)
  expect_runs(${folder}/${program})
endforeach()
if(EXISTS ${folder}/host)
  expect_runs(${folder}/host ${folder}/libplugin.so)
endif()

run(${CMAKE_COMMAND} --install ${folder} --prefix ${consumers}/greeter-prefix)
build(${consumers}/exported ${consumers}/build-exported
  -DGREETER_PREFIX=${consumers}/greeter-prefix)
expect_runs(${consumers}/build-exported/program)
