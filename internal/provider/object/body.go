package object

import (
	"context"
	"encoding/base64"
	"os"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// bodyKind is which argument gives the bytes.
type bodyKind int

const (
	// bodyNone: an imported object keeps the bytes that it has.
	bodyNone bodyKind = iota
	bodyContent
	bodyContentBase64
	bodyContentWO
	bodySource
	bodyCopySource
)

// objectBody is the body that a configuration names.
type objectBody struct {
	kind bodyKind
	// unknown says that the argument, or part of it, is not known yet.
	unknown bool
	// content is the bytes of the three content arguments.
	content []byte
	// path is source.
	path string
	// copySource is copy_source.
	copySource sse.CopySource
}

// decodeBody finds the body. A configuration with more than one does not get past validation.
func decodeBody(config resourceModel) (objectBody, diag.Diagnostics) {
	if choice, ok := sse.DecodeCopySource(config.CopySource); ok {
		return objectBody{
			kind: bodyCopySource, unknown: choice.AnyUnknown(), copySource: choice,
		}, nil
	}
	switch {
	case !config.Content.IsNull():
		return contentBody(bodyContent, config.Content, []byte(config.Content.ValueString())), nil
	case !config.ContentWO.IsNull():
		text := []byte(config.ContentWO.ValueString())
		return contentBody(bodyContentWO, config.ContentWO, text), nil
	case !config.ContentBase64.IsNull():
		bytes, err := base64.StdEncoding.DecodeString(config.ContentBase64.ValueString())
		if err != nil {
			return objectBody{kind: bodyContentBase64}, diag.Diagnostics{
				diag.NewAttributeErrorDiagnostic(path.Root("content_base64"),
					"Content is not Base64", "content_base64 is not standard Base64."),
			}
		}
		return contentBody(bodyContentBase64, config.ContentBase64, bytes), nil
	case !config.Source.IsNull():
		return objectBody{
			kind: bodySource, unknown: config.Source.IsUnknown(),
			path: config.Source.ValueString(),
		}, nil
	}
	return objectBody{}, nil
}

func contentBody(kind bodyKind, argument attr.Value, bytes []byte) objectBody {
	return objectBody{kind: kind, unknown: argument.IsUnknown(), content: bytes}
}

// argument is the attribute that names the body.
func (b objectBody) argument() path.Path {
	names := map[bodyKind]string{
		bodyContent: "content", bodyContentBase64: "content_base64", bodyContentWO: "content_wo",
		bodySource: "source", bodyCopySource: "copy_source",
	}
	return path.Root(names[b.kind])
}

// open makes the bytes readable. copy_source has none here.
func (b objectBody) open() (cosapi.Body, error) {
	if b.kind == bodySource {
		return cosapi.OpenFile(b.path)
	}
	return cosapi.BytesBody(b.content), nil
}

// fileFact is the fact of the file as it is, without its CRC64; nil for other bodies.
func (b objectBody) fileFact() (*cosapi.FileFact, error) {
	if b.kind != bodySource {
		return nil, nil
	}
	fact, err := cosapi.StatFile(b.path)
	return &fact, err
}

// currentFile returns the baseline with the fact of a file as it is, and whether that is another
// than the recorded one. A file that the recorded fact still describes is not read again.
func currentFile(ctx context.Context, known baseline, name string) (baseline, bool) {
	stat, err := cosapi.StatFile(name)
	if err != nil {
		return known, false
	}
	if known.File != nil && known.fileHolds(stat) {
		return known, false
	}
	hashedAt := time.Now()
	fact, err := cosapi.HashFile(ctx, name)
	if err != nil {
		return known, false
	}
	known.File, known.FileHashedAt = &fact, value.FormatTime(hashedAt)
	return known, true
}

// fileHolds reports that the recorded fact describes the file that stat was taken of, so that its
// CRC64 may be used without reading the file.
func (b baseline) fileHolds(stat cosapi.FileFact) bool {
	return os.Getenv("TF_COS_NO_FILE_CACHE") != "1" && b.File != nil &&
		b.File.SameFile(stat) && b.File.Trustworthy(value.ParseTime(b.FileHashedAt))
}
