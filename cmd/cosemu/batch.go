package main

import (
	"flag"
	"strconv"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
)

// batchFlags are the flags of COS Batch.
func batchFlags(flags *flag.FlagSet, config *cosemu.BatchConfig) {
	flags.StringVar(&config.UIN, "batch-uin", "", "`number` of the root account, in the host "+
		"<uin>.cos-control.<region>.localhost of COS Batch (default "+cosemu.DefaultUIN+")")
	flags.StringVar(&config.Role, "batch-role", "", "`name` of the role that jobs must name "+
		"(default any)")
	flags.DurationVar(&config.Step, "batch-step", 0, "how long a job stays in each state; 0 moves "+
		"jobs on with each request of the control host")
	flags.IntVar(&config.TasksPerStep, "batch-tasks", 0, "`number` of tasks that an active job "+
		"carries out in a step (default 1000)")
	flags.Func("batch-self-copy", "whether jobs may copy objects onto themselves: `allow`, refuse "+
		"or needs-add (default allow)", func(text string) error {
		config.SelfCopy = cosemu.BatchSelfCopy(text)
		return nil
	})
	flags.Func("batch-default-encryption", "whether the bucket's default encryption applies to "+
		"copies by jobs: `true` or false (default true)", func(text string) error {
		applies, err := strconv.ParseBool(text)
		config.IgnoreDefaultEncryption = !applies
		return err
	})
	flags.Func("batch-report", "completion reports: `s3like`, flat or none (default s3like)",
		func(text string) error {
			config.Report = cosemu.BatchReport(text)
			return nil
		})
	flags.Func("batch-manifest-decoding", "what is done to the keys of manifests: `percent`, plus "+
		"or none (default percent)", func(text string) error {
		config.ManifestDecoding = cosemu.BatchDecoding(text)
		return nil
	})
	flags.BoolVar(&config.IgnoreConstraints, "batch-ignore-constraints", false, "jobs ignore "+
		"ModifiedSinceConstraint and UnModifiedSinceConstraint")
	flags.BoolVar(&config.IgnoreConfirmation, "batch-ignore-confirmation", false, "jobs begin "+
		"without the confirmation that they ask for")
	flags.Var((*list)(&config.Loses), "batch-loses", "what copies by jobs lose in spite of their "+
		"directives: `acl`, tags, metadata, content-type or class; repeat for more")
	flags.IntVar(&config.FailPercent, "batch-fail-percent", 0, "`percent` of the tasks that fail")
}
