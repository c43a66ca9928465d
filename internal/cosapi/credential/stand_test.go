package credential

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A stand answers in place of STS and the metadata service, without a network, so that waiting
// costs no time. It records what it was asked: an action of STS with who signed, or a path.
type stand struct {
	// answers by what was asked, without who signed; the last one is repeated. What is not listed
	// is refused by STS and not found by the metadata service.
	answers map[string][]reply
	// silent never answers.
	silent bool

	mu       sync.Mutex
	requests []string
	bodies   []string
}

type reply struct {
	status int
	body   string
}

// RoundTrip implements http.RoundTripper.
func (s *stand) RoundTrip(r *http.Request) (*http.Response, error) {
	asked, by := r.URL.Path, ""
	if action := r.Header.Get("X-TC-Action"); action != "" {
		asked, by = action, " by "+signer(r.Header.Get("Authorization"))
	}
	var body string
	if r.Body != nil {
		content, _ := io.ReadAll(r.Body)
		body = string(content)
	}
	answer := s.take(asked, by, body)
	if s.silent {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return &http.Response{
		StatusCode: answer.status, Status: fmt.Sprintf("%d %s", answer.status, http.StatusText(answer.status)),
		Header: http.Header{}, Body: io.NopCloser(strings.NewReader(answer.body)), Request: r,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}, nil
}

func (s *stand) take(asked, by, body string) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests, s.bodies = append(s.requests, asked+by), append(s.bodies, body)
	switch list := s.answers[asked]; {
	case len(list) > 1:
		s.answers[asked] = list[1:]
		return list[0]
	case len(list) == 1:
		return list[0]
	case by == "":
		return reply{404, ""}
	}
	return denied
}

func signer(authorization string) string {
	_, rest, _ := strings.Cut(authorization, "Credential=")
	id, _, ok := strings.Cut(rest, "/")
	if !ok {
		return "nobody"
	}
	return id
}

func (s *stand) sts() STS { return STS{transport: s} }

var (
	denied   = refusal("UnauthorizedOperation")
	listPath = metadataPath
)

func refusal(code string) reply {
	return reply{200, fmt.Sprintf(
		`{"Response": {"Error": {"Code": %q, "Message": "no"}, "RequestId": "r-1"}}`, code)}
}

func account(id string) reply {
	return reply{200, fmt.Sprintf(`{"Response": {"AccountId": %q, "RequestId": "r-1"}}`, id)}
}

// sessionOf is the answer of STS with credentials that live for two hours of a test's time.
func sessionOf(id string) reply {
	return reply{200, fmt.Sprintf(`{"Response": {"Credentials": {"Token": "canary-token",
		"TmpSecretId": %q, "TmpSecretKey": "canary-key"}, "ExpiredTime": %d, "RequestId": "r-1"}}`,
		id, time.Now().Add(2*time.Hour).Unix())}
}

func roleOf(id string) reply {
	return reply{200, fmt.Sprintf(`{"TmpSecretId": %q, "TmpSecretKey": "canary-key",
		"Token": "canary-token", "ExpiredTime": %d, "Code": "Success"}`,
		id, time.Now().Add(2*time.Hour).Unix())}
}

func lastResortOf(t *testing.T, s *stand) Source {
	t.Helper()
	return LastResort(Profile{Dir: t.TempDir(), Name: "default", STS: s.sts()},
		Instance{transport: s}, []string{"the moon: dark"})
}

func fileWith(t *testing.T, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func profileWith(t *testing.T, s *stand, content string) Source {
	t.Helper()
	return FromProfile(Profile{
		Dir: writeProfile(t, "work.credential", content), Name: "work", STS: s.sts(),
	})
}

const key = `"secretId": "AKIDbase", "secretKey": "canary-key"`

// A sourceCase is one row: where credentials come from, what is answered, what comes of it and
// what was asked for.
type sourceCase struct {
	answers  map[string][]reply
	silent   bool
	source   func(*testing.T, *stand) Source
	want     string   // the SecretId
	fails    []string // or what the error says
	requests []string
	body     string // that some request to STS has
}

func one(asked string, replies ...reply) map[string][]reply {
	return map[string][]reply{asked: replies}
}

func TestSources(t *testing.T) {
	t.Parallel()
	for name, tt := range sourceCases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { tt().check(t) })
		})
	}
}

func (c sourceCase) check(t *testing.T) {
	s := &stand{answers: c.answers, silent: c.silent}
	source := c.source(t, s)
	started := time.Now()
	got, err := source.Credentials(t.Context())
	if len(c.fails) > 0 {
		expectCredentialsError(t, err, c.fails...)
	} else if err != nil || got.SecretID != c.want {
		t.Errorf("credentials = %q, error %v, want %q", got.SecretID, err, c.want)
	}
	if c.silent && time.Since(started) > time.Second {
		t.Errorf("waited %v for nobody", time.Since(started))
	}
	if diff := cmp.Diff(c.requests, s.requests); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	hasBody := func(body string) bool { return strings.Contains(body, c.body) }
	if c.body != "" && !slices.ContainsFunc(s.bodies, hasBody) {
		t.Errorf("bodies %q, want one with %s", s.bodies, c.body)
	}
	// What was said once is not asked again.
	again, second := source.Credentials(t.Context())
	if (second == nil) != (err == nil) || again.SecretID != got.SecretID {
		t.Errorf("the second time: %q, %v", again.SecretID, second)
	}
	if err == nil && len(s.requests) != len(c.requests) {
		t.Errorf("asked again: %q", s.requests)
	}
}

// token is a web token that expires an hour from now, or did.
func token(expires time.Time) string {
	payload := fmt.Sprintf(`{"sub": "ci", "exp": %d}`, expires.Unix())
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + ".canary"
}

func assertion(expires time.Time) string {
	return base64.StdEncoding.EncodeToString([]byte(fmt.Sprintf(`<samlp:Response xmlns:samlp="p"
		xmlns:saml="a"><saml:Assertion><saml:Conditions NotOnOrAfter=%q/></saml:Assertion>
		</samlp:Response>`, expires.UTC().Format(time.RFC3339))))
}

func TestWrongAccountIsAskedForOnce(t *testing.T) {
	t.Parallel()
	s := &stand{answers: one("GetCallerIdentity", account("2"))}
	source := InAccounts(Static("AKIDbase", "canary-key", ""), s.sts(), Accounts{Allowed: []string{"1"}})
	for range 3 {
		if _, err := source.Credentials(t.Context()); !errors.Is(err, ErrAccount) {
			t.Fatalf("error = %v, want %v", err, ErrAccount)
		}
	}
	if len(s.requests) != 1 {
		t.Errorf("requests = %q, want one", s.requests)
	}
}

func TestOneCheckForAllWhoWait(t *testing.T) {
	t.Parallel()
	s := &stand{answers: one("GetCallerIdentity", account("1"))}
	source := InAccounts(Static("AKIDbase", "canary-key", ""), s.sts(), Accounts{Allowed: []string{"1"}})
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() { expectID(t, source, "AKIDbase") })
	}
	group.Wait()
	if len(s.requests) != 1 {
		t.Errorf("requests = %q, want one", s.requests)
	}
}

func TestNoInstanceIsLookedForOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &stand{silent: true}
		source := lastResortOf(t, s)
		for range 3 {
			_, err := source.Credentials(t.Context())
			expectCredentialsError(t, err, "no answer from a metadata service")
		}
		if len(s.requests) != 1 {
			t.Errorf("requests = %q, want one", s.requests)
		}
	})
}

func TestALoginIsReadAgainBeforeItExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		login := func(id string) string {
			return fmt.Sprintf(`{"type": "oauth", "secretId": %q, "secretKey": "k", "token": "t",
				"expiresAt": %d}`, id, time.Now().Add(time.Hour).Unix())
		}
		dir := writeProfile(t, "work.credential", login("AKIDfirst"))
		source := FromProfile(Profile{Dir: dir, Name: "work"})
		expectID(t, source, "AKIDfirst")
		time.Sleep(55 * time.Minute)
		if err := os.WriteFile(filepath.Join(dir, "work.credential"), []byte(login("AKIDsecond")), 0o600); err != nil {
			t.Fatal(err)
		}
		expectID(t, source, "AKIDsecond")
	})
}
