#!/usr/bin/env bash
# The installed completion of a shell, asked as that shell asks it: completion_test.sh bash|zsh|fish PREFIX
set -euo pipefail
shell=$1 prefix=$2
if ! command -v "$shell" >/dev/null; then
  echo "completion_test: skipped, $shell is not there"
  exit 77
fi
export PATH="$prefix/bin:$PATH"
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
touch my_network.onnx
mkdir folder

# Prints what the shell offers for a command line with the cursor at its end, one word a line.
asked_bash() {
  bash --norc --noprofile -c '
    source "$1"
    complete -p wattlayer | grep -q _wattlayer
    COMP_LINE=$2 COMP_POINT=${#2}
    _wattlayer
    printf "%s\n" "${COMPREPLY[@]}"' _ "$prefix/share/bash-completion/completions/wattlayer" "$1" 2>bash_error
  if grep -v 'compopt' bash_error >&2; then return 1; fi
}
asked_fish() { fish --no-config -c 'source $argv[1]; complete -C $argv[2]' "$prefix/share/fish/vendor_completions.d/wattlayer.fish" "$1" | cut -f1; }
# zsh completes only for a terminal: compadd is replaced by one that prints what it is given.
asked_zsh() {
  mkdir -p functions && cp "$prefix/share/zsh/vendor-completions/_wattlayer" functions/
  zsh -f -c '
    fpath=($PWD/functions $fpath)
    autoload -Uz compinit && compinit -u -d $PWD/dump
    [[ $_comps[wattlayer] == _wattlayer ]] || { print -u2 "compinit does not know wattlayer"; exit 1 }
    compadd() { while [[ $1 != -- ]]; do shift; done; shift; print -rl -- "$@" }
    _files() { [[ $1 == -/ ]] && print -rl -- *(N/) || print -rl -- *(N) }
    line=$1
    words=(${(z)line}); [[ $line == *" " ]] && words+=("")
    CURRENT=$#words
    _wattlayer' _ "$1"
}

offers() {  # LINE EXPECTED...: each expected word is offered
  local line=$1 offered word
  shift
  offered=$("asked_$shell" "$line")
  for word in "$@"; do
    if ! grep -qxF -- "$word" <<<"$offered"; then
      echo "completion_test: $shell does not offer '$word' after '$line', but: ${offered:-nothing}" | head -20 >&2
      exit 1
    fi
  done
}
never_offers() {  # LINE WORD
  if "asked_$shell" "$1" | grep -qxF -- "$2"; then
    echo "completion_test: $shell offers '$2' after '$1'" >&2
    exit 1
  fi
}

offers "wattlayer est" estimate
offers "wattlayer training " estimate advise project
never_offers "wattlayer training " inspect
never_offers "wattlayer " complete
offers "wattlayer estimate x.onnx --ba" --batch
offers "wattlayer estimate x.onnx --on xeon-gold" xeon-gold-5120 xeon-gold-5120/pytorch/f32
offers "wattlayer estimate x.onnx --on jetson-nano,h200-s" jetson-nano,h200-sxm
offers "wattlayer estimate my" my_network.onnx
if [ "$shell" = fish ]; then offers "wattlayer --data-dir fo" folder/; else offers "wattlayer --data-dir fo" folder; fi
never_offers "wattlayer --data-dir " my_network.onnx
if [ "$shell" = bash ]; then
  # bash breaks words at ':' and '=' and replaces the part after them only.
  offers "wattlayer estimate net:vgg1" vgg16
  offers "wattlayer estimate x.onnx --on=jetson-nan" jetson-nano
else
  offers "wattlayer estimate net:vgg1" net:vgg16
fi
[ "$shell" = zsh ] && zsh -n "$prefix/share/zsh/vendor-completions/_wattlayer"
[ "$shell" = bash ] && bash -n "$prefix/share/bash-completion/completions/wattlayer"
echo "completion_test: $shell offers verbs, options, targets, networks and paths"
