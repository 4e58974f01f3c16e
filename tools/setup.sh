#!/bin/sh
# SPDX-License-Identifier: MIT
# Install what is missing, with Debian's apt, and nothing else.
#
#   tools/setup.sh           what building and the demo need
#   tools/setup.sh --check   also what `make check` and .ci/run use
#   tools/setup.sh --fuzz    also libFuzzer's runtime
#
# Each row below is a probe and the package that makes it succeed.  Only the probe counts:
# a compiler from elsewhere is as good, and nothing is remembered that could go stale.
set -eu

want_check=0 want_fuzz=0
for arg in "$@"; do
    case $arg in
    --check) want_check=1 ;;
    --fuzz) want_fuzz=1 ;;
    *)
        echo "usage: tools/setup.sh [--check] [--fuzz]" >&2
        exit 2
        ;;
    esac
done

have() { command -v "$1" >/dev/null 2>&1; }
have_part() { have pkg-config && pkg-config --exists "$1"; }
have_file() { [ -e "$1" ]; }
have_runtime() { have clang && [ -e "$(clang -print-file-name=libclang_rt.fuzzer-$(uname -m).a)" ]; }
have_qemu() { have qemu-aarch64-static || have qemu-aarch64; }
have_python() { /usr/bin/python3 -c "import $1" >/dev/null 2>&1; }

# need PACKAGE WHY PROBE...
missing='' lacking='' required=''
need() {
    package=$1 why=$2
    shift 2
    "$@" && return 0
    missing="$missing $package"
    lacking="$lacking
  $package: $why"
    return 1
}
must() { need "$@" || required="$required $1"; }
may() { need "$@" || true; }

look() {
    missing='' lacking='' required=''
    must gcc 'C compiler' have cc
    must make 'build tool' have make
    must pkg-config 'finds libraries' have pkg-config
    must libjansson-dev 'JSON: model files, logs' have_part jansson
    must zlib1g-dev 'reads .gz' have_part zlib
    may libyaml-dev 'configuration files' have_part yaml-0.1
    may libcairo2-dev 'charts and image grids' have_part cairo
    may libpng-dev 'reads and writes PNG pictures' have_part libpng
    may libjpeg-dev 'reads JPEG pictures' have_part libjpeg
    may libzip-dev 'NPZ archives of arrays' have_part libzip
    may fonts-dejavu-core 'text in charts' have_file /usr/share/fonts/truetype/dejavu
    may dataset-fashion-mnist 'the demo'\''s 70,000 images' \
        have_file /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz
    if [ $want_check = 1 ]; then
        may clang 'second compiler' have clang
        may g++ 'the header as C++' have g++
        may clang-format 'layout of the sources' have clang-format
        may python3-numpy 'reads our files in tests' have_python numpy
        may locales 'tests with a decimal comma' have_file /usr/share/i18n/locales/de_DE
    fi
    if [ $want_check = 1 ] && [ "$(uname -m)" != aarch64 ]; then
        may gcc-aarch64-linux-gnu 'kernels of another processor' have aarch64-linux-gnu-gcc
        may libc6-dev-arm64-cross 'its C library' have_file /usr/aarch64-linux-gnu/lib/libc.a
        may qemu-user-static 'runs their tests' have_qemu
    fi
    if [ $want_fuzz = 1 ]; then
        may libclang-rt-14-dev 'libFuzzer' have_runtime
    fi
}

install() {
    echo "setup: installing with apt:$lacking"
    apt="apt-get -q -y -o DPkg::Lock::Timeout=300 --no-install-recommends"
    export DEBIAN_FRONTEND=noninteractive
    # The lists of packages are fetched only when they are not here or too old to use.
    # shellcheck disable=SC2086
    if ! $1 $apt install $missing </dev/null >"$log" 2>&1; then
        $1 $apt update </dev/null >>"$log" 2>&1 &&
            $1 $apt install $missing </dev/null >>"$log" 2>&1 || {
            tail -n 5 "$log" >&2
            return 1
        }
    fi
}

look
if [ -n "$missing" ]; then
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    if ! have apt-get; then
        echo "setup: no apt-get here; missing, by Debian's names:$lacking"
    elif [ "$(id -u)" = 0 ]; then
        install "" || echo "setup: apt failed"
    elif have sudo && sudo -n true 2>/dev/null; then
        install "sudo -n" || echo "setup: apt failed"
    else
        echo "setup: for all features type: sudo apt-get install --no-install-recommends$missing"
    fi
    look
fi
if [ -n "$required" ]; then
    echo "setup: cannot build without:$required" >&2
    exit 1
fi
[ -z "$missing" ] || echo "setup: going on without:$missing"
