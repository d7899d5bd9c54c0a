#!/usr/bin/env bash
# The C++ compiler that Horovod is built with. Horovod 0.28.1 asks CMake for C++14, but the headers
# of torch >= 2.1 need C++17 and those of torch >= 2.14 C++20. Without debug information and at a
# lower optimisation level the build takes two thirds of the time; its own code is only glue.
# With newer standard libraries one of its headers lacks an include.
args=(-include string)
for arg in "$@"; do
  case $arg in
    -std=c++14) arg=-std=c++20 ;;
    -O3) arg=-O1 ;;
    -g) continue ;;
  esac
  args+=("$arg")
done
exec "${AISLES_CXX:-g++}" "${args[@]}"
