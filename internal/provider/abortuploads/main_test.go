package abortuploads_test

import (
	"testing"

	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

func TestMain(m *testing.M) { pt.Main(m) }
