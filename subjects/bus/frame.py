"""A small web framework on WSGI: routes, controllers, a request and a response.

    application = Application()
    application.route("/v1/things/{name}", Thing())

A controller has a method for each HTTP method that it knows: on_get(request,
response, name=...). It is in a module of its own so that it can be compiled
without the handlers that stand on it, and they without it.
"""

import json
import re
import sys
import traceback
from http.client import responses
from urllib.parse import parse_qsl

STATUS_LINES = {code: "%d %s" % (code, phrase) for code, phrase in responses.items()}


class HTTPError(Exception):
    """Raised by a controller to answer with a status and say why."""

    def __init__(self, status, text="", headers=()):
        super().__init__(text)
        self.status = status
        self.text = text
        self.headers = headers


class Request:
    """What was asked. Fields and parameters are read when they are looked at."""

    def __init__(self, environ):
        self.environ = environ
        self.method = environ["REQUEST_METHOD"]
        self.path = environ["PATH_INFO"]
        self._params = None

    @property
    def params(self):
        """The query's parameters; of one that is repeated, the first."""
        if self._params is None:
            self._params = {}
            query = self.environ.get("QUERY_STRING", "")
            for name, value in parse_qsl(query, keep_blank_values=True):
                self._params.setdefault(name, value)
        return self._params

    def header(self, name, default=None):
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = "HTTP_" + key
        return self.environ.get(key, default)

    def body(self, most):
        """Reads the body, which may have so many bytes."""
        length = self.header("Content-Length") or "0"
        if not length.isdigit():
            raise HTTPError(400, "Content-Length is no number")
        if int(length) > most:
            raise HTTPError(413, "more than %d bytes" % most)
        return self.environ["wsgi.input"].read(int(length))


class Response:
    """What will be answered: 200 and nothing, unless a controller says more."""

    def __init__(self):
        self.status = 200
        self.content_type = "application/json"
        self.headers = []
        self.body = b""

    def start(self, start_response):
        """Sends the head, and returns what is to follow."""
        headers = self.headers
        if self.status != 204:
            headers = headers + [
                ("Content-Type", self.content_type),
                ("Content-Length", str(len(self.body))),
            ]
        start_response(STATUS_LINES[self.status], headers)
        return [self.body] if self.body else []


class Route:
    """A path with {names} in it, and who answers there."""

    def __init__(self, template, controller):
        pattern = re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", template)
        self.match = re.compile(pattern + r"\Z").match
        self.methods = {
            name[3:].upper(): getattr(controller, name)
            for name in dir(controller)
            if name.startswith("on_")
        }


class Application:
    """A WSGI application made of routes."""

    def __init__(self):
        self.routes = []

    def route(self, template, controller):
        self.routes.append(Route(template, controller))

    def __call__(self, environ, start_response):
        request, response = Request(environ), Response()
        try:
            self.respond(request, response)
        except HTTPError as error:
            response = self.refuse(error)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            response = self.refuse(HTTPError(500, "it is our fault"))
        return response.start(start_response)

    def respond(self, request, response):
        for route in self.routes:
            found = route.match(request.path)
            if found is None:
                continue
            method = route.methods.get(request.method)
            if method is None:
                allowed = ", ".join(sorted(route.methods))
                raise HTTPError(405, "want " + allowed, [("Allow", allowed)])
            return method(request, response, **found.groupdict())
        raise HTTPError(404, "nothing is here")

    def refuse(self, error):
        response = Response()
        response.status = error.status
        response.headers = list(error.headers)
        response.body = json.dumps({"error": error.text}).encode()
        return response
