package objects

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/providerdata"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// auditClient is what an audit needs of *cosapi.Client.
type auditClient interface {
	List(context.Context, cosapi.ListOptions) (cosapi.ListPage, error)
	ListVersions(context.Context, cosapi.ListVersionsOptions) (cosapi.VersionPage, error)
	HeadOnly(context.Context, cosapi.ObjectRef, *cosapi.CustomerKey) (cosapi.ObjectInfo, error)
	Head(context.Context, cosapi.ObjectRef, *cosapi.CustomerKey) (cosapi.ObjectInfo, error)
}

// audit looks at the objects of a prefix, page by page: it holds one page of the listing and the
// objects that it is to report, whatever there is in the bucket.
type audit struct {
	client  auditClient
	keyring *keyTrial
	// slots bounds the objects that all audits of the provider look at side by side.
	slots chan struct{}

	// bucket names bucket and region.
	bucket         cosapi.ObjectRef
	prefix         string
	limit          int64
	versions       bool
	expectation    expectation
	violationsOnly bool

	objects    []auditedObject
	byMode     map[string]int64
	total      int64
	violations int64
	truncated  bool
}

// auditedObject is one element of objects.
type auditedObject struct {
	Key            types.String `tfsdk:"key"`
	VersionID      types.String `tfsdk:"version_id"`
	IsLatest       types.Bool   `tfsdk:"is_latest"`
	Size           types.Int64  `tfsdk:"size"`
	ETag           types.String `tfsdk:"etag"`
	LastModified   types.String `tfsdk:"last_modified"`
	StorageClass   types.String `tfsdk:"storage_class"`
	Mode           types.String `tfsdk:"mode"`
	Algorithm      types.String `tfsdk:"algorithm"`
	KMSKeyID       types.String `tfsdk:"kms_key_id"`
	CustomerKeyMD5 types.String `tfsdk:"customer_key_md5"`
	KeyName        types.String `tfsdk:"key_name"`
	Readable       types.Bool   `tfsdk:"readable"`
	Violation      types.String `tfsdk:"violation"`
}

// expectation is what an audit demands. Empty lists demand nothing of their member.
type expectation struct {
	modes, kmsKeyIDs, keyMD5s []string
}

// violation says what is wrong with an object, "" if nothing is.
func (e expectation) violation(mode string, status cosapi.EncryptionStatus) string {
	modes := e.modes
	if len(modes) == 0 {
		modes = []string{
			string(cosapi.ModeSSECOS), string(cosapi.ModeSSEKMS), string(cosapi.ModeSSEC),
		}
	}
	switch {
	case mode == modeUnknown:
		return "its encryption cannot be seen"
	case !slices.Contains(modes, mode) && mode == string(cosapi.ModeNone):
		return "it is not encrypted"
	case !slices.Contains(modes, mode):
		return fmt.Sprintf("it is encrypted with %s, expected is %s", mode,
			strings.Join(modes, " or "))
	case mode == string(cosapi.ModeSSEKMS) && !allows(e.kmsKeyIDs, status.KMSKeyID):
		return "it is encrypted with another KMS key"
	case mode == string(cosapi.ModeSSEC) && len(e.keyMD5s) > 0 && status.CustomerKeyMD5 == "":
		return "its SSE-C key is none of customer_keys"
	case mode == string(cosapi.ModeSSEC) && !allows(e.keyMD5s, status.CustomerKeyMD5):
		return "it is encrypted with another SSE-C key"
	}
	return ""
}

func allows(allowed []string, value string) bool {
	return len(allowed) == 0 || slices.ContainsFunc(allowed, func(one string) bool {
		return strings.EqualFold(one, value)
	})
}

// run audits page by page until the limit.
func (a *audit) run(ctx context.Context) error {
	started := time.Now()
	a.byMode = map[string]int64{}
	a.objects = []auditedObject{}
	pages := a.pages()
	for {
		listed, more, err := pages(ctx)
		if err != nil {
			return err
		}
		if room := a.limit - a.total; int64(len(listed)) > room {
			listed, a.truncated = listed[:room], true
		}
		if err := a.page(ctx, listed); err != nil {
			return err
		}
		tflog.Info(providerdata.WithOwnFields(ctx), "audited objects", map[string]any{
			"cos_bucket": a.bucket.Bucket, "prefix": a.prefix, "objects": a.total,
			"violations": a.violations, "elapsed": time.Since(started).Round(time.Millisecond).String(),
		})
		if !more || a.truncated {
			return nil
		}
		if a.total >= a.limit {
			a.truncated = true
			return nil
		}
	}
}

// pages returns a function that gives one page of the listing after the other, without delete
// markers, and whether there are more.
func (a *audit) pages() func(context.Context) ([]cosapi.ListedObject, bool, error) {
	if a.versions {
		return a.versionPages()
	}
	options := cosapi.ListOptions{
		Region: a.bucket.Region, Bucket: a.bucket.Bucket, Prefix: a.prefix,
	}
	return func(ctx context.Context) ([]cosapi.ListedObject, bool, error) {
		page, err := a.client.List(ctx, options)
		options.Marker = page.NextMarker
		for i := range page.Objects {
			page.Objects[i].IsLatest = true
		}
		return page.Objects, page.Truncated && page.NextMarker != "", err
	}
}

func (a *audit) versionPages() func(context.Context) ([]cosapi.ListedObject, bool, error) {
	options := cosapi.ListVersionsOptions{
		Region: a.bucket.Region, Bucket: a.bucket.Bucket, Prefix: a.prefix,
	}
	return func(ctx context.Context) ([]cosapi.ListedObject, bool, error) {
		page, err := a.client.ListVersions(ctx, options)
		options.KeyMarker, options.VersionIDMarker = page.NextKeyMarker, page.NextVersionIDMarker
		objects := slices.DeleteFunc(page.Versions, func(o cosapi.ListedObject) bool {
			return o.DeleteMarker
		})
		return objects, page.Truncated && page.NextKeyMarker != "", err
	}
}

// page looks at the objects of one page side by side and takes them over in their order. Objects
// that are gone meanwhile are left out.
func (a *audit) page(ctx context.Context, listed []cosapi.ListedObject) error {
	found := make([]*auditedObject, len(listed))
	err := providerdata.InParallel(ctx, a.slots, len(listed), func(ctx context.Context,
		i int,
	) (err error) {
		found[i], err = a.look(ctx, listed[i])
		return err
	})
	if err != nil {
		return err
	}
	for _, object := range found {
		if object == nil {
			continue
		}
		a.total++
		a.byMode[object.Mode.ValueString()]++
		if !object.Violation.IsNull() {
			a.violations++
		}
		if !a.violationsOnly || !object.Violation.IsNull() {
			a.objects = append(a.objects, *object)
		}
	}
	return nil
}

// look finds out about one listed object; nil for one that is gone.
func (a *audit) look(ctx context.Context, listed cosapi.ListedObject) (*auditedObject, error) {
	ref := a.bucket
	ref.Key, ref.VersionID = listed.Key, listed.VersionID
	info, name, err := a.keyring.head(ctx, a.client, ref)
	mode := string(info.Encryption.Mode)
	switch {
	case err == nil:
	case cosapi.Classify(err) == cosapi.ClassNotFound:
		return nil, nil
	case cosapi.Classify(err) == cosapi.ClassCustomerKey:
		mode = string(cosapi.ModeSSEC)
	case cosapi.KeyMayHelp(err):
		mode = modeUnknown
	default:
		return nil, err
	}
	archived := cosapi.Archived(listed.StorageClass) && !info.Restore.Restored
	return &auditedObject{
		Key:            types.StringValue(listed.Key),
		VersionID:      value.StringOrNull(listed.VersionID),
		IsLatest:       types.BoolValue(listed.IsLatest),
		Size:           types.Int64Value(listed.Size),
		ETag:           value.StringOrNull(listed.ETag),
		LastModified:   value.TimeOrNull(listed.LastModified),
		StorageClass:   value.StringOrNull(listed.StorageClass),
		Mode:           types.StringValue(mode),
		Algorithm:      value.StringOrNull(info.Encryption.Algorithm),
		KMSKeyID:       value.StringOrNull(info.Encryption.KMSKeyID),
		CustomerKeyMD5: value.StringOrNull(info.Encryption.CustomerKeyMD5),
		KeyName:        value.StringOrNull(name),
		Readable:       types.BoolValue(err == nil && !archived),
		Violation:      value.StringOrNull(a.expectation.violation(mode, info.Encryption)),
	}, nil
}

// counts is the number of objects by mode; every mode is there, so that an expression may name it.
func (a *audit) counts() map[string]int64 {
	counts := map[string]int64{modeUnknown: a.byMode[modeUnknown]}
	for _, mode := range auditModes {
		counts[string(mode)] = a.byMode[string(mode)]
	}
	return counts
}

// keyTrial looks at objects with the keys of a keyring, first with the key that fitted last: the
// objects of a prefix tend to have the same.
type keyTrial struct {
	keyring cosapi.Keyring
	names   []string
	last    atomic.Int64
}

func newKeyTrial(keyring cosapi.Keyring) *keyTrial {
	return &keyTrial{keyring: keyring, names: keyring.Names()}
}

// head is one request for an object that is not SSE-C. The name is that of the key that opened it.
func (k *keyTrial) head(
	ctx context.Context, client auditClient, ref cosapi.ObjectRef,
) (cosapi.ObjectInfo, string, error) {
	info, err := client.HeadOnly(ctx, ref, nil)
	if err == nil || !cosapi.KeyMayHelp(err) {
		return info, "", err
	}
	first := int(k.last.Load())
	for i := range k.names {
		at := (first + i) % len(k.names)
		key, _ := k.keyring.ByName(k.names[at])
		info, err := client.HeadOnly(ctx, ref, &key)
		if err == nil {
			k.last.Store(int64(at))
			return info, k.names[at], nil
		}
		if !cosapi.KeyMayHelp(err) {
			return cosapi.ObjectInfo{}, "", err
		}
	}
	// With a reason: it tells an SSE-C object from one that must not be looked at.
	info, err = client.Head(ctx, ref, nil)
	return info, "", err
}
