#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Makes the release packages in build/release/packages: a .tar.zst and a .deb.
#
#   tools/package.sh           builds them
#   tools/package.sh --test    and then unpacks each elsewhere and has it check, compile and run a model there
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

want_test=no
case ${1:-} in
  '') ;;
  --test) want_test=yes ;;
  -h | --help) sed -n '4,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
  *) echo "package: unknown option '$1'; there is --test" >&2; exit 1 ;;
esac

tools/setup.sh
cmake --preset release
nice -n 5 ninja -C build/release
rm -rf build/release/packages
(cd build/release && cpack --config CPackConfig.cmake)
ls -l build/release/packages/*.tar.zst build/release/packages/*.deb

# use NAME PREFIX: works with the command under PREFIX, which knows nothing of this checkout.
use() {
  local name=$1 prefix=$2 work=build/release/try/$1-work
  local share=$prefix/share/nacre
  mkdir -p "$work"
  if [[ -n $(find "$prefix/bin" -type f -exec ldd {} + | grep -E 'LLVM|MLIR|not found') ]]; then
    echo "package: $name needs a library that users lack" >&2
    return 1
  fi
  if grep -qF "$PWD" "$prefix/bin/nacre"; then
    echo "package: $name names this checkout" >&2
    return 1
  fi
  "$prefix/bin/nacre" --version
  "$prefix/bin/nacre" check "$share/models/digits/mlp.ncr"
  "$prefix/bin/nacre" compile "$share/models/digits/mlp.ncr" --weights "$share/models/digits/mlp.safetensors" \
    --emit=object,so -o "$work/mlp"
  "$prefix/bin/nacre" run "$work/mlp.so" --random --dim B=3
  echo "package: $name works in $prefix"
}

if [[ $want_test == yes ]]; then
  rm -rf build/release/try
  mkdir -p build/release/try/archive build/release/try/deb
  tar --zstd -xf build/release/packages/*.tar.zst -C build/release/try/archive
  dpkg-deb -x build/release/packages/*.deb build/release/try/deb
  use archive "$(echo "$PWD"/build/release/try/archive/*)"
  use deb "$PWD/build/release/try/deb/opt/nacre"
fi
