package cosemu

import (
	"fmt"
	"maps"
	"slices"
)

// faultKinds are the usual faults by name.
var faultKinds = map[string]Fault{
	"500":            {Status: 500},
	"503":            {Status: 503, Code: "SlowDown"},
	"429":            {Status: 429, Code: "SlowDown"},
	"expired-token":  {Code: "ExpiredToken"},
	"clock-skew":     {Code: "RequestTimeTooSkewed"},
	"access-denied":  {Code: "AccessDenied"},
	"gateway-200":    {Gateway: 200},
	"gateway-403":    {Gateway: 403},
	"gateway-404":    {Gateway: 404},
	"gateway-502":    {Gateway: 502},
	"gateway-after":  {Gateway: 504, Act: true},
	"redirect":       {Redirect: "https://elsewhere.invalid/"},
	"reset":          {Reset: true},
	"eof":            {EOF: true},
	"garbage":        {Garbage: true},
	"drop-answer":    {DropAnswer: true},
	"error-after":    {Status: 500, Act: true},
	"error-in-200":   {ErrorIn200: true},
	"empty-200":      {Empty: true},
	"cut":            {Truncate: true},
	"cut-error":      {Status: 500, Truncate: true},
	"malformed-xml":  {Malformed: true},
	"flip-bit":       {FlipBit: true},
	"stall":          {Stall: true},
	"dribble":        {DribbleMS: 100},
	"dribble-error":  {Status: 500, DribbleMS: 100},
	"echo":           {Status: 400, Code: "InvalidRequest", Echo: true},
	"bloat-body":     {Status: 500, BloatBody: 400 << 20},
	"bloat-headers":  {BloatHeaders: 20 << 20},
	"no-etag":        {NoETag: true},
	"no-crc64":       {NoCRC64: true},
	"wrong-crc64":    {WrongCRC64: true},
	"no-request-id":  {NoRequestID: true},
	"no-encryption":  {NoEncryptionEcho: true},
	"not-encrypted":  {DropEncryption: true},
	"slow":           {DelayMS: 1000},
	"kms-refusal":    {Code: "KmsException"},
	"kms-overloaded": {Code: "KmsFreqControl"},
}

// FaultKinds names the faults that FaultOfKind makes, in the order of the alphabet.
func FaultKinds() []string { return slices.Sorted(maps.Keys(faultKinds)) }

// FaultOfKind is a usual fault of an operation, to be given to AddFaults as it is or with more
// members. Use a Fault of your own where the next failure needs other numbers.
func FaultOfKind(kind, op string) (Fault, error) {
	fault, ok := faultKinds[kind]
	if !ok {
		return Fault{}, fmt.Errorf("there is no fault %q; there are %q", kind, FaultKinds())
	}
	fault.Op = op
	return fault, fault.check()
}
