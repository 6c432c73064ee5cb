#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Installs what is missing, builds Nacre, runs the tests, and ends in `N passed, N failed, N skipped`.
#
#   tools/test.sh                 every tier that CI runs: checks unit lit numerics tools full asan fuzz
#   tools/test.sh --quick         those that need neither PyTorch nor a second build: checks unit lit numerics tools
#   tools/test.sh --tier NAME     one tier, also 'package', after building what it needs; may be repeated
#   tools/test.sh --fuzz SECONDS  how long the fuzz tier runs (60)
#
# checks    the rules that a script can see (tools/checks)          unit     GoogleTest
# lit       FileCheck tests of nacre-opt, model files and scripts   tools    pytest of tools/ and of broken inputs
# numerics  compiled networks against committed outputs             full     the same, and live against PyTorch
# asan      unit, lit, tools and most numerics in a build with the sanitizers of addresses and undefined behaviour
# fuzz      libFuzzer on what reads a user's files                  package  the release archive, unpacked and run
#
# A tier goes on to the end whatever fails in it. Exit status: 0 when nothing failed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

quick_tiers=(checks unit lit numerics tools)
ci_tiers=("${quick_tiers[@]}" full asan fuzz)
all_tiers=("${ci_tiers[@]}" package)
tiers=()
fuzz_seconds=60
while [[ $# -gt 0 ]]; do
  case $1 in
    --quick) tiers+=("${quick_tiers[@]}") ;;
    --tier)
      if [[ " ${all_tiers[*]} " != *" ${2:-} "* || -z ${2:-} ]]; then
        echo "test: no tier '${2:-}'; there are ${all_tiers[*]}" >&2
        exit 1
      fi
      tiers+=("$2")
      shift
      ;;
    --fuzz)
      fuzz_seconds=${2:-}
      shift
      ;;
    -h | --help) sed -n '4,17s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    *)
      echo "test: unknown option '$1'; --help lists them" >&2
      exit 1
      ;;
  esac
  shift
done
if [[ ${#tiers[@]} -eq 0 ]]; then tiers=("${ci_tiers[@]}"); fi

reports=build/reports
rm -rf "$reports"
mkdir -p "$reports" build/logs
bold='' plain=''
if [[ -t 1 ]]; then bold=$'\e[1m' plain=$'\e[0m'; fi
python=python3
step_number=0

wants() {
  local tier
  for tier in "$@"; do
    if [[ " ${tiers[*]} " == *" $tier "* ]]; then return 0; fi
  done
  return 1
}

# step NAME SENTENCE FUNCTION [ARG...]: a heading, the function, its time and its counts. The function writes
# its reports to $report*.json or .xml.
step() {
  local name=$1 sentence=$2 started=$SECONDS
  shift 2
  step_number=$((step_number + 1))
  report=$reports/$(printf '%02d' "$step_number")-$name
  printf '\n%s== %s: %s%s\n' "$bold" "$name" "$sentence" "$plain"
  "$@"
  local status=$?
  printf '   %s: %ss\n' "$name" $((SECONDS - started))
  return $status
}

record() { "$python" tools/testing/tally.py --record "$1.json" "$2" "$3"; }

# Shows ninja's own progress line on a terminal, and only what is wrong elsewhere.
build() {
  local preset=$1
  shift
  local log=build/logs/build-$preset.log
  if ! cmake --preset "$preset" >"$log" 2>&1; then
    tail -n 30 "$log"
  elif [[ -t 1 ]]; then
    if nice -n 5 ninja -C "build/$preset" "$@"; then record "$report" passed "build-$preset"; return 0; fi
  elif nice -n 5 ninja -C "build/$preset" "$@" >"$log" 2>&1; then
    record "$report" passed "build-$preset"
    return 0
  else
    grep -aE -A 12 'FAILED:|error:' "$log" | head -n 60
  fi
  record "$report" failed "build-$preset"
  return 1
}

# Runs a command with its output in a log, of which only the end is shown when it fails.
logged() {
  local name=$1 lines=$2
  shift 2
  local log=build/logs/$name.log
  if "$@" >"$log" 2>&1; then return 0; fi
  tail -n "$lines" "$log"
  return 1
}

run_checks() {
  "$python" tools/checks/run.py --nacre build/dev/bin/nacre --report "$report.json"
}

# run_unit PRESET: as many programs at a time as there are processors.
run_unit() {
  local program
  while read -r program; do
    if [[ -z $program ]]; then continue; fi
    while [[ $(jobs -rp | wc -l) -ge $(nproc) ]]; do wait -n; done
    run_unit_program "$1" "$program" &
  done <"build/$1/unittests.txt"
  wait
}

# run_unit_program PRESET PROGRAM
run_unit_program() {
  logged "unit-$1-$2" 40 "build/$1/unittests/$2" --gtest_brief=1 --gtest_output="json:$report.$2.json"
  # One that died has written nothing, which counts as a failure.
  if [[ ! -e $report.$2.json ]]; then record "$report.$2" failed "$2"; fi
}

# run_lit PRESET
run_lit() {
  logged "lit-$1" 80 "$python" "$(llvm-config-22 --prefix)/bin/lit" --no-progress-bar -v -o "$report.json" "build/$1/test"
  "$python" tools/testing/tally.py --one "$report.json" | sed 's/^/   /'
}

# run_pytest PRESET PATH [ARG...]
run_pytest() {
  local preset=$1
  shift
  NACRE="$PWD/build/$preset/bin/nacre" "$python" -m pytest -q --tb=short --junitxml="$report.xml" -o junit_family=xunit1 \
    -p no:cacheprovider "$@" || { [[ -e $report.xml ]] || record "$report" failed pytest; }
}

# run_numerics PRESET [ARG...]: tests of one artifact on one worker, and no threads of PyTorch that wait by working.
run_numerics() {
  local preset=$1
  shift
  OMP_WAIT_POLICY=passive run_pytest "$preset" test/numerics -n "$(nproc)" --dist loadgroup --no-loadscope-reorder "$@"
}

# A compiled model brings the sanitized runtime library into Python, whose memory the sanitizers must then know from
# its start on. What they report is not to be captured: the process ends with it.
run_sanitized_numerics() {
  LD_PRELOAD=$(clang++-22 -print-file-name="libclang_rt.asan-$(uname -m).so") run_numerics asan --capture=sys --sanitized
}

run_full() {
  if "$python" -c 'import torch' 2>/dev/null; then
    run_numerics dev --tier full
  else
    echo "   PyTorch is not installed (tools/setup.sh --torch): the live comparison is skipped"
    run_numerics dev
    record "$report" skipped full
  fi
}

run_fuzz() {
  if tools/fuzz.sh "$fuzz_seconds"; then record "$report" passed fuzz; else record "$report" failed fuzz; fi
}

run_package() {
  if logged package 30 tools/package.sh --test; then
    tail -n 4 build/logs/package.log
    record "$report" passed package
  else
    record "$report" failed package
  fi
}

setup_options=()
if wants full; then setup_options=(--torch); fi
if ! tools/setup.sh "${setup_options[@]}"; then exit 1; fi
python=$PWD/.venv/bin/python

# The sanitizers' own settings: LLVM's shared libraries are not instrumented, so containers and allocators
# that cross over cannot be annotated (our side marks memory of an MLIR allocator that the library then
# hands out without a mark); what LLVM keeps until the end of the process is no leak of ours.
export ASAN_OPTIONS=detect_container_overflow=0:allow_user_poisoning=0:detect_leaks=0:abort_on_error=0
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1

targets=()
if wants checks lit numerics tools full; then targets+=(all); fi
if wants unit; then targets+=(nacre-unittests); fi
if [[ ${#targets[@]} -gt 0 ]]; then
  if ! step build "the compiler, with shared LLVM" build dev "${targets[@]}"; then
    "$python" tools/testing/tally.py "$reports"
    exit 1
  fi
fi
if wants checks; then step checks "rules that a script can see" run_checks; fi
if wants unit; then step unit-tests "GoogleTest" run_unit dev; fi
if wants lit; then step lit-tests "FileCheck tests" run_lit dev; fi
if wants tools; then step tool-tests "scripts, and the command on broken inputs" run_pytest dev test/tools -n "$(nproc)"; fi
# What full compares live it has compared with committed outputs before.
if wants numerics && ! wants full; then step numerics "networks against committed outputs" run_numerics dev; fi
if wants full; then step numerics-full "networks live against PyTorch" run_full; fi
if wants asan fuzz; then
  if step asan-build "the same, with sanitizers" build asan all nacre-unittests nacre-fuzzers; then
    if wants asan; then
      step asan-unit-tests "GoogleTest, sanitized" run_unit asan
      step asan-lit-tests "FileCheck tests, sanitized" run_lit asan
      step asan-tool-tests "scripts, and the command on broken inputs, sanitized" run_pytest asan test/tools -n "$(nproc)"
      step asan-numerics "networks against committed outputs, sanitized" run_sanitized_numerics
    fi
    if wants fuzz; then step fuzz "${fuzz_seconds}s of random inputs" run_fuzz; fi
  fi
fi
if wants package; then step package "the release archive, unpacked elsewhere and run" run_package; fi

printf '\n%s== in all, after %d min %d s%s\n' "$bold" $((SECONDS / 60)) $((SECONDS % 60)) "$plain"
"$python" tools/testing/tally.py "$reports"
