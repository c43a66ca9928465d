// Package cosemu is Tencent Cloud Object Storage (COS) on one machine, for tests, demonstrations and
// authors of modules who have no account.
//
// It serves the XML API of an account's buckets and objects over HTTP/1.1: writing, reading,
// copying, multipart uploads, listings, versioning, tags, ACLs, restores and retention, with
// server-side encryption in all modes and verified signatures, COS's own and AWS's version 4;
// buckets are created, listed and deleted. Their lifecycle, policy, CORS rules and the like are
// stored and returned, and do nothing. Buckets are named by host:
// <bucket>.cos.<region>.localhost with or without a port, or COS's own domains for clients that
// dial here all the same, for which there is [Server.StartProxy]. What COS documents and is not
// modelled answers 501 NotImplemented and never a silent 200; a query parameter that COS does not
// document is ignored, as COS does.
//
// # Using it
//
// In a Go test, package cosemutest is all that is needed. Elsewhere [Start] gives a server a
// listener with a certificate of its own, which clients trust by [Server.CACertificate] and reach
// at [Server.EndpointTemplate]; [New] makes a server that is only an http.Handler. Command cosemu
// is this package with flags, and [Server.AdminHandler] is its methods over HTTP.
//
//   - What was asked: [Server.Journal], [Server.Requests].
//   - What is stored: [Server.Inspect].
//   - What goes wrong: [Server.AddFaults] with [Fault] or [FaultOfKind], [Server.SetChaos],
//     Config.Before for what somebody else does between two requests.
//   - Events that no request causes: [Server.SetKMSKey], [Server.SetCredential],
//     [Server.SetClock], [Server.AdvanceClock], [Server.SetObjectStorageClass],
//     [Server.LockObject], [Server.ExpireRestore], [Server.ForgetCRC64], [Server.AgeObject].
//   - What COS limits, delays or leaves open: [Server.ChangeSettings], [Choices].
//
// All methods may be called while requests are served.
//
// The package imports only the standard library. In particular it shares no code with the clients
// that are tried on it, so that both cannot make the same mistake. Numbers in comments are those of
// COS's documents, https://cloud.tencent.com/document/product/436/<number>.
//
// COS Batch is served at <uin>.cos-control.<region>.localhost. Its jobs really run, by the handlers
// that serve requests, while time goes by or the control host is asked (Config.Batch), and
// [Server.BatchJobs] tells what became of them. Tasks are no requests: the journal has none of
// them. Inventories cannot be manifests here.
//
// # What is kept
//
// Everything is in memory and gone with the server, unless Config.Data names a directory: then
// bodies are files, and buckets, versions, open uploads, KMS key states, clock and certificates are
// there again at the next start, however the process ended. What it never keeps are the journal,
// faults, settings and jobs of COS Batch. Config.Objects are made by formula whenever they are
// asked for.
//
// Bodies are kept in the clear, whatever their encryption: what is modelled is who may read them.
// Of an SSE-C key a salted digest is kept, and its MD5, which answers show.
//
// # Answers that COS's documents leave open
//
// These are choices. Clients must not rely on them as on facts about COS. [Choices] has those that
// can be changed.
//
//   - A wrong SSE-C key answers 403 AccessDenied, or 400 SsecDecryptHeaderInvalid by
//     Config.WrongKeyStatus; a missing key 400 SsecDecryptHeaderInvalid; a key for an object that
//     has none 400 InvalidRequest; SSE-C over plain HTTP 400 InvalidRequest; two of the three
//     headers, a wrong length, encoding, algorithm or MD5 400 InvalidArgument. A HEAD shows the
//     status alone.
//   - A copy without the source's key is refused like a GET, before it begins.
//   - An encryption that does not exist answers 400 InvalidArgument, and so does a KMS context that
//     is not the Base64 of a JSON object of strings. The context's length is not limited.
//   - A disabled KMS key refuses writes, reads and copies with 400 KmsKeyDisabled, one that is to be
//     deleted with 400 KmsException, one without rights with 403 AccessDenied, and none of them HEAD.
//     Without a key id, answers show the id of the default key.
//   - SM4 is shown as SM4. With SSE-KMS it can be set for a bucket only, and changes nothing there.
//   - The ETag is made of key and bytes for SSE-C, of random bytes as well for SSE-KMS, and of the
//     upload's id and the parts' ETags for a multipart object.
//   - A copy of the current version onto itself without x-cos-metadata-directive: Replaced answers
//     400 InvalidRequest, even if class, encryption or tags change. An earlier version may be
//     copied onto its own key.
//   - x-cos-tagging of a copy without x-cos-tagging-directive: Replaced is ignored. Headers and
//     metadata without Replaced answer 400 InvalidArgument, but for Content-Type.
//   - A copy above the limit answers 400 EntityTooLarge, one from an acceleration domain 400
//     InvalidCopySource. Copying what has no CRC64 gives a copy without one.
//   - x-cos-forbid-overwrite guards copies as well.
//   - An ACL that is given by a document lists what the document lists; beside a canned ACL and the
//     grants of headers the owner's own grant is listed.
//   - An ETag condition of GET and HEAD overrules the date of the same direction (RFC 9110); of the
//     conditions on a copy's source all must hold.
//   - If-Match and If-None-Match of PUT and DELETE are ignored: COS documents none.
//   - An object lock refuses to replace or delete the version. With versioning enabled, a write
//     makes another version and a plain DELETE a marker, and both are allowed.
//   - In a suspended bucket PUT shows no version id, Complete shows null, both as documented.
//   - A bucket that exists in another region answers 404 NoSuchBucket. Creating one whose name the
//     account has, in whatever region, answers 409 BucketAlreadyOwnedByYou.
//   - A bucket is empty when it has no version, no delete marker and no open upload.
//   - Object lock of a bucket locks what is written from then on, in every bucket.
//   - An object without an ACL of its own is public in a public bucket. Its listing is not.
//   - DELETE Multiple Objects carries out what it can, each object for itself.
//   - Every storage class may be written to every bucket, the MAZ classes included. A bucket of
//     several zones gives writes without a class MAZ_STANDARD. A copy that changes a MAZ class, also
//     by naming none, answers 400 NotSupportedStorageClass.
//   - A write without Content-Type gets one by the key's extension, from a table of this package's.
//   - Names of metadata are limited to letters, digits and dashes; name and value count towards the
//     2 KB of one entry and the 4 KB of all, the prefix x-cos-meta- does not. An empty header counts
//     as absent, metadata included.
//   - Default encryption of a bucket applies to later writes only; headers of a write overrule it.
//   - Initiate and Complete tolerate encryption headers that they do not need, because the official
//     SDKs send them; parts tolerate headers of SSE-COS and SSE-KMS that say what Initiate said.
//   - x-cos-forbid-overwrite is judged at Initiate and at Complete, at each if that request has it.
//   - A part of an SSE-C upload without the key, or with one where Initiate had none, answers 400
//     InvalidRequest. A range of a copied part that is behind the source's end answers 416.
//   - A restore accepts the SSE-C key or none, and refuses a wrong one. Restoring what is restored
//     already answers 200 and counts the days anew. Days are from 1 to 365; the tier is Standard if
//     none is named.
//   - Every bucket accepts retention, of the mode COMPLIANCE. It can be made longer and not
//     shorter; an object without one answers 404 NoSuchObjectLockConfiguration.
//   - An object without tags has an empty set of tags, not 404 NoSuchTagSet.
//   - PUT ?acl with headers and a body answers 400 UnexpectedContent.
//   - Pages of more than 1000 entries are asked for in vain: 400 InvalidArgument.
//   - A malformed signature answers 400 InvalidArgument; a token that does not belong to the key
//     pair, or is missing, 403 InvalidAccessKeyId. A signature may begin 15 minutes in the future;
//     after its end it answers 403 AccessDenied, "Request has expired".
//   - Copies by COS Batch apply the target bucket's default encryption, may have their own source as
//     target, decode the keys of a manifest by percent, count constraints in Unix seconds, and keep
//     what their directives say; without AccessControlDirective the ACL becomes the default.
//     Config.Batch has the other answers. Tasks run one after the other, from the end of the list.
//   - A region's jobs run one at a time, by priority and then by age. A manifest that is missing,
//     changed, empty or encrypted with a customer key, and a role of another name, fail a job while
//     it is prepared; rows of another bucket than the first row's fail alone.
//   - A job that has not ended cannot be deleted (400 InvalidRequest), one that has cannot be changed
//     (400 InvalidRequest). Another account's number or appid answers 403 AccessDenied. A job that
//     began 90 days ago and has ended is forgotten, its ClientRequestToken as well.
//   - ListJobs answers the newest job first, and takes several statuses with commas.
//   - AWS's version 4 is accepted on all hosts, for the service s3 and whatever region it names. Such
//     a request speaks S3: x-amz-* headers are taken for COS's own, and answered beside them.
//   - Unsigned requests may read objects whose own ACL lets everybody read, unless encrypted.
package cosemu
