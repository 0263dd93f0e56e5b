# What is refused when it is configured, and in which words. Takes PREFIX, and what steps.cmake says.
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)
copy_consumers()
use_installed_package()

function(expect_mistake mistake text)
  expect_refusal(${consumers}/mistakes ${consumers}/build-mistakes "${text}"
    -DMISTAKE=${mistake})
endfunction()

expect_mistake(no_protos "piperpc_generate(TARGET name [TYPE STATIC|SHARED|OBJECT]")
expect_mistake(type "TYPE MODULE; it must be STATIC, SHARED or OBJECT")
expect_mistake(shared "TYPE SHARED for greeter_proto needs a shared library of PipeRPC")
expect_mistake(type_of_existing "there is a target program; leave TYPE out, or choose another name")
expect_mistake(interface "the target nothing compiles nothing")
expect_mistake(scope "SCOPE INTERFACE; it must be PUBLIC or PRIVATE")
expect_mistake(folder "is made in ${consumers}/mistakes; call piperpc_generate() there")
expect_mistake(import "greeter.proto is in none of: ${consumers}/mistakes")
expect_mistake(library "LIBS has common_proto, which is no target")
