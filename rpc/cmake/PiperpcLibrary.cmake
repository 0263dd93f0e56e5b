# piperpc_library(TARGET [GENERATED]): makes it a library that others link, in whatever form and into
# whatever they like: position-independent, nothing visible but what PIPERPC_EXPORT marks
# (rpc/include/piperpc/export.h), and with a version in the name when it is shared. GENERATED: protoc's
# code, which has no such marks, so a shared library of it shows all.
function(piperpc_library target)
  cmake_parse_arguments(arg "GENERATED" "" "" ${ARGN})
  set_target_properties(${target} PROPERTIES
    POSITION_INDEPENDENT_CODE ON
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
    INSTALL_RPATH "$ORIGIN")
  if(PIPERPC_BUILD_SHARED AND arg_GENERATED)
    set_target_properties(${target} PROPERTIES CXX_VISIBILITY_PRESET default)
  elseif(PIPERPC_BUILD_SHARED)
    piperpc_hide_symbols(${target})
  endif()
endfunction()

# In a shared library. The version script shows nothing of others' templates that were compiled into
# it: whoever uses them has their own. Calls within the library stay in it.
function(piperpc_hide_symbols target)
  set(script ${PROJECT_SOURCE_DIR}/rpc/cmake/exports.map)
  target_compile_definitions(${target} PUBLIC PIPERPC_SHARED)
  target_compile_options(${target} PRIVATE -fno-semantic-interposition)
  target_link_options(${target} PRIVATE LINKER:-Bsymbolic-functions LINKER:--version-script=${script})
  if(NOT PIPERPC_SANITIZE)  # What sanitizers need is in the program.
    target_link_options(${target} PRIVATE LINKER:--no-undefined)
  endif()
  set_target_properties(${target} PROPERTIES LINK_DEPENDS ${script})
endfunction()
