# How every target of this project is compiled: piperpc_compile_options(TARGET).
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(PIPERPC_SANITIZE)
  add_compile_options(-fsanitize=${PIPERPC_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${PIPERPC_SANITIZE})
  if(PIPERPC_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()

function(piperpc_compile_options target)
  if(MSVC)
    target_compile_options(${target} PRIVATE /W4 $<$<BOOL:${PIPERPC_WERROR}>:/WX>)
  else()
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wshadow
      $<$<BOOL:${PIPERPC_WERROR}>:-Werror>)
  endif()
endfunction()
