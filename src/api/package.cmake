# SPDX-License-Identifier: MIT
# After the library is linked: its pkg-config file and CMake package, which say what it needs of outside libraries. That is
# read from what the linker found needed, so that no list is kept by hand. Set by the build: LIBRARY, OBJDUMP, CANDIDATES (MODULE:NAME of
# pkg-config and of the linker), SOURCE, OUTPUT, and what the two files name.
execute_process(COMMAND ${OBJDUMP} -p ${LIBRARY} OUTPUT_VARIABLE headers COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "NEEDED +lib[^\n]+" needed "${headers}")
set(modules "")
foreach(candidate ${CANDIDATES})
  string(REPLACE ":" ";" candidate ${candidate})
  list(GET candidate 0 module)
  list(GET candidate 1 name)
  if(needed MATCHES "lib${name}[._]")
    list(APPEND modules ${module})
  endif()
endforeach()
list(JOIN modules " " MODULES)
foreach(file ocellus.pc OcellusConfig.cmake)
  configure_file(${SOURCE}/${file}.in ${OUTPUT}/${file} @ONLY)
endforeach()
