# piperpc_generate(): from .proto files to a library, or into a target that exists.
#
#   piperpc_generate(TARGET greeter_proto PROTOS greeter/v1/greeter.proto)
#   target_link_libraries(server PRIVATE greeter_proto)
#
#   TARGET       What the generated code goes into: protoc's messages, and the services and clients of
#                protoc-gen-piperpc. What links it may include "greeter/v1/greeter.piperpc.h". A library
#                of that name is made, unless this folder has a target of that name.
#   TYPE         Of the library that is made: STATIC (the default, whatever BUILD_SHARED_LIBS says),
#                OBJECT, or SHARED, which needs shared libraries of PipeRPC.
#   SCOPE        PUBLIC (the default), or PRIVATE where nobody who links TARGET includes what was
#                generated. Programs and modules, which nobody links, are always PRIVATE.
#   PROTOS       The files, relative to an import folder or in full.
#   IMPORT_DIRS  Folders that imports are relative to; the current source folder if none is given.
#   LIBS         Targets of other piperpc_generate() calls, whose files these import.
#   MOCKS        Also makes greeter.piperpc.interface.h, an interface of each client, and
#                greeter.piperpc.mock.h, a mock of it; what includes the latter links piperpc::testing
#                and GTest::gmock.
#
# The generated headers are the target's file set `piperpc_headers`: to install and export a library
# with them, use install(TARGETS greeter_proto EXPORT greeter FILE_SET piperpc_headers).
#
# The plugin is piperpc::protoc-gen-piperpc; PIPERPC_PROTOC_PLUGIN names another one. protoc is
# protobuf::protoc; PIPERPC_PROTOC names another one. Cross builds need both from the machine that
# builds, and look for them in its PATH.
cmake_policy(PUSH)
cmake_policy(VERSION 3.25)  # Whatever the project that calls it sets.

include(${CMAKE_CURRENT_LIST_DIR}/PiperpcProtoc.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/PiperpcGeneratedTarget.cmake)

function(piperpc_generate)
  cmake_parse_arguments(arg "MOCKS" "TARGET;TYPE;SCOPE" "PROTOS;IMPORT_DIRS;LIBS" ${ARGN})
  if(NOT arg_TARGET OR NOT arg_PROTOS OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "piperpc_generate(TARGET name [TYPE STATIC|SHARED|OBJECT] "
      "[SCOPE PUBLIC|PRIVATE] PROTOS file... [IMPORT_DIRS dir...] [LIBS target...] [MOCKS])")
  endif()

  set(own_dirs)
  foreach(dir IN LISTS arg_IMPORT_DIRS)
    cmake_path(ABSOLUTE_PATH dir BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} NORMALIZE)
    list(APPEND own_dirs ${dir})
  endforeach()
  if(NOT own_dirs)
    set(own_dirs ${CMAKE_CURRENT_SOURCE_DIR})
  endif()

  # piperpc::proto has the annotations that any of the files may import.
  if(TARGET piperpc::proto)
    list(APPEND arg_LIBS piperpc::proto)
  endif()
  _piperpc_imports_of("${arg_LIBS}" lib_dirs)
  set(import_dirs ${own_dirs} ${lib_dirs})
  list(REMOVE_DUPLICATES import_dirs)

  _piperpc_generated_target(${arg_TARGET} "${arg_TYPE}" "${arg_SCOPE}" scope)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${arg_TARGET}.gen)
  foreach(proto IN LISTS arg_PROTOS)
    _piperpc_split_path(${proto} "${own_dirs}" dir name)
    _piperpc_run_protoc(${dir} ${name} "${import_dirs}" ${out} ${arg_MOCKS} outputs)
    set(headers ${outputs})
    list(FILTER headers INCLUDE REGEX "\\.h$")
    list(FILTER outputs EXCLUDE REGEX "\\.h$")
    target_sources(${arg_TARGET} PRIVATE ${outputs} ${scope}
      FILE_SET piperpc_headers TYPE HEADERS BASE_DIRS ${out} FILES ${headers})
  endforeach()

  target_compile_features(${arg_TARGET} ${scope} cxx_std_20)
  target_link_libraries(${arg_TARGET} ${scope}
    piperpc::piperpc protobuf::libprotobuf ${arg_LIBS})
  set_property(TARGET ${arg_TARGET} APPEND PROPERTY PIPERPC_IMPORT_DIRS ${import_dirs})
  set_target_properties(${arg_TARGET} PROPERTIES PIPERPC_GENERATED_DIR ${out})
endfunction()

cmake_policy(POP)
