# A catalogue folder is its own list: each FILE.cc in wattlayer/FOLDER defines `RESULT FILE_KIND()`; this writes
# generated/wattlayer/FOLDER/all.h with the list of them, so a missing definition is a link error that says its name.
function(wattlayer_catalogue target folder kind result)
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/wattlayer/${folder}/*.cc)
  set(declarations "")
  set(calls "")
  foreach(file ${files})
    get_filename_component(stem ${file} NAME_WE)
    string(APPEND declarations "${result} ${stem}_${kind}();\n")
    string(APPEND calls "    ${stem}_${kind},\n")
  endforeach()
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/wattlayer/${folder}/all.h CONTENT
"// Written by CMake from the files of wattlayer/${folder}.
#pragma once
#include <type_traits>

namespace wattlayer {
${declarations}
/// Function of every file, in the order of the file names.
inline constexpr std::add_pointer_t<${result}()> all_${kind}[] = {
${calls}};
}  // namespace wattlayer
" @ONLY)
endfunction()

# Verbs of the program, or of one of its verbs: each cli/FOLDER/NAME.cc defines `void add_PREFIXNAME(CLI::App&, const Program&)`.
function(wattlayer_verbs target folder prefix list)
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/cli/${folder}/*.cc)
  list(LENGTH files count)
  set(declarations "")
  set(calls "")
  foreach(file ${files})
    get_filename_component(stem ${file} NAME_WE)
    string(APPEND declarations "void add_${prefix}${stem}(CLI::App& app, const Program& program);\n")
    string(APPEND calls "    add_${prefix}${stem},\n")
  endforeach()
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/cli/${folder}/all.h CONTENT
"// Written by CMake from the files of cli/${folder}.
#pragma once
#include <array>

#include \"cli/program.h\"

namespace wattlayer::cli {
${declarations}
inline constexpr std::array<void (*)(CLI::App&, const Program&), ${count}> ${list} = {
${calls}};
}  // namespace wattlayer::cli
" @ONLY)
  target_sources(${target} PRIVATE ${files})
endfunction()
