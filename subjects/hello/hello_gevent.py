"""The WSGI application on gevent.pywsgi.

    python3 hello_gevent.py --port=8080
"""

from gevent import monkey

monkey.patch_all()

from gevent.pywsgi import WSGIServer

from app_wsgi import application
from serving import arguments, listen

if __name__ == "__main__":
    listener = listen(arguments(__doc__).parse_args())
    WSGIServer(listener, application, log=None).serve_forever()
