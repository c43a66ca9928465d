package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// rotate gives both SSE-C objects a new key: one by naming another key of the keyring, one by a
// new version of the write-only key.
func (s *story) rotate(ctx context.Context) error {
	before, err := s.bodies(ctx, s.scenario.oldContract, s.scenario.oldPayroll)
	if err != nil {
		return err
	}
	s.scenario.rotated = true
	s.say("contract_key_name becomes contracts-2026, and payroll_key another key with version " +
		"2.\nThe old keys stay in customer_keys until the objects are re-encrypted.\n")
	changes, err := s.planAs(ctx, "rotate")
	if err != nil {
		return err
	}
	journal, err := s.applyPlan(ctx, "rotate")
	if err != nil {
		return err
	}
	after, err := s.bodies(ctx, s.scenario.newContract, s.scenario.newPayroll)
	if err != nil {
		return err
	}
	refused, err := s.bodies(ctx, s.scenario.oldContract, s.scenario.oldPayroll)
	if err != nil {
		return err
	}
	s.scenario.oldKeysForgotten = true
	s.say("The old keys are taken out of customer_keys:\n")
	rest, err := s.planAs(ctx, "rotated")
	if err != nil {
		return err
	}
	return s.prove(
		that(len(changes) == 2, "the plan would update both SSE-C objects in place"),
		that(count(journal, "PutObjectCopy") == 2 && uploaded(journal) == 0,
			"it took one server-side copy each, and 0 bytes were uploaded"),
		that(slices.Equal(before, after) && !slices.Contains(after, ""),
			"another client reads the same bytes with the new keys"),
		that(slices.Equal(refused, []string{"", ""}), "the old keys are refused"),
		that(len(rest) == 0, "without the old keys the plan is empty"),
	)
}

// bodies reads the two SSE-C objects as another client; an object whose key is refused is "".
func (s *story) bodies(ctx context.Context, contract, payroll customerKey) ([]string, error) {
	var bodies []string
	for _, object := range []struct {
		key      string
		customer customerKey
	}{{contractKey, contract}, {payrollKey, payroll}} {
		body, err := s.other.read(ctx, object.key, object.customer)
		if err != nil {
			return nil, err
		}
		bodies = append(bodies, string(body))
	}
	return bodies, nil
}

// search looks for every SSE-C key of the run in the state, its backup and all saved plans. That
// the MD5s of the keys are found shows that the search would find something.
func (s *story) search(context.Context) error {
	var secrets, digests []string
	for _, key := range s.scenario.customerKeys() {
		secrets = append(secrets, key.spellings()...)
		digests = append(digests, key.md5())
	}
	rows := [][]string{{"FILE", "KEYS (raw, Base64, hexadecimal)", "MD5s OF KEYS"}}
	inState, keys := 0, 0
	for _, name := range append([]string{"terraform.tfstate", "terraform.tfstate.backup"},
		s.plans...) {
		contents, err := searchable(filepath.Join(s.cli.folder, name))
		if err != nil {
			return err
		}
		found, md5s := occurrences(contents, secrets), occurrences(contents, digests)
		keys += found
		inState = max(inState, md5s)
		rows = append(rows, []string{name, strconv.Itoa(found), strconv.Itoa(md5s)})
	}
	s.table(rows...)
	return s.prove(
		that(keys == 0, "none of the four keys is in state, backup or a saved plan"),
		that(inState > 0, "what identifies a key there is its MD5, as COS itself reports it"),
	)
}

// destroy deletes everything.
func (s *story) destroy(ctx context.Context) error {
	if _, err := s.cloud.takeJournal(ctx); err != nil {
		return err
	}
	output, err := s.cli.run(ctx, 0, "destroy", "-no-color", "-input=false", "-auto-approve")
	if err != nil {
		return err
	}
	s.say("$ terraform destroy")
	s.quote(lastLine(output, "Destroy complete!"))
	journal, err := s.cloud.takeJournal(ctx)
	if err != nil {
		return err
	}
	s.requests(journal)
	left, err := s.other.objects(ctx)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(filepath.Join(s.cli.folder, "uploads")); err != nil {
		return err
	}
	return s.prove(
		that(count(journal, "DeleteObject") == 4, "one request deleted each object"),
		that(left == 0, "the bucket is empty"),
	)
}
