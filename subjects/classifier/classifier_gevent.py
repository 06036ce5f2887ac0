"""The classifier on gevent's pywsgi.

    python3 classifier_gevent.py --port=8080
"""

import signal
import socket

import gevent
import gevent.event
import gevent.pywsgi
import gevent.socket

import serving

# A target of 10,000 bytes has to fit.
gevent.pywsgi.MAX_REQUEST_LINE = 16384


class Handler(gevent.pywsgi.WSGIHandler):
    def get_environ(self):
        # WSGI has the path decoded; the target as it was sent is asked for.
        environ = super().get_environ()
        environ["REQUEST_URI"] = self.path
        return environ


def application(classify):
    def answer(environ, start_response):
        body = classify(environ["REQUEST_URI"].encode("latin1"))
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    return answer


def serve(sock, classify, spawn):
    listener = gevent.socket.socket(fileno=sock.detach())
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # connections inherit it
    server = gevent.pywsgi.WSGIServer(
        listener, application(classify), spawn=spawn, log=None, error_log=None, handler_class=Handler
    )
    server.start()
    stop = gevent.event.Event()
    for sig in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(sig, stop.set)
    stop.wait()
    server.stop(timeout=0)


def main(spawn="default"):
    """Serves; spawn starts what handles a connection."""
    args = serving.options(__doc__).parse_args()
    classify = serving.handler(args.cython)
    serving.work(args, lambda sock: serve(sock, classify, spawn))


if __name__ == "__main__":
    main()
