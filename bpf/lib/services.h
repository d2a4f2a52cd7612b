/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From a frontend to one of its backends. */
#ifndef ICHOR_LIB_SERVICES_H
#define ICHOR_LIB_SERVICES_H

#include "lib/address.h"
#include "maps/services.h"

/* The set for sockets of this node and its pods; 0: the address is no Service's, or not for them. */
static __always_inline __u32 service_for_callers(const struct ip_addr *address, __be16 port_be, __u8 protocol)
{
	struct frontend_key key = {.address = *address, .port_be = port_be, .protocol = protocol};
	struct frontend *frontend = bpf_map_lookup_elem(&frontend_sets, &key);

	return frontend ? frontend->callers : 0;
}

/* The handle is read once: it names one whole set of backends, and its slots stay for a grace period after it is replaced. */
static __always_inline service_handle service_load(__u32 set)
{
	service_handle *handle = bpf_map_lookup_elem(&service_sets, &set);

	return handle ? *(volatile service_handle *)handle : 0;
}

/* Any number chooses; null: the slot is empty, which the agent never stores. */
static __always_inline struct backend *service_backend(service_handle handle, __u32 choice)
{
	__u32 index = service_handle_base(handle) + choice % service_handle_size(handle);
	struct service_slot *slot = bpf_map_lookup_elem(&set_slots, &index);
	struct backend *backend;

	if (!slot)
		return NULL;
	backend = bpf_map_lookup_elem(&backends, &slot->backend);
	if (!backend || !backend->port_be)
		return NULL;
	return backend;
}

#endif
