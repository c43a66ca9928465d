package cosemu

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
)

// Chaos breaks a share of all requests.
type Chaos struct {
	// Percent is the share of requests that fail, from 0 to 100.
	Percent float64 `json:"percent"`
	// Seed makes the failures repeatable: the same requests on the same object meet the same faults,
	// in whatever order the objects are served.
	Seed uint64 `json:"seed"`
	// Kinds are what happens, each as often as the others, as FaultKinds names it; the default is
	// DefaultChaos.
	Kinds []string `json:"kinds,omitempty"`
}

// DefaultChaos are the kinds of a Chaos that names none: what every client of a distant service
// meets, and nothing that is beyond recovery.
func DefaultChaos() []string {
	return []string{"500", "503", "429", "reset", "eof", "cut", "drop-answer", "gateway-502"}
}

// SetChaos breaks a share of all requests from now on, in place of what was set before. Faults of
// AddFaults go first.
func (s *Server) SetChaos(chaos Chaos) error {
	faults, err := chaos.faults()
	if err != nil {
		return err
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.chaos, s.faults.seed, s.faults.draws = faults, chaos.Seed, map[string]uint64{}
	return nil
}

// faults are the kinds with their share of the whole.
func (c Chaos) faults() ([]Fault, error) {
	if c.Percent < 0 || c.Percent > 100 {
		return nil, fmt.Errorf("chaos: percent is from 0 to 100, not %g", c.Percent)
	}
	kinds := c.Kinds
	if len(kinds) == 0 {
		kinds = DefaultChaos()
	}
	var faults []Fault
	for _, kind := range kinds {
		fault, err := FaultOfKind(kind, "*")
		if err != nil {
			return nil, fmt.Errorf("chaos: %w", err)
		}
		fault.Percent = c.Percent / float64(len(kinds))
		faults = append(faults, fault)
	}
	return faults, nil
}

// takeChaos is what chance decides on a request; nil for nothing.
func (f *faultScript) takeChaos(op, key string) *Fault {
	if len(f.chaos) == 0 || f.chaos[0].Percent == 0 || isBatchWork(op) {
		return nil
	}
	chance := f.draw(op, key)
	for _, fault := range f.chaos {
		if chance < fault.Percent {
			return &fault
		}
		chance -= fault.Percent
	}
	return nil
}

// draw is a number from 0 to 100 that follows from the seed, the operation, the object and how
// often that was drawn before. The order in which objects are served does not matter: that is
// chance's in a concurrent client.
func (f *faultScript) draw(op, key string) float64 {
	about := op + " " + key
	if f.draws == nil {
		f.draws = map[string]uint64{}
	}
	f.draws[about]++
	hash := fnv.New64a()
	_, _ = hash.Write(binary.LittleEndian.AppendUint64(nil, f.seed))
	_, _ = hash.Write([]byte(about))
	_, _ = hash.Write(binary.LittleEndian.AppendUint64(nil, f.draws[about]))
	return float64(mix(hash.Sum64())>>11) / (1 << 53) * 100
}

// mix spreads the differences of similar inputs over all bits.
func mix(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}
