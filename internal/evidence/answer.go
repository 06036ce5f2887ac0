package evidence

// An Answer is the shape of a right answer that a subject gave before it was
// loaded: what its work per request was, apart from the handler's.
type Answer struct {
	Asked   string   `json:"asked"` // method and path, cut where it is long
	Status  int      `json:"status"`
	Version string   `json:"http"`       // "1.0" or "1.1"
	Head    int      `json:"head_bytes"` // with status line and line ends, interim answers included
	Body    int64    `json:"body_bytes"` // without the framing of chunks
	Framing Framing  `json:"framing"`
	Kept    bool     `json:"kept"`    // the connection could have been used again
	Headers []string `json:"headers"` // names of its fields, in order, as written
}

// A Framing is how an answer says where its body ends.
type Framing string

const (
	ByLength Framing = "length"  // Content-Length
	ByChunks Framing = "chunked" // Transfer-Encoding
	ByClose  Framing = "close"   // the end of the connection
	NoBody   Framing = "none"    // there is none, by its status or its request
)
