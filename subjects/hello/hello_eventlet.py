"""The WSGI application on eventlet.wsgi.

    python3 hello_eventlet.py --port=8080
"""

import eventlet

# All but threads, which nothing here uses: patching them takes PyPy ten seconds.
eventlet.monkey_patch(thread=False)

from eventlet import wsgi

from app_wsgi import application
from serving import arguments, listen

if __name__ == "__main__":
    listener = listen(arguments(__doc__).parse_args())
    wsgi.server(listener, application, log_output=False)
