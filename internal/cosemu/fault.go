package cosemu

import (
	"slices"
	"sync"
)

// Fault is something that goes wrong with the next requests of an operation.
type Fault struct {
	// Op is an operation as in JournalEntry; * is any.
	Op string `json:"op"`
	// Key restricts the fault to one object; "" is any.
	Key string `json:"key,omitempty"`
	// Times is how often it happens; 0 is once. Skip lets that many requests pass before.
	Times int `json:"times"`
	Skip  int `json:"skip,omitempty"`
	// Status and Code answer with an error instead of carrying out the request: a refusal or an
	// overload.
	Status int    `json:"status,omitempty"`
	Code   string `json:"code,omitempty"`
	// Reset resets the connection before anything is carried out: a broken network.
	Reset bool `json:"reset,omitempty"`
	// Truncate carries out the request and cuts the answer's body in half.
	Truncate bool `json:"truncate,omitempty"`
	// DropAnswer carries out the request and cuts the connection instead of answering: the client
	// cannot know whether it succeeded.
	DropAnswer bool `json:"drop_answer,omitempty"`
	// ErrorIn200 answers a copy or Complete with 200 and an error as the body, without carrying it
	// out (7730). Code is the error's, default InternalError.
	ErrorIn200 bool `json:"error_in_200,omitempty"`
	// DelayMS delays the request; alone it does nothing else.
	DelayMS int `json:"delay_ms,omitempty"`
	// NoEncryptionEcho answers a write without its encryption headers: a gateway removed them.
	NoEncryptionEcho bool `json:"no_encryption_echo,omitempty"`
	// DropEncryption carries out a write without the encryption asked for: a defective server.
	DropEncryption bool `json:"drop_encryption,omitempty"`
	// NoCRC64 answers without x-cos-hash-crc64ecma.
	NoCRC64 bool `json:"no_crc64,omitempty"`
}

// faultScript is the list of faults to come.
type faultScript struct {
	mu     sync.Mutex
	faults []*Fault
}

// AddFaults appends faults. Each request is subject to at most one: the first that fits.
func (s *Server) AddFaults(faults ...Fault) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	for _, fault := range faults {
		if fault.Times == 0 {
			fault.Times = 1
		}
		s.faults.faults = append(s.faults.faults, &fault)
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
		case fault.Op != op && fault.Op != "*", fault.Key != "" && fault.Key != key:
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
