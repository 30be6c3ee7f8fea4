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

# The verbs of the program: each cli/verbs/NAME.cc defines `void add_NAME(CLI::App&, const Program&)`.
function(wattlayer_verbs target)
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/cli/verbs/*.cc)
  set(declarations "")
  set(calls "")
  foreach(file ${files})
    get_filename_component(stem ${file} NAME_WE)
    string(APPEND declarations "void add_${stem}(CLI::App& app, const Program& program);\n")
    string(APPEND calls "    add_${stem},\n")
  endforeach()
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/cli/verbs/all.h CONTENT
"// Written by CMake from the files of cli/verbs.
#pragma once
#include \"cli/program.h\"

namespace wattlayer::cli {
${declarations}
inline constexpr void (*all_verbs[])(CLI::App&, const Program&) = {
${calls}};
}  // namespace wattlayer::cli
" @ONLY)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/cli/version.h CONTENT
"// Written by CMake.
#pragma once
#define WATTLAYER_VERSION \"${PROJECT_VERSION}\"
" @ONLY)
  target_sources(${target} PRIVATE ${files})
endfunction()
