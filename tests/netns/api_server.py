#!/usr/bin/env python3
"""What kube-proxy asks of an API server, answered from a directory of manifests that is read again and again: lists and watches of
objects, no more. usage: api_server.py ADDRESS PORT DIRECTORY"""
import glob, http.server, json, sys, threading, time, urllib.parse

DIRECTORY = sys.argv[3]
KINDS = {"services": ("v1", "Service"), "nodes": ("v1", "Node"), "endpointslices": ("discovery.k8s.io/v1", "EndpointSlice"),
         "servicecidrs": ("networking.k8s.io/v1", "ServiceCIDR")}


def objects(resource):
    api_version, kind = KINDS[resource]
    found = {}
    for path in sorted(glob.glob(DIRECTORY + "/*.json")):
        try:
            with open(path) as file:
                found_object = json.load(file)
        except (OSError, ValueError):
            continue  # it is being replaced
        if found_object["kind"] == kind:
            found_object["metadata"].setdefault("resourceVersion", "1")
            found[path] = found_object
    return api_version, kind, found


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def begin(self, code, length=None):
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header(*(("Content-Length", str(length)) if length is not None else ("Transfer-Encoding", "chunked")))
        self.end_headers()

    def answer(self, code, body):
        data = json.dumps(body).encode()
        self.begin(code, len(data))
        self.wfile.write(data)

    def event(self, kind, body):
        data = json.dumps({"type": kind, "object": body}).encode() + b"\n"
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def do_POST(self):  # events
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(404, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 404, "reason": "NotFound"})

    def do_GET(self):
        url = urllib.parse.urlparse(self.path)
        query = urllib.parse.parse_qs(url.query)
        parts = url.path.strip("/").split("/")
        resource, name = (parts[-2], parts[-1]) if parts[-2] in KINDS else (parts[-1], None)
        field = query.get("fieldSelector", [""])[0]
        name = name or (field.removeprefix("metadata.name=") if field.startswith("metadata.name=") else None)
        if resource not in KINDS:
            return self.answer(404, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 404, "reason": "NotFound"})
        look = lambda: (lambda found: {key: one for key, one in found[2].items() if name in (None, one["metadata"]["name"])})(objects(resource))
        if "watch" in query:
            return self.watch(resource, query, look)
        if parts[-1] == name:
            one = next(iter(look().values()), None)
            return self.answer(200 if one else 404, one or {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 404})
        api_version, kind, _ = objects(resource)
        self.answer(200, {"apiVersion": api_version, "kind": kind + "List", "metadata": {"resourceVersion": "1"}, "items": list(look().values())})

    def watch(self, resource, query, look):
        self.begin(200)
        known = {}
        streams_all = query.get("sendInitialEvents") == ["true"]
        if not streams_all:
            known = look()
        try:
            while True:
                now = look()
                for key, one in now.items():
                    if known.get(key) != one:
                        self.event("MODIFIED" if key in known else "ADDED", one)
                for key in known.keys() - now.keys():
                    self.event("DELETED", known[key])
                known = now
                if streams_all:
                    streams_all = False
                    api_version, kind, _ = objects(resource)
                    self.event("BOOKMARK", {"apiVersion": api_version, "kind": kind, "metadata": {
                        "resourceVersion": "1", "annotations": {"k8s.io/initial-events-end": "true"}}})
                time.sleep(0.1)
        except OSError:
            self.close_connection = True


http.server.ThreadingHTTPServer.daemon_threads = True
http.server.ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()
