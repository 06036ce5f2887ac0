package mongo

import (
	"context"
	"maps"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// Sweep forgets events that have expired, and their keys with them; see
// [bus.Store].
func (s *Store) Sweep(ctx context.Context, limit int) (int, error) {
	old := bson.D{{Key: "t", Value: bson.D{{Key: "$lte", Value: s.now().Add(-s.ttl)}}}}
	cursor, err := s.events.Find(ctx, old, options.Find().SetLimit(int64(limit)))
	if err != nil {
		return 0, err
	}
	var found []document
	if err := cursor.All(ctx, &found); err != nil {
		return 0, err
	}
	byChannel := map[string][]int64{}
	for _, d := range found {
		byChannel[d.Channel] = append(byChannel[d.Channel], d.Number)
	}
	gone := 0
	for _, channel := range slices.Sorted(maps.Keys(byChannel)) {
		n, err := s.remove(ctx, channel, byChannel[channel])
		gone += n
		if err != nil {
			return gone, err
		}
	}
	return gone, nil
}

// remove removes events of a channel. Before that it writes down the largest of
// their numbers, which may be the last of all.
func (s *Store) remove(ctx context.Context, channel string, numbers []int64) (int, error) {
	if err := s.keepLast(ctx, channel, slices.Max(numbers)); err != nil {
		return 0, err
	}
	got, err := s.events.DeleteMany(ctx, bson.D{
		{Key: "c", Value: channel}, {Key: "k", Value: bson.D{{Key: "$in", Value: numbers}}},
	})
	if err != nil {
		return 0, err
	}
	return int(got.DeletedCount), nil
}

// keepLast raises what is written down of a channel to number, if it is less.
func (s *Store) keepLast(ctx context.Context, channel string, number int64) error {
	raise := bson.D{{Key: "$set", Value: bson.D{{Key: "k", Value: number}}}}
	got, err := s.channels.UpdateOne(ctx, bson.D{
		{Key: "_id", Value: channel}, {Key: "k", Value: bson.D{{Key: "$lt", Value: number}}},
	}, raise)
	if err != nil || got.MatchedCount > 0 {
		return err
	}
	_, err = s.channels.InsertOne(ctx, bson.D{{Key: "_id", Value: channel}, {Key: "k", Value: number}})
	if !mongo.IsDuplicateKeyError(err) {
		return err
	}
	// It is there: as large already, or written down by another a moment ago.
	_, err = s.channels.UpdateOne(ctx, bson.D{
		{Key: "_id", Value: channel}, {Key: "k", Value: bson.D{{Key: "$lt", Value: number}}},
	}, raise)
	return err
}
