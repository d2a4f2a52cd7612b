#!/usr/bin/env python3
"""Writes the large cluster: DIR with Services and EndpointSlices, each Service with its own slice of endpoints, and one Node.

usage: generate.py DIR json|yaml|list [SERVICES [ENDPOINTS]]
json and yaml: one object a file; list: one List a kind.
"""
import json
import os
import sys


def service_address(number):
    return f"10.98.{number >> 8}.{number & 255}"


def endpoint_address(service, endpoint):
    return f"10.42.{2 + (service * 10 + endpoint) % 200}.{2 + (service * 7 + endpoint) % 250}"


def service(number):
    address = service_address(number)
    return {"apiVersion": "v1", "kind": "Service",
            "metadata": {"name": f"service-{number}", "namespace": "default", "uid": f"uid-{number}", "labels": {"app": f"app-{number}"}},
            "spec": {"type": "ClusterIP", "clusterIP": address, "clusterIPs": [address], "ipFamilies": ["IPv4"],
                     "ipFamilyPolicy": "SingleStack", "selector": {"app": f"app-{number}"},
                     "ports": [{"name": "http", "protocol": "TCP", "port": 80, "targetPort": 8080}]}}


def endpoint(number, index):
    return {"addresses": [endpoint_address(number, index)], "conditions": {"ready": True, "serving": True, "terminating": False},
            "nodeName": f"node-{index}", "targetRef": {"kind": "Pod", "namespace": "default", "name": f"pod-{number}-{index}"}}


def endpoint_slice(number, endpoints):
    return {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": f"service-{number}-a", "namespace": "default", "labels": {"kubernetes.io/service-name": f"service-{number}"}},
            "endpoints": [endpoint(number, index) for index in range(endpoints)],
            "ports": [{"name": "http", "protocol": "TCP", "port": 8080}]}


def node():
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1", "uid": "uid-n1"},
            "spec": {"podCIDR": "10.42.1.0/24", "podCIDRs": ["10.42.1.0/24", "fd00:10:42:1::/64"]},
            "status": {"addresses": [{"type": "InternalIP", "address": "192.168.42.11"}, {"type": "InternalIP", "address": "fd00:42::11"}]}}


def as_yaml(value, indent=0):
    """Block style, as kubectl prints it."""
    pad = "  " * indent
    lines = []
    items = value.items() if isinstance(value, dict) else [(None, entry) for entry in value]
    for key, entry in items:
        head = f"{pad}- " if key is None else f"{pad}{key}:"
        if isinstance(entry, (dict, list)):
            body = as_yaml(entry, indent + 1)
            lines.append(head + body.lstrip() if key is None else head + "\n" + body)
        else:
            lines.append(f"{head}{'' if key is None else ' '}{json.dumps(entry)}")
    return "\n".join(lines)


def write(directory, name, text):
    with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
        file.write(text)


def main():
    directory, form = sys.argv[1:3]
    services = int(sys.argv[3]) if len(sys.argv) > 3 else 10000
    endpoints = int(sys.argv[4]) if len(sys.argv) > 4 else 10
    os.makedirs(directory)
    kinds = {"services": [service(number) for number in range(1, services + 1)],
             "slices": [endpoint_slice(number, endpoints) for number in range(1, services + 1)], "nodes": [node()]}
    for kind, objects in kinds.items():
        if form == "list":
            write(directory, f"{kind}.json", json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
            continue
        for index, entry in enumerate(objects, 1):
            write(directory, f"{kind}-{index}.{form}", json.dumps(entry) if form == "json" else as_yaml(entry) + "\n")


main()
