package credential

import (
	"context"
	"errors"
	"io/fs"
)

// lastResort is what LastResort returns. Its fields are used by one fetch at a time.
type lastResort struct {
	profile  Profile
	instance Instance
	tried    []string

	role Source // of the instance, once it was found
	none *Error // once there was none
}

// LastResort is for when nothing was configured: the profile, usually the default one, and
// without its file the role of the CVM instance that the process runs on, whatever its name. The
// metadata service is given one second, once. Without either the error lists tried, what was
// looked at before, in order, and then these two.
func LastResort(profile Profile, instance Instance, tried []string) Source {
	return renewed((&lastResort{profile: profile, instance: instance, tried: tried}).fetch)
}

func (l *lastResort) fetch(ctx context.Context) (Credentials, error) {
	credentials, err := l.profile.credentials(ctx)
	if !errors.Is(err, fs.ErrNotExist) {
		return credentials, err
	}
	if l.none != nil {
		return Credentials{}, l.none
	}
	if l.role == nil {
		found, missing := l.instance.find(ctx)
		if missing != nil {
			l.none = l.nothing(err, missing)
			return Credentials{}, l.none
		}
		l.role = InstanceRole(found)
	}
	return l.role.Credentials(ctx)
}

func (l *lastResort) nothing(noProfile, noRole error) *Error {
	file, _ := l.profile.file(".credential")
	tried := append(l.tried[:len(l.tried):len(l.tried)], "the file "+file+": not there",
		"the role of the instance ("+l.instance.endpoint()+"): "+noRole.Error())
	return &Error{Tried: tried, Err: noProfile}
}
