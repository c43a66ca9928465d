package cosapi

import (
	"context"
	"io"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// progressAbove is the size above which transfers report every tenth of their progress.
const progressAbove = 64 << 20

// progressEvery is how long a transfer of any size is under way without a report.
const progressEvery = 10 * time.Second

// progressSteps is how many reports a transfer makes.
const progressSteps = 10

// progressMeter reports a long transfer to Config.Progress: once per tenth of it, and where that
// takes long, every ten seconds.
type progressMeter struct {
	client  *Client
	ctx     context.Context
	report  Progress
	started time.Time
	mu      sync.Mutex
	next    int64     // bytes
	last    time.Time // of a report
}

func (c *Client) newProgress(
	ctx context.Context, op string, ref ObjectRef, total int64,
) *progressMeter {
	now, next := time.Now(), total/progressSteps
	if total <= progressAbove {
		next = math.MaxInt64
	}
	return &progressMeter{
		client: c, ctx: ctx, report: Progress{Op: op, Ref: ref, Total: total},
		started: now, last: now, next: next,
	}
}

// add counts bytes that were transferred; a negative number takes back those that are sent again.
func (p *progressMeter) add(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.report.Done += n
	now := time.Now()
	if p.report.Done < p.next && now.Sub(p.last) < progressEvery {
		return
	}
	for step := p.report.Total / progressSteps; p.next <= p.report.Done; {
		p.next += step
	}
	p.last, p.report.Elapsed = now, now.Sub(p.started)
	p.client.config.Progress(p.ctx, p.report)
}

// part is the progress of one part of the transfer.
func (p *progressMeter) part() *partProgress { return &partProgress{meter: p} }

// partProgress counts the bytes of one part as they pass. What an earlier try of the part counted
// is taken back when the next try begins.
type partProgress struct {
	meter   *progressMeter
	counted atomic.Int64
}

// reading counts what is read from r, which is a new try.
func (p *partProgress) reading(r io.Reader) io.Reader {
	p.meter.add(-p.counted.Swap(0))
	return io.TeeReader(r, p)
}

// Write counts bytes.
func (p *partProgress) Write(b []byte) (int, error) {
	p.counted.Add(int64(len(b)))
	p.meter.add(int64(len(b)))
	return len(b), nil
}
