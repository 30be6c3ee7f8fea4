# Target `portable`: the program linked for old systems. Its objects are those of the release; zig's linker, which knows the symbols
# of every glibc since 2.17, links them against 2.28, and packaging/old_glibc.cc stands for what the C++ runtime asks beyond that.
set(WATTLAYER_ZIG "" CACHE FILEPATH "zig, for the target `portable` (tools/build_portable.sh)")
if(NOT WATTLAYER_ZIG)
  return()
endif()
foreach(library ${SQLite3_LIBRARY} ${ZLIB_LIBRARY})
  if(NOT library MATCHES "\\.a$")
    message(FATAL_ERROR "the portable program takes its libraries with it, but ${library} is not a static one; install libsqlite3-dev and zlib1g-dev")
  endif()
endforeach()
add_library(old_glibc OBJECT EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/packaging/old_glibc.cc)
target_link_libraries(old_glibc PRIVATE wattlayer_options)
target_compile_definitions(old_glibc PRIVATE _GNU_SOURCE)
foreach(name libstdc++.a libgcc_eh.a libgcc.a)
  execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=${name} OUTPUT_VARIABLE file OUTPUT_STRIP_TRAILING_WHITESPACE)
  list(APPEND runtime ${file})
endforeach()
set(portable ${CMAKE_BINARY_DIR}/portable/wattlayer)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/portable)
add_custom_command(OUTPUT ${portable}
                   COMMAND ${WATTLAYER_ZIG} cc -target x86_64-linux-gnu.2.28 -pie -s -o ${portable} $<TARGET_OBJECTS:wattlayer>
                           $<TARGET_OBJECTS:old_glibc> $<TARGET_FILE:wattlayer_lib> $<TARGET_FILE:wattlayer_fmt> ${SQLite3_LIBRARY} ${ZLIB_LIBRARY}
                           ${runtime} -lm -lpthread -ldl
                   DEPENDS wattlayer wattlayer_lib wattlayer_fmt old_glibc $<TARGET_OBJECTS:old_glibc> $<TARGET_OBJECTS:wattlayer>
                   COMMAND_EXPAND_LISTS VERBATIM COMMENT "Linking the portable program")
add_custom_target(portable DEPENDS ${portable})
