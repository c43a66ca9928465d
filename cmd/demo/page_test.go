package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestPlanTextIsWhatWouldChange(t *testing.T) {
	t.Parallel()
	const output = "Warning: noise\n\nTerraform will perform the following actions:\n\n" +
		"  # a will be updated\n\nPlan: 0 to add, 1 to change, 0 to destroy.\n\nSaved the plan.\n"
	const want = "\n  # a will be updated\n\nPlan: 0 to add, 1 to change, 0 to destroy."
	for name, text := range map[string]string{
		"Terraform": output, "OpenTofu": strings.Replace(output, "Terraform", "OpenTofu", 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := planText(text); got != want {
				t.Errorf("planText = %q, want %q", got, want)
			}
		})
	}
}

func TestAClaimThatDoesNotHoldFails(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	err := page{&out}.prove(that(true, "one"), that(false, "two"), that(true, "three"))
	if err == nil || !strings.Contains(err.Error(), "two") ||
		strings.Contains(err.Error(), "three") {
		t.Errorf("error = %v, want it to name the second claim alone", err)
	}
	if !strings.Contains(out.String(), "[FAILED] two\n") {
		t.Errorf("page = %q, want the failure marked", out.String())
	}
}

func TestUploadedBytesCountEveryRequest(t *testing.T) {
	t.Parallel()
	journal := []request{
		{Op: "HeadObject", Key: "a"},
		{Op: "PutObject", Key: "a", BytesIn: 3},
		{Op: "UploadPart", Key: "b", BytesIn: 4},
	}
	if got := uploaded(journal); got != 7 {
		t.Errorf("uploaded = %d, want 7", got)
	}
	if got := count(journal, "PutObject", "b"); got != 0 {
		t.Errorf("count of another key = %d, want 0", got)
	}
}
