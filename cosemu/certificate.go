package cosemu

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"slices"
	"time"
)

// certificates are a CA of the server's own and the certificate that it signed.
type certificates struct {
	caPEM []byte
	leaf  tls.Certificate
}

// certificateLife is long enough for an emulator that nobody restarts.
const certificateLife = 365 * 24 * time.Hour

// newCertificates makes a CA and a certificate for localhost, the account's hosts under .localhost
// and 127.0.0.1, and for a proxy those under COS's own domains. The CA can vouch for names of these
// domains only, and its key is gone with this call: whoever trusts it without a proxy risks
// nothing.
func newCertificates(regions []string, proxy bool) (certificates, error) {
	domains := certifiedDomains(proxy)
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return certificates{}, fmt.Errorf("making the CA's key: %w", err)
	}
	ca, err := caTemplate(domains)
	if err != nil {
		return certificates{}, err
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	if err != nil {
		return certificates{}, fmt.Errorf("making the CA: %w", err)
	}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return certificates{}, fmt.Errorf("making the server's key: %w", err)
	}
	leaf, err := leafTemplate(regions, domains)
	if err != nil {
		return certificates{}, err
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, &leafKey.PublicKey, caKey)
	if err != nil {
		return certificates{}, fmt.Errorf("making the server's certificate: %w", err)
	}
	return certificates{
		caPEM: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER}),
		leaf:  tls.Certificate{Certificate: [][]byte{leafDER}, PrivateKey: leafKey},
	}, nil
}

// certifiedDomains are those that a CA may vouch for.
func certifiedDomains(proxy bool) []string {
	if proxy {
		return append([]string{"localhost"}, proxyDomains...)
	}
	return []string{"localhost"}
}

func caTemplate(domains []string) (*x509.Certificate, error) {
	ca, err := certificateTemplate("COS emulator CA")
	if err != nil {
		return nil, err
	}
	ca.IsCA, ca.BasicConstraintsValid, ca.MaxPathLenZero = true, true, true
	ca.KeyUsage = x509.KeyUsageCertSign
	ca.PermittedDNSDomainsCritical = true
	ca.PermittedDNSDomains = domains
	ca.PermittedIPRanges = []*net.IPNet{{IP: net.IP{127, 0, 0, 0}, Mask: net.CIDRMask(8, 32)}}
	return ca, nil
}

func leafTemplate(regions, domains []string) (*x509.Certificate, error) {
	leaf, err := certificateTemplate("COS emulator")
	if err != nil {
		return nil, err
	}
	leaf.KeyUsage = x509.KeyUsageDigitalSignature
	leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	leaf.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	leaf.DNSNames = []string{"localhost"}
	for _, domain := range domains {
		leaf.DNSNames = append(leaf.DNSNames, "service.cos."+domain, "*.cos.accelerate."+domain)
		for _, region := range regions {
			leaf.DNSNames = append(leaf.DNSNames, "*.cos."+region+"."+domain, "cos."+region+"."+domain,
				"*.cos-internal."+region+"."+domain, "cos-internal."+region+"."+domain,
				"*.cos-control."+region+"."+domain)
		}
	}
	return leaf, nil
}

// certificateTemplate is what both certificates share. Validity follows the real clock, as the
// clients' verification does; serial numbers are random because clients may trust the CAs of
// several emulators.
func certificateTemplate(name string) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("making a serial number: %w", err)
	}
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(certificateLife),
	}, nil
}

// parseCertificates reads what caPEM and serverPEM are.
func parseCertificates(caPEM, serverPEM []byte) (certificates, error) {
	leaf, err := tls.X509KeyPair(serverPEM, serverPEM)
	return certificates{caPEM: caPEM, leaf: leaf}, err
}

// serverPEM is the server's certificate with its key. The CA's key is not kept anywhere.
func (c certificates) serverPEM() ([]byte, error) {
	key, err := x509.MarshalPKCS8PrivateKey(c.leaf.PrivateKey)
	if err != nil {
		return nil, err
	}
	return append(
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.leaf.Certificate[0]}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})...,
	), nil
}

// serve reports certificates that clients will accept for these regions for a day or more, of a CA
// that vouches for no other domains than are served.
func (c certificates) serve(regions []string, proxy bool, now time.Time) bool {
	domains := certifiedDomains(proxy)
	want, err := leafTemplate(regions, domains)
	block, _ := pem.Decode(c.caPEM)
	if err != nil || block == nil || c.leaf.Leaf == nil {
		return false
	}
	ca, err := x509.ParseCertificate(block.Bytes)
	if err != nil || !slices.Equal(ca.PermittedDNSDomains, domains) {
		return false
	}
	leaf, roots := c.leaf.Leaf, x509.NewCertPool()
	roots.AddCert(ca)
	for _, name := range want.DNSNames {
		if !slices.Contains(leaf.DNSNames, name) {
			return false
		}
	}
	_, err = leaf.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now.AddDate(0, 0, 1)})
	return err == nil
}
