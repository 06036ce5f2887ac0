package bus

// AppendOnce is how a post with an idempotency key is made in Redis, as a
// script, because looking for the key, appending and keeping the marker must
// happen together or not at all. KEYS are the stream and the key; ARGV the
// event and the seconds the key is kept. It yields the marker, and 1 if it was
// there before.
const AppendOnce = `local m = redis.call('GET', KEYS[2])
if m then return {m, 1} end
m = redis.call('XADD', KEYS[1], '*', 'e', ARGV[1])
redis.call('SET', KEYS[2], m, 'EX', ARGV[2])
return {m, 0}`
