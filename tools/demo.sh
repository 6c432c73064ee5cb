#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# The main job, end to end, on a fresh Debian 12: installs what is missing, builds Nacre, and shows
#
#   1. two digit classifiers compiled, linked into a C program, and run on held-out images;
#   2. BERT-base with random weights: compile time, and latency at one and two threads.
#
#   tools/demo.sh             everything; what is already done is not done again
#   tools/demo.sh --digits    only the first part
#
# Exit status: 0 when every digit is classified as PyTorch classifies it, else not 0.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

want_bert=yes
for argument in "$@"; do
  case $argument in
    --digits) want_bert=no ;;
    -h | --help) sed -n '4,12s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    *) echo "demo: unknown option '$argument'; there is --digits" >&2; exit 1 ;;
  esac
done

out=build/demo
nacre=build/dev/bin/nacre
cc=clang-22
bold='' plain=''
if [[ -t 1 ]]; then bold=$'\e[1m' plain=$'\e[0m'; fi

step() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }

# Prints a command, then runs it.
show() {
  printf '  $ %s\n' "$*"
  "$@"
}

# True when the first file is missing or older than one of the others.
stale() {
  local target=$1 source
  shift
  [[ -e $target ]] || return 0
  for source in "$@"; do
    if [[ $source -nt $target ]]; then return 0; fi
  done
  return 1
}

size_of() { stat -c %s "$1" | awk '{ printf $1 < 1e6 ? "%.1f kB" : "%.1f MB", $1 < 1e6 ? $1 / 1e3 : $1 / 1e6 }'; }

# compile NAME MODEL WEIGHTS: makes build/demo/NAME.o, .h and .weights, and says what it took.
compile() {
  local name=$1 model=$2 weights=$3 started
  if stale "$out/$name.o" "$nacre" "$model" "$weights"; then
    started=$EPOCHREALTIME
    show "$nacre" compile "$model" --weights "$weights" -o "$out/$name"
    awk -v a="$started" -v b="$EPOCHREALTIME" 'BEGIN { printf "  %.1f s: ", b - a }'
  else
    printf '  %s is up to date: ' "$name"
  fi
  printf '%s.o %s, %s.weights %s\n' "$name" "$(size_of "$out/$name.o")" "$name" "$(size_of "$out/$name.weights")"
}

# link PROGRAM SOURCE OBJECT...: the C program with the compiled networks, as anyone would link them.
link() {
  local program=$1 source=$2
  shift 2
  show "$cc" -std=c11 -O2 -I"$out" -Iruntime/include "$source" "$@" build/dev/lib/libnacre_runtime.a \
    -lm -lpthread -o "$program"
}

step 'What is needed'
tools/setup.sh

step 'Nacre itself'
mkdir -p build
if [[ ! -e build/dev/build.ninja ]]; then cmake --preset dev >build/configure.log || { cat build/configure.log; exit 1; }; fi
cmake --build --preset dev --target nacre nacre_runtime
mkdir -p "$out"

step 'Two digit classifiers, compiled'
compile mlp models/digits/mlp.ncr models/digits/mlp.safetensors
compile cnn models/digits/cnn.ncr models/digits/cnn.safetensors

step 'linked into a C program'
link "$out/classify" models/digits/classify.c "$out/mlp.o" "$out/cnn.o"

step 'and run on images that they were not trained on'
show "$out/classify" models/digits/heldout.bin "$out/mlp.weights" "$out/cnn.weights"

if [[ $want_bert == no ]]; then exit 0; fi

step 'BERT-base: 110 million parameters, random weights'
if stale "$out/bert-base/model.safetensors" test/numerics/catalog.py; then
  show .venv/bin/python test/numerics/catalog.py bert-base "$out/bert-base"
fi
compile bert models/bert/bert.ncr "$out/bert-base"
link "$out/latency" models/bert/latency.c "$out/bert.o"
show "$out/latency" "$out/bert.weights"
