// Package credential finds the credentials that sign requests: API keys, profiles of the Tencent
// Cloud CLI (tccli), roles assumed at STS, the identity of a pod or of an instance. It knows STS
// and the metadata service and nothing of COS. A [Source] is asked before every request and
// renews what it has; [Error] says what was tried.
package credential
