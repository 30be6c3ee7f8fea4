#include <array>
#include <string>

#include "cli/completion.h"
#include "wattlayer/core/error.h"

// The scripts know nothing of the program: they hand it the words, and it prints candidates ("WORD\tDESCRIPTION") and a last
// line that says which paths may follow (":none", ":files", ":folders").
namespace wattlayer::cli {
namespace {

// Bash breaks words at ':' and '=' and ends a word with the part after them, so that part is what it must be given.
constexpr std::string_view bash = R"script(# bash completion of wattlayer; `eval "$(wattlayer completion bash)"` loads it
_wattlayer() {
  local line=${COMP_LINE:0:COMP_POINT} words word current before paths=:none
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  current=${words[-1]}
  before=
  [[ $current == *[:=]* ]] && before=${current%"${current##*[:=]}"}
  COMPREPLY=()
  while IFS=$'\t' read -r word _; do
    case $word in
      :*) paths=$word ;;
      *) COMPREPLY+=("${word#"$before"}") ;;
    esac
  done < <("${words[0]}" complete "${words[@]}" 2>/dev/null)
  if [[ $paths == :files ]]; then
    while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "${current##*[:=,]}")
  elif [[ $paths == :folders ]]; then
    while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -d -- "${current##*[:=,]}")
  fi
  [[ $paths != :none ]] && compopt -o filenames 2>/dev/null
  # An engine and a data type may follow a device: no space after a value that may go on.
  [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == */ ]] && compopt -o nospace 2>/dev/null
  return 0
}
complete -F _wattlayer wattlayer
)script";

constexpr std::string_view zsh = R"script(#compdef wattlayer
# zsh completion of wattlayer; put it into a folder of $fpath as _wattlayer, or `source <(wattlayer completion zsh)`
_wattlayer() {
  local -a found described
  local line word paths=:none
  for line in ${(f)"$("${words[1]}" complete "${(@)words[1,CURRENT]}" 2>/dev/null)"}; do
    case $line in
      (:*) paths=$line ;;
      (*) word=${line%%$'\t'*}
        found+=("$word")
        described+=("${word}${${line#*$'\t'}:+  -- ${line#*$'\t'}}") ;;
    esac
  done
  (( $#found )) && compadd -l -d described -- $found
  case $paths in
    (:files) _files ;;
    (:folders) _files -/ ;;
  esac
}
if [[ $funcstack[1] == _wattlayer ]]; then _wattlayer "$@"; else compdef _wattlayer wattlayer; fi
)script";

constexpr std::string_view fish = R"script(# fish completion of wattlayer; `wattlayer completion fish | source` loads it
function __wattlayer_complete
  set -l words (commandline -opc) (commandline -ct)
  for line in ($words[1] complete $words 2>/dev/null)
    switch $line
      case ':files'
        __fish_complete_path (commandline -ct)
      case ':folders'
        __fish_complete_directories (commandline -ct) ''
      case ':none'
      case '*'
        echo -- $line
    end
  end
end
complete -c wattlayer -f -a '(__wattlayer_complete)'
)script";

}  // namespace

std::string_view completion_script(std::string_view shell) {
  if (shell == "bash") return bash;
  if (shell == "zsh") return zsh;
  if (shell == "fish") return fish;
  throw Error(ErrorKind::invalid_input, "no completion for the shell '" + std::string(shell) + "'; there is bash, zsh and fish");
}

}  // namespace wattlayer::cli
