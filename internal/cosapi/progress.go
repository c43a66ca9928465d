package cosapi

import (
	"context"
	"sync"
	"time"
)

// progressAbove is the size from which transfers report progress.
const progressAbove = 64 << 20

// progressSteps is how many reports a transfer makes.
const progressSteps = 10

// progressMeter reports a long transfer to Config.Progress: once per tenth of it.
type progressMeter struct {
	client  *Client
	ctx     context.Context
	report  Progress
	started time.Time
	mu      sync.Mutex
	next    int64
}

func (c *Client) newProgress(
	ctx context.Context, op string, ref ObjectRef, total int64,
) *progressMeter {
	return &progressMeter{
		client: c, ctx: ctx, report: Progress{Op: op, Ref: ref, Total: total},
		started: time.Now(), next: total / progressSteps,
	}
}

// add counts bytes that were transferred.
func (p *progressMeter) add(n int64) {
	if p.report.Total < progressAbove {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.report.Done += n
	if p.report.Done < p.next {
		return
	}
	step := p.report.Total / progressSteps
	for p.next <= p.report.Done {
		p.next += step
	}
	p.report.Elapsed = time.Since(p.started)
	p.client.config.Progress(p.ctx, p.report)
}
