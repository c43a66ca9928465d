package credential

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func writeProfile(t *testing.T, name, content string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestProfile(t *testing.T) {
	t.Parallel()
	dir := writeProfile(t, "work.credential",
		`{"secretId": "AKIDwork", "secretKey": "canary-key", "token": "canary-token"}`)
	got, err := FromProfile(Profile{Dir: dir, Name: "work"}).Credentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.SecretID != "AKIDwork" || got.SecretKey.Reveal() != "canary-key" ||
		got.Token.Reveal() != "canary-token" || !got.Expires.IsZero() {
		t.Errorf("credentials = %q, expires %v", got.SecretID, got.Expires)
	}
}

func TestProfileErrorsNameTheFileAndNoSecret(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ content, want string }{
		"not JSON":     {`secretKey=canary-key`, "not a JSON object"},
		"wrong type":   {`{"secretId": "AKID", "secretKey": ["canary-key"]}`, "not a JSON object"},
		"no secret id": {`{"secretKey": "canary-key"}`, "lacks secretId"},
		"no key":       {`{"secretId": "AKID"}`, "lacks secretId or secretKey"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := writeProfile(t, "work.credential", tt.content)
			_, err := FromProfile(Profile{Dir: dir, Name: "work"}).Credentials(t.Context())
			var failure *Error
			if !errors.As(err, &failure) {
				t.Fatalf("error = %v, want a *Error", err)
			}
			text := err.Error()
			if !strings.Contains(text, tt.want) || !strings.Contains(text, dir) {
				t.Errorf("error %q does not name %q and the file", text, tt.want)
			}
			if strings.Contains(text, "canary") {
				t.Errorf("error shows the key: %q", text)
			}
		})
	}
}

func TestMissingProfileIsNotThere(t *testing.T) {
	t.Parallel()
	_, err := FromProfile(Profile{Dir: t.TempDir(), Name: "none"}).Credentials(t.Context())
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error = %v, want %v", err, fs.ErrNotExist)
	}
}

func TestProfileRegion(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ content, want string }{
		"named":    {`{"_sys_param": {"region": "ap-beijing", "output": "json"}}`, "ap-beijing"},
		"no entry": {`{"cos": {}}`, ""},
		"not JSON": {`region=ap-beijing`, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := writeProfile(t, "work.configure", tt.content)
			if got := (Profile{Dir: dir, Name: "work"}).Region(); got != tt.want {
				t.Errorf("region = %q, want %q", got, tt.want)
			}
		})
	}
	if got := (Profile{Dir: t.TempDir(), Name: "none"}).Region(); got != "" {
		t.Errorf("region of a missing profile = %q, want none", got)
	}
}

// The home folder comes from the process's environment, so this test cannot run in parallel.
func TestProfileFolderMayStartAtHome(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	tests := map[string]string{
		"":        filepath.Join(home, ".tccli", "p.credential"),
		"~":       filepath.Join(home, "p.credential"),
		"~/other": filepath.Join(home, "other", "p.credential"),
		"other":   filepath.Join("other", "p.credential"),
	}
	for dir, want := range tests {
		if got, err := (Profile{Dir: dir, Name: "p"}).file(".credential"); err != nil || got != want {
			t.Errorf("file of %q = %q, %v, want %q", dir, got, err, want)
		}
	}
}
