package mongo_test

import (
	"fmt"
	"net/url"
	"os"
	"testing"
	"time"

	"webdyno/internal/bus"
	"webdyno/internal/bus/mongo"
	"webdyno/internal/bus/storetest"
)

// serverVariable names, in the environment, a server to test with. Each test
// has a database of its own there, which it leaves behind.
const serverVariable = "WEBDYNO_MONGODB"

func TestStore(t *testing.T) {
	server := os.Getenv(serverVariable)
	if server == "" {
		t.Skip("no MongoDB was named: " + serverVariable + "=mongodb://HOST:PORT")
	}
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	storetest.Run(t, storetest.Kind{Open: func(t *testing.T, clock *storetest.Clock) bus.Store {
		n++
		u.Path = fmt.Sprintf("/webdyno_test_%d_%d", time.Now().UnixNano(), n)
		s, err := mongo.Open(t.Context(), u.String(), storetest.TTL, clock.Now)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}})
}

func TestOpenComplains(t *testing.T) {
	for _, uri := range []string{"mongodb://", "mongodb://user:secret@", "nonsense"} {
		if _, err := mongo.Open(t.Context(), uri, time.Hour, time.Now); err == nil {
			t.Errorf("%s: opened", uri)
		}
	}
}
