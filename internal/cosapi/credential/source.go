package credential

import (
	"context"
	"time"
)

// Credentials sign requests. SecretKey and Token are redacted wherever they are printed.
type Credentials struct {
	SecretID  string
	SecretKey Secret
	Token     Secret    // session token of temporary credentials, zero for permanent ones
	Expires   time.Time // zero: never
}

// Source supplies the credentials of a request. It is asked before every try of every
// request, concurrently, so that credentials can be renewed under way: implementations keep what
// they have until shortly before it expires. An error ends the request; it is not retried here.
type Source interface {
	Credentials(ctx context.Context) (Credentials, error)
}

// static always returns the same credentials.
type static struct {
	credentials Credentials
}

// Static returns a source that always answers with the given credentials. token is ""
// for permanent credentials. Use it where nothing has to be renewed.
func Static(secretID, secretKey, token string) Source {
	credentials := Credentials{SecretID: secretID, SecretKey: NewSecret(secretKey)}
	if token != "" {
		credentials.Token = NewSecret(token)
	}
	return static{credentials: credentials}
}

// Credentials implements Source.
func (s static) Credentials(context.Context) (Credentials, error) {
	return s.credentials, nil
}
