package cosapi

import (
	"context"
	"errors"
	"iter"

	cos "github.com/tencentyun/cos-go-sdk-v5"
)

// errRepeatedPage would list for ever.
var errRepeatedPage = errors.New("the pages of the listing repeat")

// Jobs lists the account's jobs of the last 90 days in this region, whatever their state, in COS's
// order (document 33783). After an error the sequence ends.
func (b *Batch) Jobs(ctx context.Context) iter.Seq2[Job, error] {
	return func(yield func(Job, error) bool) {
		token := ""
		seen := map[string]bool{}
		for {
			page, next, err := b.jobsPage(ctx, token)
			if err != nil {
				yield(Job{}, err)
				return
			}
			for _, job := range page {
				if !yield(job, nil) {
					return
				}
			}
			// A full page has a token although nothing follows it: an empty page ends the list.
			if next == "" || len(page) == 0 {
				return
			}
			if seen[next] {
				yield(Job{}, &Error{Op: "ListJobs", Ref: b.ref, Err: errRepeatedPage})
				return
			}
			seen[next], token = true, next
		}
	}
}

func (b *Batch) jobsPage(ctx context.Context, token string) (jobs []Job, next string, err error) {
	err = b.do(ctx, "ListJobs", func(ctx context.Context, sdk *cos.Client) (*cos.Response, error) {
		result, resp, err := sdk.Batch.ListJobs(ctx, &cos.BatchListJobsOptions{
			NextToken: token,
		}, &b.headers)
		if err != nil {
			return resp, err
		}
		jobs, next = nil, result.NextToken
		if result.Jobs != nil {
			for _, member := range result.Jobs.Members {
				jobs = append(jobs, listedJob(member))
			}
		}
		return resp, nil
	})
	return jobs, next, err
}

func listedJob(from cos.BatchListJobsMember) Job {
	job := Job{
		ID: from.JobId, Status: JobStatus(from.Status), Description: from.Description,
		Priority: from.Priority, Created: parseTime(from.CreationTime),
		Ended: parseTime(from.TerminationDate),
	}
	job.count(from.ProgressSummary)
	return job
}
