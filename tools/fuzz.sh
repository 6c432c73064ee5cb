#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Runs the fuzz targets of the asan build, each for an equal share of the time.
#
#   tools/fuzz.sh [SECONDS] [TARGET...]      60 seconds, all targets
#
# A target starts from test/fuzz/corpus/TARGET (words to try: test/fuzz/corpus/TARGET.dict) and from what earlier runs found worth keeping
# (build/fuzz/TARGET). An input that breaks it is written to build/fuzz/TARGET-crash-*; its name and
# the command that runs it again are printed. Exit status: the number of targets that broke.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds=${1:-60}
shift || true
if ! [[ $seconds =~ ^[0-9]+$ ]]; then
  echo "fuzz: '$seconds' is not a number of seconds" >&2
  exit 1
fi
targets=("$@")
if [[ ${#targets[@]} -eq 0 ]]; then
  mapfile -t targets < <(grep -v '^$' build/asan/fuzzers.txt)
fi
if [[ ${#targets[@]} -eq 0 ]]; then
  echo "fuzz: no fuzz target is built: cmake --preset asan && ninja -C build/asan nacre-fuzzers" >&2
  exit 1
fi
share=$((seconds / ${#targets[@]} > 0 ? seconds / ${#targets[@]} : 1))

broken=0
for target in "${targets[@]}"; do
  mkdir -p "build/fuzz/$target"
  folders=("build/fuzz/$target")
  if [[ -d test/fuzz/corpus/$target ]]; then folders+=("test/fuzz/corpus/$target"); fi
  options=()
  if [[ -f test/fuzz/corpus/$target.dict ]]; then options+=("-dict=test/fuzz/corpus/$target.dict"); fi
  log=build/fuzz/$target.log
  if "build/asan/fuzzers/$target" -max_total_time="$share" -timeout=10 -rss_limit_mb=4096 -print_final_stats=1 \
    -artifact_prefix="build/fuzz/$target-" "${options[@]}" "${folders[@]}" >"$log" 2>&1; then
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    printf '  %-24s %ss, %s runs, nothing broke\n' "$target" "$share" "${runs:-0}"
  else
    broken=$((broken + 1))
    printf '  %-24s BROKE\n' "$target"
    grep -aE 'ERROR|runtime error|SUMMARY|Test unit written' "$log" | head -n 6 | sed 's/^/    /'
    artifact=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
    if [[ -n $artifact ]]; then echo "    again: build/asan/fuzzers/$target $artifact"; else tail -n 5 "$log" | sed 's/^/    /'; fi
  fi
done
exit "$broken"
