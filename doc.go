// Package webdyno is a dynamometer for web servers.
//
// The program is in cmd/webdyno, what it is made of under internal. Here are the
// tests that look at the repository as a whole: the floors that its packages
// stand on, its formatting, its comments and the links between its documents.
package webdyno
