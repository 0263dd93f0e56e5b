# For piperpc_generate(): the target that generated code goes into.

# Makes it, unless it is there, and says in whose scope it has what was generated.
function(_piperpc_generated_target target type scope scope_out)
  if(TARGET ${target})
    _piperpc_check_target(${target} "${type}")
  else()
    _piperpc_add_library(${target} "${type}")
  endif()

  if(NOT scope)
    set(scope PUBLIC)
  elseif(NOT scope MATCHES "^(PUBLIC|PRIVATE)$")
    message(FATAL_ERROR "piperpc_generate: SCOPE ${scope}; it must be PUBLIC or PRIVATE")
  endif()
  get_target_property(actual ${target} TYPE)
  if(actual MATCHES "^(EXECUTABLE|MODULE_LIBRARY)$")
    set(scope PRIVATE)
  endif()
  set(${scope_out} ${scope} PARENT_SCOPE)
endfunction()

function(_piperpc_check_target target type)
  if(type)
    message(FATAL_ERROR "piperpc_generate: TYPE ${type} is for a library that is made, and there is a "
      "target ${target}; leave TYPE out, or choose another name")
  endif()
  get_target_property(actual ${target} TYPE)
  get_target_property(imported ${target} IMPORTED)
  get_target_property(aliased ${target} ALIASED_TARGET)
  if(imported OR aliased OR NOT actual MATCHES "^(EXECUTABLE|.*_LIBRARY)$"
      OR actual STREQUAL "INTERFACE_LIBRARY")
    message(FATAL_ERROR "piperpc_generate: the target ${target} compiles nothing (it is an alias, "
      "imported, or of the type ${actual}); name a program or a library that has sources")
  endif()
  # CMake knows how a file is made only in the folder that says so.
  get_target_property(folder ${target} SOURCE_DIR)
  if(NOT folder STREQUAL CMAKE_CURRENT_SOURCE_DIR)
    message(FATAL_ERROR "piperpc_generate: the target ${target} is made in ${folder}; call "
      "piperpc_generate() there")
  endif()
endfunction()

function(_piperpc_add_library target type)
  if(NOT type)
    set(type STATIC)
  elseif(NOT type MATCHES "^(STATIC|SHARED|OBJECT)$")
    message(FATAL_ERROR "piperpc_generate: TYPE ${type}; it must be STATIC, SHARED or OBJECT")
  endif()
  add_library(${target} ${type})
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  if(NOT type STREQUAL "SHARED")
    return()
  endif()

  get_target_property(runtime piperpc::piperpc TYPE)
  if(NOT runtime STREQUAL "SHARED_LIBRARY")
    message(FATAL_ERROR "piperpc_generate: TYPE SHARED for ${target} needs a shared library of PipeRPC "
      "(BUILD_SHARED_LIBS=ON when that is built): with a static one, ${target} and the programs that "
      "link it would each have a runtime of their own. STATIC and OBJECT are possible.")
  endif()
  # All of it is for others; protoc's code does not say so itself.
  set_target_properties(${target} PROPERTIES CXX_VISIBILITY_PRESET default)
endfunction()
