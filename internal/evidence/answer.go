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

// A Body is the body of an answer, told apart from others by its hash.
type Body struct {
	Asked  string `json:"asked"`  // as in Answer
	Bytes  int64  `json:"bytes"`  // in all
	SHA256 string `json:"sha256"` // the first 16 hexadecimal digits, of its first MiB
}

// A Date is what was found when a subject's clock was asked for twice, three
// seconds apart or more.
type Date string

const (
	DateUnasked  Date = ""         // it was not up for so long, or sends no Date
	DateAdvances Date = "advances" // the second answer was dated later
	DateStands   Date = "stands"   // both had the same date: it is no clock's
)

// A Framing is how an answer says where its body ends.
type Framing string

const (
	ByLength Framing = "length"  // Content-Length
	ByChunks Framing = "chunked" // Transfer-Encoding
	ByClose  Framing = "close"   // the end of the connection
	NoBody   Framing = "none"    // there is none, by its status or its request
)
