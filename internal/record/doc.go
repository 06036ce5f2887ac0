// Package record keeps the evidence of a run on disk, in a folder that survives
// a crash and can be read without webdyno. The format is told in
// docs/format.md.
//
// A Writer owns the folder from Create or Resume to Close: it holds a lock that
// keeps a second one out. Package supervise writes the files under logs, at
// paths the Writer hands out; everything else in the folder is the Writer's.
//
// What a trial left is appended in two steps. Its histograms are written to a
// file of their own and synced, name and all; then one line goes to
// trials.ndjson, in one write, and is synced too. The line is what makes the
// trial part of the record: a file without a line is nothing, a line without
// its newline is nothing, and a reader never sees either. Whatever fails, the
// trials appended before stay as they were.
//
// A Record is what a reader sees. It keeps the lines' places and not their
// content, because the histograms of a thousand trials would take gigabytes:
// Each restores one measurement at a time.
//
// The structs that are written are this package's own (wire.go, setup.go), so
// that renaming something in package evidence cannot change the format.
// Nothing is concluded here, and nothing in a record is ever rewritten but the
// reports.
package record
