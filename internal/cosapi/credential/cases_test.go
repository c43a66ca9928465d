package credential

import (
	"fmt"
	"testing"
	"time"
)

// The names of requests that the stand records.
const (
	assume   = "AssumeRole"
	exchange = "AssumeRoleWithWebIdentity"
	sign     = "AssumeRoleWithSAML"
	identity = "GetCallerIdentity"
)

// sourceCases makes each case inside its own bubble of time.
func sourceCases() map[string]func() sourceCase {
	bad := reply{502, "<html>canary-token</html>"}
	cases := map[string]func() sourceCase{
		"key": func() sourceCase {
			return sourceCase{source: func(*testing.T, *stand) Source {
				return Static("AKIDbase", "canary-key", "")
			}, want: "AKIDbase"}
		},
		"profile": func() sourceCase {
			return sourceCase{source: inProfile(`{` + key + `}`), want: "AKIDbase"}
		},
		"profile with a role": func() sourceCase {
			return sourceCase{
				source:  inProfile(`{` + key + `, "role-arn": "arn", "role-session-name": "me"}`),
				answers: one(assume, sessionOf("AKIDrole")), want: "AKIDrole",
				requests: []string{assume + " by AKIDbase"},
				body:     `{"RoleArn":"arn","RoleSessionName":"me","DurationSeconds":7200}`,
			}
		},
		"profile with a role, session without a name": func() sourceCase {
			return sourceCase{
				source:  inProfile(`{` + key + `, "role-arn": "arn"}`),
				answers: one(assume, sessionOf("AKIDrole")), want: "AKIDrole",
				requests: []string{assume + " by AKIDbase"}, body: `"RoleSessionName":"terraform"`,
			}
		},
		"profile with a role that is denied": func() sourceCase {
			return sourceCase{
				source:   inProfile(`{` + key + `, "role-arn": "arn"}`),
				fails:    []string{"role arn", "work.credential", "trust policy", "sts:AssumeRole"},
				requests: []string{assume + " by AKIDbase"},
			}
		},
		"login": func() sourceCase {
			return sourceCase{source: inProfile(loginUntil(time.Hour)), want: "AKIDbase"}
		},
		"login that expired": func() sourceCase {
			return sourceCase{
				source: inProfile(loginUntil(-time.Minute)),
				fails:  []string{"tccli auth login", "work.credential", "expired at "},
			}
		},
		"key with a leftover expiresAt": func() sourceCase {
			return sourceCase{source: inProfile(`{` + key + `, "expiresAt": 1}`), want: "AKIDbase"}
		},
	}
	for _, more := range []map[string]func() sourceCase{
		roleCases(bad), webCases(bad), samlCases(), accountCases(bad), instanceCases(bad),
	} {
		for name, c := range more {
			cases[name] = c
		}
	}
	return cases
}

func inProfile(content string) func(*testing.T, *stand) Source {
	return func(t *testing.T, s *stand) Source { return profileWith(t, s, content) }
}

func loginUntil(life time.Duration) string {
	return fmt.Sprintf(`{"type": "oauth", %s, "token": "canary-token", "expiresAt": %d}`,
		key, time.Now().Add(life).Unix())
}

func roleCases(bad reply) map[string]func() sourceCase {
	role := func(_ *testing.T, s *stand) Source {
		return AssumeRole(Static("AKIDbase", "canary-key", ""), s.sts(),
			Role{RoleARN: "arn", SessionName: "ci"})
	}
	thrice := []string{assume + " by AKIDbase", assume + " by AKIDbase", assume + " by AKIDbase"}
	return map[string]func() sourceCase{
		"role": func() sourceCase {
			return sourceCase{
				source: role, answers: one(assume, sessionOf("AKIDrole")), want: "AKIDrole",
				requests: thrice[:1],
			}
		},
		"role on top of a profile's": func() sourceCase {
			return sourceCase{
				source: func(t *testing.T, s *stand) Source {
					return AssumeRole(profileWith(t, s, `{`+key+`, "role-arn": "first"}`), s.sts(),
						Role{RoleARN: "second", SessionName: "ci"})
				},
				answers: one(assume, sessionOf("AKIDfirst"), sessionOf("AKIDsecond")), want: "AKIDsecond",
				requests: []string{assume + " by AKIDbase", assume + " by AKIDfirst"},
			}
		},
		"role, denied": func() sourceCase {
			return sourceCase{
				source: role, requests: thrice[:1],
				fails: []string{"UnauthorizedOperation", "trust policy", "AKIDbase", "sts:AssumeRole"},
			}
		},
		"role, a proxy's page once": func() sourceCase {
			return sourceCase{
				source: role, answers: one(assume, bad, sessionOf("AKIDrole")), want: "AKIDrole",
				requests: thrice[:2],
			}
		},
		"role, busy once": func() sourceCase {
			return sourceCase{
				source:  role,
				answers: one(assume, refusal("InternalError.SystemError"), sessionOf("AKIDrole")),
				want:    "AKIDrole", requests: thrice[:2],
			}
		},
		"role, nothing but failures": func() sourceCase {
			return sourceCase{
				source: role, answers: one(assume, bad), fails: []string{"502 Bad Gateway"},
				requests: thrice,
			}
		},
		"role, a page that wants a login": func() sourceCase {
			return sourceCase{
				source: role, answers: one(assume, reply{200, "<html>canary-token</html>"}),
				fails: []string{"not STS's"}, requests: thrice[:1],
			}
		},
		"role, a page that forbids": func() sourceCase {
			return sourceCase{
				source: role, answers: one(assume, reply{403, "canary-token"}), fails: []string{"not STS's"},
				requests: thrice[:1],
			}
		},
		"role, an empty answer": func() sourceCase {
			return sourceCase{
				source: role, answers: one(assume, reply{200, `{"Response": {"RequestId": "r"}}`}),
				fails: []string{"no credentials"}, requests: thrice[:1],
			}
		},
	}
}

func webCases(bad reply) map[string]func() sourceCase {
	web := func(change func(*testing.T, *WebIdentity)) func(*testing.T, *stand) Source {
		return func(t *testing.T, s *stand) Source {
			w := WebIdentity{RoleARN: "arn", SessionName: "ci", Token: NewSecret("canary-token")}
			change(t, &w)
			return AssumeRoleWithWebIdentity(s.sts(), w)
		}
	}
	as := func(*testing.T, *WebIdentity) {}
	asked := []string{exchange + " by nobody"}
	good := func() map[string][]reply { return one(exchange, sessionOf("AKIDweb")) }
	inFile := func(content string) func(*testing.T, *WebIdentity) {
		return func(t *testing.T, w *WebIdentity) {
			w.Token, w.TokenFile = Secret{}, fileWith(t, content)
		}
	}
	return map[string]func() sourceCase{
		"web identity, provider OIDC unless named": func() sourceCase {
			return sourceCase{
				source: web(as), answers: good(), want: "AKIDweb", requests: asked,
				body: `"ProviderId":"OIDC"`,
			}
		},
		"web identity, token in a file": func() sourceCase {
			return sourceCase{
				source: web(inFile("raw-token\n")), answers: good(), want: "AKIDweb", requests: asked,
				body: `"WebIdentityToken":"raw-token"`,
			}
		},
		"web identity, token in JSON": func() sourceCase {
			return sourceCase{
				source:  web(inFile(`{"web_identity_token": "json-token"}`)),
				answers: good(), want: "AKIDweb", requests: asked, body: `"WebIdentityToken":"json-token"`,
			}
		},
		"web identity, JSON without a token": func() sourceCase {
			return sourceCase{
				source: web(inFile(`{"token": "canary"}`)),
				fails:  []string{"lacks web_identity_token"},
			}
		},
		"web identity, role in a file": func() sourceCase {
			return sourceCase{
				source: web(func(t *testing.T, w *WebIdentity) {
					w.RoleARN, w.RoleARNFile = "", fileWith(t, `{"role_arn": "arn-of-file"}`)
				}),
				answers: good(), want: "AKIDweb", requests: asked, body: `"RoleArn":"arn-of-file"`,
			}
		},
		"web identity, no role in the file": func() sourceCase {
			return sourceCase{
				source: web(func(t *testing.T, w *WebIdentity) {
					w.RoleARN, w.RoleARNFile = "", fileWith(t, `arn`)
				}),
				fails: []string{"not a JSON object"},
			}
		},
		"web identity, expired": func() sourceCase {
			return sourceCase{
				source: web(func(_ *testing.T, w *WebIdentity) {
					w.Token = NewSecret(token(time.Now().Add(-time.Hour)))
				}),
				answers:  one(exchange, refusal("InvalidParameter.WebIdentityTokenError")),
				requests: asked, fails: []string{"WebIdentityTokenError", "token expired at "},
			}
		},
		"web identity, denied": func() sourceCase {
			return sourceCase{
				source: web(func(_ *testing.T, w *WebIdentity) {
					w.Token = NewSecret(token(time.Now().Add(time.Hour)))
				}),
				requests: asked, fails: []string{"trust policy", "OIDC", "sts:AssumeRoleWithWebIdentity"},
			}
		},
		"web identity, STS fails once": func() sourceCase {
			return sourceCase{
				source: web(as), answers: one(exchange, bad, sessionOf("AKIDweb")), want: "AKIDweb",
				requests: []string{asked[0], asked[0]},
			}
		},
	}
}

func samlCases() map[string]func() sourceCase {
	saml := func(life time.Duration) func(*testing.T, *stand) Source {
		return func(_ *testing.T, s *stand) Source {
			return AssumeRoleWithSAML(s.sts(), SAML{
				RoleARN: "arn", PrincipalARN: "idp", SessionName: "ci", Duration: 900,
				Assertion: NewSecret(assertion(time.Now().Add(life))),
			})
		}
	}
	asked := []string{sign + " by nobody"}
	return map[string]func() sourceCase{
		"SAML": func() sourceCase {
			return sourceCase{
				source: saml(time.Hour), answers: one(sign, sessionOf("AKIDsaml")), want: "AKIDsaml",
				requests: asked,
				body:     `"PrincipalArn":"idp","RoleArn":"arn","RoleSessionName":"ci","DurationSeconds":900}`,
			}
		},
		"SAML, expired": func() sourceCase {
			return sourceCase{
				source: saml(-time.Minute), answers: one(sign, refusal("InvalidParameter.ParamError")),
				requests: asked, fails: []string{"SAML assertion expired at ", "sign in again"},
			}
		},
		"SAML, denied": func() sourceCase {
			return sourceCase{
				source: saml(time.Hour), requests: asked,
				fails: []string{"trust policy", "idp", "sts:AssumeRoleWithSAML"},
			}
		},
	}
}

func accountCases(bad reply) map[string]func() sourceCase {
	in := func(accounts Accounts) func(*testing.T, *stand) Source {
		return func(_ *testing.T, s *stand) Source {
			return InAccounts(Static("AKIDbase", "canary-key", ""), s.sts(), accounts)
		}
	}
	asked := []string{identity + " by AKIDbase"}
	return map[string]func() sourceCase{
		"no account demanded": func() sourceCase {
			return sourceCase{source: in(Accounts{}), want: "AKIDbase"}
		},
		"account that is allowed": func() sourceCase {
			return sourceCase{
				source: in(Accounts{Allowed: []string{"1", "2"}}), answers: one(identity, account("2")),
				want: "AKIDbase", requests: asked,
			}
		},
		"account that is not allowed": func() sourceCase {
			return sourceCase{
				source: in(Accounts{Allowed: []string{"1", "2"}}), answers: one(identity, account("3")),
				fails:    []string{"wrong account", "account 3", "allowed_account_ids names only 1, 2"},
				requests: asked,
			}
		},
		"account that is forbidden": func() sourceCase {
			return sourceCase{
				source: in(Accounts{Forbidden: []string{"3"}}), answers: one(identity, account("3")),
				fails: []string{"account 3", "forbidden_account_ids"}, requests: asked,
			}
		},
		"account that is not forbidden": func() sourceCase {
			return sourceCase{
				source: in(Accounts{Forbidden: []string{"3"}}), answers: one(identity, account("1")),
				want: "AKIDbase", requests: asked,
			}
		},
		"account of the role, not of its base": func() sourceCase {
			return sourceCase{
				source: func(_ *testing.T, s *stand) Source {
					role := AssumeRole(Static("AKIDbase", "canary-key", ""), s.sts(), Role{RoleARN: "arn"})
					return InAccounts(role, s.sts(), Accounts{Allowed: []string{"1"}})
				},
				answers: map[string][]reply{
					assume: {sessionOf("AKIDrole")}, identity: {account("1")},
				},
				want: "AKIDrole", requests: []string{assume + " by AKIDbase", identity + " by AKIDrole"},
			}
		},
		"account, STS fails once": func() sourceCase {
			return sourceCase{
				source:  in(Accounts{Allowed: []string{"1"}}),
				answers: one(identity, bad, account("1")), want: "AKIDbase",
				requests: []string{asked[0], asked[0]},
			}
		},
		"account that STS does not tell": func() sourceCase {
			return sourceCase{
				source:  in(Accounts{Forbidden: []string{"1"}}),
				answers: one(identity, reply{200, `{"Response": {"RequestId": "r"}}`}),
				fails:   []string{"account check", "not STS's"}, requests: asked,
			}
		},
	}
}

func instanceCases(bad reply) map[string]func() sourceCase {
	named := func(_ *testing.T, s *stand) Source {
		return InstanceRole(Instance{Name: "deploy", transport: s})
	}
	deploy := listPath + "deploy"
	return map[string]func() sourceCase{
		"instance": func() sourceCase {
			return sourceCase{
				source: named, answers: one(deploy, roleOf("AKIDcvm")), want: "AKIDcvm",
				requests: []string{deploy},
			}
		},
		"instance, busy once": func() sourceCase {
			return sourceCase{
				source: named, answers: one(deploy, bad, roleOf("AKIDcvm")), want: "AKIDcvm",
				requests: []string{deploy, deploy},
			}
		},
		"instance without that role": func() sourceCase {
			return sourceCase{
				source: named, fails: []string{"no such role", "deploy"}, requests: []string{deploy},
			}
		},
		"instance, found": func() sourceCase {
			return sourceCase{
				source: lastResortOf, want: "AKIDcvm", requests: []string{listPath, deploy},
				answers: map[string][]reply{
					listPath: {{200, "deploy\nother\n"}}, deploy: {roleOf("AKIDcvm")},
				},
			}
		},
		"instance without a role": func() sourceCase {
			return sourceCase{
				source: lastResortOf, requests: []string{listPath},
				fails: []string{"tried: the moon: dark", "default.credential: not there", "it has none"},
			}
		},
		"instance, an empty list": func() sourceCase {
			return sourceCase{
				source: lastResortOf, answers: one(listPath, reply{200, "\n"}),
				requests: []string{listPath}, fails: []string{"it has none"},
			}
		},
		"no instance": func() sourceCase {
			return sourceCase{
				source: lastResortOf, silent: true, requests: []string{listPath},
				fails: []string{
					"the moon: dark", "default.credential: not there",
					"the role of the instance (http://metadata.tencentyun.com): no answer",
				},
			}
		},
		"a default profile comes before the instance": func() sourceCase {
			return sourceCase{
				source: func(t *testing.T, s *stand) Source {
					dir := writeProfile(t, "default.credential", `{`+key+`}`)
					return LastResort(Profile{Dir: dir, Name: "default"}, Instance{transport: s}, nil)
				},
				want: "AKIDbase",
			}
		},
		"a broken default profile hides no instance": func() sourceCase {
			return sourceCase{
				source: func(t *testing.T, s *stand) Source {
					dir := writeProfile(t, "default.credential", `canary`)
					return LastResort(Profile{Dir: dir, Name: "default"}, Instance{transport: s}, nil)
				},
				fails: []string{"not a JSON object"},
			}
		},
	}
}
