/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From a frontend to one of its backends. */
#ifndef ICHOR_LIB_SERVICES_H
#define ICHOR_LIB_SERVICES_H

#include "lib/address.h"
#include "maps/services.h"

/* The handle is read once: it names one whole set of backends, and its slots stay for a grace period after it is replaced. */
static __always_inline service_handle service_load(__u32 number)
{
	service_handle *handle = bpf_map_lookup_elem(&services, &number);

	return handle ? *(volatile service_handle *)handle : 0;
}

/* Any number chooses; null: the slot is empty, which the agent never stores. */
static __always_inline struct backend *service_backend(service_handle handle, __u32 choice)
{
	__u32 index = service_handle_base(handle) + choice % service_handle_size(handle);
	__u32 *number = bpf_map_lookup_elem(&slots, &index);
	struct backend *backend;

	if (!number)
		return NULL;
	backend = bpf_map_lookup_elem(&backends, number);
	if (!backend || !backend->port_be)
		return NULL;
	return backend;
}

#endif
