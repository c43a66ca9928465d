package cosemu

import (
	"fmt"
	"slices"
	"sync"
)

// Fault is something that goes wrong with the next requests of an operation. Each member stands for
// an event that clients of the real service see. FaultOfKind has the usual ones by name. The JSON
// names are those of the admin address.
//
// A fault says what is answered (Status, Code, Gateway, Redirect, Empty, ErrorIn200, or none of
// these for the true answer), whether the request is carried out all the same (Act), what becomes
// of the connection (Reset, EOF, Garbage, Truncate, Stall), and what is damaged in the answer (the
// rest). These combine: Status with Truncate is a cut error.
type Fault struct {
	// Op is an operation as in JournalEntry; * is any. BatchTask is the next tasks of COS Batch, with
	// a status or a code, and BatchReport its next completion reports: an error leaves one out, a
	// delay makes it late by the emulator's clock.
	Op string `json:"op"`
	// Key restricts the fault to one object; "" is any.
	Key string `json:"key,omitempty"`
	// Times is how often it happens; 0 is once, or without an end if there is a Percent. Skip lets
	// that many requests pass before.
	Times int `json:"times"`
	Skip  int `json:"skip,omitempty"`
	// Percent is the share of requests that it happens to, from 0 to 100; 0 is all of them. Which
	// ones follows from Config.ChaosSeed.
	Percent float64 `json:"percent,omitempty"`
	// Act carries the request out before it is answered otherwise: the client is told of a failure
	// that was none.
	Act bool `json:"act,omitempty"`
	// Status and Code answer with an error instead of carrying out the request: a refusal or an
	// overload. One is derived from the other where it is left out.
	Status int    `json:"status,omitempty"`
	Code   string `json:"code,omitempty"`
	// Gateway answers with this status, a page in HTML and nothing that COS sends, not even
	// x-cos-request-id: something between client and service answered in its place.
	Gateway int `json:"gateway,omitempty"`
	// Redirect answers 307 to this URL, without anything that COS sends.
	Redirect string `json:"redirect,omitempty"`
	// Empty answers 200 with COS's identity and nothing else, without carrying the request out.
	Empty bool `json:"empty,omitempty"`
	// ErrorIn200 answers a copy or Complete with 200 and an error as the body, without carrying it
	// out (7730). Code is the error's, default InternalError.
	ErrorIn200 bool `json:"error_in_200,omitempty"`
	// Reset resets the connection before anything is carried out: a broken network.
	Reset bool `json:"reset,omitempty"`
	// EOF closes the connection in order, without an answer.
	EOF bool `json:"eof,omitempty"`
	// Garbage answers with bytes that are not HTTP.
	Garbage bool `json:"garbage,omitempty"`
	// Truncate cuts the connection after half of the answer's body.
	Truncate bool `json:"truncate,omitempty"`
	// Stall sends half of the answer's body, of an answer without a body nothing, and then leaves
	// the connection open until the client gives up.
	Stall bool `json:"stall,omitempty"`
	// DropAnswer carries out the request and cuts the connection instead of answering: the client
	// cannot know whether it succeeded.
	DropAnswer bool `json:"drop_answer,omitempty"`
	// DelayMS delays the request by so many milliseconds; alone it does nothing else.
	DelayMS int `json:"delay_ms,omitempty"`
	// DribbleMS sends the body byte by byte, so many milliseconds apart.
	DribbleMS int `json:"dribble_ms,omitempty"`
	// Echo puts the whole request, its headers included, into the message of an error: a server that
	// is helpful to whoever reads logs. It needs Status or Code.
	Echo bool `json:"echo,omitempty"`
	// BloatBody makes an answer's body longer by so many bytes, BloatHeaders its headers.
	BloatBody    int64 `json:"bloat_body,omitempty"`
	BloatHeaders int64 `json:"bloat_headers,omitempty"`
	// NoETag, NoCRC64, NoRequestID and NoEncryptionEcho leave out the ETag, x-cos-hash-crc64ecma (and
	// the CRC64 of a copy's document), x-cos-request-id, or all encryption headers: a gateway
	// removed them.
	NoETag           bool `json:"no_etag,omitempty"`
	NoCRC64          bool `json:"no_crc64,omitempty"`
	NoRequestID      bool `json:"no_request_id,omitempty"`
	NoEncryptionEcho bool `json:"no_encryption_echo,omitempty"`
	// WrongCRC64 answers with another CRC64, in header and document.
	WrongCRC64 bool `json:"wrong_crc64,omitempty"`
	// Malformed makes documents that are no XML. FlipBit changes one bit in the middle of a body.
	Malformed bool `json:"malformed,omitempty"`
	FlipBit   bool `json:"flip_bit,omitempty"`
	// DropEncryption carries out a write without the encryption asked for: a defective server.
	DropEncryption bool `json:"drop_encryption,omitempty"`
	// BucketEncryption, for BatchTask only, gives the bucket another default encryption right before
	// the task: none, AES256, SM4 or KMS:<key id>. Somebody changed it under a job.
	BucketEncryption string `json:"bucket_encryption,omitempty"`
}

// check refuses faults that could never do anything: a misspelt operation would make a test pass
// that shows nothing.
func (f Fault) check() error {
	switch {
	case f.Op != "*" && !knownOp(f.Op):
		return fmt.Errorf("fault: there is no operation %q", f.Op)
	case f.BucketEncryption != "" && (f.Op != opBatchTask || !isDefault(f.BucketEncryption)):
		return fmt.Errorf("fault of %s: bucket_encryption %q is for %s, and none, AES256, SM4 or "+
			"KMS:<key id>", f.Op, f.BucketEncryption, opBatchTask)
	case min(f.Times, f.Skip, f.DelayMS, f.DribbleMS) < 0 || min(f.BloatBody, f.BloatHeaders) < 0:
		return fmt.Errorf("fault of %s: numbers must not be negative", f.Op)
	case f.Percent < 0 || f.Percent > 100:
		return fmt.Errorf("fault of %s: percent is from 0 to 100, not %g", f.Op, f.Percent)
	case f.Status != 0 && (f.Status < 300 || f.Status > 599):
		return fmt.Errorf("fault of %s: status %d is not that of an error", f.Op, f.Status)
	case f.Gateway != 0 && (f.Gateway < 200 || f.Gateway > 599):
		return fmt.Errorf("fault of %s: a gateway does not answer %d", f.Op, f.Gateway)
	case f == Fault{Op: f.Op, Key: f.Key, Times: f.Times, Skip: f.Skip, Percent: f.Percent}:
		return fmt.Errorf("fault of %s: it does not say what goes wrong", f.Op)
	}
	return f.checkCombination()
}

// checkCombination refuses members that would do nothing beside the others.
func (f Fault) checkCombination() error {
	answers := 0
	for _, says := range []bool{
		f.Status != 0 || f.Code != "" || f.ErrorIn200, f.Gateway != 0, f.Redirect != "", f.Empty,
	} {
		if says {
			answers++
		}
	}
	switch {
	case answers > 1:
		return fmt.Errorf("fault of %s: it says more than one answer", f.Op)
	case f.Act && answers == 0 && !f.Reset && !f.EOF && !f.Garbage:
		return fmt.Errorf("fault of %s: act needs another answer than the true one", f.Op)
	case f.Echo && f.Status == 0 && f.Code == "":
		return fmt.Errorf("fault of %s: echo needs a status or a code", f.Op)
	}
	return nil
}

func checkFaults(faults []Fault) error {
	for _, fault := range faults {
		if err := fault.check(); err != nil {
			return err
		}
	}
	return nil
}

// knownOp reports an operation that the emulator serves.
func knownOp(op string) bool {
	for _, routes := range append(allRoutes(), controlOps) {
		for _, entry := range routes {
			if entry.op == op {
				return true
			}
		}
	}
	return isBatchWork(op)
}

// faultScript is the list of faults to come, and the chaos of all requests.
type faultScript struct {
	mu     sync.Mutex
	faults []*Fault
	chaos  []Fault // each with its own Percent
	seed   uint64
	// draws counts the requests of each operation on each object that chance decided on.
	draws map[string]uint64
}

// AddFaults appends faults. Each request is subject to at most one: the first that fits. It panics
// on a fault that could never do anything, such as one of a misspelt operation; the admin address
// answers 400 instead.
func (s *Server) AddFaults(faults ...Fault) {
	if err := checkFaults(faults); err != nil {
		panic(err)
	}
	s.faults.add(faults)
}

func (f *faultScript) add(faults []Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fault := range faults {
		if fault.Percent == 0 {
			fault.Times = max(fault.Times, 1)
		}
		f.faults = append(f.faults, &fault)
	}
}

// PendingFaults returns the faults that are still to come, but for chaos.
func (s *Server) PendingFaults() []Fault {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	pending := make([]Fault, 0, len(s.faults.faults))
	for _, fault := range s.faults.faults {
		pending = append(pending, *fault)
	}
	return pending
}

// ClearFaults removes all faults but those of SetChaos.
func (s *Server) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.faults = nil
}

// take returns the fault that a request is subject to, nil for none, and uses it up. What was
// scripted goes before chaos.
func (f *faultScript) take(op, key string) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, fault := range f.faults {
		switch {
		case !fault.fits(op, key):
			continue
		case fault.Skip > 0:
			fault.Skip--
			continue
		case fault.Percent > 0 && f.draw(op, key) >= fault.Percent:
			continue
		}
		taken := *fault
		if fault.Times--; fault.Times == 0 {
			f.faults = slices.Delete(f.faults, i, i+1)
		}
		return &taken
	}
	return f.takeChaos(op, key)
}

func (f *Fault) fits(op, key string) bool {
	return (f.Op == op || f.Op == "*" && !isBatchWork(op)) && (f.Key == "" || f.Key == key)
}
