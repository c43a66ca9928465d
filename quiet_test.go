package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protowire"
)

// serveVariable makes the test's own binary the provider.
const serveVariable = "COS_TEST_SERVE"

func TestMain(m *testing.M) {
	if os.Getenv(serveVariable) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestNothingIsLoggedUnlessAsked(t *testing.T) {
	t.Parallel()
	for name, env := range map[string][]string{
		"nothing":       nil,
		"empty":         {"TF_LOG=", "TF_LOG_PROVIDER=", "TF_TEMP_LOG_PATH="},
		"off":           {"TF_LOG=off", "TF_LOG_SDK=OFF"},
		"Terraform's":   {"TF_LOG_CORE=TRACE"},
		"not for a log": {"TF_LOGGING=TRACE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := session(t, env); got != "" {
				t.Errorf("stderr = %s, want nothing", got)
			}
		})
	}
}

func TestALogThatIsAskedForIsComplete(t *testing.T) {
	t.Parallel()
	want := lines(t, session(t, []string{"TF_LOG=TRACE"}))
	for _, line := range []string{
		"trace sdk.proto Received request",
		"trace sdk.framework Calling provider defined Provider Configure",
		"debug cos COS request",
	} {
		if !slices.Contains(want, line) {
			t.Fatalf("the log lacks %q:\n%s", line, strings.Join(want, "\n"))
		}
	}
	for name, env := range map[string]string{
		"JSON":               "TF_LOG=JSON",
		"providers":          "TF_LOG_PROVIDER=TRACE",
		"this provider":      "TF_LOG_PROVIDER_COS=TRACE",
		"SDK":                "TF_LOG_SDK=TRACE",
		"protocol":           "TF_LOG_SDK_PROTO=TRACE",
		"framework":          "TF_LOG_SDK_FRAMEWORK=TRACE",
		"Terraform's report": "TF_TEMP_LOG_PATH=" + filepath.Join(t.TempDir(), "log"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(want, lines(t, session(t, []string{env}))); diff != "" {
				t.Errorf("log with %s (-TF_LOG=TRACE +this):\n%s", env, diff)
			}
		})
	}
}

func TestDebuggingLogs(t *testing.T) {
	t.Parallel()
	got := lines(t, session(t, nil, "-debug"))
	if !slices.Contains(got, "debug cos COS request") {
		t.Errorf("the log lacks the request to COS:\n%s", strings.Join(got, "\n"))
	}
}

// session starts the provider as Terraform does, lets it fail to read an object, and returns what
// it wrote to stderr.
func session(t *testing.T, env []string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0], args...)
	command.Env = append([]string{
		serveVariable + "=1", "PLUGIN_PROTOCOL_VERSIONS=6", "TMPDIR=" + os.TempDir(),
		"SYSTEMROOT=" + os.Getenv("SYSTEMROOT"), // Windows has no sockets without it
		"TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
	}, env...)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	stop := sync.OnceFunc(func() { _ = command.Process.Kill(); _ = command.Wait() })
	t.Cleanup(stop)
	network, address := listener(t, bufio.NewScanner(stdout))
	readObject(t, network, address)
	stop()
	return stderr.String()
}

// listener is where the provider says that it listens: in go-plugin's handshake, or in what -debug
// prints for TF_REATTACH_PROVIDERS.
func listener(t *testing.T, output *bufio.Scanner) (network, address string) {
	t.Helper()
	for output.Scan() {
		line := output.Text()
		if fields := strings.Split(line, "|"); len(fields) >= 4 {
			return fields[2], fields[3]
		}
		if _, rest, ok := strings.Cut(line, `"Network":"`); ok {
			network, rest, _ = strings.Cut(rest, `","String":"`)
			address, _, _ = strings.Cut(rest, `"`)
			return network, address
		}
	}
	t.Fatal("the provider does not say where it listens")
	return "", ""
}

// readObject configures the provider and reads an object from where nobody listens.
func readObject(t *testing.T, network, address string) {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:provider",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(rawCodec{})),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, address)
		}))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	call(t, conn, "GetProviderSchema", nil)
	call(t, conn, "ConfigureProvider", message("1.11.4", `{"region": "ap-guangzhou",
		"endpoint": "https://{bucket}.cos.{region}.localhost:1", "max_retries": 0,
		"secret_id": "AKID", "secret_key": "key"}`))
	answer := call(t, conn, "ReadDataSource", message("cos_encrypted_object",
		`{"bucket": "examplebucket-1250000000", "key": "k"}`))
	if !bytes.Contains(answer, []byte("Cannot read the object")) {
		t.Errorf("answer = %q, want the failure that was to be logged", answer)
	}
}

func call(t *testing.T, conn *grpc.ClientConn, method string, request []byte) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var answer []byte
	if err := conn.Invoke(ctx, "/tfplugin6.Provider/"+method, &request, &answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

// message is a request of protocol 6 that has a text and a configuration, in fields 1 and 2.
func message(text, config string) []byte {
	const dynamicJSON = 2
	value := protowire.AppendString(protowire.AppendTag(nil, dynamicJSON, protowire.BytesType), config)
	out := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), text)
	return protowire.AppendBytes(protowire.AppendTag(out, 2, protowire.BytesType), value)
}

// rawCodec leaves messages as they are: the protocol's types are internal to terraform-plugin-go.
type rawCodec struct{}

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }

func (rawCodec) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = bytes.Clone(data)
	return nil
}

// lines are level, module and message of what was logged, in an order of their own: requests end
// on several goroutines.
func lines(t *testing.T, log string) []string {
	t.Helper()
	var all []string
	for line := range strings.Lines(log) {
		var entry struct {
			Level   string `json:"@level"`
			Module  string `json:"@module"`
			Message string `json:"@message"`
		}
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatalf("%q is no line of a log: %v", line, err)
		}
		if entry.Module == "" { // go-plugin's own: what it says depends on how fast it is stopped
			continue
		}
		all = append(all, fmt.Sprintf("%s %s %s", entry.Level, entry.Module, entry.Message))
	}
	slices.Sort(all)
	return all
}
