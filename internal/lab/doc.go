// Package lab carries out a plan: rounds, blocks, trials.
//
// # What happens over time
//
// A round starts the services that its subjects need, and then every subject
// afresh, in an order drawn from the plan's seed,
// asks each for a right answer to every request of the workload, and warms it.
// Then come the round's blocks: one trial of every subject at one setting,
// close together in time. At the end of the round every subject is stopped, and
// it is made sure that nothing of it is left; then the services.
//
// # What goes wrong
//
// A subject that does not start, answers wrongly or dies is evidence, recorded
// like any other, and does not end the plan. It is started again for its next
// trial, at most restartsPerRound times a round; after that its trials of the
// round are recorded as not done. Run returns an error only if the plan cannot
// go on: the record cannot be written, or the context is done.
//
// A service that is not there is no failure of the subjects that need it. Their
// trials of the round say so, and the next round has it again.
//
// # Who owns what
//
// One goroutine conducts. Servers, loads and readings are begun and ended by
// it; events are delivered from it, in order. The lab keeps no measurement once
// it has been appended to the record.
package lab
