# Puts the files of data folders into the library; DataFiles reads them.
function(wattlayer_embed target)
  set(assembly ".section .rodata\n")
  set(declarations "")
  set(rows "")
  set(number 0)
  set(all_files "")
  foreach(folder ${ARGN})
    file(GLOB files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.json ${CMAKE_SOURCE_DIR}/${folder}/*.wlm
         ${CMAKE_SOURCE_DIR}/${folder}/*.prior ${CMAKE_SOURCE_DIR}/${folder}/*.html ${CMAKE_SOURCE_DIR}/${folder}/*.css
         ${CMAKE_SOURCE_DIR}/${folder}/*.js)
    foreach(file ${files})
      get_filename_component(name ${file} NAME)
      string(APPEND assembly ".global wattlayer_file_${number}\n.global wattlayer_file_${number}_end\nwattlayer_file_${number}:\n.incbin \"${file}\"\nwattlayer_file_${number}_end:\n.byte 0\n")
      string(APPEND declarations "extern const char wattlayer_file_${number}[];\nextern const char wattlayer_file_${number}_end[];\n")
      string(APPEND rows "    {\"${folder}\", \"${name}\", wattlayer_file_${number}, wattlayer_file_${number}_end},\n")
      list(APPEND all_files ${file})
      math(EXPR number "${number}+1")
    endforeach()
  endforeach()
  string(APPEND assembly ".section .note.GNU-stack,\"\",@progbits\n")
  set(generated ${CMAKE_BINARY_DIR}/generated)
  file(CONFIGURE OUTPUT ${generated}/embedded.S CONTENT "${assembly}" @ONLY)
  file(CONFIGURE OUTPUT ${generated}/wattlayer/core/embedded_files.h CONTENT
"// Written by CMake.
#pragma once
#include <string_view>
extern \"C\" {
${declarations}}
namespace wattlayer {
struct EmbeddedFile { std::string_view folder, name; const char* begin; const char* end; };
inline const EmbeddedFile embedded_files[] = {
${rows}    {\"\", \"\", nullptr, nullptr}};
}  // namespace wattlayer
" @ONLY)
  set_source_files_properties(${generated}/embedded.S PROPERTIES OBJECT_DEPENDS "${all_files}")
  target_sources(${target} PRIVATE ${generated}/embedded.S)
endfunction()
