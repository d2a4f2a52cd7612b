#!/usr/bin/env bash
# Both executables together, as the release build makes them.
source "$(dirname "$0")/../netns/lab.sh"
source "$netns_tests/checks.sh"
source "$repository/tests/bench/rows.sh"
need_product
size=$(stat -c %s "$binaries/ichor-agent" "$binaries/ichor-cni" | awk '{sum += $1} END {print sum / 1048576}')
row "both executables" MiB 12 "[$size]"
