package object_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// Users of other providers complain about their objects. What they complain about can't happen
// here; the tests are these:
//
//	the ETag is not the MD5               TestETagIsNeverTakenForAnMD5
//	drift of bytes is not seen            TestDriftIsShownAndCorrected
//	encryption taken off is not noticed   TestDriftIsShownAndCorrected
//	a default that changes, shows a diff  TestBucketDefaultNeverMasksADifference
//	customer keys in the state            TestCLISecretsReachNeitherStatePlanOutputNorLog
//	refresh fails without the key         TestRefreshWithoutTheKeyIsOneListing
//	secrets in plans and logs             TestCLISecretsReachNeitherStatePlanOutputNorLog
//	destroy wipes all versions            TestDeletionPolicies
//	a gap between delete and create       TestContentChangeLeavesNoGap
//	somebody's object is overwritten      TestCreateRefusesToReplaceAnObject
//	no way to leave an object behind      TestDeletionPolicies
//	no import, none of SSE-C objects      TestCLIImportWithGeneratedConfiguration
//	more than ten tags                    TestLimitsNameTheirAttribute
//	permissions for what is not managed   TestRefreshNeedsNoPermissionForWhatIsNotManaged
//	inconsistent final plan               TestFileChangedBetweenPlanAndApply
//	content types differ by machine       TestGuessContentType
//	data sources refuse binary content    TestObjectDataSourceReadsContentWithOneRequest
//	copies fail above 5 GB                TestLargeSourceIsCopiedByParts
//	a copy does not follow its source     TestCopyIsRepeatedWhenItsSourceChanges
//	the whole file is held in memory      TestUploadNeverHoldsTheWholeFile
//	content above 4 MiB fails             TestCLIContentAboveFourMiB
//	one request per object and refresh    TestListRefreshOfManyObjectsIsFewRequests
//	a changed key without a version       TestOtherValueAtTheSameVersion
//	moves need the network                TestMoveTakesTheOfficialObjectOver
//	metadata edits upload gigabytes       TestWhatAChangeCosts
//	tags vanish with a re-upload          TestTagsAndACLOfOthersSurvive

// TestETagIsNeverTakenForAnMD5: under KMS the same bytes have another ETag with every write.
func TestETagIsNeverTakenForAnMD5(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, nil).Object()
	config := pt.ContentObject("a", pt.SSEKMS(pt.Attrs{"key_id": pt.CMK})).
		With(pt.Attrs{"content_type": "text/plain"})
	object.MustApply(config)
	before := object.Attr("etag")
	cloud.Upload("a", "hello a", cosapi.SSEKMS{KeyID: pt.CMK})
	object.MustRefresh()
	if object.Attr("etag") == before {
		t.Fatal("the ETag did not change: the test shows nothing")
	}
	cloud.ResetJournal()
	if change := object.Plan(config); change.Action != "no-op" {
		t.Errorf("plan = %s, want no-op: %s", change.Action,
			pt.Differences(object.State, change.Planned))
	}
	cloud.ExpectOps()
}

func TestRefreshNeedsNoPermissionForWhatIsNotManaged(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, nil).Object()
	config := pt.ContentObject("a", pt.SSECOS())
	object.MustApply(config)
	for _, op := range []string{"GetObjectTagging", "GetObjectACL", "GetBucket", "GetObject"} {
		cloud.AddFaults(cosemu.Fault{Op: op, Times: 9, Status: 403, Code: "AccessDenied"})
	}
	cloud.ResetJournal()
	object.MustBeClean(config)
	cloud.ExpectOps("HeadObject")
}

func TestContentChangeLeavesNoGap(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, nil).Object()
	config := pt.ContentObject("a", pt.SSECOS())
	object.MustApply(config)
	object.MustRefresh()
	changed := config.With(pt.Attrs{"content": "other", "sse": pt.SSEKMS(pt.Attrs{})})
	if change := object.MustApply(changed); change.Action != "update" {
		t.Errorf("plan = %s, want update", change.Action)
	}
	if n := cloud.Requests("DeleteObject"); n != 0 {
		t.Errorf("%d DeleteObject, want none", n)
	}
}

// TestCLIContentAboveFourMiB: the default limit of the protocol between Terraform and providers.
func TestCLIContentAboveFourMiB(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	line := strings.Repeat("0123456789abcdef", 320) // 5 KiB
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: pt.FactoriesWithEcho(),
		Steps: []resource.TestStep{{
			Config: cloud.ProviderHCL("") + fmt.Sprintf(`
resource "cos_encrypted_object" "x" {
  bucket  = "examplebucket-1250000000"
  key     = "large"
  content = join("", [for i in range(1024) : %q])
  sse {
    cos {}
  }
}
`, line),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue("cos_encrypted_object.x", tfjsonpath.New("size"),
					knownvalue.Int64Exact(5<<20)),
			},
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
			},
		}},
	})
}
