"""A handler of cyclone, which is Tornado's interface on Twisted.

    python3 hello_cyclone.py --port=8080
"""

import socket

from serving import arguments, listen


def main():
    listener = listen(arguments(__doc__).parse_args())
    listener.setblocking(False)

    from cyclone.web import Application, RequestHandler
    from twisted.internet import reactor  # importing it makes it

    class Hello(RequestHandler):
        def get(self):
            self.set_header("Content-Type", "text/plain")
            self.write("hello")

        def compute_etag(self):
            return None  # no hash of each body

    application = Application([(r"/", Hello)], log_function=lambda handler: None)
    reactor.adoptStreamPort(listener.fileno(), socket.AF_INET, application)
    reactor.run()


if __name__ == "__main__":
    main()
