"""A leaf resource of twisted.web, or with --wsgi the WSGI application.

    python3 hello_twisted.py --port=8080
"""

import socket

from twisted.web.resource import Resource
from twisted.web.server import Site

from serving import arguments, listen


class Hello(Resource):
    isLeaf = True

    def render_GET(self, request):
        request.setHeader(b"content-type", b"text/plain")
        return b"hello"


class QuietSite(Site):
    def log(self, request):
        pass  # it would put a line together for each request, log or no log


def wsgi_resource(reactor):
    from twisted.web.wsgi import WSGIResource

    from app_wsgi import application

    # Each request is handed to a thread of the reactor's pool.
    return WSGIResource(reactor, reactor.getThreadPool(), application)


def main():
    args = arguments(__doc__)
    args.add_argument("--wsgi", action="store_true")
    args = args.parse_args()
    listener = listen(args)
    listener.setblocking(False)

    from twisted.internet import reactor  # importing it makes it

    resource = wsgi_resource(reactor) if args.wsgi else Hello()
    reactor.adoptStreamPort(listener.fileno(), socket.AF_INET, QuietSite(resource))
    reactor.run()


if __name__ == "__main__":
    main()
