/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The configuration of abi/config.h as programs see it: constants, so that the verifier takes away what they switch off. */
#ifndef ICHOR_LIB_CONFIG_H
#define ICHOR_LIB_CONFIG_H

#include "abi/config.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

const volatile struct datapath_config datapath_config __weak SEC(".rodata");

static __always_inline int is_in_ports(__be16 port_be, __u16 first, __u16 last)
{
	__u16 port = bpf_ntohs(port_be);

	return port >= first && port <= last;
}

static __always_inline int is_translating(void)
{
	return datapath_config.last_nat_port != 0;
}

#endif
