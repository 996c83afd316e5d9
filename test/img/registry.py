#!/usr/bin/env python3
"""registry.py UPSTREAM MODE -- a registry that misbehaves, in front of a good one.

Prints its port.  Modes:
  cut        each answer with a layer stops in the middle, ranges are known
  cut-all    likewise, and ranges are not known
  stop       stops in the middle for ever (the connection is closed early)
  tamper     one byte of each layer is another
  longer     each layer has more bytes than its manifest says
  fail       503 for the first two requests of everything, then well
  busy       429 always
  huge       a manifest of 100 MB of brackets
  redirect   layers are on another host; it says on stderr what it was sent
  slow       layers come in drops
  token      asks for a bearer token
"""
import base64, http.client, http.server, os, re, sys, threading, time, urllib.parse

upstream, mode = sys.argv[1], sys.argv[2]
seen = {}
other = None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *a):
        pass

    def ask(self, headers):
        c = http.client.HTTPConnection(upstream)
        c.request(self.command, self.path, headers=headers)
        r = c.getresponse()
        return r, r.read()

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for k, v in headers.items():
            self.send_header(k.replace("_", "-"), v)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        count = seen[self.path] = seen.get(self.path, 0) + 1
        blob = "/blobs/" in self.path
        auth = self.headers.get("Authorization", "")
        if self.path.startswith("/token"):
            query = urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query)
            good = auth == "Basic " + base64.b64encode(b"me:secret").decode()
            if not good or query.get("service") != ["here"] or "repository:t:pull" not in query.get("scope", []):
                return self.answer(401)
            return self.answer(200, b'{"token":"sesame","expires_in":60}')
        if mode == "token" and auth != "Bearer sesame":
            port = self.server.server_port
            return self.answer(401, WWW_Authenticate='Bearer realm="http://127.0.0.1:%d/token",service="here",'
                               'scope="repository:t:pull"' % port)
        if mode == "busy":
            return self.answer(429, b'{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}', Retry_After="1")
        if mode == "fail" and count <= 2 and self.path != "/v2/":
            return self.answer(503)
        if mode == "huge" and "/manifests/" in self.path:
            return self.answer(200, b"[" * 100000000, Content_Type="application/json")
        if mode == "redirect" and blob and self.server is not other:
            return self.answer(307, Location="http://localhost:%d%s" % (other.server_port, self.path))
        if self.server is other:
            print("other host got: Authorization=%r" % auth, file=sys.stderr, flush=True)
        r, body = self.ask({"Accept": self.headers.get("Accept", "*/*")})
        start = 0
        wanted = re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))
        large = blob and len(body) > 100000
        if large and mode == "tamper":
            body = body[:50000] + bytes([body[50000] ^ 1]) + body[50001:]
        if large and mode == "longer":
            body += b"more"
        self.send_response(206 if wanted and large and mode in ("cut", "stop") else r.status)
        if wanted and large and mode in ("cut", "stop"):
            start = int(wanted.group(1))
            self.send_header("Content-Range", "bytes %d-%d/%d" % (start, len(body) - 1, len(body)))
            print("range from %d" % start, file=sys.stderr, flush=True)
        for k in ("Content-Type", "Docker-Content-Digest"):
            if r.getheader(k):
                self.send_header(k, r.getheader(k))
        body = body[start:]
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if large and (mode == "cut" and count <= 3 or mode == "cut-all" and count <= 2 or mode == "stop"):
            self.wfile.write(body[:max(60000, len(body) // 3) if mode != "stop" else 60000 if start == 0 else 0])
            self.wfile.flush()
            self.connection.shutdown(2)
            self.close_connection = True
            return
        while large and mode == "slow" and body:
            self.wfile.write(body[:20000])
            self.wfile.flush()
            body = body[20000:]
            time.sleep(0.1)
        self.wfile.write(body)


http.server.ThreadingHTTPServer.daemon_threads = True
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
if mode == "redirect":
    other = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=other.serve_forever, daemon=True).start()
print(server.server_port, flush=True)
server.serve_forever()
