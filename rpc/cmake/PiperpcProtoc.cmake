# For piperpc_generate(): which protoc runs, on what, and where imports are found.

# Sets `variable`, unless it is set, to the program of `target`, or else to the `program` in the PATH.
function(_piperpc_find_tool variable program target)
  if(NOT ${variable} AND TARGET ${target})
    get_target_property(runs_here ${target} PIPERPC_RUNS_HERE)
    if(runs_here OR NOT CMAKE_CROSSCOMPILING)
      set(${variable} $<TARGET_FILE:${target}> PARENT_SCOPE)
      return()
    endif()
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
    if(NOT TARGET ${lib})
      message(FATAL_ERROR "piperpc_generate: LIBS has ${lib}, which is no target")
    endif()
    get_target_property(lib_dirs ${lib} PIPERPC_IMPORT_DIRS)
    if(lib_dirs)
      list(APPEND dirs ${lib_dirs})
    endif()
  endforeach()
  list(REMOVE_DUPLICATES dirs)
  set(${out} ${dirs} PARENT_SCOPE)
endfunction()

# How the code for `dir`/`name` is made, in the folder `out`, with mocks or without; returns the files.
function(_piperpc_run_protoc dir name import_dirs out mocks outputs_out)
  _piperpc_find_tool(PIPERPC_PROTOC protoc protobuf::protoc)
  _piperpc_find_tool(PIPERPC_PROTOC_PLUGIN protoc-gen-piperpc piperpc::protoc-gen-piperpc)
  list(TRANSFORM import_dirs PREPEND -I OUTPUT_VARIABLE flags)
  string(REGEX REPLACE "\\.proto$" "" base ${name})
  set(depfile ${out}/${base}.d)
  set(script ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/PiperpcRunProtoc.cmake)
  # In protoc's order: ninja rebuilds at each run what its dependency file does not begin with.
  set(outputs ${out}/${base}.pb.cc ${out}/${base}.pb.h
    ${out}/${base}.piperpc.cc ${out}/${base}.piperpc.h)
  set(parameter)
  if(mocks)
    set(parameter mocks:)
    list(APPEND outputs ${out}/${base}.piperpc.interface.h ${out}/${base}.piperpc.mock.h)
  endif()
  cmake_path(GET depfile PARENT_PATH folder)
  file(MAKE_DIRECTORY ${folder})
  add_custom_command(OUTPUT ${outputs}
    COMMAND ${CMAKE_COMMAND} -DDEPFILE=${depfile} -P ${script} -- ${PIPERPC_PROTOC}
      --cpp_out=${out} --piperpc_out=${parameter}${out}
      --plugin=protoc-gen-piperpc=${PIPERPC_PROTOC_PLUGIN} --dependency_out=${depfile} ${flags} ${name}
    DEPENDS ${dir}/${name} ${PIPERPC_PROTOC_PLUGIN} ${script}
    DEPFILE ${depfile}
    COMMENT "Generating ${name}" VERBATIM)
  set(${outputs_out} ${outputs} PARENT_SCOPE)
endfunction()
