package object

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/providerdata"
)

// CreateFailed is what a create makes of an error of its write.
func CreateFailed(
	ctx context.Context, client *cosapi.Client, ref cosapi.ObjectRef, encryption cosapi.Encryption,
	err error,
) diag.Diagnostics {
	write := &objectWrite{data: &providerdata.Data{Client: client}, ref: ref, encryption: encryption}
	return write.createFailed(ctx, err)
}

const (
	MovedTypeName   = movedTypeName
	MovedS3TypeName = movedS3TypeName
)

var ParseImportID = parseImportID
