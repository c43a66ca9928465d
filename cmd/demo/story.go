package main

import (
	"context"
	"fmt"
	"slices"
)

// story is the demonstration: acts that are played in order, each on what the one before left.
type story struct {
	page
	cloud    *emulator
	other    *otherClient
	cli      *terraform
	scenario *scenario
	plans    []string // files of saved plans
}

// play plays all acts and stops at the first that does not do what it says.
func (s *story) play(ctx context.Context) error {
	acts := []struct {
		title string
		play  func(context.Context) error
	}{
		{"Create four objects, encrypted in three ways", s.create},
		{"Plan again: nothing to do", s.replan},
		{"Another client takes the encryption off, Terraform finds it", s.drift},
		{"Terraform puts the encryption back without uploading", s.repair},
		{"Rotate the SSE-C keys by server-side copy", s.rotate},
		{"Look for the keys in state and plans", s.search},
		{"Destroy", s.destroy},
	}
	s.say("Configuration, state and plans: %s", s.cli.folder)
	s.say("COS, emulated:                  %s", s.cloud.endpoint)
	for i, act := range acts {
		s.heading(i+1, act.title)
		if err := act.play(ctx); err != nil {
			return fmt.Errorf("act %d: %w", i+1, err)
		}
	}
	return nil
}

// planAs saves a plan under a name, prints what it would change and returns the changes.
func (s *story) planAs(ctx context.Context, name string) ([]plannedChange, error) {
	file := name + ".tfplan"
	s.plans = append(s.plans, file)
	text, changes, err := s.cli.plan(ctx, file)
	if err != nil {
		return nil, err
	}
	s.say("$ terraform plan -out=%s", file)
	if len(changes) == 0 {
		s.quote(lastLine(text, "No changes."))
		return nil, nil
	}
	s.quote(planText(text))
	return changes, nil
}

// applyPlan applies the plan of that name, prints what COS was asked and returns it.
func (s *story) applyPlan(ctx context.Context, name string) ([]request, error) {
	if _, err := s.cloud.takeJournal(ctx); err != nil {
		return nil, err
	}
	output, err := s.cli.apply(ctx, name+".tfplan")
	if err != nil {
		return nil, err
	}
	s.say("$ terraform apply %s.tfplan", name)
	s.quote(lastLine(output, "Apply complete!"))
	journal, err := s.cloud.takeJournal(ctx)
	if err != nil {
		return nil, err
	}
	s.requests(journal)
	return journal, nil
}

// create is the first apply.
func (s *story) create(ctx context.Context) error {
	_, changes, err := s.cli.plan(ctx, "create.tfplan")
	if err != nil {
		return err
	}
	s.plans = append(s.plans, "create.tfplan")
	journal, err := s.applyPlan(ctx, "create")
	if err != nil {
		return err
	}
	objects, err := s.cli.objects(ctx)
	if err != nil {
		return err
	}
	s.say("What COS reports, as it stands in the state (attribute encryption):")
	rows := [][]string{{"OBJECT", "MODE", "KEY"}}
	for _, key := range []string{reportKey, ledgerKey, contractKey, payrollKey} {
		e := objects[key].Encryption
		rows = append(rows, []string{key, e.Mode, keyName(e)})
	}
	s.table(rows...)
	return s.prove(
		that(len(changes) == 4 && len(objects) == 4, "four objects were created"),
		that(count(journal, "HeadObject") == 4 && count(journal, "PutObject") == 4 &&
			len(journal) == 8, "each took two requests: is the name free, and the upload"),
		that(objects[reportKey].Encryption.Mode == "SSE-COS", "%s: SSE-COS", reportKey),
		that(objects[ledgerKey].Encryption == encryption{
			Mode: "SSE-KMS", KMSKeyID: s.scenario.kmsKey,
		}, "%s: SSE-KMS with the configured key", ledgerKey),
		that(objects[contractKey].Encryption == encryption{
			Mode: "SSE-C", CustomerKeyMD5: s.scenario.oldContract.md5(),
		}, "%s: SSE-C with the key named contracts-2025", contractKey),
		that(objects[payrollKey].Encryption == encryption{
			Mode: "SSE-C", CustomerKeyMD5: s.scenario.oldPayroll.md5(),
		}, "%s: SSE-C with the write-only key", payrollKey),
	)
}

// replan shows that a second plan is empty, and what the refresh costs.
func (s *story) replan(ctx context.Context) error {
	changes, err := s.planAs(ctx, "again")
	if err != nil {
		return err
	}
	journal, err := s.cloud.takeJournal(ctx)
	if err != nil {
		return err
	}
	s.requests(journal)
	return s.prove(
		that(len(changes) == 0, "the plan is empty"),
		that(!slices.ContainsFunc(journal, request.writes), "COS was only asked, nothing written"),
		that(count(journal, "HeadObject", reportKey, ledgerKey, contractKey) == 3 &&
			len(of(journal, reportKey, ledgerKey, contractKey)) == 3,
			"one HEAD per object whose key is at hand"),
	)
}

// drift lets another client strip an object and shows the plan that finds it.
func (s *story) drift(ctx context.Context) error {
	if err := s.other.stripEncryption(ctx, reportKey); err != nil {
		return err
	}
	header, err := s.other.encryptionHeader(ctx, reportKey)
	if err != nil {
		return err
	}
	s.say("COS's official SDK has copied %s onto itself without naming an encryption.\n", reportKey)
	changes, err := s.planAs(ctx, "repair")
	if err != nil {
		return err
	}
	found := len(changes) == 1 && changes[0].Address == "cos_encrypted_object.report" &&
		slices.Equal(changes[0].Change.Actions, []string{"update"}) &&
		changes[0].Change.Before.Encryption.Mode == "NONE" &&
		changes[0].Change.After.Encryption.Mode == "SSE-COS"
	return s.prove(
		that(header == "", "COS says that %s is not encrypted", reportKey),
		that(found, "the plan shows it, and would update this object in place and no other"),
	)
}

// repair applies the plan of drift.
func (s *story) repair(ctx context.Context) error {
	before, err := s.cli.objects(ctx)
	if err != nil {
		return err
	}
	journal, err := s.applyPlan(ctx, "repair")
	if err != nil {
		return err
	}
	header, err := s.other.encryptionHeader(ctx, reportKey)
	if err != nil {
		return err
	}
	after, err := s.cli.objects(ctx)
	if err != nil {
		return err
	}
	return s.prove(
		that(header == "AES256", "COS says that %s is encrypted again", reportKey),
		that(count(journal, "PutObjectCopy") == 1 && uploaded(journal) == 0,
			"it took one server-side copy, and 0 bytes were uploaded"),
		that(before[reportKey].CRC64 == after[reportKey].CRC64 && after[reportKey].CRC64 != "",
			"the bytes are the same (CRC64 %s)", after[reportKey].CRC64),
	)
}
