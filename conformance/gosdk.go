package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	cos "github.com/tencentyun/cos-go-sdk-v5"
)

const sdkModule = "github.com/tencentyun/cos-go-sdk-v5"

// sdkFolder is where the module's source is.
func sdkFolder(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", sdkModule).Output()
	if err != nil {
		return "", fmt.Errorf("finding %s: %w", sdkModule, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// goLive runs the suite that the SDK's authors run against COS. It creates files beside itself, so
// it is compiled and then run in a folder of its own.
func goLive(ctx context.Context, p place) ([]outcome, error) {
	suite, err := compileLive(ctx, p)
	if err != nil {
		return nil, err
	}
	e, err := p.startEmulator(ctx, "-region", "ap-guangzhou", "-region", "ap-chengdu")
	if err != nil {
		return nil, err
	}
	run := exec.CommandContext(ctx, suite, "-test.v")
	run.Dir, run.Env = p.work, e.environment()
	// That it fails is seen by its lines.
	log, _ := run.CombinedOutput()
	if err := os.WriteFile(filepath.Join(p.work, "log.txt"), log, 0o644); err != nil {
		return nil, err
	}
	return liveOutcomes(log), e.stop()
}

var liveLine = regexp.MustCompile(`--- (PASS|FAIL|SKIP): TestCosTestSuite/(\w+)`)

func liveOutcomes(log []byte) []outcome {
	var got []outcome
	for _, match := range liveLine.FindAllSubmatch(log, -1) {
		got = append(got, outcome{name: string(match[2]), result: strings.ToLower(string(match[1]))})
	}
	return got
}

// compileLive compiles the suite. As it is published it does not compile: one literal of a type
// that has grown a member names none.
func compileLive(ctx context.Context, p place) (string, error) {
	folder, err := sdkFolder(ctx)
	if err != nil {
		return "", err
	}
	source, err := os.ReadFile(filepath.Join(folder, "costesting", "ci_test.go"))
	if err != nil {
		return "", err
	}
	source = bytes.ReplaceAll(source, []byte(`cos.ErrorDocument{"`), []byte(`cos.ErrorDocument{Key: "`))
	// A folder in this module, because only there its dependencies are known; git ignores it.
	suite := filepath.Join(p.lists, "build")
	if err := os.MkdirAll(suite, 0o755); err != nil {
		return "", err
	}
	defer os.RemoveAll(suite)
	if err := os.WriteFile(filepath.Join(suite, "live_test.go"), source, 0o644); err != nil {
		return "", err
	}
	program := filepath.Join(p.work, "live.test")
	build := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-o", program, "./build")
	build.Dir = p.lists
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("compiling the suite: %w: %s", err, out)
	}
	return program, nil
}

// Examples name buckets of the SDK's authors.
var exampleBuckets = []string{
	"test-1259654469", "test2-1259654469", "test-1253846586", "testcd-1259654469@ap-chengdu",
	"alangz-1251668577",
}

// notRun are the examples that would leave the machine, or end only when they are told to.
var notRun = map[string]bool{
	"get_with_dnscache": true, // dials COS itself, past every proxy
	"put_with_proxy":    true, // has a proxy of its own
}

// goExamples runs each example of the SDK that works on objects. An example reports its errors as
// text, so what counts is what it asked and got.
func goExamples(ctx context.Context, p place) ([]outcome, error) {
	folder, err := sdkFolder(ctx)
	if err != nil {
		return nil, err
	}
	sources, err := filepath.Glob(filepath.Join(folder, "example", "object", "*.go"))
	if err != nil {
		return nil, err
	}
	args := []string{"-region", "ap-guangzhou", "-region", "ap-chengdu"}
	for _, bucket := range exampleBuckets {
		args = append(args, "-bucket", bucket)
	}
	e, err := p.startEmulator(ctx, args...)
	if err != nil {
		return nil, err
	}
	if err := p.seedExamples(ctx, e); err != nil {
		return nil, err
	}
	var got []outcome
	for _, source := range sources {
		if name := strings.TrimSuffix(filepath.Base(source), ".go"); !notRun[name] {
			o, err := p.example(ctx, e, name, source)
			if err != nil {
				return nil, err
			}
			got = append(got, o)
		}
	}
	return got, e.stop()
}

// example compiles and runs one example.
func (p place) example(ctx context.Context, e *emulator, name, source string) (outcome, error) {
	program := filepath.Join(p.work, name)
	build := exec.CommandContext(ctx, "go", "build", "-o", program, source)
	build.Dir = p.lists
	if out, err := build.CombinedOutput(); err != nil {
		_ = os.WriteFile(program+".txt", out, 0o644)
		return outcome{name: name, result: "does-not-compile"}, nil
	}
	limited, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	run := exec.CommandContext(limited, program)
	run.Dir, run.Env = filepath.Join(p.work, "files"), e.environment()
	log, _ := run.CombinedOutput()
	if err := os.WriteFile(program+".txt", log, 0o644); err != nil {
		return outcome{}, err
	}
	entries, err := e.takeJournal(ctx)
	result := operations(entries)
	if result == "" {
		result = "asks-nothing"
	}
	return outcome{name: name, result: result}, err
}

// seededKeys are the objects that examples expect to be there.
var seededKeys = []string{
	"test/example", "test", "exampleobject", "example", "test/hello.txt", "source/copy_multi_upload.go",
	"pub", "archivetest",
}

// seededAs are those that are more than bytes.
var seededAs = map[string]*cos.ObjectPutOptions{
	"pub": {ACLHeaderOptions: &cos.ACLHeaderOptions{XCosACL: "public-read"}},
	"archivetest": {
		ObjectPutHeaderOptions: &cos.ObjectPutHeaderOptions{XCosStorageClass: "ARCHIVE"},
	},
}

// seedExamples makes what the examples expect: files and objects.
func (p place) seedExamples(ctx context.Context, e *emulator) error {
	files := filepath.Join(p.work, "files")
	if err := os.MkdirAll(files, 0o755); err != nil {
		return err
	}
	body := bytes.Repeat([]byte("0123456789abcdef"), 3<<16)
	for _, name := range []string{
		"files/test", "test", "files/test1", "files/test2", "files/test3",
	} {
		if err := os.WriteFile(filepath.Join(p.work, name), body, 0o644); err != nil {
			return err
		}
	}
	proxy, err := url.Parse(e.proxy)
	if err != nil {
		return err
	}
	for _, host := range []string{
		"test-1259654469.cos.ap-guangzhou", "test-1253846586.cos.ap-guangzhou",
		"testcd-1259654469.cos.ap-chengdu", "alangz-1251668577.cos.ap-guangzhou",
	} {
		client := cos.NewClient(
			&cos.BaseURL{BucketURL: &url.URL{Scheme: "http", Host: host + ".myqcloud.com"}},
			&http.Client{Transport: &cos.AuthorizationTransport{
				SecretID: secretID, SecretKey: secretKey,
				Transport: &http.Transport{Proxy: http.ProxyURL(proxy)},
			}})
		for _, key := range seededKeys {
			if _, err := client.Object.Put(ctx, key, bytes.NewReader(body), seededAs[key]); err != nil {
				return err
			}
		}
	}
	_, err = e.takeJournal(ctx)
	return err
}
