package credential

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// defaultProfileDir is where tccli keeps its profiles, below the home folder.
const defaultProfileDir = ".tccli"

// Profile reads the profile of the Tencent Cloud CLI (tccli) called name from dir: the
// file <name>.credential. An empty dir is ~/.tccli. The file is read at the first request.
func Profile(dir, name string) Source {
	return renewed(func(context.Context) (Credentials, error) {
		return readProfile(dir, name)
	})
}

// LastResort is Profile for when nothing else was configured: without the
// file the error lists tried, what was looked at before, in order.
func LastResort(dir, name string, tried []string) Source {
	return renewed(func(context.Context) (Credentials, error) {
		credentials, err := readProfile(dir, name)
		if errors.Is(err, fs.ErrNotExist) {
			file, _ := profileFile(dir, name, ".credential")
			return Credentials{}, &Error{
				Tried: append(tried[:len(tried):len(tried)], "the file "+file+": not there"), Err: err,
			}
		}
		return credentials, err
	})
}

// ProfileRegion is the region that the profile's file <name>.configure names, "" if it names
// none.
func ProfileRegion(dir, name string) string {
	file, err := profileFile(dir, name, ".configure")
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
	return configure.System.Region
}

func readProfile(dir, name string) (Credentials, error) {
	file, err := profileFile(dir, name, ".credential")
	if err != nil {
		return Credentials{}, &Error{Source: "profile " + name, Err: err}
	}
	source := fmt.Sprintf("profile %s (%s)", name, file)
	content, err := os.ReadFile(file)
	if err != nil {
		return Credentials{}, &Error{Source: source, Err: err}
	}
	var profile struct {
		SecretID  string `json:"secretId"`
		SecretKey string `json:"secretKey"`
		Token     string `json:"token"`
	}
	if err := json.Unmarshal(content, &profile); err != nil {
		return Credentials{}, &Error{Source: source, Err: errProfileJSON}
	}
	if profile.SecretID == "" || profile.SecretKey == "" {
		return Credentials{}, &Error{Source: source, Err: errProfileIncomplete}
	}
	return Credentials{
		SecretID: profile.SecretID, SecretKey: NewSecret(profile.SecretKey),
		Token: NewSecret(profile.Token),
	}, nil
}

// The decoder's own error would be kept out of messages anyway: it can quote the file.
var (
	errProfileJSON       = errors.New("the file is not a JSON object")
	errProfileIncomplete = errors.New("the file lacks secretId or secretKey")
)

func profileFile(dir, name, suffix string) (string, error) {
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
	return filepath.Join(dir, name+suffix), nil
}
