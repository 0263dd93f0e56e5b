# From .proto files to a library:
#
#   piperpc_generate(TARGET greeter_proto PROTOS greeter/v1/greeter.proto)
#   target_link_libraries(server PRIVATE greeter_proto)
#
#   TARGET       The static library to make: protoc's messages, and the services and clients of
#                protoc-gen-piperpc. What links it may include "greeter/v1/greeter.piperpc.h".
#   PROTOS       The files, relative to an import folder or in full.
#   IMPORT_DIRS  Folders that imports are relative to; the current source folder if none is given.
#   LIBS         Libraries of other piperpc_generate() calls, whose files these import.
#
# The plugin is piperpc::protoc-gen-piperpc; PIPERPC_PROTOC_PLUGIN names another one. protoc is
# protobuf::protoc; PIPERPC_PROTOC names another one. Cross builds need both from the machine that
# builds, and look for them in its PATH.

function(_piperpc_find_tool variable program target)
  if(NOT ${variable} AND TARGET ${target} AND NOT CMAKE_CROSSCOMPILING)
    set(${variable} $<TARGET_FILE:${target}> PARENT_SCOPE)
    return()
  endif()
  find_program(${variable} ${program} NO_CMAKE_FIND_ROOT_PATH
    DOC "The ${program} that runs on this machine")
  if(NOT ${variable})
    message(FATAL_ERROR "piperpc_generate: no ${program} for this machine; set ${variable}")
  endif()
endfunction()

# Splits the path of a .proto into the import folder that it is in and the rest.
function(_piperpc_split_path proto import_dirs dir_out name_out)
  foreach(dir IN LISTS import_dirs)
    cmake_path(ABSOLUTE_PATH proto BASE_DIRECTORY ${dir} NORMALIZE OUTPUT_VARIABLE path)
    cmake_path(IS_PREFIX dir ${path} NORMALIZE inside)
    if(inside AND EXISTS ${path})
      cmake_path(RELATIVE_PATH path BASE_DIRECTORY ${dir} OUTPUT_VARIABLE name)
      set(${dir_out} ${dir} PARENT_SCOPE)
      set(${name_out} ${name} PARENT_SCOPE)
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "piperpc_generate: ${proto} is in none of: ${import_dirs}")
endfunction()

# The import folders of `libs` and of what those link.
function(_piperpc_imports_of libs out)
  set(dirs)
  foreach(lib IN LISTS libs)
    get_target_property(lib_dirs ${lib} PIPERPC_IMPORT_DIRS)
    if(lib_dirs)
      list(APPEND dirs ${lib_dirs})
    endif()
  endforeach()
  list(REMOVE_DUPLICATES dirs)
  set(${out} ${dirs} PARENT_SCOPE)
endfunction()

function(piperpc_generate)
  cmake_parse_arguments(arg "" "TARGET" "PROTOS;IMPORT_DIRS;LIBS" ${ARGN})
  if(NOT arg_TARGET OR NOT arg_PROTOS OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR
      "piperpc_generate(TARGET name PROTOS file... [IMPORT_DIRS dir...] [LIBS target...])")
  endif()
  _piperpc_find_tool(PIPERPC_PROTOC protoc protobuf::protoc)
  _piperpc_find_tool(PIPERPC_PROTOC_PLUGIN protoc-gen-piperpc piperpc::protoc-gen-piperpc)

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
  list(TRANSFORM import_dirs PREPEND -I OUTPUT_VARIABLE flags)

  set(out ${CMAKE_CURRENT_BINARY_DIR}/${arg_TARGET}.gen)
  file(MAKE_DIRECTORY ${out})
  set(sources)
  foreach(proto IN LISTS arg_PROTOS)
    _piperpc_split_path(${proto} "${own_dirs}" dir name)
    string(REGEX REPLACE "\\.proto$" "" base ${name})
    string(MAKE_C_IDENTIFIER ${base} depfile)
    # In protoc's order: ninja rebuilds at each run what its dependency file does not begin with.
    set(outputs ${out}/${base}.pb.cc ${out}/${base}.pb.h
      ${out}/${base}.piperpc.cc ${out}/${base}.piperpc.h)
    add_custom_command(OUTPUT ${outputs}
      COMMAND ${PIPERPC_PROTOC} --cpp_out=${out} --piperpc_out=${out}
        --plugin=protoc-gen-piperpc=${PIPERPC_PROTOC_PLUGIN}
        --dependency_out=${out}/${depfile}.d ${flags} ${name}
      DEPENDS ${dir}/${name} ${PIPERPC_PROTOC_PLUGIN}
      DEPFILE ${out}/${depfile}.d
      COMMENT "Generating ${name}" VERBATIM)
    list(APPEND sources ${outputs})
  endforeach()

  add_library(${arg_TARGET} STATIC ${sources})
  target_compile_features(${arg_TARGET} PUBLIC cxx_std_20)
  target_include_directories(${arg_TARGET} PUBLIC $<BUILD_INTERFACE:${out}>)
  target_link_libraries(${arg_TARGET} PUBLIC piperpc::piperpc protobuf::libprotobuf ${arg_LIBS})
  set_target_properties(${arg_TARGET} PROPERTIES
    POSITION_INDEPENDENT_CODE ON
    PIPERPC_IMPORT_DIRS "${import_dirs}"
    PIPERPC_GENERATED_DIR ${out})
endfunction()
