"""The classifier on gevent's pywsgi, with a goroutine of pygolang's for each
connection.

    python3 classifier_pygolang.py --port=8080
"""

# First of all, or pygolang takes threads of the system for its goroutines.
from gevent import monkey

monkey.patch_all()

from golang import go

import classifier_gevent

if __name__ == "__main__":
    classifier_gevent.main(spawn=go)
