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
	__u32 flags; /* DATAPATH_* */
	/* Cookie of the node's own network namespace. 0: not known, and no socket counts as the node's. */
	__u64 host_netns;
	/* Flows to the world that a pod may have without an answer, so that it takes no destination's ports from others. 0: as many
	 * as the table allows. */
	__u32 unanswered_per_pod;
	__u32 zero;
};
ABI_ASSERT_SIZE(datapath_config, 32);

#define DATAPATH_SILENT_REFUSALS (1U << 0)   /* who calls a Service without backends, or a port that it has not, hears nothing */
#define DATAPATH_HOST_SOCKETS_ONLY (1U << 1) /* pods' sockets are left alone: their packets are translated instead */
#define DATAPATH_NETKIT (1U << 2)	     /* netkit_egress is loaded: some pod has, or will have, such a link */

#define MIGRATING_AFFINITIES (1U << 0)
#define MIGRATING_FLOWS (1U << 1)
#define MIGRATING_FRAGMENTS (1U << 2)
#define MIGRATING_ARRIVAL_AFFINITIES (1U << 3)

#endif
