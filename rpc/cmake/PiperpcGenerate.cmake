function(piperpc_generate)
endfunction()
