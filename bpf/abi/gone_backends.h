/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Backends that have left some Service, while what still talks to them is looked for. */
#ifndef ICHOR_ABI_GONE_BACKENDS_H
#define ICHOR_ABI_GONE_BACKENDS_H

#include "types.h"

/* Map `gone_backends`, hash, value zero. It belongs to the agent that loaded on_demand/gone_backends.bpf.c, and is not pinned. */
struct gone_backend {
	struct ip_addr address;
	__be16 port_be;
	__u16 zero;
};
ABI_ASSERT_SIZE(gone_backend, 20);

#define GONE_BACKENDS 65536 /* that are looked for at once */

#endif
