/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is configured into the programs before they are loaded: constants to the verifier, which takes away what they switch off.
 * All zero is a whole configuration. Two configurations are two generations of programs. */
#ifndef ICHOR_ABI_CONFIG_H
#define ICHOR_ABI_CONFIG_H

#include "types.h"

struct datapath_config {
	__u32 migrating; /* bits MIGRATING_*: these maps have a former one that is in use too, see lib/migration.h */
	/* Ports that NodePorts are asked for, both included, host order. Both 0: none. */
	__u16 first_node_port;
	__u16 last_node_port;
	/* Ports that translated sources get, both included, host order. Both 0: no source is translated. */
	__u16 first_nat_port;
	__u16 last_nat_port;
};
ABI_ASSERT_SIZE(datapath_config, 12);

#define MIGRATING_AFFINITIES (1U << 0)
#define MIGRATING_FLOWS (1U << 1)
#define MIGRATING_FRAGMENTS (1U << 2)
#define MIGRATING_ARRIVAL_AFFINITIES (1U << 3)

#endif
