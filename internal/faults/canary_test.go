package faults_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// The canaries: random, so that finding them anywhere is no coincidence.
const (
	canaryKey       = "w8Rk2Zp5Tx9Qb4Ln7Vc1Ys6Hd3Jf0GmA"
	canarySecretKey = "Xe7Nq2Wv9Bz4Kt6Rj1Lc8Pd5Fh3Gs0Ya"
	canaryToken     = "tok-Qm4Zt8Xk2Rv6Bn9Lw3Jc7Hp1Df5Gs0Yaeu"
)

// spellings are the twelve in which a secret may come back.
func spellings(secret string) []string {
	digits := hex.EncodeToString([]byte(secret))
	standard := base64.StdEncoding.EncodeToString([]byte(secret))
	quoted, _ := json.Marshal(secret)
	numbers := make([]string, len(secret))
	for i := range len(secret) {
		numbers[i] = strconv.Itoa(int(secret[i]))
	}
	var wide strings.Builder
	for _, unit := range utf16.Encode([]rune(secret)) {
		wide.WriteByte(byte(unit))
		wide.WriteByte(byte(unit >> 8))
	}
	return []string{
		secret, standard, strings.TrimRight(standard, "="),
		base64.URLEncoding.EncodeToString([]byte(secret)), digits, strings.ToUpper(digits),
		url.QueryEscape(secret), strings.Trim(string(quoted), `"`), strings.Join(numbers, " "),
		base64.StdEncoding.EncodeToString([]byte(standard)), wide.String(),
		base64.StdEncoding.EncodeToString([]byte(digits)),
	}
}

// echoed is everything that a request carried, in all spellings. A server cannot echo what it never
// had: the key is sent with some requests only.
func echoed(r *http.Request) string {
	secrets := []string{canaryToken, canarySecretKey, r.Header.Get("Authorization")}
	for name := range r.Header {
		if strings.HasSuffix(strings.ToLower(name), "customer-key") {
			secrets = append(secrets, canaryKey, r.Header.Get(name))
		}
	}
	var text strings.Builder
	for _, secret := range secrets {
		text.WriteString(strings.Join(spellings(secret), " | ") + " | ")
	}
	return text.String()
}

// echoes are servers that are helpful to whoever reads logs.
var echoes = []fault{
	{"message", func(x *exchange) {
		_, _ = io.Copy(io.Discard, x.r.Body)
		text := strings.NewReplacer("&", "&amp;", "<", "&lt;", "\x00", "").Replace(echoed(x.r))
		header := identity.Clone()
		header.Set("Content-Type", "application/xml")
		header.Set("X-Cos-Request-Id", oneLine(echoed(x.r)))
		answer := reply{status: 403, header: header, length: -1, body: []byte(
			"<Error><Code>AccessDenied</Code><Message>You sent " + text + "</Message></Error>")}
		if x.r.Method == http.MethodHead {
			answer.body = nil
		}
		x.send(answer)
	}},
	{"page", func(x *exchange) {
		_, _ = io.Copy(io.Discard, x.r.Body)
		x.send(reply{status: 404, length: -1, body: []byte("<html>" + echoed(x.r)), header: http.Header{
			"Content-Type": {"text/html; " + oneLine(echoed(x.r))}, "Server": {oneLine(echoed(x.r))},
		}})
	}},
	{"headers", changedBy(func(x *exchange, r *reply) {
		text := oneLine(echoed(x.r))
		r.header.Set("X-Cos-Meta-Echo", text)
		r.header.Set("X-Cos-Request-Id", text)
		if x.r.Method == http.MethodHead {
			r.header.Set("Cache-Control", text)
		}
	})},
}

func changedBy(change func(*exchange, *reply)) func(*exchange) {
	return func(x *exchange) {
		answer := x.forward()
		change(x, &answer)
		x.send(answer)
	}
}

func oneLine(text string) string {
	return strings.NewReplacer("\n", "", "\r", "", "\x00", "").Replace(text)
}

// hasCanary names the first canary in a text, "" for none.
func hasCanary(text string) string {
	for name, secret := range map[string]string{
		"key": canaryKey, "key as sent": base64.StdEncoding.EncodeToString([]byte(canaryKey)),
		"secret key": canarySecretKey, "token": canaryToken,
	} {
		for i, spelled := range spellings(secret) {
			if strings.Contains(text, spelled) || strings.Contains(text, oneLine(spelled)) {
				return fmt.Sprintf("%s in spelling %d", name, i)
			}
		}
	}
	if strings.Contains(text, "q-signature=") {
		return "a signature"
	}
	return ""
}

// canaryCloud is an emulator whose credentials are canaries, a proxy before it, and the provider's
// attributes that lead through it.
func canaryCloud(t *testing.T) (*pt.Cloud, *proxy, pt.Attrs) {
	t.Helper()
	cloud := pt.NewCloud(t, cosemu.Config{Credentials: []cosemu.Credential{
		{SecretID: "AKIDcanary", SecretKey: canarySecretKey, SecurityToken: canaryToken},
		cosemu.DocumentedCredential(),
	}})
	p := startProxy(t, cloud)
	return cloud, p, p.attrs().With(pt.Attrs{
		"secret_id": "AKIDcanary", "secret_key": canarySecretKey, "security_token": canaryToken,
		"customer_keys": map[string]string{"main": canaryKey}, "max_retries": 1,
	})
}

// TestEchoesAreNotRepeated runs an object's life against servers that echo every request. None of
// what they echo is in a diagnostic, a state or private data.
func TestEchoesAreNotRepeated(t *testing.T) {
	t.Parallel()
	config := small(oldText, pt.SSEC(pt.Attrs{"key_name": "main"}))
	for _, echo := range echoes {
		t.Run(echo.name, func(t *testing.T) {
			t.Parallel()
			cloud, p, attrs := canaryCloud(t)
			object := pt.NewServer(t, cloud, attrs).Object()
			p.breakAll(echo.act)
			texts := []string{said(object.Apply(config))}
			p.breakAll(nil)
			object.MustApply(config)
			p.breakAll(echo.act)
			object = object.On(pt.NewServer(t, cloud, attrs))
			texts = append(texts, pt.ErrorText(object.Refresh()), pt.WarningText(object.Refresh()))
			texts = append(texts, said(object.Apply(config.With(pt.Attrs{"content": newText}))))
			state, diagnostics := object.ReadData("cos_encrypted_object", pt.Attrs{
				"bucket": pt.Bucket, "key": "k", "read_content": true,
				"sse": []pt.Attrs{{"c": []pt.Attrs{{"key_name": "main"}}}},
			})
			texts = append(texts, pt.ErrorText(diagnostics), fmt.Sprint(state),
				fmt.Sprint(object.State), string(object.Private), pt.ErrorText(object.Destroy()))
			for _, text := range texts {
				if name := hasCanary(text); name != "" {
					t.Errorf("%s: %.600q", name, text)
				}
			}
			if echo.name != "headers" && texts[0] == "" {
				t.Error("nothing went wrong")
			}
		})
	}
}

// said is everything that an apply said.
func said(change pt.Change, diagnostics []*tfprotov6.Diagnostic) string {
	return change.Errors() + change.Warnings() + pt.ErrorText(diagnostics) + pt.WarningText(diagnostics)
}

// TestCLIEchoesAreNotInTheTrace is the same with the real CLI: what it prints, its trace, state and
// plan.
func TestCLIEchoesAreNotInTheTrace(t *testing.T) {
	t.Parallel()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("TF_ACC is not set: this runs the CLI")
	}
	if !long {
		t.Skip("one of the long tests: FAULTS is not set")
	}
	for _, echo := range echoes {
		t.Run(echo.name, func(t *testing.T) {
			t.Parallel()
			_, p, attrs := canaryCloud(t)
			var block strings.Builder
			for _, name := range []string{
				"endpoint", "custom_ca_bundle", "secret_id", "secret_key", "security_token",
			} {
				fmt.Fprintf(&block, "  %s = %q\n", name, attrs[name])
			}
			run := pt.NewCLI(t, pt.RequiredProviders+fmt.Sprintf(`
provider "cos" {
%s  region        = %q
  max_retries   = 1
  customer_keys = { main = var.key }
}

variable "key" {
  type      = string
  ephemeral = true
}

resource "cos_encrypted_object" "o" {
  bucket  = %q
  key     = "k"
  content = "hello"
  sse {
    c {
      key_name = "main"
    }
  }
}
`, block.String(), pt.Region, pt.Bucket), map[string]string{"TF_VAR_key": canaryKey})
			p.breakAll(echo.act)
			_, _ = run.Try("apply", "-auto-approve")
			p.breakAll(nil)
			run.MustRun("apply", "-auto-approve")
			p.breakAll(echo.act)
			_, _ = run.Try("plan", "-out=plan.bin")
			texts := map[string]string{"output": run.Output.String()}
			if _, err := os.Stat(filepath.Join(run.Dir, "plan.bin")); err == nil {
				texts["plan"] = run.PlanFiles("plan.bin")
			}
			for _, name := range []string{"trace.log", "terraform.tfstate"} {
				content, err := os.ReadFile(filepath.Join(run.Dir, name))
				pt.Must(t, err)
				texts[name] = string(content)
			}
			for name, text := range texts {
				if found := hasCanary(text); found != "" {
					t.Errorf("%s has the %s", name, found)
				}
			}
		})
	}
}
