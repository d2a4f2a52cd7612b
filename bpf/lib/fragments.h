/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Later fragments have no ports: they follow the first one of their datagram. */
#ifndef ICHOR_LIB_FRAGMENTS_H
#define ICHOR_LIB_FRAGMENTS_H

#include "lib/migration.h"
#include "lib/transport.h"
#include "maps/flows.h"

static __always_inline struct fragment_key fragment_key_of(const struct packet *packet, const struct transport *transport,
							   enum flow_way way)
{
	return (struct fragment_key){
		.source = packet->source,
		.destination = packet->destination,
		.id_be = transport->fragment_id_be,
		.protocol = transport->protocol,
		.way = way,
	};
}

verified_alone int fragment_remember(const struct packet *packet __arg_nonnull, const struct transport *transport __arg_nonnull,
				     __u32 way)
{
	struct fragment_key key = fragment_key_of(packet, transport, way);
	struct fragment_ports ports = {transport->source_port_be, transport->destination_port_be};

	return migrated_update(fragments, MIGRATING_FRAGMENTS, &key, &ports, BPF_ANY);
}

/* Gives a later fragment the ports of the first; 0: that one has not been seen. */
verified_alone int fragment_recall(const struct packet *packet __arg_nonnull, struct transport *transport __arg_nonnull, __u32 way)
{
	struct fragment_key key = fragment_key_of(packet, transport, way);
	struct fragment_ports *ports = migrated_lookup(fragments, MIGRATING_FRAGMENTS, &key);

	if (!ports)
		return 0;
	transport->source_port_be = ports->source_port_be;
	transport->destination_port_be = ports->destination_port_be;
	return 1;
}

#endif
