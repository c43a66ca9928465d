package credential

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	// defaultProfileDir is where tccli keeps its profiles, below the home folder.
	defaultProfileDir = ".tccli"
	// defaultSessionName is the session of a profile's role that names none.
	defaultSessionName = "terraform"
)

// Profile is a profile of the Tencent Cloud CLI (tccli).
type Profile struct {
	// Dir has the files <Name>.credential and <Name>.configure; "" is ~/.tccli.
	Dir, Name string
	// STS is where the role is assumed that the profile may name.
	STS STS
}

// FromProfile reads the credentials of a profile, at the first request. A profile with role-arn
// gives those of the role, in sessions of 7,200 seconds; one that tccli auth login made gives
// credentials that expire, and is read again before they do.
func FromProfile(p Profile) Source { return renewed(p.credentials) }

// Region is the region that <Name>.configure names, "" if it names none.
func (p Profile) Region() string {
	file, err := p.file(".configure")
	if err != nil {
		return ""
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	var configure struct {
		System struct {
			Region string `json:"region"`
		} `json:"_sys_param"`
	}
	if json.Unmarshal(content, &configure) != nil {
		return ""
	}
	return strings.TrimSpace(configure.System.Region)
}

func (p Profile) credentials(ctx context.Context) (Credentials, error) {
	own, role, err := p.read()
	if err != nil || role.RoleARN == "" {
		return own, err
	}
	session, err := p.STS.assume(ctx, own, role)
	if failure := (*Error)(nil); errors.As(err, &failure) {
		failure.Source += ", which " + p.describe() + " names"
	}
	return session, err
}

// read returns what the file holds, and the role that it wants assumed, if any.
func (p Profile) read() (Credentials, Role, error) {
	fail := func(err error, advice string) (Credentials, Role, error) {
		return Credentials{}, Role{}, &Error{Source: p.describe(), Err: err, Advice: advice}
	}
	file, err := p.file(".credential")
	if err != nil {
		return fail(err, "")
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return fail(err, "")
	}
	var held profileContent
	if err := json.Unmarshal(content, &held); err != nil {
		return fail(errProfileJSON, "")
	}
	if held.SecretID == "" || held.SecretKey == "" {
		return fail(errProfileIncomplete, "")
	}
	expires := held.expires()
	if !expires.IsZero() && !time.Now().Before(expires) {
		return fail(fmt.Errorf("%w at %s", errLoginExpired, expires.UTC().Format(time.RFC3339)),
			"Run tccli auth login for this profile and try again.")
	}
	return held.credentials(expires), held.role(), nil
}

// profileContent is the file <name>.credential. Logins write type and expiresAt, in seconds since
// 1970; roles are written by hand.
type profileContent struct {
	Type        string      `json:"type"`
	SecretID    string      `json:"secretId"`
	SecretKey   string      `json:"secretKey"`
	Token       string      `json:"token"`
	ExpiresAt   json.Number `json:"expiresAt"`
	RoleARN     string      `json:"role-arn"`
	SessionName string      `json:"role-session-name"`
}

// expires is zero where the credentials are not those of a login.
func (c profileContent) expires() time.Time {
	seconds, err := c.ExpiresAt.Float64()
	if err != nil || seconds <= 0 || c.Type != "oauth" {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0)
}

func (c profileContent) credentials(expires time.Time) Credentials {
	return Credentials{
		SecretID: strings.TrimSpace(c.SecretID), SecretKey: NewSecret(strings.TrimSpace(c.SecretKey)),
		Token: NewSecret(strings.TrimSpace(c.Token)), Expires: expires,
	}
}

func (c profileContent) role() Role {
	name := strings.TrimSpace(c.SessionName)
	if name == "" {
		name = defaultSessionName
	}
	return Role{RoleARN: strings.TrimSpace(c.RoleARN), SessionName: name}
}

// The decoder's own error would be kept out of messages anyway: it can quote the file.
var (
	errProfileJSON       = errors.New("the file is not a JSON object")
	errProfileIncomplete = errors.New("the file lacks secretId or secretKey")
	errLoginExpired      = errors.New("the login expired")
)

func (p Profile) describe() string {
	file, err := p.file(".credential")
	if err != nil {
		return "profile " + p.Name
	}
	return fmt.Sprintf("profile %s (%s)", p.Name, file)
}

func (p Profile) file(suffix string) (string, error) {
	dir := p.Dir
	rest, underHome := strings.CutPrefix(filepath.ToSlash(dir), "~/")
	if dir == "" || dir == "~" || underHome {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		switch dir {
		case "":
			rest = defaultProfileDir
		case "~":
			rest = ""
		}
		dir = filepath.Join(home, filepath.FromSlash(rest))
	}
	return filepath.Join(dir, p.Name+suffix), nil
}
