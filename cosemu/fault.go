package cosemu

import (
	"fmt"
	"slices"
	"sync"
)

// Fault is something that goes wrong with the next requests of an operation. Each kind stands for
// an event that clients of the real service see. The JSON names are those of the admin address.
type Fault struct {
	// Op is an operation as in JournalEntry; * is any. BatchTask is the next tasks of COS Batch, with
	// a status or a code, and BatchReport its next completion reports: an error leaves one out, a
	// delay makes it late by the emulator's clock.
	Op string `json:"op"`
	// Key restricts the fault to one object; "" is any.
	Key string `json:"key,omitempty"`
	// Times is how often it happens; 0 is once. Skip lets that many requests pass before.
	Times int `json:"times"`
	Skip  int `json:"skip,omitempty"`
	// Status and Code answer with an error instead of carrying out the request: a refusal or an
	// overload. One is derived from the other where it is left out.
	Status int    `json:"status,omitempty"`
	Code   string `json:"code,omitempty"`
	// Reset resets the connection before anything is carried out: a broken network.
	Reset bool `json:"reset,omitempty"`
	// Truncate carries out the request and cuts the connection after half of the answer's body.
	Truncate bool `json:"truncate,omitempty"`
	// DropAnswer carries out the request and cuts the connection instead of answering: the client
	// cannot know whether it succeeded.
	DropAnswer bool `json:"drop_answer,omitempty"`
	// ErrorIn200 answers a copy or Complete with 200 and an error as the body, without carrying it
	// out (7730). Code is the error's, default InternalError.
	ErrorIn200 bool `json:"error_in_200,omitempty"`
	// DelayMS delays the request by so many milliseconds; alone it does nothing else.
	DelayMS int `json:"delay_ms,omitempty"`
	// NoEncryptionEcho answers a write without its encryption headers: a gateway removed them.
	NoEncryptionEcho bool `json:"no_encryption_echo,omitempty"`
	// DropEncryption carries out a write without the encryption asked for: a defective server.
	DropEncryption bool `json:"drop_encryption,omitempty"`
	// NoCRC64 answers without x-cos-hash-crc64ecma: a gateway removed it.
	NoCRC64 bool `json:"no_crc64,omitempty"`
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
	case f.Times < 0 || f.Skip < 0 || f.DelayMS < 0:
		return fmt.Errorf("fault of %s: times, skip and delay_ms must not be negative", f.Op)
	case f.Status != 0 && (f.Status < 300 || f.Status > 599):
		return fmt.Errorf("fault of %s: status %d is not that of an error", f.Op, f.Status)
	case f == Fault{Op: f.Op, Key: f.Key, Times: f.Times, Skip: f.Skip}:
		return fmt.Errorf("fault of %s: it does not say what goes wrong", f.Op)
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

// faultScript is the list of faults to come.
type faultScript struct {
	mu     sync.Mutex
	faults []*Fault
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
		fault.Times = max(fault.Times, 1)
		f.faults = append(f.faults, &fault)
	}
}

// ClearFaults removes all faults.
func (s *Server) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.faults = nil
}

// take returns the fault that a request is subject to, nil for none, and uses it up.
func (f *faultScript) take(op, key string) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, fault := range f.faults {
		switch {
		case fault.Op != op && (fault.Op != "*" || isBatchWork(op)), fault.Key != "" && fault.Key != key:
			continue
		case fault.Skip > 0:
			fault.Skip--
			continue
		}
		taken := *fault
		if fault.Times--; fault.Times <= 0 {
			f.faults = slices.Delete(f.faults, i, i+1)
		}
		return &taken
	}
	return nil
}
