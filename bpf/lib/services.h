/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From a frontend to one of its backends. */
#ifndef ICHOR_LIB_SERVICES_H
#define ICHOR_LIB_SERVICES_H

#include "lib/address.h"
#include "maps/services.h"

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

/* The same set with the slots of backends that are leaving: for looking, never for choosing. */
static __always_inline service_handle service_with_leaving(service_handle handle)
{
	__u32 behind = service_handle_base(handle) + service_handle_size(handle);
	struct service_slot *slot;

	if (!(handle & SERVICE_LEAVING))
		return handle;
	slot = bpf_map_lookup_elem(&set_slots, &behind);
	return slot ? handle + ((__u64)slot->other << SERVICE_HANDLE_SIZE_SHIFT) : handle;
}

/* In larger sets a backend that has moved further than this counts as gone. */
#define BACKEND_SEARCH_SLOTS 65536

#define BACKEND_NOT_FOUND (~0U)

struct backend_search {
	const struct ip_addr *address;
	service_handle handle;
	__u32 found;
	__be16 port_be;
};

static __always_inline int backend_is_at(const struct backend_search *search, __u32 slot)
{
	struct backend *backend = service_backend(search->handle, slot);

	return backend && backend->port_be == search->port_be && ip_addr_equal(&backend->address, search->address);
}

static long backend_look_at(__u32 slot, struct backend_search *search)
{
	if (!backend_is_at(search, slot))
		return 0;
	search->found = slot;
	return 1; /* ends the loop */
}

/* Where that backend is in this set. Its last place needs no search, which one look makes sure of: sets change, and their numbers
 * are used again. */
verified_alone __u32 service_find_backend(service_handle handle, const struct ip_addr *address __arg_nonnull, __u32 port_be,
					  __u32 last_slot)
{
	struct backend_search search = {.address = address, .handle = handle, .found = BACKEND_NOT_FOUND, .port_be = port_be};
	__u32 slots = service_handle_size(handle);

	if (last_slot < slots && backend_is_at(&search, last_slot))
		return last_slot;
	bpf_loop(slots < BACKEND_SEARCH_SLOTS ? slots : BACKEND_SEARCH_SLOTS, backend_look_at, &search, 0);
	return search.found;
}

#endif
