/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What each program file needs once: the kernel asks for the licence of every object, and the linker for equal ones. */
#ifndef ICHOR_LIB_PROGRAM_H
#define ICHOR_LIB_PROGRAM_H

#include "abi/types.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#endif
