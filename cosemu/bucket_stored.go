package cosemu

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// storedKind is a configuration of buckets that is kept and returned as it was given, and does
// nothing.
type storedKind struct {
	// name is the rest of the operations' names, after Get, Put and Delete.
	name string
	// root is the document's root element; "" for JSON.
	root string
	// absent is the code where there is none; "" answers an empty document.
	absent string
	// list is the root element of a list of several, told apart by ?id=; "" if a bucket has one.
	list string
	// permanent ones cannot be deleted.
	permanent bool
}

// storedKinds by their subresource. The codes are those that the official Terraform provider and
// SDKs look for.
var storedKinds = map[string]storedKind{
	"accelerate": {name: "BucketAccelerate", root: "AccelerateConfiguration", permanent: true},
	"cors": {
		name: "BucketCORS", root: "CORSConfiguration", absent: "NoSuchCORSConfiguration",
	},
	"intelligent-tiering": {
		name: "BucketIntelligentTieringRule", root: "IntelligentTieringConfiguration",
		absent: "NoSuchConfiguration", list: "ListBucketIntelligentTieringConfigurationsOutput",
	},
	"intelligenttiering": {
		name: "BucketIntelligentTiering", root: "IntelligentTieringConfiguration",
		absent: "NoSuchConfiguration", permanent: true,
	},
	"inventory": {
		name: "BucketInventory", root: "InventoryConfiguration", absent: "NoSuchConfiguration",
		list: "ListInventoryConfigurationResult",
	},
	"lifecycle": {
		name: "BucketLifecycle", root: "LifecycleConfiguration",
		absent: "NoSuchLifecycleConfiguration",
	},
	"logging": {name: "BucketLogging", root: "BucketLoggingStatus", permanent: true},
	"policy":  {name: "BucketPolicy", absent: "NoSuchBucketPolicy"},
	"referer": {name: "BucketReferer", root: "RefererConfiguration", permanent: true},
	"replication": {
		name: "BucketReplication", root: "ReplicationConfiguration",
		absent: "ReplicationConfigurationNotFoundError",
	},
	"tagging": {name: "BucketTagging", root: "Tagging", absent: "NoSuchTagSet"},
	"website": {
		name: "BucketWebsite", root: "WebsiteConfiguration", absent: "NoSuchWebsiteConfiguration",
	},
}

// withStored adds the operations of stored configurations to those of buckets.
func withStored(routes map[routeKey]routeEntry) map[routeKey]routeEntry {
	for mark, kind := range storedKinds {
		routes[routeKey{"PUT", mark}] = routeEntry{"Put" + kind.name, kind.put(mark)}
		routes[routeKey{"GET", mark}] = routeEntry{"Get" + kind.name, kind.get(mark)}
		if !kind.permanent {
			routes[routeKey{"DELETE", mark}] = routeEntry{"Delete" + kind.name, kind.remove(mark)}
		}
	}
	return routes
}

// keep stores a document, or with nil forgets it.
func (b *bucket) keep(place string, document []byte) {
	stored := maps.Clone(b.stored)
	stored[place] = document
	if document == nil {
		delete(stored, place)
	}
	b.stored = stored
}

// place is where a request's document is stored.
func (k storedKind) place(x *exchange, mark string) (string, *apiError) {
	id := x.query["id"]
	switch {
	case k.list == "":
		return mark, nil
	case id == "":
		return "", invalid("The parameter id is missing.")
	}
	return mark + "?" + id, nil
}

func (k storedKind) put(mark string) handler {
	return func(x *exchange) *apiError {
		place, err := k.place(x, mark)
		if err != nil {
			return err
		}
		body, err := x.readBody()
		if err != nil {
			return err
		}
		if err := k.check(body); err != nil {
			return err
		}
		if err := x.updateBucket(func(b *bucket) { b.keep(place, k.normal(body)) }); err != nil {
			return err
		}
		x.answerEmpty(http.StatusOK)
		return nil
	}
}

// check demands well-formed XML with the right root, or JSON.
func (k storedKind) check(body []byte) *apiError {
	if k.root == "" {
		if !json.Valid(body) {
			return failure("MalformedPolicy", "The policy is not JSON.")
		}
		return nil
	}
	var document struct {
		XMLName xml.Name
	}
	switch err := xml.Unmarshal(body, &document); {
	case err != nil:
		return malformed(err)
	case document.XMLName.Local != k.root:
		return failure("MalformedXML", "The root must be %s.", k.root)
	}
	return nil
}

// normal spells what COS answers in another way than it may be written: inventories are enabled by
// True and shown as true.
func (k storedKind) normal(body []byte) []byte {
	if k.name == "BucketInventory" {
		body = bytes.ReplaceAll(body, []byte("<IsEnabled>True<"), []byte("<IsEnabled>true<"))
		body = bytes.ReplaceAll(body, []byte("<IsEnabled>False<"), []byte("<IsEnabled>false<"))
	}
	return body
}

func (k storedKind) get(mark string) handler {
	return func(x *exchange) *apiError {
		if k.list != "" && x.query["id"] == "" {
			return k.answerList(x, mark)
		}
		place, err := k.place(x, mark)
		if err != nil {
			return err
		}
		var absent *apiError
		if k.absent != "" {
			absent = failure(k.absent, "The bucket has no such configuration: %s.", mark)
		}
		return x.answerStored(place, absent)
	}
}

// answerStored answers a document; where there is none, with absent, or without that with an empty
// document.
func (x *exchange) answerStored(place string, absent *apiError) *apiError {
	x.store.mu.Lock()
	body, ok := x.bucket.stored[place]
	x.store.mu.Unlock()
	switch {
	case !ok && absent != nil:
		return absent
	case !ok:
		body = []byte("<" + storedKinds[place].root + "/>")
	}
	x.answerDocument(body)
	return nil
}

// answerDocument answers 200 with a document that is written already.
func (x *exchange) answerDocument(body []byte) {
	contentType := "application/xml"
	if json.Valid(body) {
		contentType = "application/json"
	}
	x.w.Header().Set("Content-Type", contentType)
	x.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	x.w.WriteHeader(http.StatusOK)
	_, _ = x.w.Write(body)
}

// answerList answers all documents of a kind on one page.
func (k storedKind) answerList(x *exchange, mark string) *apiError {
	x.store.mu.Lock()
	var places []string
	for place := range x.bucket.stored {
		if strings.HasPrefix(place, mark+"?") {
			places = append(places, place)
		}
	}
	slices.Sort(places)
	var list bytes.Buffer
	list.WriteString("<" + k.list + "><IsTruncated>false</IsTruncated>")
	for _, place := range places {
		list.Write(withoutDeclaration(x.bucket.stored[place]))
	}
	list.WriteString("</" + k.list + ">")
	x.store.mu.Unlock()
	x.answerDocument(list.Bytes())
	return nil
}

// withoutDeclaration cuts the XML declaration off, which cannot stand inside a document.
func withoutDeclaration(document []byte) []byte {
	if _, rest, found := bytes.Cut(document, []byte("?>")); found {
		return rest
	}
	return document
}

func (k storedKind) remove(mark string) handler {
	return func(x *exchange) *apiError {
		place, err := k.place(x, mark)
		if err != nil {
			return err
		}
		if err := x.updateBucket(func(b *bucket) { b.keep(place, nil) }); err != nil {
			return err
		}
		x.answerEmpty(http.StatusNoContent)
		return nil
	}
}
