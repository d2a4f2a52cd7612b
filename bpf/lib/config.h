/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The configuration of abi/config.h as programs see it: constants, so that the verifier takes away what they switch off. */
#ifndef ICHOR_LIB_CONFIG_H
#define ICHOR_LIB_CONFIG_H

#include "abi/config.h"
#include <bpf/bpf_helpers.h>

const volatile struct datapath_config datapath_config __weak SEC(".rodata");

#endif
