package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
)

// options are what the command line says.
type options struct {
	config                       cosemu.Config
	addr, admin, httpAddr, caOut string
}

// exampleBucket is served if the command line names no bucket.
const exampleBucket = "examplebucket-1250000000"

func parseFlags(args []string, stderr io.Writer) (options, error) {
	var o options
	var credential cosemu.Credential
	flags := flag.NewFlagSet("cosemu", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.addr, "addr", "127.0.0.1:9443", "loopback `address` of HTTPS; port 0 takes a "+
		"free one")
	flags.StringVar(&o.admin, "admin", "", "loopback `address` of the journal and the faults")
	flags.StringVar(&o.httpAddr, "http-addr", "", "loopback `address` of plain HTTP, where SSE-C "+
		"is refused")
	flags.StringVar(&o.caOut, "ca-out", "", "`file` to write the CA certificate to")
	flags.Var((*list)(&o.config.Regions), "region", "`region`; repeat for more. The first is where "+
		"buckets live (default ap-guangzhou)")
	flags.Var((*list)(&o.config.Buckets), "bucket", "`name`-appid[@region] of a bucket; repeat for "+
		"more (default "+exampleBucket+")")
	flags.Var((*list)(&o.config.VersionedBuckets), "versioned-bucket", "`name`-appid[@region] of a "+
		"bucket with versioning; repeat for more")
	flags.IntVar(&o.config.Objects, "objects", 0, "`number` of objects of 1 KiB that the first bucket "+
		"has from the start, bulk/00000000 and so on, every hundredth not encrypted")
	flags.Var((*percent)(&o.config.Chaos.Percent), "chaos", "`share` of requests that fail, as 5% or 0.5%")
	flags.Uint64Var(&o.config.Chaos.Seed, "chaos-seed", 0, "`number` that decides which requests -chaos "+
		"breaks")
	flags.Var((*list)(&o.config.Chaos.Kinds), "chaos-kind", "`kind` of failure, repeat for more "+
		"(default "+strings.Join(cosemu.DefaultChaos(), ", ")+"); there are "+
		strings.Join(cosemu.FaultKinds(), ", "))
	flags.IntVar(&o.config.JournalLimit, "journal-limit", 0, "`number` of requests that the journal "+
		"keeps (default 65536; negative: all)")
	flags.Var((*list)(&o.config.KMSKeys), "kms-key", "`id` of a KMS key; repeat for more. The "+
		"first is the default CMK")
	flags.StringVar(&credential.SecretID, "secret-id", "", "`id` of the key pair that may sign "+
		"(default the example pair of COS's documentation)")
	flags.StringVar(&credential.SecretKey, "secret-key", "", "`key` of that pair")
	flags.DurationVar(&o.config.Latency, "latency", 0, "delay of every answer")
	flags.DurationVar(&o.config.RestoreDelay, "restore-delay", 0, "how long a restore takes")
	flags.BoolVar(&o.config.Discard, "discard", false, "keep no body above 1 MiB, for benchmarks")
	flags.Int64Var(&o.config.ConnectionRate, "connection-rate", 0, "`bytes` a second that a "+
		"connection passes in each direction (default unlimited)")
	batchFlags(flags, &o.config.Batch)
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	return o, o.finish(flags.Args(), credential)
}

// finish checks what package flag cannot, and applies defaults.
func (o *options) finish(rest []string, credential cosemu.Credential) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q", rest[0])
	case (credential.SecretID == "") != (credential.SecretKey == ""):
		return errors.New("-secret-id and -secret-key go together")
	case o.config.ConnectionRate < 0 || o.config.Latency < 0 || o.config.RestoreDelay < 0:
		return errors.New("-connection-rate, -latency and -restore-delay must not be negative")
	}
	if credential.SecretID != "" {
		o.config.Credentials = []cosemu.Credential{credential}
	}
	if len(o.config.Buckets) == 0 && len(o.config.VersionedBuckets) == 0 {
		o.config.Buckets = []string{exampleBucket}
	}
	return nil
}

// percent is a flag like 5%.
type percent float64

// String implements flag.Value.
func (p *percent) String() string { return strconv.FormatFloat(float64(*p), 'g', -1, 64) + "%" }

// Set implements flag.Value.
func (p *percent) Set(value string) error {
	share, err := strconv.ParseFloat(strings.TrimSuffix(value, "%"), 64)
	if err != nil || share < 0 || share > 100 {
		return errors.New("must be a share from 0% to 100%")
	}
	*p = percent(share)
	return nil
}

// list is a flag that may be repeated.
type list []string

// String implements flag.Value.
func (l *list) String() string { return strings.Join(*l, ",") }

// Set implements flag.Value.
func (l *list) Set(value string) error {
	if value == "" {
		return errors.New("must not be empty")
	}
	*l = append(*l, value)
	return nil
}
