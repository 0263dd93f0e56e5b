# One end of the pipe of run_examples.cmake. Takes CLIENT, ENDPOINT and SAID (a file to write).
execute_process(COMMAND ${CLIENT} ${ENDPOINT} Ana OUTPUT_FILE ${SAID} TIMEOUT 30
  COMMAND_ERROR_IS_FATAL ANY)
