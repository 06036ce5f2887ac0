package store

// A failure is an error that a client is told, in Redis's own words, because
// clients look for them.
type failure string

func (f failure) Error() string { return string(f) }

const (
	errSyntax  = failure("ERR syntax error")
	errInteger = failure("ERR value is not an integer or out of range")
	errType    = failure("WRONGTYPE Operation against a key holding the wrong kind of value")
	errID      = failure("ERR Invalid stream ID specified as stream command argument")
	errSmall   = failure("ERR The ID specified in XADD is equal or smaller than the target stream top item")
	errZero    = failure("ERR The ID specified in XADD must be greater than 0-0")
	errMemory  = failure("OOM command not allowed when used memory > 'maxmemory'.")
	errScript  = failure("NOSCRIPT No matching script. Please use EVAL.")
)
