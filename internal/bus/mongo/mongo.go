// Package mongo keeps the bus's events in MongoDB, as the study of 2012 did.
//
// An event is a document {c, k, e, t, i}: its channel, its number in the channel
// from 1, its text, when it was accepted, and the idempotency key of its post
// behind a "=" ("#" and the number if it had none). The pairs (c, k) and (c, i)
// are unique. A marker is K-0.
//
// Numbers have no gaps while a channel is written to: a post takes the one
// behind the last that it knows of, and if another was faster the unique index
// tells, and it takes the next. So nothing can become visible below a marker
// that a reader has seen, though nothing is locked.
//
// The collection channels keeps the last number of a channel whose events have
// all expired, so that numbers never begin again.
//
// Only what old and small servers of the protocol have as well is used: no
// transactions, no change streams, no TTL index.
package mongo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/connstring"

	"webdyno/internal/bus"
)

// database is the database that is used if the URI names none.
const database = "bus"

// A Store is the bus's events in MongoDB.
type Store struct {
	ttl      time.Duration
	now      func() time.Time
	bell     bus.Bell
	client   *mongo.Client
	events   *mongo.Collection
	channels *mongo.Collection

	mu   sync.Mutex
	last map[string]int64 // of each channel, as far as this process knows
}

// A document is an event.
type document struct {
	Channel string    `bson:"c"`
	Number  int64     `bson:"k"`
	Text    string    `bson:"e"`
	Time    time.Time `bson:"t"`
	Key     string    `bson:"i"`
}

// Open connects to the server that a mongodb:// URI names, and makes sure of
// the indexes.
func Open(ctx context.Context, uri string, ttl time.Duration, clock func() time.Time) (*Store, error) {
	parsed, err := connstring.ParseAndValidate(uri)
	if err != nil {
		return nil, errors.New("not a MongoDB URI: want mongodb://HOST:PORT/DATABASE") // it may hold a password
	}
	name := parsed.Database
	if name == "" {
		name = database
	}
	journaled := true
	safe := &writeconcern.WriteConcern{W: writeconcern.Majority().W, Journal: &journaled}
	client, err := mongo.Connect(options.Client().ApplyURI(uri).SetWriteConcern(safe).SetRetryWrites(false))
	if err != nil {
		return nil, err
	}
	s := &Store{
		ttl: ttl, now: clock, client: client, last: map[string]int64{},
		events:   client.Database(name).Collection("events"),
		channels: client.Database(name).Collection("channels"),
	}
	if err := s.index(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("MongoDB: %w", err), s.Close())
	}
	return s, nil
}

// index makes the indexes that are not there yet. They are asked for by name
// first: FerretDB 1.24 falls over a request for those it has.
func (s *Store) index(ctx context.Context) error {
	have, err := s.events.Indexes().ListSpecifications(ctx)
	if err != nil {
		return err
	}
	for _, want := range []struct {
		name    string
		keys    bson.D
		options *options.IndexOptionsBuilder
	}{
		{"c_1_k_1", bson.D{{Key: "c", Value: 1}, {Key: "k", Value: 1}}, options.Index().SetUnique(true)},
		{"c_1_i_1", bson.D{{Key: "c", Value: 1}, {Key: "i", Value: 1}}, options.Index().SetUnique(true)},
		{"t_1", bson.D{{Key: "t", Value: 1}}, options.Index()},
	} {
		if slices.ContainsFunc(have, func(i mongo.IndexSpecification) bool { return i.Name == want.name }) {
			continue
		}
		model := mongo.IndexModel{Keys: want.keys, Options: want.options.SetName(want.name)}
		if _, err := s.events.Indexes().CreateOne(ctx, model); err != nil {
			return err
		}
	}
	return nil
}

// Append adds an event; see [bus.Store].
func (s *Store) Append(ctx context.Context, p bus.Post) (bus.Marker, bool, error) {
	for ctx.Err() == nil {
		number, err := s.next(ctx, p.Channel)
		if err != nil {
			return bus.Marker{}, false, err
		}
		_, err = s.events.InsertOne(ctx, document{p.Channel, number, string(p.JSON), s.now(), keyOf(p.Key, number)})
		if err == nil {
			s.learn(p.Channel, number)
			s.bell.Ring(p.Channel)
			return marker(number), false, nil
		}
		if !mongo.IsDuplicateKeyError(err) {
			return bus.Marker{}, false, err
		}
		s.forget(p.Channel)
		if p.Key == "" {
			continue
		}
		if m, ok, err := s.repeated(ctx, p); ok || err != nil {
			return m, ok, err
		}
	}
	return bus.Marker{}, false, ctx.Err()
}

// repeated finds the event of an earlier post with the same key. One that has
// expired gives its key up.
func (s *Store) repeated(ctx context.Context, p bus.Post) (bus.Marker, bool, error) {
	var d document
	same := bson.D{{Key: "c", Value: p.Channel}, {Key: "i", Value: keyOf(p.Key, 0)}}
	err := s.events.FindOne(ctx, same).Decode(&d)
	switch {
	case errors.Is(err, mongo.ErrNoDocuments):
		return bus.Marker{}, false, nil
	case err != nil:
		return bus.Marker{}, false, err
	case d.Time.After(s.now().Add(-s.ttl)):
		return marker(d.Number), true, nil
	}
	give := bson.D{{Key: "$set", Value: bson.D{{Key: "i", Value: keyOf("", d.Number)}}}}
	_, err = s.events.UpdateOne(ctx, append(same, bson.E{Key: "k", Value: d.Number}), give)
	return bus.Marker{}, false, err
}

// next returns the number that the next event of a channel is to have. It asks
// for the last event first, and then for what the sweep has kept, because the
// sweep writes that down before it removes the last event.
func (s *Store) next(ctx context.Context, channel string) (int64, error) {
	s.mu.Lock()
	known, ok := s.last[channel]
	s.mu.Unlock()
	if ok {
		return known + 1, nil
	}
	var d document
	newest := options.FindOne().SetSort(bson.D{{Key: "k", Value: -1}})
	err := s.events.FindOne(ctx, bson.D{{Key: "c", Value: channel}}, newest).Decode(&d)
	if err == nil {
		return d.Number + 1, nil
	}
	if !errors.Is(err, mongo.ErrNoDocuments) {
		return 0, err
	}
	var kept struct {
		Number int64 `bson:"k"`
	}
	err = s.channels.FindOne(ctx, bson.D{{Key: "_id", Value: channel}}).Decode(&kept)
	if err != nil && !errors.Is(err, mongo.ErrNoDocuments) {
		return 0, err
	}
	return kept.Number + 1, nil
}

// knownChannels is of how many channels the last number is remembered.
const knownChannels = 10_000

func (s *Store) learn(channel string, number int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.last) >= knownChannels {
		clear(s.last)
	}
	s.last[channel] = max(s.last[channel], number)
}

func (s *Store) forget(channel string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.last, channel)
}

// lookEvery is how often a read that waits looks for events of other processes.
const lookEvery = 500 * time.Millisecond

// Read answers a query; see [bus.Store].
func (s *Store) Read(ctx context.Context, q bus.Query) ([]bus.Event, error) {
	ask := func() ([]bus.Event, error) { return s.read(ctx, q) }
	if q.Wait <= 0 {
		return ask()
	}
	for end := time.Now().Add(q.Wait); ; {
		slice := q
		slice.Wait = min(time.Until(end), lookEvery)
		if slice.Wait <= 0 || ctx.Err() != nil {
			return nil, nil
		}
		events, err := s.bell.Read(ctx, slice, ask)
		if err != nil && ctx.Err() != nil {
			return nil, nil
		}
		if len(events) > 0 || err != nil {
			return events, err
		}
	}
}

// read is one query.
func (s *Store) read(ctx context.Context, q bus.Query) ([]bus.Event, error) {
	after := int64(min(q.After.MS, 1<<62))
	filter := bson.D{
		{Key: "c", Value: q.Channel},
		{Key: "k", Value: bson.D{{Key: "$gt", Value: after}}},
		{Key: "t", Value: bson.D{{Key: "$gt", Value: s.now().Add(-s.ttl)}}},
	}
	order := options.Find().SetSort(bson.D{{Key: "k", Value: 1}}).SetLimit(int64(q.Limit)).SetBatchSize(int32(q.Limit))
	cursor, err := s.events.Find(ctx, filter, order)
	if err != nil {
		return nil, err
	}
	var found []document
	if err := cursor.All(ctx, &found); err != nil {
		return nil, err
	}
	events := make([]bus.Event, len(found))
	for i, d := range found {
		events[i] = bus.Event{Marker: marker(d.Number), JSON: []byte(d.Text)}
	}
	return events, nil
}

// Prime replaces the contents of the given channels; see [bus.Store]. Whoever
// reads meanwhile may see a part.
func (s *Store) Prime(ctx context.Context, primed []bus.Primed) error {
	never := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range primed {
		s.forget(c.Channel)
		if _, err := s.events.DeleteMany(ctx, bson.D{{Key: "c", Value: c.Channel}}); err != nil {
			return err
		}
		var documents []document
		for i, text := range c.Events {
			number := int64(i) + 1
			documents = append(documents, document{c.Channel, number, text, never, keyOf("", number)})
		}
		if len(documents) == 0 {
			continue
		}
		if _, err := s.events.InsertMany(ctx, documents); err != nil {
			return err
		}
	}
	return nil
}

// Name says what answers; see [bus.Store].
func (s *Store) Name(ctx context.Context) (string, error) {
	var info struct {
		Version string `bson:"version"`
		Ferret  string `bson:"ferretdbVersion"`
	}
	err := s.client.Database("admin").RunCommand(ctx, bson.D{{Key: "buildInfo", Value: 1}}).Decode(&info)
	if info.Ferret != "" {
		return "FerretDB " + info.Ferret + ", as MongoDB " + info.Version, err
	}
	return "MongoDB " + info.Version, err
}

// Close ends all connections; see [bus.Store].
func (s *Store) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return s.client.Disconnect(ctx)
}

func marker(number int64) bus.Marker { return bus.Marker{MS: uint64(number)} }

// keyOf is what makes a post unique in its channel.
func keyOf(key string, number int64) string {
	if key == "" {
		return fmt.Sprintf("#%d", number)
	}
	return "=" + key
}
