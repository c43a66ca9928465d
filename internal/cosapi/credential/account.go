package credential

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/singleflight"

	sts "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/sts/v20180813"
)

// Accounts says which accounts credentials may belong to. Accounts are named by the AccountId of
// GetCallerIdentity: the uin of the main account, for users and roles alike.
type Accounts struct {
	Allowed, Forbidden []string
}

// IsZero reports that every account will do.
func (a Accounts) IsZero() bool { return len(a.Allowed) == 0 && len(a.Forbidden) == 0 }

// ErrAccount is the cause of an [Error] about credentials of an account that is not wanted.
var ErrAccount = errors.New("the credentials are of the wrong account")

// InAccounts hands out the credentials of base after STS has said, once, that they are of an
// account that is wanted. Nothing is signed before. Sessions of SAML and web identity cannot be
// asked for.
func InAccounts(base Source, service STS, accounts Accounts) Source {
	if accounts.IsZero() {
		return base
	}
	return &inAccounts{base: base, service: service, accounts: accounts}
}

type inAccounts struct {
	base     Source
	service  STS
	accounts Accounts

	flight singleflight.Group

	mu      sync.Mutex
	asked   bool
	refused error
}

// Credentials implements Source.
func (a *inAccounts) Credentials(ctx context.Context) (Credentials, error) {
	credentials, err := a.base.Credentials(ctx)
	if err != nil {
		return Credentials{}, err
	}
	if asked, refused := a.verdict(); asked {
		return credentials.unless(refused)
	}
	_, err = share(ctx, &a.flight, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, a.check(ctx, credentials)
	})
	return credentials.unless(err)
}

// unless returns the credentials, or only the error if there is one.
func (c Credentials) unless(err error) (Credentials, error) {
	if err != nil {
		return Credentials{}, err
	}
	return c, nil
}

func (a *inAccounts) verdict() (asked bool, refused error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.asked, a.refused
}

// check asks once. That STS could not be asked is not remembered, what it said is.
func (a *inAccounts) check(ctx context.Context, credentials Credentials) error {
	if asked, refused := a.verdict(); asked {
		return refused
	}
	account, err := a.service.accountOf(ctx, credentials)
	if err != nil {
		return &Error{Source: "the account check of " + credentials.SecretID, Err: err}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked, a.refused = true, a.accounts.refuse(account, credentials.SecretID)
	return a.refused
}

func (a Accounts) refuse(account, holder string) error {
	fail := func(advice string) error {
		return &Error{
			Source: fmt.Sprintf("%s, which belongs to account %s", holder, account),
			Err:    ErrAccount, Advice: advice,
		}
	}
	switch {
	case slices.Contains(a.Forbidden, account):
		return fail("forbidden_account_ids names it. Nothing was sent to COS.")
	case len(a.Allowed) > 0 && !slices.Contains(a.Allowed, account):
		return fail("allowed_account_ids names only " + strings.Join(a.Allowed, ", ") +
			". Nothing was sent to COS.")
	}
	return nil
}

func (s STS) accountOf(ctx context.Context, holder Credentials) (account string, err error) {
	client, err := s.client(holder)
	if err != nil {
		return "", err
	}
	err = tryAgain(ctx, func() (again bool, err error) {
		answer, err := client.GetCallerIdentityWithContext(ctx, sts.NewGetCallerIdentityRequest())
		if err != nil {
			return isTemporary(err), err
		}
		if answer.Response != nil && answer.Response.AccountId != nil {
			account = *answer.Response.AccountId
		}
		return false, nil
	})
	if err == nil && account == "" {
		err = errNoSTS
	}
	return account, withoutBody(err)
}
