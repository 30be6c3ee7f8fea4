# Puts the SQL files of wattlayer/FOLDER into generated/wattlayer/FOLDER/all.h as texts PREFIX_FILE.
function(wattlayer_schema folder prefix)
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/wattlayer/${folder}/*.sql)
  set(texts "")
  foreach(file ${files})
    get_filename_component(stem ${file} NAME_WE)
    file(READ ${file} text)
    string(APPEND texts "inline constexpr std::string_view ${prefix}_${stem} = R\"sql(${text})sql\";\n")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  endforeach()
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/wattlayer/${folder}/all.h CONTENT
"// Written by CMake from the files of wattlayer/${folder}.
#pragma once
#include <string_view>

namespace wattlayer {
${texts}}  // namespace wattlayer
" @ONLY)
endfunction()
