"""The message bus for uWSGI's gevent loop.

uWSGI's own --gevent-monkey-patch comes after the application was loaded, and finds
the driver with locks and sockets that block.
"""

from gevent import monkey

monkey.patch_all()

from bus_wsgi import application  # noqa: E402,F401: uWSGI looks for it here
