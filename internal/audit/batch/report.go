package batch

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// What is read of a report. It only explains: nothing depends on it.
const (
	maxReport   = 4 << 20
	reportTries = 3
	maxReasons  = 5
)

// explain says why tasks of a job failed, from its report where there is one. Neither the names of a
// report's files nor their columns are documented: files are found by the job's id, and columns by a
// schema if there is one, else by what they hold.
func (e *Engine) explain(ctx context.Context, job cosapi.Job) []string {
	text := fmt.Sprintf("%d of %d objects failed in job %s", job.Failed, job.Total, job.ID)
	reasons, err := e.reasons(ctx, job.ID)
	switch {
	case err != nil:
		return []string{text + "; its report cannot be read: " + err.Error()}
	case len(reasons) == 0:
		return []string{text + "; it has no report that says why"}
	}
	return []string{text + ": " + strings.Join(reasons, "; ")}
}

// reasons counts the failures of a report by what is said of them.
func (e *Engine) reasons(ctx context.Context, id string) ([]string, error) {
	var files []string
	for try := range reportTries {
		keys, err := e.keysBelow(ctx, e.evidence(e.ReportPrefix))
		if err != nil {
			return nil, err
		}
		for _, key := range keys {
			if strings.Contains(key, id) {
				files = append(files, key)
			}
		}
		if len(files) > 0 || try == reportTries-1 {
			break
		}
		// How long after the job a report comes is not documented.
		if err := e.Sleep(ctx, e.PollInterval); err != nil {
			return nil, err
		}
	}
	counts := map[reason]int{}
	schema, err := e.schema(ctx, files)
	if err != nil {
		return nil, err
	}
	for _, key := range files {
		if !strings.HasSuffix(key, ".csv") {
			continue
		}
		if err := e.countReasons(ctx, key, schema, counts); err != nil {
			return nil, err
		}
	}
	return summary(counts), nil
}

// schema is the list of columns that a file beside the report names; nil if there is none.
func (e *Engine) schema(ctx context.Context, files []string) ([]string, error) {
	for _, key := range files {
		if !strings.HasSuffix(key, "manifest.json") {
			continue
		}
		text, _, err := e.Client.Content(ctx, e.evidence(key), nil, maxReport)
		if err != nil {
			return nil, err
		}
		var manifest struct{ ReportSchema string }
		if json.Unmarshal(text, &manifest) == nil && manifest.ReportSchema != "" {
			return splitTrimmed(manifest.ReportSchema), nil
		}
	}
	return nil, nil
}

func splitTrimmed(text string) []string {
	columns := strings.Split(text, ",")
	for i := range columns {
		columns[i] = strings.TrimSpace(columns[i])
	}
	return columns
}

// reason is what a report says of a failed task.
type reason struct{ status, code string }

func (e *Engine) countReasons(
	ctx context.Context, key string, schema []string, counts map[reason]int,
) error {
	body, _, err := e.Client.Open(ctx, e.evidence(key), cosapi.GetOptions{})
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	rows := csv.NewReader(io.LimitReader(body, maxReport))
	rows.FieldsPerRecord, rows.LazyQuotes = -1, true
	for {
		row, err := rows.Read()
		var malformed *csv.ParseError
		switch {
		case errors.Is(err, io.EOF), errors.As(err, &malformed):
			return nil // A report of which the beginning was read says enough.
		case err != nil:
			return fmt.Errorf("reading %s: %w", e.evidence(key), err)
		}
		if found := reasonOf(row, schema); found != (reason{}) {
			counts[found]++
		}
	}
}

var (
	statusForm = regexp.MustCompile(`^[2345][0-9][0-9]$`)
	codeForm   = regexp.MustCompile(`^[A-Z][A-Za-z]{5,40}`)
)

// reasonOf reads one row; zero for a success, a header, or what is not understood.
func reasonOf(row, schema []string) reason {
	if len(schema) == len(row) {
		found := reason{
			status: field(row, schema, "HTTPStatusCode"), code: field(row, schema, "ErrorCode"),
		}
		if found.code != "" || isFailure(found.status) {
			return found
		}
		return reason{}
	}
	at := slices.IndexFunc(row, isFailure)
	if at < 0 {
		return reason{}
	}
	found := reason{status: row[at]}
	for _, text := range row[at+1:] {
		found.code = cmp.Or(found.code, codeForm.FindString(text))
	}
	return found
}

func field(row, schema []string, name string) string {
	if at := slices.Index(schema, name); at >= 0 {
		return row[at]
	}
	return ""
}

func isFailure(text string) bool { return statusForm.MatchString(text) && text[0] > '2' }

// summary is the most frequent reasons.
func summary(counts map[reason]int) []string {
	var found []reason
	for one := range counts {
		found = append(found, one)
	}
	slices.SortFunc(found, func(a, b reason) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a.code, b.code),
			cmp.Compare(a.status, b.status))
	})
	var texts []string
	for _, one := range found[:min(maxReasons, len(found))] {
		texts = append(texts, fmt.Sprintf("%d with %s", counts[one],
			strings.TrimSpace(one.status+" "+one.code)))
	}
	return texts
}
