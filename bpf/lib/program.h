/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What each program file needs once: the kernel asks for the licence of every object, and the linker for equal ones.
 * Programs of tc take their context as void *: with struct __sk_buff, BTF would have forward declarations, which clang orders by
 * where they lay in its memory, and a build elsewhere would give other bytes. */
#ifndef ICHOR_LIB_PROGRAM_H
#define ICHOR_LIB_PROGRAM_H

#include "abi/types.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define ENOENT 2 /* macros are not in vmlinux.h */
#define EBUSY 16
#define EEXIST 17
#define EDQUOT 122
#define CLOCK_MONOTONIC 1
#define NANOSECONDS_PER_SECOND 1000000000ULL

/* A function that the verifier goes through once for itself, with any arguments, and not again at each call. */
#define verified_alone __weak __noinline

#endif
