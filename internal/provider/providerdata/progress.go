package providerdata

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

type progressKey struct{}

// WithProgress has what is transferred below the context told to a person, a sentence at a time. tell
// is never called twice at once. Terraform shows such sentences of actions alone; everything else goes
// to the log.
func WithProgress(ctx context.Context, tell func(sentence string)) context.Context {
	var mu sync.Mutex
	return context.WithValue(ctx, progressKey{}, func(sentence string) {
		mu.Lock()
		defer mu.Unlock()
		tell(sentence)
	})
}

// TellProgress tells whoever wants to be told.
func TellProgress(ctx context.Context, progress cosapi.Progress) {
	if tell, ok := ctx.Value(progressKey{}).(func(string)); ok {
		tell(ProgressSentence(progress))
	}
}

// ProgressSentence says how far a transfer is, in numbers that a person reads at a glance.
func ProgressSentence(p cosapi.Progress) string {
	sentence := fmt.Sprintf("%s: %s", p.Ref, Size(p.Done))
	if p.Total > 0 {
		sentence = fmt.Sprintf("%s: %d %%, %s of %s", p.Ref, p.Done*100/p.Total, Size(p.Done),
			Size(p.Total))
	}
	if seconds := p.Elapsed.Seconds(); seconds > 0 {
		sentence += fmt.Sprintf(", %s/s", Size(int64(float64(p.Done)/seconds)))
	}
	return sentence + ", " + p.Elapsed.Round(time.Second).String() + " so far"
}

// Size is a number of bytes with a unit: 1.5 GiB.
func Size(bytes int64) string {
	const units = "KMGTPE"
	if bytes < 1<<10 {
		return fmt.Sprintf("%d B", bytes)
	}
	value, unit := float64(bytes)/(1<<10), 0
	for value >= 1<<10 && unit < len(units)-1 {
		value, unit = value/(1<<10), unit+1
	}
	return fmt.Sprintf("%.1f %ciB", value, units[unit])
}
