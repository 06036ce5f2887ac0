package sys

import (
	"bytes"
	"encoding/binary"
	"testing"

	"golang.org/x/sys/unix"
)

// The loopback interface has one discipline at least, "noqueue" as a rule.
func TestQueueDisciplines(t *testing.T) {
	all, err := QueueDisciplines("lo")
	if err != nil {
		t.Skipf("this machine does not tell: %v", err)
	}
	for _, name := range all {
		if name == "" || bytes.ContainsAny([]byte(name), "\x00 \n") {
			t.Errorf("a discipline is called %q", name)
		}
	}
	if _, err := QueueDisciplines("no-such-link"); err == nil {
		t.Error("an interface that is not there has disciplines")
	}
}

func TestParseDisciplines(t *testing.T) {
	order := binary.NativeEndian
	message := func(kind uint16, index uint32, name string) []byte {
		body := make([]byte, tcMessageSize)
		order.PutUint32(body[tcIndexAt:], index)
		body = order.AppendUint16(body, uint16(attributeBegin+len(name)+1))
		body = order.AppendUint16(body, tcKind)
		body = append(body, name...)
		for body = append(body, 0); len(body)%4 != 0; {
			body = append(body, 0)
		}
		head := order.AppendUint32(nil, uint32(unix.SizeofNlMsghdr+len(body)))
		head = order.AppendUint16(head, kind)
		return append(append(head, make([]byte, unix.SizeofNlMsghdr-len(head))...), body...)
	}
	datagram := append(message(unix.RTM_NEWQDISC, 1, "netem"), message(unix.RTM_NEWQDISC, 2, "fq")...)
	datagram = append(datagram, message(unix.RTM_NEWQDISC, 1, "noqueue")...)
	all, done, err := parseDisciplines(datagram, 1)
	if err != nil || done || len(all) != 2 || all[0] != "netem" || all[1] != "noqueue" {
		t.Errorf("got %q, done %v, error %v; want netem and noqueue, and more to come", all, done, err)
	}
	if _, done, _ := parseDisciplines(message(unix.NLMSG_DONE, 0, ""), 1); !done {
		t.Error("the end was not seen")
	}
	for cut := range len(datagram) { // nothing that is cut off may panic
		parseDisciplines(datagram[:cut], 1)
	}
	order.PutUint32(datagram, 1<<30)
	if _, _, err := parseDisciplines(datagram, 1); err == nil {
		t.Error("a message longer than its datagram was read")
	}
}
