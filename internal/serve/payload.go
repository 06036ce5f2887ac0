package serve

import (
	"bytes"
	"flag"
	"net/http"
	"strconv"
	"strings"
)

// maxPayload is the longest answer that payload gives, in bytes.
const maxPayload = 1 << 20

// preparePayload prepares the server that answers /N with N bytes of X. All are
// made beforehand: what is left to do is to send them.
func preparePayload(name string, args []string) (serveFunc, error) {
	if err := parseArgs(name, args, func(*flag.FlagSet) {}); err != nil {
		return nil, err
	}
	xs := bytes.Repeat([]byte{'X'}, maxPayload)
	return handle(func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.ParseUint(strings.TrimPrefix(r.URL.Path, "/"), 10, 32)
		if err != nil || n > maxPayload {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/plain")
		// Without it, net/http sends what does not fit its buffer in chunks.
		w.Header().Set("Content-Length", strconv.FormatUint(n, 10))
		w.Write(xs[:n])
	}), nil
}
