package cosemu

import (
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

type createBucketXML struct {
	XMLName xml.Name `xml:"CreateBucketConfiguration"`
	AZ      string   `xml:"BucketAZConfig"`
}

// maxBucketName is the longest name of a bucket, appid included: it is one label of a host (13312).
const maxBucketName = 63

// putBucket creates a bucket (7738). Its region is that of the host; names are the account's, in
// whatever region.
func putBucket(x *exchange) *apiError {
	name, region := x.entry.Bucket, x.entry.Region
	permissions, err := bucketHeaderACL(x.r.Header)
	if err != nil {
		return err
	}
	multiAZ, err := x.bucketZones()
	switch {
	case err != nil:
		return err
	case !bucketForm.MatchString(name) || len(name) > maxBucketName:
		return failure("InvalidBucketName", "The specified bucket is not valid.")
	case !slices.Contains(x.config.Regions, region):
		return failure("InvalidRegionName", "There is no region %s.", region)
	}
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	if x.store.named(name) != nil {
		return failure("BucketAlreadyOwnedByYou",
			"Your previous request to create the named bucket succeeded and you already own it.")
	}
	b := newBucket(name, region, "", x.config.Now())
	b.acl, b.multiAZ = permissions, multiAZ
	if err := notStored(x.store.addBucket(b)); err != nil {
		return err
	}
	x.w.Header().Set("Location", "/"+name)
	x.answerEmpty(http.StatusOK)
	return nil
}

// bucketZones reads the body of PUT Bucket, which need not be there. Members that belong to S3,
// such as LocationConstraint, are ignored: the host says where the bucket is.
func (x *exchange) bucketZones() (multiAZ bool, err *apiError) {
	var document createBucketXML
	if x.r.ContentLength == 0 {
		return false, nil
	}
	body, err := x.readBody()
	if err != nil || len(body) == 0 {
		return false, err
	}
	if parseErr := xml.Unmarshal(body, &document); parseErr != nil && !errors.Is(parseErr, io.EOF) {
		return false, malformed(parseErr)
	}
	switch document.AZ {
	case "", "OAZ":
		return false, nil
	case "MAZ":
		return true, nil
	}
	return false, failure("MalformedXML", "BucketAZConfig must be MAZ.")
}

func headBucket(x *exchange) *apiError {
	header := x.w.Header()
	set(header, "x-cos-bucket-region", x.bucket.region)
	if x.bucket.multiAZ {
		set(header, "x-cos-bucket-az-type", "MAZ")
	}
	x.answerEmpty(http.StatusOK)
	return nil
}

// deleteBucket removes a bucket that holds nothing (7732): no version, no marker, no part.
func deleteBucket(x *exchange) *apiError {
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	if !x.bucket.empty() {
		return failure("BucketNotEmpty", "The bucket you tried to delete is not empty.")
	}
	if err := notStored(x.store.removeBucket(x.bucket)); err != nil {
		return err
	}
	x.answerEmpty(http.StatusNoContent)
	return nil
}

type locationXML struct {
	XMLName xml.Name `xml:"LocationConstraint"`
	Region  string   `xml:",chardata"`
}

func getLocation(x *exchange) *apiError {
	x.answerXML(locationXML{Region: x.bucket.region})
	return nil
}

type bucketXML struct {
	Name         string `xml:"Name"`
	Location     string `xml:"Location"`
	CreationDate string `xml:"CreationDate"`
	Type         string `xml:"BucketType"`
}

type serviceXML struct {
	XMLName     xml.Name    `xml:"ListAllMyBucketsResult"`
	Owner       ownerXML    `xml:"Owner"`
	Buckets     []bucketXML `xml:"Buckets>Bucket"`
	IsTruncated bool        `xml:"IsTruncated"`
	NextMarker  string      `xml:"NextMarker,omitempty"`
}

// getService lists the account's buckets, of all regions or of that of the host (8291).
func getService(x *exchange) *apiError {
	l, err := x.listing("max-keys")
	if err != nil {
		return err
	}
	region := x.entry.Region
	if region == "" {
		region = x.query["region"]
	}
	var document serviceXML
	for _, b := range x.store.sortedBuckets() {
		if b.name <= x.query["marker"] || region != "" && b.region != region {
			continue
		}
		document.Owner = ownerXML{ID: ownerUIN(b), DisplayName: appID(b)}
		if len(document.Buckets) == l.max {
			document.IsTruncated = true
			document.NextMarker = document.Buckets[l.max-1].Name
			break
		}
		document.Buckets = append(document.Buckets, bucketXML{
			Name: b.name, Location: b.region, Type: "cos",
			CreationDate: b.created.UTC().Format(time.RFC3339),
		})
	}
	x.answerXML(document)
	return nil
}

// appID is the number of the account that a bucket's name ends with.
func appID(b *bucket) string { return b.name[strings.LastIndex(b.name, "-")+1:] }

// ownerUIN is the account in the form of grants.
func ownerUIN(b *bucket) string {
	id := appID(b)
	return "qcs::cam::uin/" + id + ":uin/" + id
}

// sortedBuckets are all buckets in the order of their names. What a bucket is called, where it is
// and when it was made never change.
func (s *store) sortedBuckets() []*bucket {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.SortedFunc(maps.Values(s.buckets), func(a, b *bucket) int {
		return strings.Compare(a.name, b.name)
	})
}

// accelerated is the bucket of that name, in whatever region, if acceleration is enabled for it.
func (s *store) accelerated(name string) *bucket {
	b := s.named(name)
	if b == nil {
		return nil
	}
	var document struct {
		Status string `xml:"Status"`
	}
	if xml.Unmarshal(b.stored["accelerate"], &document) != nil || document.Status != "Enabled" {
		return nil
	}
	return b
}
