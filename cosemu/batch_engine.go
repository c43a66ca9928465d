package cosemu

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"
)

// jobState is a state of a job (33782).
type jobState string

const (
	jobNew        jobState = "New"
	jobPreparing  jobState = "Preparing"
	jobSuspended  jobState = "Suspended"
	jobReady      jobState = "Ready"
	jobActive     jobState = "Active"
	jobPausing    jobState = "Pausing"
	jobPaused     jobState = "Paused"
	jobCompleting jobState = "Completing"
	jobComplete   jobState = "Complete"
	jobCancelling jobState = "Cancelling"
	jobCancelled  jobState = "Cancelled"
	jobFailing    jobState = "Failing"
	jobFailed     jobState = "Failed"
)

var jobStates = []jobState{
	jobNew, jobPreparing, jobSuspended, jobReady, jobActive, jobPausing, jobPaused, jobCompleting,
	jobComplete, jobCancelling, jobCancelled, jobFailing, jobFailed,
}

func (s jobState) final() bool {
	return s == jobComplete || s == jobCancelled || s == jobFailed
}

const (
	// jobLife is how long a job is remembered (32961).
	jobLife = 90 * 24 * time.Hour
	// failFrom is the number of tasks from which on a job fails when most of them failed (32961).
	failFrom = 1000
)

// job is a job with its tasks.
type job struct {
	id, region, uin, appID string
	request                createJobXML
	priority               int64
	state                  jobState
	created, ended         time.Time
	suspended              time.Time
	// prepared says that the manifest was read, so that the total is known.
	prepared          bool
	tasks             []task
	done              int // tasks carried out
	succeeded, failed int
	failure           *apiError
	reason            string // of the last change of status by request
	results           []taskResult
	report            *pendingReport
}

// batchEngine runs the account's jobs. Its mutex is taken before the store's.
type batchEngine struct {
	mu   sync.Mutex
	jobs []*job // in the order of their creation
	next time.Time
}

// BatchJob is a job as the emulator remembers it, whatever a client could still ask for.
type BatchJob struct {
	ID          string `json:"id"`
	Token       string `json:"token"`
	Description string `json:"description"`
	Status      string `json:"status"`
	Total       int    `json:"total"`
	Succeeded   int    `json:"succeeded"`
	Failed      int    `json:"failed"`
}

// BatchJobs returns all jobs that were ever created and not deleted, the oldest first. Jobs whose
// 90 days are over are among them, unlike in ListJobs.
func (s *Server) BatchJobs() []BatchJob {
	s.batch.mu.Lock()
	defer s.batch.mu.Unlock()
	s.batch.catchUp(s)
	jobs := make([]BatchJob, 0, len(s.batch.jobs))
	for _, j := range s.batch.jobs {
		jobs = append(jobs, BatchJob{
			ID: j.id, Token: j.request.ClientRequestToken, Description: j.request.Description,
			Status: string(j.state), Total: len(j.tasks), Succeeded: j.succeeded, Failed: j.failed,
		})
	}
	return jobs
}

// newJobID is a random UUID.
func newJobID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// add takes a job whose request was checked, unless its token is taken.
func (e *batchEngine) add(s *Server, x *exchange, request createJobXML) (*job, *apiError) {
	now := s.config.Now()
	for _, j := range e.jobs {
		if j.request.ClientRequestToken == request.ClientRequestToken && !j.forgotten(now) {
			return nil, failure("InvalidRequest", "The ClientRequestToken already exists.")
		}
	}
	priority, _ := strconv.ParseInt(request.Priority, 10, 32)
	j := &job{
		id: newJobID(), region: x.entry.Region, uin: x.control.uin, appID: x.control.appID,
		request: request, priority: priority, state: jobNew, created: now,
	}
	if !slices.ContainsFunc(e.jobs, (*job).unfinished) {
		e.next = now.Add(s.config.Batch.Step)
	}
	e.jobs = append(e.jobs, j)
	return j, nil
}

func (j *job) unfinished() bool { return !j.state.final() }

// forgotten reports a job that ended and began more than 90 days ago.
func (j *job) forgotten(now time.Time) bool {
	return j.state.final() && now.Sub(j.created) > jobLife
}

// catchUp moves jobs on to where they are at this moment.
func (e *batchEngine) catchUp(s *Server) {
	now := s.config.Now()
	e.deliver(s, now)
	step := s.config.Batch.Step
	if step <= 0 {
		return
	}
	for !e.next.After(now) && slices.ContainsFunc(e.jobs, (*job).unfinished) {
		e.next = e.next.Add(step)
		if !e.step(s) {
			e.next = now.Add(step) // only suspended jobs: nothing to catch up with
		}
	}
	e.deliver(s, now)
}

// step moves every job on by one state, and reports whether any moved.
func (e *batchEngine) step(s *Server) bool {
	moved := false
	jobs := slices.Clone(e.jobs)
	slices.SortStableFunc(jobs, func(a, b *job) int { return cmp.Compare(b.priority, a.priority) })
	for _, j := range jobs {
		before, done := j.state, j.done
		e.move(s, j)
		moved = moved || j.state != before || j.done != done
	}
	return moved
}

// move is one step of one job (32961).
func (e *batchEngine) move(s *Server, j *job) {
	switch j.state {
	case jobNew:
		j.state = jobPreparing
	case jobPreparing:
		e.prepare(s, j)
	case jobReady, jobPaused:
		if e.mayRun(j) {
			j.state = jobActive
		}
	case jobActive:
		e.run(s, j)
	case jobPausing:
		j.state = jobPaused
	case jobCompleting:
		j.end(s, jobComplete)
	case jobCancelling:
		j.end(s, jobCancelled)
	case jobFailing:
		j.end(s, jobFailed)
	case jobSuspended, jobComplete, jobCancelled, jobFailed:
	}
}

// prepare reads the manifest.
func (e *batchEngine) prepare(s *Server, j *job) {
	if err := s.prepareJob(j); err != nil {
		j.failure, j.state = err, jobFailing
		return
	}
	j.prepared = true
	if j.request.ConfirmationRequired == "true" && !s.config.Batch.IgnoreConfirmation {
		j.state, j.suspended = jobSuspended, s.config.Now()
		return
	}
	j.state = jobReady
}

// mayRun reports that no other job of the region is at work, and none of a higher priority waits.
func (e *batchEngine) mayRun(j *job) bool {
	return !slices.ContainsFunc(e.jobs, func(other *job) bool {
		if other == j || other.region != j.region {
			return false
		}
		waits := other.state == jobReady || other.state == jobPaused
		return other.state == jobActive || other.state == jobPausing ||
			waits && other.priority > j.priority
	})
}

// outranked reports a job of a higher priority that waits for this one.
func (e *batchEngine) outranked(j *job) bool {
	return slices.ContainsFunc(e.jobs, func(other *job) bool {
		return other.region == j.region && other.priority > j.priority &&
			(other.state == jobReady || other.state == jobPaused)
	})
}

// run carries out the next tasks of an active job.
func (e *batchEngine) run(s *Server, j *job) {
	for range s.config.Batch.TasksPerStep {
		switch {
		case j.done == len(j.tasks):
			j.state = jobCompleting
			return
		case e.outranked(j):
			j.state = jobPausing
			return
		}
		j.runNext(s)
		if j.done > failFrom && 2*j.failed > j.done {
			j.failure = &apiError{
				code:    "JobFailed",
				message: fmt.Sprintf("More than half of %d tasks failed.", j.done),
			}
			j.state = jobFailing
			return
		}
	}
}

// runNext carries out one task. Jobs do not keep to the order of the list (32961).
func (j *job) runNext(s *Server) {
	result := s.runTask(j, j.tasks[len(j.tasks)-1-j.done])
	j.done++
	if result.err != nil {
		j.failed++
	} else {
		j.succeeded++
	}
	j.results = append(j.results, result)
}

// end makes a state final and has the report written.
func (j *job) end(s *Server, state jobState) {
	j.state, j.ended = state, s.config.Now()
	j.report = s.newReport(j)
}

// deliver writes reports that are due.
func (e *batchEngine) deliver(s *Server, now time.Time) {
	for _, j := range e.jobs {
		if j.report != nil && !j.report.due.After(now) {
			s.writeReport(j)
			j.report, j.results = nil, nil
		}
	}
}

// runJobs moves jobs on to where they are at this moment.
func (s *Server) runJobs() {
	s.batch.mu.Lock()
	defer s.batch.mu.Unlock()
	s.batch.catchUp(s)
}
