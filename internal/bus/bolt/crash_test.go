package bolt_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"webdyno/internal/bus"
	"webdyno/internal/bus/bolt"
	"webdyno/internal/bus/storetest"
)

// childFile names, in the environment, the file that this test binary is to
// serve a bus from instead of testing.
const childFile = "WEBDYNO_TEST_BUS_FILE"

// child serves a bus until it is killed.
func child(file string) int {
	s, err := bolt.Open(file, storetest.TTL, time.Now)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println(ln.Addr())
	service := bus.New(s, bus.Limits{})
	go service.Sweep(context.Background(), 10*time.Millisecond, 100)
	fmt.Println(http.Serve(ln, service))
	return 1
}

// A process that serves a bus.
type process struct {
	cmd  *exec.Cmd
	base string
}

func start(t *testing.T, file string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childFile+"="+file)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "127.") {
		t.Fatalf("the child said %q, %v", line, err)
	}
	p := &process{cmd, "http://" + strings.TrimSpace(line) + "/v1/channels/"}
	t.Cleanup(p.kill)
	return p
}

// kill ends the process as a power switch would, and waits until it is gone.
func (p *process) kill() {
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

// An acknowledged post: what a client knows that the bus has taken.
type acknowledged struct {
	channel, text, key string
	marker             bus.Marker
}

// A killed process loses nothing that it acknowledged: every event is there
// with its marker and in its order, none twice, and a post that is sent again
// with its key, because its answer never came, is not doubled.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("kills five processes")
	}
	file := filepath.Join(t.TempDir(), "events.db")
	var all []acknowledged
	var unanswered []acknowledged
	for turn := range 5 {
		p := start(t, file)
		for _, u := range unanswered { // as a client would that is not sure
			m, err := send(t.Context(), p.base, u)
			if err != nil {
				t.Fatal(err)
			}
			u.marker = m
			all = append(all, u)
		}
		var some []acknowledged
		some, unanswered = hammer(p, turn)
		all = append(all, some...)
		t.Logf("turn %d: %d acknowledged, %d not answered", turn, len(some), len(unanswered))
	}
	verify(t, start(t, file), all, unanswered)
}

const posters = 8

// hammer posts from many sides, and kills the process in the midst of it. It
// returns what was acknowledged, and what was sent and not answered.
func hammer(p *process, turn int) (some, unanswered []acknowledged) {
	const enough = 120
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for poster := range posters {
		wg.Go(func() {
			for i := 0; ; i++ {
				a := acknowledged{channel: fmt.Sprintf("c%d", poster%3), key: fmt.Sprintf("%d-%d-%d", turn, poster, i)}
				a.text = fmt.Sprintf(`{"key":%q,"note":%q}`, a.key, strings.Repeat("y", i*37%500))
				m, err := send(ctx, p.base, a)
				mu.Lock()
				if err != nil {
					unanswered = append(unanswered, a)
					mu.Unlock()
					return
				}
				a.marker = m
				some = append(some, a)
				if len(some) == enough {
					go p.cmd.Process.Kill() // while the others post
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	p.kill()
	return some, unanswered
}

func send(ctx context.Context, base string, a acknowledged) (bus.Marker, error) {
	r, err := http.NewRequestWithContext(ctx, "POST", base+a.channel+"/events", strings.NewReader(a.text))
	if err != nil {
		return bus.Marker{}, err
	}
	r.Header.Set("Idempotency-Key", a.key)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(r)
	if err != nil {
		return bus.Marker{}, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return bus.Marker{}, err
	}
	var got struct{ Marker, Error string }
	if err := json.Unmarshal(body, &got); err != nil || got.Marker == "" {
		return bus.Marker{}, errors.Join(err, fmt.Errorf("%s: %s", answer.Status, got.Error))
	}
	return bus.ParseMarker(got.Marker)
}

// verify reads everything back.
func verify(t *testing.T, p *process, all, unanswered []acknowledged) {
	t.Helper()
	want := map[string]acknowledged{}
	for _, a := range all {
		want[a.key] = a
	}
	maybe := map[string]bool{}
	for _, a := range unanswered {
		maybe[a.key] = true
	}
	seen := map[string]bool{}
	for _, channel := range []string{"c0", "c1", "c2"} {
		after := bus.Marker{}
		for {
			e, ok := next(t, p, channel, after)
			if !ok {
				break
			}
			var event struct{ Key string }
			if err := json.Unmarshal(e.JSON, &event); err != nil {
				t.Fatal(err)
			}
			a, acknowledged := want[event.Key]
			switch {
			case seen[event.Key]:
				t.Errorf("%s is there twice", event.Key)
			case e.Marker.Compare(after) <= 0:
				t.Errorf("%s: marker %v behind %v", event.Key, e.Marker, after)
			case !acknowledged && !maybe[event.Key]:
				t.Errorf("%s was never sent", event.Key)
			case acknowledged && (a.marker != e.Marker || a.text != string(e.JSON) || a.channel != channel):
				t.Errorf("%s: %v %s in %s, acknowledged as %v %s in %s", event.Key, e.Marker, e.JSON, channel, a.marker, a.text, a.channel)
			}
			seen[event.Key], after = true, e.Marker
		}
	}
	for key := range want {
		if !seen[key] {
			t.Errorf("%s was acknowledged and is lost", key)
		}
	}
}

// next reads the next event of a channel.
func next(t *testing.T, p *process, channel string, after bus.Marker) (bus.Event, bool) {
	t.Helper()
	answer, err := http.Get(p.base + channel + "/events?limit=1&marker=" + after.String())
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode == http.StatusNoContent {
		return bus.Event{}, false
	}
	var got struct {
		Events []json.RawMessage
		Marker string
	}
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&got); err != nil || len(got.Events) != 1 {
		t.Fatalf("%s: %v", body, err)
	}
	m, err := bus.ParseMarker(got.Marker)
	if err != nil {
		t.Fatal(err)
	}
	return bus.Event{Marker: m, JSON: got.Events[0]}, true
}
