package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
)

// options are what the command line says.
type options struct {
	config                       cosemu.Config
	addr, admin, httpAddr, caOut string
	proxyAddr                    string
	clock                        time.Time // zero: the machine's
}

// exampleBucket is served if the command line names no bucket.
const exampleBucket = "examplebucket-1250000000"

// The variables of a key pair, which no list of processes shows.
const (
	envSecretID  = "COSEMU_SECRET_ID"
	envSecretKey = "COSEMU_SECRET_KEY"
)

func parseFlags(args []string, getenv func(string) string, stderr io.Writer) (options, error) {
	var o options
	credential := cosemu.Credential{SecretID: getenv(envSecretID), SecretKey: getenv(envSecretKey)}
	var tokenLife time.Duration
	flags := flag.NewFlagSet("cosemu", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.addr, "addr", "127.0.0.1:9443", "loopback `address` of HTTPS; port 0 takes a "+
		"free one")
	flags.StringVar(&o.admin, "admin", "", "loopback `address` of the journal and the faults")
	flags.StringVar(&o.proxyAddr, "proxy-addr", "", "loopback `address` of a proxy that serves "+
		"COS's own domains, for clients that cannot be given an endpoint. The CA then vouches for "+
		"those domains: give it to single programs only")
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
	flags.Var((*list)(&o.config.KMSKeys), "kms-key", "`id`[=state] of a KMS key; repeat for more. The "+
		"first is the default CMK. States are enabled, disabled, pending-deletion and denied")
	flags.StringVar(&credential.SecretID, "secret-id", credential.SecretID, "`id` of the key pair "+
		"that may sign (default $"+envSecretID+", or the example pair of COS's documentation)")
	flags.Func("secret-key", "`key` of that pair (default $"+envSecretKey+")", func(key string) error {
		credential.SecretKey = key
		return nil
	})
	flags.StringVar(&credential.SecurityToken, "security-token", "", "`token` that makes the pair "+
		"temporary")
	flags.DurationVar(&tokenLife, "token-life", 0, "after how long the pair expires (default never)")
	flags.BoolVar(&o.config.AllowRemote, "allow-remote", false, "let other machines connect; needs "+
		"a key pair of your own")
	flags.Func("clock", "`time` at the start as 2026-01-31T12:00:00Z (default the machine's)",
		func(text string) (err error) {
			o.clock, err = time.Parse(time.RFC3339, text)
			return err
		})
	switchFlags(flags, &o.config)
	flags.DurationVar(&o.config.Latency, "latency", 0, "delay of every answer")
	flags.DurationVar(&o.config.RestoreDelay, "restore-delay", 0, "how long a restore takes")
	flags.StringVar(&o.config.Data, "data", "", "`directory` to keep everything in (default memory)")
	flags.BoolVar(&o.config.Discard, "discard", false, "keep no body above 1 MiB, for benchmarks")
	flags.Int64Var(&o.config.ConnectionRate, "connection-rate", 0, "`bytes` a second that a "+
		"connection passes in each direction (default unlimited)")
	batchFlags(flags, &o.config.Batch)
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if tokenLife != 0 {
		credential.Expires = o.start().Add(tokenLife)
	}
	return o, o.finish(flags.Args(), credential)
}

// choiceFlags are the flags of what COS leaves open.
func choiceFlags(flags *flag.FlagSet, choices *cosemu.Choices) {
	flags.IntVar(&choices.WrongKeyStatus, "wrong-key-status", 0, "`status` of the answer to a wrong "+
		"SSE-C key, 403 or 400 (default 403)")
	for _, choice := range []struct {
		into        *bool
		name, usage string
	}{
		{&choices.PlainETags, "plain-etags", "ETags are MD5s of the plain bytes in all modes, so that " +
			"they survive another encryption"},
		{&choices.CopyDateYields, "copy-date-yields", "of a copy's conditions an ETag that agrees " +
			"overrules a date that does not"},
		{&choices.PreconditionsFirst, "preconditions-first", "judge conditions before the SSE-C key"},
		{&choices.DeleteAnswers200, "delete-answers-200", "DELETE answers 200 in place of 204"},
		{&choices.NoTaggingCount, "no-tagging-count", "leave x-cos-tagging-count out"},
		{&choices.LeadingSlash, "leading-slash", "store keys that begin with a slash"},
	} {
		flags.BoolVar(choice.into, choice.name, false, choice.usage)
	}
}

// start is the emulator's time at the start.
func (o options) start() time.Time {
	if o.clock.IsZero() {
		return time.Now()
	}
	return o.clock
}

// switchFlags are the flags of what COS limits, takes its time for or leaves open.
func switchFlags(flags *flag.FlagSet, config *cosemu.Config) {
	flags.DurationVar(&config.ListLag, "list-lag", 0, "how far listings lag behind writes")
	flags.DurationVar(&config.CompleteDelay, "complete-delay", 0, "how long Complete Multipart Upload "+
		"sends spaces before its answer")
	flags.Int64Var(&config.CopyLimit, "copy-limit", 0, "`bytes` above which objects are copied by "+
		"parts only (default 5 GiB)")
	flags.BoolVar(&config.AllowPlainHTTP, "allow-plain-http", false, "serve SSE-C at -http-addr too")
	choiceFlags(flags, &config.Choices)
}

// finish checks what package flag cannot, and applies defaults.
func (o *options) finish(rest []string, credential cosemu.Credential) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q", rest[0])
	case (credential.SecretID == "") != (credential.SecretKey == ""):
		return errors.New("-secret-id and -secret-key go together")
	case credential.SecretID == "" && (credential.SecurityToken != "" || !credential.Expires.IsZero()):
		return errors.New("-security-token and -token-life need -secret-id")
	case o.config.ConnectionRate < 0 || o.config.Latency < 0 || o.config.RestoreDelay < 0:
		return errors.New("-connection-rate, -latency and -restore-delay must not be negative")
	}
	o.config.Proxy = o.proxyAddr != ""
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
