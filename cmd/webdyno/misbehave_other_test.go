//go:build !linux

package main

// misbehave has no part here: faults are caused by means of Linux's.
func misbehave() {}
