# Man pages, compressed, made of what the programs say of themselves: where help2man and gzip are
# installed, and what is built runs here.
find_program(PIPERPC_HELP2MAN help2man)
find_program(PIPERPC_GZIP gzip)
mark_as_advanced(PIPERPC_HELP2MAN PIPERPC_GZIP)

# piperpc_man_page(TARGET SECTION WHAT_IT_IS)
function(piperpc_man_page target section what component)
  if(NOT PIPERPC_HELP2MAN OR NOT PIPERPC_GZIP OR CMAKE_CROSSCOMPILING OR PIPERPC_SANITIZE)
    return()
  endif()
  get_target_property(name ${target} OUTPUT_NAME)
  if(NOT name)
    set(name ${target})
  endif()
  set(page ${PROJECT_BINARY_DIR}/man/${name}.${section})
  add_custom_command(OUTPUT ${page}.gz
    COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/man
    COMMAND ${PIPERPC_HELP2MAN} --no-info --section=${section} --name=${what} --output=${page}
      $<TARGET_FILE:${target}>
    COMMAND ${PIPERPC_GZIP} --best --no-name --force ${page}
    DEPENDS ${target} VERBATIM)
  add_custom_target(man_${target} ALL DEPENDS ${page}.gz)
  install(FILES ${page}.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section} COMPONENT ${component})
endfunction()

if(TARGET piperpc_command)
  piperpc_man_page(piperpc_command 1 "calls the services of a PipeRPC server" tools)
endif()
if(TARGET piperpcd)
  piperpc_man_page(piperpcd 8 "serves logins, upper case and notifications over a pipe" tools)
endif()
if(TARGET protoc-gen-piperpc)
  piperpc_man_page(protoc-gen-piperpc 1 "makes PipeRPC's services and clients of .proto files" compiler)
endif()
