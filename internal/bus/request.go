package bus

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
	"unicode/utf8"
)

// What a request may ask for.
const (
	// MaxEvent is the size of the largest event, in bytes.
	MaxEvent = 64 << 10
	// MaxLimit is how many events an answer has at most.
	MaxLimit = 1000
	// DefaultLimit is how many events an answer has if the request does not say.
	DefaultLimit = 10
	// MaxWait is how long a read may wait for an event.
	MaxWait = 60 * time.Second

	maxChannel = 64
	maxKey     = 255
)

// parseQuery reads what a GET asks for.
func parseQuery(channel string, values url.Values) (Query, error) {
	q := Query{Channel: channel, Limit: DefaultLimit}
	var problems [4]error
	problems[0] = checkChannel(channel)
	q.After, problems[1] = ParseMarker(values.Get("marker"))
	if text := values.Get("limit"); text != "" {
		q.Limit, problems[2] = parseLimit(text)
	}
	if text := values.Get("wait"); text != "" {
		q.Wait, problems[3] = parseWait(text)
	}
	return q, errors.Join(problems[:]...)
}

func parseLimit(text string) (int, error) {
	n, err := parseDigits(text)
	if err != nil || n < 1 || n > MaxLimit {
		return 0, fmt.Errorf("limit %q: want a whole number from 1 to %d", text, MaxLimit)
	}
	return int(n), nil
}

// parseWait reads a duration, or a number of seconds.
func parseWait(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if s, e := strconv.ParseFloat(text, 64); e == nil && s >= 0 && s <= MaxWait.Seconds() {
		d, err = time.Duration(s*float64(time.Second)), nil
	}
	if err != nil || d < 0 || d > MaxWait {
		return 0, fmt.Errorf("wait %q: want a time from 0s to %v, such as 20s", text, MaxWait)
	}
	return d, nil
}

// checkChannel allows the names that every store can take as they are.
func checkChannel(name string) error {
	ok := 1 <= len(name) && len(name) <= maxChannel
	for i := range len(name) {
		c := name[i]
		ok = ok && ('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '.' || c == '_' || c == '-')
	}
	if !ok {
		return fmt.Errorf("channel %.80q: want 1 to %d of the letters a-z, digits, dot, hyphen and underscore", name, maxChannel)
	}
	return nil
}

// checkKey allows idempotency keys of visible characters.
func checkKey(h http.Header) (string, error) {
	keys := h.Values("Idempotency-Key")
	if len(keys) == 0 {
		return "", nil
	}
	key := keys[0]
	ok := len(keys) == 1 && 1 <= len(key) && len(key) <= maxKey
	for i := range len(key) {
		ok = ok && ' ' < key[i] && key[i] < 0x7f
	}
	if !ok {
		return "", fmt.Errorf("idempotency-key: want one of 1 to %d visible ASCII characters", maxKey)
	}
	return key, nil
}

// checkEvent allows one JSON object, in UTF-8.
func checkEvent(text []byte) error {
	first := 0
	for first < len(text) && (text[first] == ' ' || text[first] == '\t' || text[first] == '\n' || text[first] == '\r') {
		first++
	}
	switch {
	case first == len(text):
		return errors.New("the body is empty: want one JSON object")
	case !utf8.Valid(text):
		return errors.New("the body is not UTF-8")
	case text[first] != '{':
		return errors.New("the body is no JSON object")
	case !json.Valid(text):
		return errors.New("the body is not valid JSON")
	}
	return nil
}
