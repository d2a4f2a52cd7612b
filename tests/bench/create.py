#!/usr/bin/env python3
"""Creates the objects of Lists at an API server, over eight connections: kubectl would hold itself back for minutes.

usage: create.py KUBECONFIG FILE...     client certificate and key are files; ends when all are there
"""
import base64
import concurrent.futures
import http.client
import json
import ssl
import sys
import threading
import urllib.parse

PATHS = {"Service": "/api/v1/namespaces/{}/services", "EndpointSlice": "/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices"}
CONNECTIONS = 8


def endpoint_of(kubeconfig):
    config = json.load(open(kubeconfig, encoding="utf-8"))
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    context = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
    context.load_cert_chain(user["client-certificate"], user["client-key"])
    return urllib.parse.urlparse(cluster["server"]), context


def main():
    server, context = endpoint_of(sys.argv[1])
    local = threading.local()

    def create(entry):
        if not hasattr(local, "connection"):
            local.connection = http.client.HTTPSConnection(server.hostname, server.port, context=context)
        body = json.dumps(entry)
        local.connection.request("POST", PATHS[entry["kind"]].format(entry["metadata"]["namespace"]), body, {"Content-Type": "application/json"})
        answer = local.connection.getresponse()
        text = answer.read()
        if answer.status != 201:
            sys.exit(f"{entry['kind']} {entry['metadata']['name']}: {answer.status} {text[:300]}")

    with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
        for name in sys.argv[2:]:
            for _ in pool.map(create, json.load(open(name, encoding="utf-8"))["items"]):
                pass


main()
