package credential

import (
	"context"
	"fmt"
	"net/url"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	sts "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/sts/v20180813"
)

// Role is a role that the holder of other credentials may assume (AssumeRole, document
// 1312/48197).
type Role struct {
	// RoleARN is demanded by STS; SessionName shows up in audit logs, 2 to 128 characters.
	RoleARN, SessionName string
	// Duration is in seconds, at most 43200; 0 is 7200.
	Duration int64
	// Policy is CAM policy JSON that narrows the session; it is URL-encoded here.
	Policy                                   string
	ExternalID, SourceIdentity, SerialNumber string
	// TokenCode is the code of an MFA device. It can be used once, so renewal fails with it.
	TokenCode Secret
}

// AssumeRole takes the credentials of base to STS and returns those of a role. They
// are fetched at the first request and renewed before they expire.
func AssumeRole(base Source, service STS, role Role) Source {
	return renewed(func(ctx context.Context) (Credentials, error) {
		// A failing base describes itself; wrapping it would hide what was tried.
		holder, err := base.Credentials(ctx)
		if err != nil {
			return Credentials{}, err
		}
		return service.assume(ctx, holder, role)
	})
}

func (s STS) assume(ctx context.Context, holder Credentials, role Role) (Credentials, error) {
	request := sts.NewAssumeRoleRequest()
	request.RoleArn, request.RoleSessionName = &role.RoleARN, &role.SessionName
	request.DurationSeconds = common.Uint64Ptr(uint64(sessionSeconds(role.Duration)))
	request.Policy = optional(url.QueryEscape(role.Policy))
	request.ExternalId = optional(role.ExternalID)
	request.SourceIdentity = optional(role.SourceIdentity)
	request.SerialNumber = optional(role.SerialNumber)
	request.TokenCode = optional(role.TokenCode.Reveal())
	client, err := s.client(holder)
	var credentials Credentials
	if err == nil {
		credentials, err = ask(ctx, func() (session, error) {
			answer, err := client.AssumeRoleWithContext(ctx, request)
			if err != nil || answer.Response == nil {
				return session{}, err
			}
			return newSession(answer.Response.Credentials, answer.Response.ExpiredTime), nil
		})
	}
	if err != nil {
		source := fmt.Sprintf("role %s, assumed by %s", role.RoleARN, holder.SecretID)
		return Credentials{}, &Error{Source: source, Err: err, Advice: adviceOnRole(err, holder)}
	}
	return credentials, nil
}

func adviceOnRole(err error, holder Credentials) string {
	if !isDenial(err) {
		return ""
	}
	return fmt.Sprintf("It takes both: the role's trust policy has to name the account or user of "+
		"%s, and that user needs the permission sts:AssumeRole on the role.", holder.SecretID)
}
